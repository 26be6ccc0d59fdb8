"""One `Converse` stream: one task reads, one writes, the session decides in between.

Rules of grpc.aio that shape this file: one reader and one writer per call, never a time-out around a read that goes on
or around a write, and no CancelledError but the call's own may leave the handler. Tests: tests/server/test_converse.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TypeAlias

import grpc

from tth.clock import Clock
from tth.core.reader import ReaderLevel
from tth.errors import InvalidRequest, LimitExceeded, TTHError, invalid_field
from tth.model.commands import PlaybackReport, Resume, Unusable
from tth.model.events import Event, TurnOutcome
from tth.server.convert import incoming, outgoing
from tth.server.outbox import Outbox, OutboxLimits
from tth.session.conversation import Conversation
from tth.session.inbox import Inbox
from tth.session.resuming import Resuming
from tth.session.store import MemorySessions
from tth.v1 import converse_pb2

Context: TypeAlias = "grpc.aio.ServicerContext[converse_pb2.ConverseRequest, converse_pb2.ConverseResponse]"
Requests: TypeAlias = AsyncIterator[converse_pb2.ConverseRequest]


LAST_WRITE_S = 0.25
"""For the write that is on its way when a stream is taken over. A client that reads has it in a millisecond; and a
status behind a first write that was cut off would never leave (grpcio 1.85)."""


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """What one client may take of the server's patience and memory."""

    outbox: OutboxLimits = field(default_factory=OutboxLimits)
    stalled_s: float = 15.0
    """A client is given up that takes nothing for so long while events wait, or whose events wait for so long."""
    heartbeat_s: float = 15.0
    """A stream on which nothing was sent for so long gets a sign of life."""
    first_message_s: float = 30.0
    """How long a stream may stay open without saying whose it is."""


@dataclass(frozen=True, slots=True)
class _Pictures:
    """Implements `PictureSource`: the session's pictures as its outbox sees them."""

    conversation: Conversation
    clock: Clock

    def request_keyframe(self) -> None:
        self.conversation.encoder.request_keyframe()

    def reader_is(self, level: ReaderLevel) -> None:
        self.conversation.health.reader = level

    def due_in_s(self, start_sample: int) -> float:
        return self.conversation.media_clock.delay_until_s(start_sample, 0, self.clock.now_s())


def _unsent(conversation: Conversation, outbox: Outbox) -> list[tuple[str, bytes]]:
    """See `Handover.unsent`; a number they get when they are sent."""
    waiting = [(event, turn_id) for event, turn_id in outbox.waiting() if type(event) in outgoing.ON_RECORD]
    now_ms = conversation.engine.clock.wall_ms()
    messages = [
        (turn_id, outgoing.response_of(event, conversation.session_id, turn_id, 0, 0, now_ms))
        for event, turn_id in waiting
    ]
    return [(turn_id, message.SerializeToString()) for turn_id, message in messages]


class ConverseStream:
    """One call."""

    def __init__(self, sessions: MemorySessions, resuming: Resuming, clock: Clock, limits: StreamLimits) -> None:
        self._sessions = sessions
        self._resuming = resuming
        self._clock = clock
        self._limits = limits
        self._write_began_s: float | None = None
        self._has_read_all = False
        self._is_half_closed = asyncio.Event()
        self._written_s = clock.now_s()

    async def run(self, requests: Requests, context: Context) -> None:
        """Serve the call to its end. Raises TTHError for what ends the stream with a status."""
        first = await self._first(requests)
        incoming.check_schema(first.schema_version)
        if not first.session_id:
            raise invalid_field("session_id", "the id from CreateSession, in the first message of a stream")
        resume = incoming.resume_of(first)
        if resume is None:
            conversation = self._sessions.get(first.session_id)
        else:
            conversation = await self._resuming.session_of(first.session_id, resume.handle.reveal())
        with conversation.attached():
            missed = self._open(conversation, resume)
            await self._serve(first if resume is None else None, missed, requests, conversation, context)
            if conversation.end_error is not None:
                raise conversation.end_error

    def _open(self, conversation: Conversation, resume: Resume | None) -> list[bytes]:
        """What a client that resumes has missed, in order; what happened while it was away is part of it."""
        missed: list[bytes] = []
        if resume is None:
            conversation.begin()
        else:
            reopening = conversation.reopen(resume)
            missed = conversation.resumption.ring.after(reopening.last_seq)  # before what is new takes its place there
        missed += self._left_by_others(conversation)
        for event, turn_id in conversation.untold:
            message = self._number(conversation, event, turn_id)
            if resume is not None:
                missed.append(message.SerializeToString())
        conversation.untold.clear()
        return missed

    def _left_by_others(self, conversation: Conversation) -> list[bytes]:
        """What another server had to say and was lost before it did."""
        resumption, told = conversation.resumption, []
        for turn_id, data in conversation.handover.left_unsent:
            message = outgoing.told_for(data, resumption.next_seq(), resumption.acknowledge())
            told.append(message.SerializeToString())
            resumption.keep(message.seq, turn_id, told[-1], conversation.attendance.total_s())
        conversation.handover.left_unsent.clear()
        return told

    async def _serve(
        self,
        first: converse_pb2.ConverseRequest | None,
        missed: list[bytes],
        requests: Requests,
        conversation: Conversation,
        context: Context,
    ) -> None:
        outbox = Outbox(self._limits.outbox, self._clock, _Pictures(conversation, self._clock))
        conversation.handover.unsent = lambda: _unsent(conversation, outbox)
        try:
            await self._serve_with(outbox, first, missed, requests, conversation, context)
        finally:
            self._keep_rest(conversation, outbox)
            conversation.handover.unsent = list

    async def _serve_with(
        self,
        outbox: Outbox,
        first: converse_pb2.ConverseRequest | None,
        missed: list[bytes],
        requests: Requests,
        conversation: Conversation,
        context: Context,
    ) -> None:
        inbox = Inbox()
        async with asyncio.TaskGroup() as group:
            writer = group.create_task(self._write(conversation, missed, outbox, context), name="writer")
            watches = (
                group.create_task(self._give_up_when_stalled(conversation, outbox, writer), name="watch"),
                group.create_task(self._show_life(conversation, outbox), name="heartbeat"),
            )
            reader = group.create_task(self._read(first, requests, conversation, inbox, outbox), name="reader")
            await conversation.run(inbox, outbox)
            reader.cancel()
            if conversation.is_severed:
                self._keep_rest(conversation, outbox)
                await asyncio.wait([writer], timeout=LAST_WRITE_S)
                writer.cancel()
            outbox.close()
            await asyncio.wait([writer])  # what is left goes out; bounded by the watch
            for watch in watches:
                watch.cancel()

    def _keep_rest(self, conversation: Conversation, outbox: Outbox) -> None:
        """What will not be sent any more gets its numbers: the next stream finds it. Idempotent."""
        for event, turn_id in outbox.rest():
            if type(event) not in outgoing.OF_THE_MOMENT:
                self._number(conversation, event, turn_id)

    async def _first(self, requests: Requests) -> converse_pb2.ConverseRequest:
        try:
            async with asyncio.timeout(self._limits.first_message_s):  # the call ends then, so no message is lost
                return await anext(requests)
        except StopAsyncIteration:
            raise InvalidRequest("the stream was closed before its first message", "FIRST_MESSAGE_MISSING") from None
        except TimeoutError:
            raise InvalidRequest(
                f"no first message within {self._limits.first_message_s:g} s", "FIRST_MESSAGE_MISSING", retryable=True
            ) from None

    async def _read(
        self,
        first: converse_pb2.ConverseRequest | None,
        requests: Requests,
        conversation: Conversation,
        inbox: Inbox,
        outbox: Outbox,
    ) -> None:
        """The only reader. A message that cannot be used is answered; one for another session ends the stream."""
        try:
            if first is not None:
                await self._take(first, inbox, outbox, is_first=True)
            async for message in requests:
                if message.session_id not in ("", conversation.session_id):
                    raise invalid_field("session_id", "empty or the same as in the first message of the stream")
                await self._take(message, inbox, outbox, is_first=False)
                await outbox.room()  # a client that asks and does not read is slowed down by its own transport
            await self._half_closed(conversation)
        except TTHError as error:
            conversation.end(TurnOutcome.CANCELLED, error)
        inbox.finish()

    async def _half_closed(self, conversation: Conversation) -> None:
        """Wait until it is certain that the client has closed its side only. Cancelled with the stream.

        A stream that was lost comes to its end for a reader like one that was half-closed, and only some time later its
        handler is cancelled. But nothing can be written to it any more.
        """
        self._has_read_all = True
        conversation.show_life()
        await self._is_half_closed.wait()

    async def _take(
        self, message: converse_pb2.ConverseRequest, inbox: Inbox, outbox: Outbox, *, is_first: bool
    ) -> None:
        try:
            incoming.check_schema(message.schema_version)
            command = incoming.command_of(message, self._clock.wall_ms(), is_first=is_first)
        except TTHError as error:
            command = Unusable(error, message.client_seq)
        if isinstance(command, PlaybackReport) and command.taken_seq:
            outbox.taken(command.taken_seq)
        await inbox.put(command)

    async def _write(self, conversation: Conversation, missed: list[bytes], outbox: Outbox, context: Context) -> None:
        """The only writer: first what the client has missed, then what comes, numbered at the moment of sending.

        What says how the session has changed is sent when that is on record: another server never has to take it back,
        and knows the handle by which it is asked.
        """
        try:
            await conversation.handover.on_record()
            for data in missed:
                if conversation.is_severed:
                    return
                await self._send(outgoing.told_again(data), context)
            while (item := await outbox.get()) is not None:
                message = self._number(conversation, item.event, item.turn_id)
                outbox.sent(item, message.seq)
                if type(item.event) not in outgoing.ON_RECORD:
                    await self._send(message, context)
                    continue
                messages = [message]  # one record for all of them
                while (item := outbox.get_next(outgoing.ON_RECORD)) is not None:
                    messages.append(self._number(conversation, item.event, item.turn_id))
                await conversation.handover.on_record()
                for message in messages:
                    if conversation.is_severed:
                        return
                    await self._send(message, context)
        except grpc.aio.InternalError:  # the peer is gone and grpc noticed it in the write first
            conversation.lose()

    async def _send(self, message: converse_pb2.ConverseResponse, context: Context) -> None:
        self._write_began_s = self._written_s = self._clock.now_s()
        is_proof = self._has_read_all
        await context.write(message)
        self._write_began_s = None
        if is_proof:
            self._is_half_closed.set()

    def _number(self, conversation: Conversation, event: Event, turn_id: str) -> converse_pb2.ConverseResponse:
        """The next message of the session; one that may be told again is kept."""
        resumption = conversation.resumption
        message = outgoing.response_of(
            event,
            conversation.session_id,
            turn_id,
            resumption.next_seq(),
            resumption.acknowledge(),
            self._clock.wall_ms(),
        )
        if type(event) not in outgoing.OF_THE_MOMENT:
            resumption.keep(message.seq, turn_id, message.SerializeToString(), conversation.attendance.total_s())
        return message

    async def _give_up_when_stalled(
        self, conversation: Conversation, outbox: Outbox, writer: asyncio.Task[None]
    ) -> None:
        """End the stream of a client that does not read: its writer hangs in one write for too long, or what must not
        be lost has waited for too long behind many short writes.

        Until then the transport holds what fits into its window and the outbox a bounded rest.
        """
        while True:
            now_s = self._clock.now_s()
            in_write_s = now_s - self._write_began_s if self._write_began_s is not None else 0.0
            left_s = self._limits.stalled_s - max(in_write_s, outbox.waited_s(now_s))
            if left_s <= 0:
                break
            await asyncio.sleep(left_s)
        error = LimitExceeded("the client does not read; its stream was ended", "SLOW_CONSUMER", retryable=True)
        conversation.end(TurnOutcome.CANCELLED, error)
        writer.cancel()

    async def _show_life(self, conversation: Conversation, outbox: Outbox) -> None:
        """Tell a quiet client, and whatever stands between, that the stream is alive."""
        while True:
            quiet_s = self._clock.now_s() - self._written_s
            if quiet_s >= self._limits.heartbeat_s:
                if not len(outbox):
                    conversation.show_life()
                quiet_s = 0.0
            await asyncio.sleep(self._limits.heartbeat_s - quiet_s)
