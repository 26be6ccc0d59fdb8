"""One `Converse` stream: one task reads, one writes, the session decides in between.

Rules of grpc.aio that shape this file: one reader and one writer per call, never a time-out around a read that goes on
or around a write, and no CancelledError but the call's own may leave the handler. Tests: tests/server/test_converse.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TypeAlias

import grpc

from tth.clock import Clock
from tth.errors import Conflict, InvalidRequest, LimitExceeded, TTHError, invalid_field
from tth.model.events import TurnOutcome
from tth.server import convert
from tth.server.outbox import Outbox
from tth.session.conversation import Conversation
from tth.session.inbox import Inbox
from tth.session.store import MemorySessions
from tth.v1 import converse_pb2

Context: TypeAlias = "grpc.aio.ServicerContext[converse_pb2.ConverseRequest, converse_pb2.ConverseResponse]"

FIRST_MESSAGE_S = 30.0
"""How long a stream may stay open without saying whose it is."""


class ConverseStream:
    """One call."""

    def __init__(self, sessions: MemorySessions, clock: Clock, outbox_events: int, outbox_stalled_s: float) -> None:
        self._sessions = sessions
        self._clock = clock
        self._outbox_events = outbox_events
        self._outbox_stalled_s = outbox_stalled_s
        self._client_seq = 0
        self._gave_up = False

    async def run(self, requests: AsyncIterator[converse_pb2.ConverseRequest], context: Context) -> None:
        """Serve the call to its end. Raises TTHError for what ends the stream with a status."""
        first = await self._first(requests)
        conversation = self._attach(first)
        inbox = Inbox()
        outbox = Outbox(
            self._clock,
            self._outbox_events,
            self._outbox_stalled_s,
            on_pictures_lost=conversation.encoder.request_keyframe,
            on_stalled=lambda: self._give_up(conversation),
        )
        async with asyncio.TaskGroup() as group:
            writer = group.create_task(self._write(conversation, outbox, context))
            reader = group.create_task(self._read(first, requests, conversation, inbox))
            await conversation.run(inbox, outbox)
            reader.cancel()
            outbox.close()
            if self._gave_up:
                writer.cancel()  # it hangs in a write that nobody reads
        if self._gave_up:
            raise LimitExceeded("the client does not read; its stream was ended", "SLOW_CONSUMER", retryable=True)
        if conversation.end_error is not None:
            raise conversation.end_error

    async def _first(self, requests: AsyncIterator[converse_pb2.ConverseRequest]) -> converse_pb2.ConverseRequest:
        try:
            async with asyncio.timeout(FIRST_MESSAGE_S):  # the call ends when this breaks, so no message is lost
                return await anext(requests)
        except StopAsyncIteration:
            raise InvalidRequest("the stream was closed before its first message", "FIRST_MESSAGE_MISSING") from None
        except TimeoutError:
            raise InvalidRequest(
                f"no first message within {FIRST_MESSAGE_S:g} s", "FIRST_MESSAGE_MISSING", retryable=True
            ) from None

    def _attach(self, first: converse_pb2.ConverseRequest) -> Conversation:
        convert.check_schema(first.schema_version)
        if not first.session_id:
            raise invalid_field("session_id", "the id from CreateSession, in the first message of a stream")
        if first.WhichOneof("payload") == "resume":
            convert.command_of(first, 0, is_first=True)  # raises: resuming is not built yet
        conversation = self._sessions.get(first.session_id)
        if conversation.is_attached:
            raise Conflict("session_id: another stream is attached to this session", "SESSION_ATTACHED")
        return conversation

    async def _read(
        self,
        first: converse_pb2.ConverseRequest,
        requests: AsyncIterator[converse_pb2.ConverseRequest],
        conversation: Conversation,
        inbox: Inbox,
    ) -> None:
        """The only reader. A message that cannot be used is answered; only one for another session ends the stream."""
        await self._take(first, conversation, inbox, is_first=True)
        async for message in requests:
            if message.session_id not in ("", conversation.session_id):
                raise invalid_field("session_id", "empty or the same as in the first message of the stream")
            await self._take(message, conversation, inbox, is_first=False)
        inbox.finish()

    async def _take(
        self, message: converse_pb2.ConverseRequest, conversation: Conversation, inbox: Inbox, *, is_first: bool
    ) -> None:
        self._client_seq = max(self._client_seq, message.client_seq)
        try:
            convert.check_schema(message.schema_version)
            await inbox.put(convert.command_of(message, self._clock.wall_ms(), is_first=is_first))
        except TTHError as error:
            conversation.refuse(error, message.client_seq)

    async def _write(self, conversation: Conversation, outbox: Outbox, context: Context) -> None:
        """The only writer: stamps the sequence at the moment of sending."""
        try:
            while (item := await outbox.get()) is not None:
                conversation.last_seq += 1
                await context.write(
                    convert.response_of(
                        item.event,
                        conversation.session_id,
                        item.turn_id,
                        conversation.last_seq,
                        self._client_seq,
                        self._clock.wall_ms(),
                    )
                )
        except grpc.aio.InternalError:  # the peer is gone and grpc noticed it in the write first
            conversation.end(TurnOutcome.CANCELLED)

    def _give_up(self, conversation: Conversation) -> None:
        self._gave_up = True
        conversation.end(TurnOutcome.CANCELLED)
