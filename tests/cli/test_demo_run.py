"""The demo's conversation against a scripted server: what it sends when, and what it notes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.client.server import Peer, Script, ScriptedService, audio, serving, video
from tests.media.pictures import grey
from tth.cli.demo_run import TurnRecord, hold
from tth.cli.demo_script import SCRIPT, SMOKE, DemoTurn, DemoUpdate, script_for
from tth.client import TthClient, controls
from tth.client.recorder import Recorder
from tth.media.encode import make_encoder
from tth.model.media import VideoCodec
from tth.v1 import controls_pb2, converse_pb2, errors_pb2
from tth.v1.converse_pb2 import ConverseResponse

pytestmark = pytest.mark.server


def run(script: Script, plans: list[DemoTurn], folder: Path) -> list[TurnRecord]:
    async def body() -> list[TurnRecord]:
        service = ScriptedService(script)
        recorder = Recorder(folder / "a.mp4")
        async with (
            serving(service) as target,
            TthClient(target) as client,
            client.converse("s_1") as conversation,
        ):
            return await hold(
                conversation, recorder, plans, lambda number, plan: None, lambda text: None, lambda record: None
            )

    return asyncio.run(body())


def started(turn_id: str) -> ConverseResponse:
    return ConverseResponse(turn_id=turn_id, turn_started=converse_pb2.TurnStarted(media_start_pts_us=0))


async def idle_until_half_close(peer: Peer) -> None:
    """Sound after the turn, so that the pause has a clock."""

    async def send() -> None:
        pts_us = 2_000_000
        while True:
            await peer.send(audio("", pts_us))
            pts_us += 20_000
            await asyncio.sleep(0.005)

    sender = asyncio.create_task(send())
    while await peer.receive() is not None:
        pass
    sender.cancel()
    await asyncio.wait([sender])


def test_an_update_and_its_answer_are_noted(tmp_path: Path) -> None:
    """Sent in the middle, for the session; the turn's own controls would win over it."""

    async def script(peer: Peer) -> None:
        persona, before = await peer.expect("control_update"), await peer.expect("control_update")
        assert persona.control_update.controls == controls(persona="casual")
        assert before.control_update.controls == controls(emotion="sad", intensity=0.5)
        said = await peer.expect("user_text")
        assert said.user_text.controls == controls_pb2.Controls()
        await peer.send(started(said.turn_id), audio(said.turn_id, 0), audio(said.turn_id, 20_000))
        update = await peer.expect("control_update")
        assert update.control_update.controls == controls(emotion="happy", intensity=1.0, rate=1.5, pitch=0.5)
        report = controls_pb2.ControlReport(control_revision=7)
        changed = audio(said.turn_id, 40_000)
        changed.audio_chunk.control_revision = 7
        await peer.send(ConverseResponse(control_ack=converse_pb2.ControlAck(report=report)), changed)
        for pts_us, revision in ((40_000, 6), (80_000, 7), (120_000, 7)):
            frame = video(said.turn_id, pts_us, encoded.data, keyframe=encoded.keyframe)
            frame.video_frame.control_revision = revision
            await peer.send(frame)
        metrics = ConverseResponse(turn_id=said.turn_id, turn_metrics=converse_pb2.TurnMetrics())
        ending = ConverseResponse(turn_id=said.turn_id, turn_complete=converse_pb2.TurnComplete())
        await peer.send(metrics, ending)
        await idle_until_half_close(peer)

    encoded = make_encoder(VideoCodec.H264, 128, 96, 25).encode(grey(90))
    plan = DemoTurn("x", "casual", "sad", 0.5, update=DemoUpdate(0, "happy", 1.0, 1.5, 0.5))
    (record,) = run(script, [plan], tmp_path)
    assert record.update_report is not None
    assert record.update_report.control_revision == 7
    assert record.revisions["audio_chunk"] == {0, 7}
    assert (len(record.metrics), len(record.endings), record.media_after_end_count) == (1, 1, 0)
    assert record.audio_ms == 60
    assert record.updated_pts_us == 80_000


def test_an_interrupt_is_sent_with_the_position_and_late_media_are_noted(tmp_path: Path) -> None:
    """Media after the end would be the server's mistake."""

    async def script(peer: Peer) -> None:
        said = await peer.expect("user_text") if await peer.expect("control_update") else None
        assert said is not None
        assert said.user_text.controls == controls(emotion="angry", intensity=1.0, latency="low")
        await peer.send(started(said.turn_id), audio(said.turn_id, 0), audio(said.turn_id, 20_000))
        interrupt = (await peer.expect("interrupt")).interrupt
        assert interrupt.playback.turn_id == said.turn_id
        stopped = converse_pb2.TurnStopped(outcome=converse_pb2.TURN_OUTCOME_INTERRUPTED)
        ending = ConverseResponse(turn_id=said.turn_id, turn_stopped=stopped)
        await peer.send(ending, audio(said.turn_id, 40_000))
        await idle_until_half_close(peer)

    plan = DemoTurn("x", "default", "angry", 1.0, latency="low", interrupt_after_ms=0)
    (record,) = run(script, [plan], tmp_path)
    assert record.interrupt_sent
    assert record.media_after_end_count == 1


def test_a_refused_turn_ends_the_conversation(tmp_path: Path) -> None:
    """With the server's reason; the turns after it are not held."""

    async def script(peer: Peer) -> None:
        said = await peer.expect("user_text") if await peer.expect("control_update") else None
        assert said is not None
        error = errors_pb2.Error(
            reason="NO_LLM", message="no", scope=errors_pb2.ERROR_SCOPE_MESSAGE, client_seq=said.client_seq
        )
        await peer.send(ConverseResponse(error=error))
        await idle_until_half_close(peer)

    plan = DemoTurn("x", "default", "happy", 1.0)
    (record,) = run(script, [plan, plan], tmp_path)
    assert record.errors == ["NO_LLM: no"]


def test_the_script_shows_everything() -> None:
    """Talk and say, emotions, personas, an update in the middle, an interrupt and a turn after it."""
    assert len(SCRIPT) >= 5
    assert {plan.talk for plan in SCRIPT} == {True, False}
    assert len({plan.emotion for plan in SCRIPT} | {plan.update.emotion for plan in SCRIPT if plan.update}) >= 5
    assert len({plan.persona for plan in SCRIPT}) >= 4
    assert any(plan.update for plan in SCRIPT)
    assert [plan.interrupt_after_ms is not None for plan in SCRIPT].count(True) == 1
    assert SCRIPT[-1].interrupt_after_ms is None
    assert any(plan.update for plan in SMOKE)


def test_the_script_of_a_model_that_only_answers() -> None:
    """The same without texts that are spoken as they stand, and no voice changes in the middle of an answer."""
    for smoke in (False, True):
        script = script_for(can_say=False, smoke=smoke)
        assert all(plan.talk for plan in script)
        assert any(plan.update for plan in script)
        assert not any(plan.update.in_sound for plan in script if plan.update)
    assert script_for(can_say=True, smoke=True) is SMOKE
    script = script_for(can_say=False, smoke=False)
    assert len({plan.persona for plan in script}) >= 4
    assert [plan.interrupt_after_ms is not None for plan in script].count(True) == 1
    assert any(plan.reply_contains for plan in script)
