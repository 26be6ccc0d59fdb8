"""People of the soak: each has a session, talks, listens, interrupts, changes controls, gets lost and comes back."""

from __future__ import annotations

import asyncio
import time
from array import array
from collections import Counter
from dataclasses import dataclass, field
from random import Random

import grpc

from tth.v1 import controls_pb2, converse_pb2, media_pb2, tth_service_pb2
from tth.v1.converse_pb2 import ConverseRequest, ConverseResponse
from tth.v1.tth_service_pb2_grpc import TthServiceStub

PEOPLE: tuple[media_pb2.MediaPreferences, ...] = (
    media_pb2.MediaPreferences(video_codec=media_pb2.VIDEO_CODEC_JPEG),
    media_pb2.MediaPreferences(video_codec=media_pb2.VIDEO_CODEC_H264),
    media_pb2.MediaPreferences(video_codec=media_pb2.VIDEO_CODEC_NONE, motion=True),
    media_pb2.MediaPreferences(video_codec=media_pb2.VIDEO_CODEC_NONE),
)
"""What each wants to see."""
TEXTS = (
    "Good morning.",
    "The train to Oslo leaves at nine, and perhaps it is late.",
    "Please tell me something about yourself.",
    "I have thought about it for a while. There are three things that I would like to say, and the first is short.",
)
EMOTIONS = (
    controls_pb2.EMOTION_LABEL_HAPPY, controls_pb2.EMOTION_LABEL_SAD, controls_pb2.EMOTION_LABEL_NEUTRAL,
)  # fmt: skip
FRAME_US = 40_000
"""At 25 frames a second."""
TURN_S = 60.0
"""None of the turns takes as long."""
SESSION_TURNS = 25
"""After so many a person ends the session and opens another one."""


@dataclass(slots=True)
class Diary:
    """What all people together noticed."""

    drifts_ms: array[float] = field(default_factory=lambda: array("f"))
    sound_late_ms: array[float] = field(default_factory=lambda: array("f"))
    turn_drifts_ms: list[float] = field(default_factory=list)
    happened: Counter[str] = field(default_factory=lambda: Counter({"stale events": 0, "errors": 0, "gaps": 0}))
    _told: int = 0

    def take_drifts(self) -> array[float]:
        """Those that came since the last call."""
        told, self._told = self._told, len(self.drifts_ms)
        return self.drifts_ms[told:]


class Person:
    """One after the other: sessions, streams, turns."""

    def __init__(
        self, channel: grpc.aio.Channel, wanted: media_pb2.MediaPreferences, random: Random, diary: Diary
    ) -> None:
        self._stub = TthServiceStub(channel)
        self._wanted = wanted
        self._random = random
        self._diary = diary
        self._session_id = ""
        self._handle = ""
        self._last_seq = 0
        self._turn_count = 0
        self._turn: _Turn | None = None
        self._anchor = (0.0, 0)
        """When (perf_counter), and the media clock then, us."""
        self._media_end_us = 0
        self._shown_end_us: int | None = None
        """Of the newest picture of the stretch that is being shown."""

    async def live(self) -> None:
        """Until cancelled."""
        while True:
            request = tth_service_pb2.CreateSessionRequest(media=self._wanted)
            created = await self._stub.CreateSession(request, wait_for_ready=True)
            self._session_id, self._handle, self._last_seq = created.session_id, created.resume_handle, 0
            self._media_end_us = 0  # its media clock begins anew
            self._diary.happened["sessions"] += 1
            try:
                until = self._turn_count + SESSION_TURNS
                while self._turn_count < until:
                    await self._stream(until)
            finally:
                await self._stub.EndSession(tth_service_pb2.EndSessionRequest(session_id=self._session_id))

    async def _stream(self, until: int) -> None:
        """Attach, or resume where a stream was lost; talk for a while; get lost, or leave in good order."""
        call = self._stub.Converse()
        resumes = bool(self._last_seq)
        if resumes:
            resume = converse_pb2.Resume(resume_handle=self._handle, last_seq=self._last_seq)
            await call.write(ConverseRequest(session_id=self._session_id, resume=resume))
        else:
            await call.write(ConverseRequest(session_id=self._session_id))
        reading = asyncio.create_task(self._read(call))
        try:
            for _ in range(self._random.randint(3, 9)):
                if self._turn_count >= until:
                    break
                await self._talk(call)
            if self._random.random() < 0.5:
                await call.done_writing()
                await asyncio.wait([reading], timeout=TURN_S)
                self._last_seq = 0  # left in good order: the next stream begins anew
            else:
                self._diary.happened["streams lost"] += 1
        finally:
            reading.cancel()
            call.cancel()
            await asyncio.wait([reading])
        await asyncio.sleep(self._random.uniform(0, 1))

    async def _talk(self, call: grpc.aio.StreamStreamCall[ConverseRequest, ConverseResponse]) -> None:
        random = self._random
        self._turn_count += 1
        turn = self._turn = _Turn(f"s_{self._turn_count}")
        mode = converse_pb2.TEXT_MODE_TALK if random.random() < 0.5 else converse_pb2.TEXT_MODE_SAY
        text = converse_pb2.UserText(text=random.choice(TEXTS), mode=mode)
        await call.write(ConverseRequest(turn_id=turn.turn_id, user_text=text))
        self._diary.happened["turns"] += 1
        what = random.random()
        if what < 0.25:
            await turn.wait_for(turn.sounds)
            await asyncio.sleep(random.uniform(0, 2))
            if not turn.over.is_set():
                await call.write(ConverseRequest(interrupt=converse_pb2.Interrupt()))
                self._diary.happened["interrupts"] += 1
        elif what < 0.45:
            emotion = controls_pb2.Controls(emotion=controls_pb2.Emotion(label=random.choice(EMOTIONS)))
            await call.write(ConverseRequest(control_update=converse_pb2.ControlUpdate(controls=emotion)))
            self._diary.happened["updates"] += 1
        elif what < 0.5:
            await turn.wait_for(turn.sounds)
            return  # whatever comes next finds the turn running
        await turn.wait_for(turn.over)
        await asyncio.sleep(random.uniform(0, 1.5))

    async def _read(self, call: grpc.aio.StreamStreamCall[ConverseRequest, ConverseResponse]) -> None:
        async for event in call:
            self._note(event, time.perf_counter())

    def _note(self, event: ConverseResponse, now_s: float) -> None:
        name, diary = event.WhichOneof("payload") or "", self._diary
        self._last_seq = max(self._last_seq, event.seq)
        match name:
            case "session_state":
                self._anchor = (now_s, event.session_state.pts_us)
                self._shown_end_us = None
                self._handle = event.session_state.resume_handle or self._handle
                diary.happened["gaps"] += event.session_state.gap
                diary.happened["streams resumed"] += event.session_state.resumed
            case "video_frame" | "motion_frame":
                body = getattr(event, name)
                self._media_end_us = max(self._media_end_us, body.pts_us + FRAME_US)
                self._shown(body.pts_us, max(0.0, self._late_ms(body.pts_us, now_s)))
            case "audio_chunk":
                self._media_end_us = max(self._media_end_us, event.audio_chunk.pts_us + event.audio_chunk.duration_us)
                diary.sound_late_ms.append(max(0.0, self._late_ms(event.audio_chunk.pts_us, now_s)))
            case "turn_metrics":
                if event.turn_metrics.HasField("drift"):
                    diary.turn_drifts_ms.append(event.turn_metrics.drift.p95_abs_ms)
            case "error":
                diary.happened["errors"] += event.error.reason != "NO_ACTIVE_TURN"
            case "turn_stopped" | "turn_heard":
                if self._late_ms(self._media_end_us, now_s) < 0:  # the server's clock jumps over what nobody hears
                    self._anchor = (now_s, self._media_end_us)
                    self._shown_end_us = None
            case _:
                pass
        turn = self._turn
        if turn is not None and event.turn_id == turn.turn_id:
            diary.happened["stale events"] += turn.take(name)

    def _shown(self, pts_us: int, late_ms: float) -> None:
        """A picture: how late it is, and for how long too long the one before it was seen where some are missing."""
        if self._shown_end_us is not None:
            for number in range((pts_us - self._shown_end_us) // FRAME_US):
                self._diary.drifts_ms.append((number + 1) * FRAME_US / 1000)
        self._diary.drifts_ms.append(late_ms)
        self._shown_end_us = pts_us + FRAME_US

    def _late_ms(self, pts_us: int, now_s: float) -> float:
        """How long ago this was to be presented."""
        return (self._anchor[1] - pts_us) / 1000 + (now_s - self._anchor[0]) * 1000


class _Turn:
    """What a person waits for."""

    def __init__(self, turn_id: str) -> None:
        self.turn_id = turn_id
        self.sounds = asyncio.Event()
        self.over = asyncio.Event()

    def take(self, name: str) -> bool:
        """Note an event; True when it came behind the turn's end."""
        is_stale = self.over.is_set()
        if name in ("turn_complete", "turn_stopped"):
            self.over.set()
        if name == "audio_chunk" or self.over.is_set():
            self.sounds.set()
        return is_stale

    async def wait_for(self, event: asyncio.Event) -> None:
        """Raises TimeoutError when it never comes."""
        async with asyncio.timeout(TURN_S):
            await event.wait()
