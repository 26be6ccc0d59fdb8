"""A bare client of one session: nothing between gRPC and the stop-watch. It reads all the time and notes when the
first event of each kind of each turn came."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

import grpc

from tth.v1 import controls_pb2, converse_pb2, media_pb2, tth_service_pb2
from tth.v1.converse_pb2 import ConverseRequest, ConverseResponse
from tth.v1.tth_service_pb2_grpc import TthServiceStub

TURN_TIMEOUT_S = 120.0
_PICTURES = ("video_frame", "motion_frame")


@dataclass(slots=True)
class HeardTurn:
    """What came of one turn. Times are `time.perf_counter`."""

    sent_s: float
    first_s: dict[str, float] = field(default_factory=dict)
    """Payload name to when its first came; "speaking_frame" is the first picture in which the person speaks."""
    ended_s: float = 0.0
    metrics: converse_pb2.TurnMetrics | None = None
    error: str = ""
    stale_count: int = 0
    """Events that came after the terminal one."""
    sounds: asyncio.Event = field(default_factory=asyncio.Event)
    """Its first sound has come, or it ended without."""
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def ms_to(self, name: str) -> float:
        """From the text being written to the first event of this name. Raises RuntimeError when none came."""
        if name not in self.first_s:
            raise RuntimeError(f"no {name} came: {self.error or 'the turn ended without it'}")
        return (self.first_s[name] - self.sent_s) * 1000


class Call(Protocol):
    """A Converse call, as far as it is used here; a gateway's WebSocket can look like one."""

    async def write(self, request: ConverseRequest) -> None: ...

    def __aiter__(self) -> AsyncIterator[ConverseResponse]: ...

    async def done_writing(self) -> None: ...


class Stream:
    """One Converse call."""

    def __init__(self, call: Call, session_id: str) -> None:
        self._call = call
        self._session_id = session_id
        self.turns: dict[str, HeardTurn] = {}
        self.event_count = 0
        self.sizes: list[int] | None = None
        """Set to a list to have the size of every event noted."""
        self.counts: Counter[str] = Counter()
        self.opened_s = 0.0
        """When the first message was about to be written."""
        self.first_picture_s = 0.0
        self.has_picture = asyncio.Event()
        self._pong = asyncio.Event()

    async def attach(self) -> None:
        """The first message."""
        self.opened_s = time.perf_counter()
        await self._call.write(ConverseRequest(session_id=self._session_id))

    async def say(self, text: str, *, talk: bool = False) -> HeardTurn:
        """Begin a turn; the watch starts just before the write."""
        turn_id = f"b_{len(self.turns)}"
        mode = converse_pb2.TEXT_MODE_TALK if talk else converse_pb2.TEXT_MODE_SAY
        request = ConverseRequest(turn_id=turn_id, user_text=converse_pb2.UserText(text=text, mode=mode))
        turn = self.turns[turn_id] = HeardTurn(time.perf_counter())
        await self._call.write(request)
        return turn

    async def whole_turn(self, text: str, *, talk: bool = False) -> HeardTurn:
        """A turn from its text to its end. Raises TimeoutError."""
        turn = await self.say(text, talk=talk)
        async with asyncio.timeout(TURN_TIMEOUT_S):
            await turn.over.wait()
        return turn

    async def first_sound(self, text: str, *, talk: bool = False) -> HeardTurn:
        """A turn that is interrupted as soon as its first sound is here. Raises TimeoutError."""
        turn = await self.say(text, talk=talk)
        async with asyncio.timeout(TURN_TIMEOUT_S):
            await turn.sounds.wait()
            if not turn.over.is_set():
                await self.interrupt()
            await turn.over.wait()
        return turn

    async def ping(self) -> float:
        """Milliseconds there and back, one message each way. Raises TimeoutError."""
        self._pong.clear()
        asked_s = time.perf_counter()
        await self._call.write(ConverseRequest(ping=converse_pb2.Ping()))
        async with asyncio.timeout(TURN_TIMEOUT_S):
            await self._pong.wait()
        return (time.perf_counter() - asked_s) * 1000

    async def interrupt(self) -> float:
        """Stop the running turn; returns when it was asked for."""
        request = ConverseRequest(interrupt=converse_pb2.Interrupt())
        asked_s = time.perf_counter()
        await self._call.write(request)
        return asked_s

    async def read(self) -> None:
        """Read to the end; in a task of its own."""
        async for event in self._call:
            self._note(event, time.perf_counter())

    async def close(self) -> None:
        """No more requests."""
        await self._call.done_writing()

    def _note(self, event: ConverseResponse, now_s: float) -> None:
        name = event.WhichOneof("payload") or ""
        self.event_count += 1
        self.counts[name] += 1
        if name == "pong":
            self._pong.set()
        if self.sizes is not None:
            self.sizes.append(event.ByteSize())
        if name in _PICTURES and not self.first_picture_s:
            self.first_picture_s = now_s
            self.has_picture.set()
        turn = self.turns.get(event.turn_id)
        if turn is None:
            return
        if turn.over.is_set():
            turn.stale_count += 1
            return
        turn.first_s.setdefault(name, now_s)
        if name in _PICTURES and getattr(event, name).kind == media_pb2.FRAME_KIND_SPEAKING:
            turn.first_s.setdefault("speaking_frame", now_s)
        if name == "audio_chunk":
            turn.sounds.set()
        elif name == "turn_metrics":
            turn.metrics = event.turn_metrics
        elif name == "error":
            turn.error = event.error.reason
        elif name in ("turn_complete", "turn_stopped"):
            turn.ended_s = now_s
            turn.sounds.set()
            turn.over.set()


def wishes(
    codec: media_pb2.VideoCodec = media_pb2.VIDEO_CODEC_NONE, *, motion: bool = False
) -> media_pb2.MediaPreferences:
    """What a session should send."""
    return media_pb2.MediaPreferences(video_codec=codec, motion=motion)


@asynccontextmanager
async def session(
    channel: grpc.aio.Channel, media: media_pb2.MediaPreferences, controls: controls_pb2.Controls | None = None
) -> AsyncIterator[Stream]:
    """An attached session; ended on the way out."""
    stub = TthServiceStub(channel)
    request = tth_service_pb2.CreateSessionRequest(media=media, controls=controls)
    created = await stub.CreateSession(request, wait_for_ready=True)
    call = stub.Converse()
    stream = Stream(call, created.session_id)
    try:
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(stream.read())
            await stream.attach()
            yield stream
            reading.cancel()
    finally:
        call.cancel()
        await stub.EndSession(tth_service_pb2.EndSessionRequest(session_id=created.session_id))
