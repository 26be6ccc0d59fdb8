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
from tth.model.events import TurnOutcome
from tth.server.convert import incoming, outgoing
from tth.server.outbox import Outbox, OutboxLimits
from tth.session.conversation import Conversation
from tth.session.inbox import Inbox
from tth.session.store import MemorySessions
from tth.v1 import converse_pb2

Context: TypeAlias = "grpc.aio.ServicerContext[converse_pb2.ConverseRequest, converse_pb2.ConverseResponse]"
Requests: TypeAlias = AsyncIterator[converse_pb2.ConverseRequest]


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


class ConverseStream:
    """One call."""

    def __init__(self, sessions: MemorySessions, clock: Clock, limits: StreamLimits) -> None:
        self._sessions = sessions
        self._clock = clock
        self._limits = limits
        self._client_seq = 0
        self._write_began_s: float | None = None
        self._written_s = clock.now_s()

    async def run(self, requests: Requests, context: Context) -> None:
        """Serve the call to its end. Raises TTHError for what ends the stream with a status."""
        first = await self._first(requests)
        conversation = self._conversation_of(first)
        with conversation.attached():
            await self._serve(first, requests, conversation, context)
            if conversation.end_error is not None:
                raise conversation.end_error

    async def _serve(
        self,
        first: converse_pb2.ConverseRequest,
        requests: Requests,
        conversation: Conversation,
        context: Context,
    ) -> None:
        inbox = Inbox()
        outbox = Outbox(self._limits.outbox, self._clock, _Pictures(conversation, self._clock))
        async with asyncio.TaskGroup() as group:
            writer = group.create_task(self._write(conversation, outbox, context), name="writer")
            watches = (
                group.create_task(self._give_up_when_stalled(conversation, outbox, writer), name="watch"),
                group.create_task(self._show_life(conversation, outbox), name="heartbeat"),
            )
            reader = group.create_task(self._read(first, requests, conversation, inbox, outbox), name="reader")
            await conversation.run(inbox, outbox)
            reader.cancel()
            outbox.close()
            await asyncio.wait([writer])  # what is left goes out; bounded by the watch
            for watch in watches:
                watch.cancel()

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

    def _conversation_of(self, first: converse_pb2.ConverseRequest) -> Conversation:
        incoming.check_schema(first.schema_version)
        if not first.session_id:
            raise invalid_field("session_id", "the id from CreateSession, in the first message of a stream")
        if first.WhichOneof("payload") == "resume":
            incoming.command_of(first, 0, is_first=True)  # raises: resuming is not built yet
        return self._sessions.get(first.session_id)

    async def _read(
        self,
        first: converse_pb2.ConverseRequest,
        requests: Requests,
        conversation: Conversation,
        inbox: Inbox,
        outbox: Outbox,
    ) -> None:
        """The only reader. A message that cannot be used is answered; one for another session ends the stream."""
        try:
            await self._take(first, conversation, inbox, is_first=True)
            async for message in requests:
                if message.session_id not in ("", conversation.session_id):
                    raise invalid_field("session_id", "empty or the same as in the first message of the stream")
                await self._take(message, conversation, inbox, is_first=False)
                await outbox.room()  # a client that asks and does not read is slowed down by its own transport
        except TTHError as error:
            conversation.end(TurnOutcome.CANCELLED, error)
        inbox.finish()

    async def _take(
        self, message: converse_pb2.ConverseRequest, conversation: Conversation, inbox: Inbox, *, is_first: bool
    ) -> None:
        self._client_seq = max(self._client_seq, message.client_seq)
        try:
            incoming.check_schema(message.schema_version)
            command = incoming.command_of(message, self._clock.wall_ms(), is_first=is_first)
        except TTHError as error:
            conversation.refuse(error, message.client_seq)
        else:
            await inbox.put(command)

    async def _write(self, conversation: Conversation, outbox: Outbox, context: Context) -> None:
        """The only writer: stamps the sequence at the moment of sending."""
        try:
            while (item := await outbox.get()) is not None:
                conversation.last_seq += 1
                message = outgoing.response_of(
                    item.event,
                    conversation.session_id,
                    item.turn_id,
                    conversation.last_seq,
                    self._client_seq,
                    self._clock.wall_ms(),
                )
                self._write_began_s = self._written_s = self._clock.now_s()
                await context.write(message)
                self._write_began_s = None
        except grpc.aio.InternalError:  # the peer is gone and grpc noticed it in the write first
            conversation.end(TurnOutcome.CANCELLED)

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
