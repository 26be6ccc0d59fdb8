"""Pause and resume as a client asks for them: every command in every state. Virtual time."""

from __future__ import annotations

import asyncio

import pytest

from tests.session.scene import SOUND_ONLY, attach, engine, new_conversation, seen, talking, voice
from tth.adapters.registry import Adapters
from tth.core.budget import Budgets
from tth.model.commands import EndTurn, Interrupt, PauseTurn, PlaybackReport, ResumeTurn
from tth.model.events import (
    AudioChunk,
    SessionState,
    TurnComplete,
    TurnOutcome,
    TurnPaused,
    TurnResumed,
    TurnStarted,
    TurnStopped,
    VideoFrame,
)
from tth.model.media import FrameKind, MediaPreferences, VideoCodec, ms_to_samples
from tth.session.terms import OverlapPolicy
from tth.testing.scripted import ScriptedVoice, every, tone
from tth.testing.virtual_time import run_virtual

pytestmark = pytest.mark.pipeline

ENDS = (TurnComplete, TurnStopped)
LONG = "This is said slowly and takes a while to say."
PICTURES = MediaPreferences(video_codec=VideoCodec.RAW_RGB24)


def slow() -> Adapters:
    """Each clause takes four seconds."""
    return Adapters(tts=ScriptedVoice([*every(0, *[tone(40) for _ in range(100)])], repeat=True))


def test_a_turn_is_held_and_goes_on() -> None:
    """The state says so; the turn ends as any other."""

    async def main() -> None:
        async with talking(slow()) as scene:
            await scene.say(LONG, turn_id="a")
            await asyncio.sleep(1.0)
            await scene.send(PauseTurn("a"))
            await scene.sink.until(TurnPaused)
            assert scene.conversation.state == "paused"
            assert scene.conversation.current_turn_id == "a"
            await asyncio.sleep(3.0)
            assert not scene.sink.of(TurnComplete)
            await scene.send(ResumeTurn())
            resumed = await scene.sink.until(TurnResumed)
            assert resumed.paused_ms == pytest.approx(3000, abs=1)
            assert scene.conversation.state == "streaming"
            await scene.sink.ends(1)
            assert scene.conversation.state == "idle"
        assert scene.sink.of(TurnComplete)
        assert scene.sink.reasons == []

    run_virtual(main())


def test_refusals() -> None:
    """What cannot be held or let go is answered; nothing else changes."""

    async def main() -> list[str]:
        async with talking(slow()) as scene:
            await scene.send(PauseTurn(), ResumeTurn())
            await scene.say(LONG, turn_id="a")
            await asyncio.sleep(0.5)
            await scene.send(PauseTurn("b"), ResumeTurn(), PauseTurn(), PauseTurn(), ResumeTurn("b"), ResumeTurn())
            await scene.sink.ends(1)
            await scene.send(PauseTurn("a"))
            await asyncio.sleep(0.1)
            assert len(scene.sink.of(TurnPaused)) == len(scene.sink.of(TurnResumed)) == 1
            return scene.sink.reasons

    assert run_virtual(main()) == [
        "NO_ACTIVE_TURN",
        "NOT_PAUSED",
        "NO_ACTIVE_TURN",
        "NOT_PAUSED",
        "ALREADY_PAUSED",
        "NOT_PAUSED",
        "NO_ACTIVE_TURN",
    ]


@pytest.mark.parametrize("reports", [True, False])
def test_a_playback_report_says_where(reports: bool) -> None:
    """The newest one, moved on by the time since; without any the media clock is asked, and it is said that it was."""

    async def main() -> TurnPaused:
        async with talking(slow()) as scene:
            await scene.say(LONG)
            await asyncio.sleep(1.0)
            if reports:
                await scene.send(PlaybackReport(ms_to_samples(600)))
                await asyncio.sleep(0.1)
            await scene.send(PauseTurn())
            return await scene.sink.until(TurnPaused)

    paused = run_virtual(main())
    assert paused == TurnPaused(ms_to_samples(700 if reports else 1000), is_estimate=not reports)


def test_an_old_report_says_nothing_after_a_pause() -> None:
    """It was about a time that has been skipped: an interrupt just behind asks the clock."""

    async def main() -> TurnStopped:
        async with talking(slow()) as scene:
            await scene.say(LONG)
            await asyncio.sleep(1.0)
            await scene.send(PlaybackReport(ms_to_samples(200)), PauseTurn())
            await scene.sink.until(TurnPaused)
            await scene.send(ResumeTurn())
            await asyncio.sleep(0.5)
            await scene.send(Interrupt())
            return await scene.sink.until(TurnStopped)

    assert run_virtual(main()).heard_is_estimate


@pytest.mark.parametrize("overlap", [OverlapPolicy.SUPERSEDE, OverlapPolicy.QUEUE])
def test_another_text_while_held(overlap: OverlapPolicy) -> None:
    """It takes the held turn's place, or waits behind it, by the session's policy."""

    async def main() -> list[str]:
        async with talking(slow(), overlap=overlap) as scene:
            await scene.say(LONG, turn_id="a")
            await asyncio.sleep(1.0)
            await scene.send(PauseTurn())
            await scene.say("Two.", turn_id="b")
            await asyncio.sleep(5.0)
            if overlap is OverlapPolicy.QUEUE:
                assert len(scene.sink.of(TurnStarted)) == 1
                await scene.send(ResumeTurn())
            await scene.sink.ends(2)
            return [type(event).__name__ for _, event in scene.sink.entries if isinstance(event, ENDS)]

    first = "TurnStopped" if overlap is OverlapPolicy.SUPERSEDE else "TurnComplete"
    assert run_virtual(main()) == [first, "TurnComplete"]


def test_interrupted_while_held() -> None:
    """One end; the memory holds what was heard before the pause."""

    async def main() -> TurnStopped:
        async with talking(slow()) as scene:
            await scene.say(LONG)
            await asyncio.sleep(1.0)
            await scene.send(PauseTurn())
            await asyncio.sleep(2.0)
            await scene.send(Interrupt())
            return await scene.sink.until(TurnStopped)

    stopped = run_virtual(main())
    assert stopped.outcome is TurnOutcome.INTERRUPTED
    assert stopped.heard_sample == ms_to_samples(1000)


def test_half_close_lets_it_go_on() -> None:
    """Nobody could say resume_turn any more; what was begun is finished."""

    async def main() -> None:
        conversation = new_conversation(engine(slow()), SOUND_ONLY)
        scene = attach(conversation)
        await scene.say(LONG)
        await asyncio.sleep(1.0)
        await scene.send(PauseTurn())
        await asyncio.sleep(1.0)
        await scene.finish()
        assert scene.sink.of(TurnComplete)
        await conversation.aclose()

    run_virtual(main())


@pytest.mark.parametrize("how", ["lost", "ended", "expired"])
def test_the_end_of_a_session_that_is_held(how: str) -> None:
    """A lost client, the end of the session and the end of patience: one end, and nothing left behind."""

    async def main() -> TurnStopped:
        async with talking(slow(), budgets=Budgets(pause_ms=5000)) as scene:
            await scene.say(LONG)
            await asyncio.sleep(1.0)
            await scene.send(PauseTurn())
            await asyncio.sleep(1.0)
            if how == "lost":
                scene.running.cancel()
            elif how == "ended":
                scene.conversation.end(TurnOutcome.CANCELLED)
            stopped = await scene.sink.until(TurnStopped)
            assert len(scene.sink.of(TurnStopped)) == 1
            return stopped

    expected = TurnOutcome.EXPIRED if how == "expired" else TurnOutcome.CANCELLED
    assert run_virtual(main()).outcome is expected


def test_text_that_grows_while_held() -> None:
    """Parts are taken, and spoken later."""

    async def main() -> str:
        async with talking(slow()) as scene:
            await scene.say("One is here. ", partial=True, turn_id="a")
            await asyncio.sleep(0.5)
            await scene.send(PauseTurn())
            await scene.say("Two is there.", partial=True, turn_id="a")
            await scene.send(EndTurn())
            await asyncio.sleep(1.0)
            await scene.send(ResumeTurn())
            return (await scene.sink.until(TurnComplete)).text

    assert run_virtual(main()) == "One is here. Two is there."


def test_idle_frames_do_not_mix_with_a_listener() -> None:
    """Every picture of a turn that is held belongs to it; idle ones begin behind its end."""

    async def main() -> list[tuple[str, VideoFrame]]:
        adapters = Adapters(tts=voice([*every(0, *[tone(40) for _ in range(100)])]), avatar=seen().avatar)
        async with talking(adapters, PICTURES) as scene:
            await scene.say(LONG, turn_id="a")
            await asyncio.sleep(1.0)
            await scene.send(PauseTurn())
            await asyncio.sleep(1.0)
            await scene.send(ResumeTurn())
            await scene.sink.ends(1)
            await asyncio.sleep(1.0)
            assert scene.sink.of(SessionState)
            return [(turn, event) for turn, event in scene.sink.entries if isinstance(event, VideoFrame)]

    frames = run_virtual(main())
    starts = [frame.start_sample for _, frame in frames]
    assert starts == sorted(set(starts))
    listening = [turn for turn, frame in frames if frame.kind is FrameKind.LISTENING]
    assert set(listening) == {"a"}
    assert len(listening) >= 24
    turns = [turn for turn, _ in frames]
    assert turns == sorted(turns, reverse=True), "the turn's, then idle ones"


def test_the_tail_of_the_turn_before_is_cut() -> None:
    """The person falls silent at once, also where the listener has not come to the turn that is held."""

    async def main() -> list[object]:
        async with talking(Adapters(tts=voice())) as scene:
            await scene.say(LONG, turn_id="a")
            await scene.sink.until(TurnComplete)
            await scene.say("Two.", turn_id="b")
            await scene.sink.until(AudioChunk, 3)
            await scene.send(PauseTurn(heard_sample=ms_to_samples(50)))
            await scene.sink.until(TurnPaused)
            return [event for _, event in scene.sink.entries if type(event).__name__ in ("TurnHeard", "TurnPaused")]

    heard, paused = run_virtual(main())
    assert type(heard).__name__ == "TurnHeard"
    assert type(paused).__name__ == "TurnPaused"
