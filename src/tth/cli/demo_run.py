"""Holds the demo's conversation through the shipped client, in real time, and notes what came back.

Tests: tests/cli/test_demo_run.py.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tth.cli.demo_script import DemoTurn
from tth.client import Conversation, PlaybackClock, controls
from tth.client.recorder import Recorder
from tth.v1 import controls_pb2, converse_pb2
from tth.v1.converse_pb2 import ConverseResponse

TURN_TIMEOUT_S = 40.0
"""The longest turn speaks for about ten seconds."""
PAUSE_US = 1_200_000
"""Of listening between two turns, so that the film breathes and the resting face is seen."""
_CHANGED_PATHS = ("emotion.label", "emotion.intensity", "character.speech_rate", "character.pitch_shift")
"""What `DemoUpdate` sets for the whole session."""
_MEDIA = frozenset({"audio_chunk", "video_frame", "motion_frame", "word_timing", "text_delta"})


@dataclass(slots=True)
class TurnRecord:
    """What came back for one turn."""

    plan: DemoTurn
    turn_id: str
    text: str = ""
    start_pts_us: int = 0
    audio_end_pts_us: int = 0
    audio_ms: float = 0.0
    frame_count: int = 0
    metrics: list[converse_pb2.TurnMetrics] = field(default_factory=list)
    endings: list[ConverseResponse] = field(default_factory=list)
    """turn_complete or turn_stopped."""
    media_after_end_count: int = 0
    update_report: controls_pb2.ControlReport | None = None
    """The server's answer to the update in the middle."""
    updated_pts_us: int | None = None
    """The first frame that was drawn with it."""
    revisions: dict[str, set[int]] = field(default_factory=lambda: {"audio_chunk": set(), "video_frame": set()})
    """Control revisions that sound and pictures were made with."""
    errors: list[str] = field(default_factory=list)
    update_sent: bool = False
    interrupt_sent: bool = False


class DemoRun:
    """One conversation after the script."""

    def __init__(self, conversation: Conversation, recorder: Recorder, show: Callable[[str], None]) -> None:
        """show: called with each piece of text as it comes."""
        self._conversation = conversation
        self._recorder = recorder
        self._show = show
        self._playback = PlaybackClock()
        self.records: list[TurnRecord] = []
        self._by_id: dict[str, TurnRecord] = {}

    async def turn(self, plan: DemoTurn) -> TurnRecord:
        """Say one turn, do what the script does in its middle, and listen to its end and a little longer.

        Raises TimeoutError when it does not end in time, TthRpcError when the stream breaks.
        """
        # The persona stays for the pause after the turn; what an earlier turn changed does not.
        await self._conversation.update(controls(persona=plan.persona), clear_paths=_CHANGED_PATHS)
        wanted = controls(emotion=plan.emotion, intensity=plan.intensity, latency=plan.latency)
        if plan.update is not None:
            # A turn's own controls win over updates: what shall change in its middle is asked for the session.
            await self._conversation.update(wanted)
            wanted = controls()
        mode = converse_pb2.TEXT_MODE_TALK if plan.talk else converse_pb2.TEXT_MODE_SAY
        record = TurnRecord(plan, await self._conversation.say(plan.text, mode=mode, controls=wanted))
        self.records.append(record)
        self._by_id[record.turn_id] = record
        async with asyncio.timeout(TURN_TIMEOUT_S):
            async for event in self._conversation.events():
                self._take(event)
                await self._act(record)
                if record.endings or record.errors:
                    break
            await self._listen_until(record.audio_end_pts_us + PAUSE_US)
        return record

    async def _listen_until(self, pts_us: int) -> None:
        async for event in self._conversation.events():
            self._take(event)
            if (self._playback.position_us(time.monotonic()) or 0) >= pts_us:
                return

    async def _act(self, record: TurnRecord) -> None:
        """The update or the interrupt of the script, when its moment has come."""
        heard_ms = ((self._playback.position_us(time.monotonic()) or 0) - record.start_pts_us) / 1000
        if not record.start_pts_us:
            return
        update = record.plan.update
        if update is not None and not record.update_sent and heard_ms >= update.after_ms:
            record.update_sent = True
            changed = controls(emotion=update.emotion, intensity=update.intensity, rate=update.rate, pitch=update.pitch)
            await self._conversation.update(changed)
        after_ms = record.plan.interrupt_after_ms
        if after_ms is not None and not record.interrupt_sent and heard_ms >= after_ms:
            record.interrupt_sent = True
            await self._conversation.interrupt(
                playback=self._playback.report(time.monotonic()), reason="the listener had enough"
            )

    def _take(self, event: ConverseResponse) -> None:
        self._playback.take(event, time.monotonic())
        self._recorder.take(event)
        payload = event.WhichOneof("payload")
        if payload == "control_ack" and self.records and self.records[-1].update_sent:
            self.records[-1].update_report = self.records[-1].update_report or event.control_ack.report
        if payload == "error" and self.records:
            self.records[-1].errors.append(f"{event.error.reason}: {event.error.message}")
        record = self._by_id.get(event.turn_id)
        if record is not None:
            self._note(record, event, payload)

    def _note(self, record: TurnRecord, event: ConverseResponse, payload: str | None) -> None:
        if record.endings and payload in _MEDIA:
            record.media_after_end_count += 1
        match payload:
            case "turn_started":
                record.start_pts_us = max(event.turn_started.media_start_pts_us, 1)
            case "text_delta":
                record.text += event.text_delta.text
                self._show(event.text_delta.text)
            case "audio_chunk":
                chunk = event.audio_chunk
                record.audio_ms += chunk.duration_us / 1000
                record.audio_end_pts_us = max(record.audio_end_pts_us, chunk.pts_us + chunk.duration_us)
                record.revisions["audio_chunk"].add(chunk.control_revision)
            case "video_frame":
                record.frame_count += 1
                revision = event.video_frame.control_revision
                record.revisions["video_frame"].add(revision)
                report = record.update_report
                if report is not None and revision >= report.control_revision and record.updated_pts_us is None:
                    record.updated_pts_us = event.video_frame.pts_us
            case "turn_metrics":
                record.metrics.append(event.turn_metrics)
            case "turn_complete" | "turn_stopped":
                record.endings.append(event)
            case _:
                pass


async def hold(
    conversation: Conversation,
    recorder: Recorder,
    script: Sequence[DemoTurn],
    announce: Callable[[int, DemoTurn], None],
    show: Callable[[str], None],
    done: Callable[[TurnRecord], None],
) -> list[TurnRecord]:
    """The whole script. A turn that was refused ends it early."""
    run = DemoRun(conversation, recorder, show)
    for index, plan in enumerate(script, start=1):
        announce(index, plan)
        record = await run.turn(plan)
        done(record)
        if not record.endings:
            break
    return run.records
