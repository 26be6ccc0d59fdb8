"""The wire of one conversation, over as many calls as it takes: when one is lost, another one resumes the session.

A reader and a writer own each call; everybody else talks to their queues. What was sent and not acknowledged is sent
again, and events are taken once by their number. Tests: tests/client/test_line.py.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import grpc

from tth.client.errors import TthRpcError, from_grpc
from tth.v1.converse_pb2 import (
    GO_AWAY_ACTION_DISCONNECT,
    GO_AWAY_ACTION_RECONNECT,
    ConverseRequest,
    ConverseResponse,
    PlaybackPosition,
    Resume,
)

if TYPE_CHECKING:  # grpc's classes are generic in their stubs only
    ConverseCall = grpc.aio.StreamStreamCall[ConverseRequest, ConverseResponse]
    OpenConverse = Callable[..., grpc.aio.StreamStreamCall[ConverseRequest, ConverseResponse]]

SCHEMA_VERSION = "1.0"
OUTBOX_MESSAGES = 256
INBOX_MESSAGES = 64
"""About 0.8 s of events. A reader who is slower than that slows the server down, by the transport's flow control."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 5.0
"""Before the first and, each time twice as long, before later tries to come back; each between half of it and all."""
ABOVE_ALL = 1_000_000_000
"""Where a client counts on from that does not know how far the one before it had counted."""
_OF_THE_MOMENT = frozenset({"ping", "playback_report"})
"""Worth nothing later: never sent again."""


class LineState(StrEnum):
    OPEN = "open"
    """A call is there, or the first one is being made."""
    LOST = "lost"
    """The call was lost; another one is being tried."""
    ENDED = "ended"
    """For good."""


@dataclass(frozen=True, slots=True)
class ResumePoint:
    """What a client needs to go on with a session. Holds a secret."""

    session_id: str
    resume_handle: str
    last_seq: int = 0
    """Every event up to here has come out of `events`; what waited behind it comes again, but for media."""
    client_seq: int = ABOVE_ALL
    """Number of the last message; the default where it is not known."""
    playback: PlaybackPosition | None = None
    """Where the player stood when it stopped."""

    def __repr__(self) -> str:
        return f"ResumePoint(session_id={self.session_id[:8]!r}..., last_seq={self.last_seq})"


class Line:
    """Made and run by a conversation; belongs to the loop that opened it."""

    def __init__(
        self,
        open_converse: OpenConverse,
        session_id: str,
        resume: ResumePoint | None,
        reconnect_s: float,
        playback: Callable[[], PlaybackPosition | None] | None,
    ) -> None:
        """reconnect_s: how long a lost call is tried to be replaced; 0 = not at all. playback: asked at each resume;
        None = as last reported."""
        self.session_id = session_id
        self.state = LineState.OPEN
        self.error: TthRpcError | None = None
        """What it ended with; None = it has not, or well."""
        self.resumed_count = 0
        self.client_seq = 0 if resume is None else resume.client_seq
        self._open_converse = open_converse
        self._reconnect_s = reconnect_s
        self._reported: PlaybackPosition | None = None
        self._playback = playback or (lambda: self._reported)
        self._handle = "" if resume is None else resume.resume_handle
        self.taken_seq = 0 if resume is None else resume.last_seq
        """Every event up to here was handed on by the conversation, which says so here."""
        self._received_seq = self.taken_seq  # ... or is on its way there: another call of this line need not bring it
        self._start = resume
        self._outbox: asyncio.Queue[ConverseRequest | None] = asyncio.Queue(OUTBOX_MESSAGES)
        self._inbox: asyncio.Queue[ConverseResponse | None] = asyncio.Queue(INBOX_MESSAGES)
        self._unacknowledged: deque[ConverseRequest] = deque()
        self._is_half_closed = False  # and the calls have been told
        self._is_final = False  # no further call is made
        self._discards = False
        self._task: asyncio.Task[None] | None = None
        self._call: ConverseCall | None = None

    @property
    def has_ended(self) -> bool:
        return self.state is LineState.ENDED

    @property
    def resume_point(self) -> ResumePoint | None:
        """How another client goes on from here; None before the server has said how."""
        if not self._handle:
            return None
        return ResumePoint(self.session_id, self._handle, self.taken_seq, self.client_seq, self._playback())

    def stood_at(self, position: PlaybackPosition) -> None:
        """The caller's player reports this."""
        self._reported = position

    def open(self) -> None:
        """Begin. What goes wrong is told by `error`."""
        self._call = self._open_converse(wait_for_ready=self._start is None)
        self._task = asyncio.create_task(self._run(), name="tth-conversation")

    async def put(self, message: ConverseRequest | None) -> None:
        """Send a message, numbered by the caller; None is the last. Waits for room only."""
        await self._outbox.put(message)

    async def get(self) -> ConverseResponse | None:
        """The next event; None wakes a reader whose line has ended."""
        return await self._inbox.get()

    def is_empty(self) -> bool:
        """No event waits."""
        return self._inbox.empty()

    async def close(self, drain_s: float) -> None:
        """Let the server end within `drain_s`, then end the call. The caller has put None. Idempotent."""
        self._discards = self._is_final = True
        while not self._inbox.empty():  # a reader that waits for room goes on and discards
            self._inbox.get_nowait()
        assert self._task is not None
        if drain_s > 0 and not self.has_ended:
            await asyncio.wait([self._task], timeout=drain_s)
        self._task.cancel()
        await asyncio.wait([self._task])
        if self._call is not None:  # the task may have had no time to begin
            self._call.cancel()

    # ---- calls

    async def _run(self) -> None:
        """One call after the other, until one ends that is not followed by another."""
        lost_s, tries = 0.0, 0
        try:
            while True:
                before, resumes = self._received_seq, self._start is not None or bool(self._received_seq)
                error = await self._one_call(resumes=resumes)
                if self._received_seq > before or not tries:
                    lost_s, tries = time.monotonic(), 0
                self.error = error
                if error is None or not self._may_return(error, time.monotonic() - lost_s):
                    return
                self.state = LineState.LOST
                pause_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2**tries) * random.uniform(0.5, 1.0)
                tries += 1
                await asyncio.sleep(pause_s)
        finally:
            self.state = LineState.ENDED
            if self._inbox.empty():
                self._inbox.put_nowait(None)  # wakes a waiting reader
            self._free_senders()

    def _may_return(self, error: TthRpcError, lost_for_s: float) -> bool:
        """Another call may do better: the session lives, and nobody has taken it or sent us away."""
        return _is_lost(error) and bool(self._handle) and not self._is_final and lost_for_s < self._reconnect_s

    async def _one_call(self, *, resumes: bool) -> TthRpcError | None:
        """Serve one call to its end; what it ended with."""
        call, self._call = self._call or self._open_converse(wait_for_ready=False), None
        is_resumed = asyncio.Event()
        if not resumes:
            is_resumed.set()
        writer = asyncio.create_task(self._write(call, is_resumed), name="tth-conversation-writer")
        try:
            return await self._read(call, is_resumed)
        finally:
            writer.cancel()
            await asyncio.wait([writer])
            call.cancel()

    async def _write(self, call: ConverseCall, is_resumed: asyncio.Event) -> None:
        try:
            if not is_resumed.is_set():
                await call.write(self._resume_message())
                await is_resumed.wait()  # by then it is known what had been taken
                for message in tuple(self._unacknowledged):
                    await call.write(message)
            while not self._is_half_closed:
                await self._write_next(call)
            await call.done_writing()
        except (grpc.aio.AioRpcError, grpc.aio.InternalError, asyncio.InvalidStateError):
            return  # the call has ended; the reader knows why

    async def _write_next(self, call: ConverseCall) -> None:
        message = await self._outbox.get()
        if message is None:
            self._is_half_closed = True
            return
        if message.WhichOneof("payload") not in _OF_THE_MOMENT:
            self._unacknowledged.append(message)
        await call.write(message)

    def _resume_message(self) -> ConverseRequest:
        at_start = self._start if not self.resumed_count else None
        playback = at_start.playback if at_start is not None and at_start.playback is not None else self._playback()
        resume = Resume(resume_handle=self._handle, last_seq=self._received_seq, playback=playback)
        return ConverseRequest(schema_version=SCHEMA_VERSION, session_id=self.session_id, resume=resume)

    async def _read(self, call: ConverseCall, is_resumed: asyncio.Event) -> TthRpcError | None:
        try:
            async for event in call:
                await self._take(event, is_resumed)
        except grpc.aio.AioRpcError as error:
            return from_grpc(error)
        except grpc.aio.InternalError:
            return TthRpcError(grpc.StatusCode.INTERNAL, "TRANSPORT", "the transport failed")
        return None

    async def _take(self, event: ConverseResponse, is_resumed: asyncio.Event) -> None:
        if event.seq and event.seq <= self._received_seq:
            return  # it was taken before
        while self._unacknowledged and self._unacknowledged[0].client_seq <= event.ack_client_seq:
            self._unacknowledged.popleft()
        match event.WhichOneof("payload"):
            case "session_state":
                self._handle = event.session_state.resume_handle
                if event.session_state.resumed and not is_resumed.is_set():
                    self.resumed_count += 1
                    self.state = LineState.OPEN
                    is_resumed.set()
            case "go_away":
                left_for_good = (GO_AWAY_ACTION_DISCONNECT, GO_AWAY_ACTION_RECONNECT)
                self._is_final |= event.go_away.action in left_for_good
            case _:
                pass
        if not self._discards:
            await self._inbox.put(event)
        self._received_seq = max(self._received_seq, event.seq)  # now: what waits for room may be lost with its call

    def _free_senders(self) -> None:
        """Nobody makes room any more."""
        while not self._outbox.empty():
            self._outbox.get_nowait()


def _is_lost(error: TthRpcError) -> bool:
    """The connection or the server is gone. A write into a dead connection ends the call as INTERNAL in grpc.aio; a bug
    of the server's looks the same but for the incident that it names."""
    is_transport = error.code is grpc.StatusCode.INTERNAL and "incident" not in error.metadata
    return is_transport or error.code is grpc.StatusCode.UNAVAILABLE
