"""A turn that is held and goes on: nothing is lost, nothing comes twice, and nobody has to guess."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.pipeline.listener import Listener, Play, check_heard_whole, check_order, playing
from tth.errors import Conflict
from tth.model.controls import ControlReport
from tth.model.events import (
    AudioChunk,
    Event,
    Speaking,
    TextDelta,
    TurnComplete,
    TurnMetrics,
    TurnOutcome,
    TurnPaused,
    TurnResumed,
    TurnStopped,
    VideoFrame,
    WordSpoken,
)
from tth.model.media import AudioCodec, FrameKind, ms_to_samples
from tth.pipeline.text_stage import GivenText
from tth.testing.scripted import ScriptedModel, every, wait
from tth.testing.virtual_time import run_virtual

pytestmark = pytest.mark.pipeline


@settings(max_examples=100, deadline=None)
@given(
    pauses=st.lists(st.tuples(st.integers(0, 2200), st.integers(0, 900), st.integers(-1, 700)), max_size=5),
    chunk_ms=st.lists(st.sampled_from([1, 7.3, 20, 40, 170, 1500]), min_size=1, max_size=3),
    wait_ms=st.lists(st.sampled_from([0, 0, 0, 5, 60, 700]), min_size=1, max_size=4),
    each_ms=st.sampled_from([0, 1, 8, 30]),
    is_seen=st.booleans(),
    is_stopped=st.booleans(),
    audio=st.sampled_from(AudioCodec),
)
def test_whatever_is_held_when(
    pauses: list[tuple[int, int, int]],
    chunk_ms: list[float],
    wait_ms: list[float],
    each_ms: float,
    is_seen: bool,
    is_stopped: bool,
    audio: AudioCodec,
) -> None:
    """What the listener hears is the voice's sound, sample by sample; words lie on their sound; order holds."""

    async def main() -> Play:
        async with playing(chunk_ms=chunk_ms, wait_ms=wait_ms, each_ms=each_ms, is_seen=is_seen, audio=audio) as play:
            for run_ms, held_ms, late_ms in pauses:
                await asyncio.sleep(run_ms / 1000)
                try:
                    play.runner.pause(None if late_ms < 0 else play.position() - ms_to_samples(late_ms))
                except Conflict:  # it has been sent completely
                    break
                count = play.voice.sample_count
                await asyncio.sleep(held_ms / 1000)
                assert play.voice.sample_count - count < ms_to_samples(16 * 1500)
                if is_stopped and held_ms % 2:
                    break
                play.runner.resume()
            if is_stopped:
                await asyncio.sleep(0.1)
                play.runner.stop(TurnOutcome.INTERRUPTED, 0.0)
            await play.task
        return play

    play = run_virtual(main())
    if isinstance(play.events[-1], TurnComplete):
        check_heard_whole(play)
        return
    check_order(play.events)
    listener = Listener()
    listener.take(play.events)
    heard = len(listener.sound)
    assert np.array_equal(listener.sound, play.voice.sound[:heard])
    (stopped,) = play.of(TurnStopped)
    assert isinstance(stopped, TurnStopped)
    words = [w.text for w in play.voice.words if heard - w.start_sample > w.sample_count / 2]
    assert stopped.heard_text.replace(".", "").split() == words


def kinds(events: Sequence[Event]) -> list[type[Event]]:
    return [type(event) for event in events]


def test_a_pause_is_one_call() -> None:
    """What ends speaking and says where it is held are with the sink at once; nothing but pictures of a listener, the
    first of them a key frame, follow until it goes on."""

    async def main() -> Play:
        async with playing() as play:
            await asyncio.sleep(1.0)
            count, sent_end = len(play.events), play.scene.venue.media_clock.end_sample
            play.runner.pause()
            assert play.runner.label == "paused"
            assert play.position() == sent_end, "the client has flushed: the next picture is shown at once"
            await asyncio.sleep(0.001)
            (finished, paused) = play.events[count : count + 2]
            assert finished == Speaking(False, ms_to_samples(1000))
            assert paused == TurnPaused(ms_to_samples(1000), is_estimate=True)
            await asyncio.sleep(1.0)
            frames = play.events[count + 2 :]
            assert set(kinds(frames)) == {VideoFrame}
            first = frames[0]
            assert isinstance(first, VideoFrame)
            assert first.start_sample == sent_end
            assert first.keyframe
            assert all(isinstance(f, VideoFrame) and f.kind is FrameKind.LISTENING for f in frames)
            assert 24 <= len(frames) <= 28
            play.runner.resume()
            assert play.runner.label == "streaming"
        return play

    check_heard_whole(run_virtual(main()))


def test_it_goes_on_where_the_client_is_told() -> None:
    """`turn_resumed` names the moment of the first sample that comes again, and how long the turn was held."""

    async def main() -> Play:
        async with playing() as play:
            await asyncio.sleep(1.0)
            play.runner.pause(ms_to_samples(900))
            await asyncio.sleep(2.0)
            play.runner.resume()
        return play

    play = run_virtual(main())
    check_heard_whole(play)
    (resumed,) = play.of(TurnResumed)
    assert isinstance(resumed, TurnResumed)
    rest = play.events[play.events.index(resumed) + 1 :]
    first = next(event for event in rest if isinstance(event, AudioChunk))
    started = next(event for event in rest if isinstance(event, Speaking))
    assert first.start_sample == started.at_sample == resumed.start_sample
    begun = next(event for event in play.events if isinstance(event, AudioChunk))
    due = int(play.voice.sound[ms_to_samples(900) - begun.start_sample])
    assert int(np.frombuffer(first.data, "<i2")[0]) == due
    assert resumed.paused_ms == pytest.approx(2000)
    frames = [f for f in play.of(VideoFrame) if isinstance(f, VideoFrame)]
    spoken = [f for f in frames if f.kind is FrameKind.SPEAKING and f.start_sample >= resumed.start_sample - 960]
    assert abs(spoken[0].start_sample - resumed.start_sample) <= 960, "the mouth is on the sound"


@pytest.mark.parametrize("steps", range(12))
def test_it_goes_on_in_the_moment_in_which_it_is_held(steps: int) -> None:
    """Whatever of the pause has begun by then: no picture of a listener comes between what is told and the speech."""

    async def main() -> Play:
        async with playing() as play:
            await asyncio.sleep(0.99)
            play.runner.pause()
            for _ in range(steps):
                await asyncio.sleep(0)
            play.runner.resume()
        return play

    check_heard_whole(run_virtual(main()))


@pytest.mark.parametrize("heard_ms", [-5000, 0, 333, 99_999])
def test_a_report_is_believed_within_what_was_sent(heard_ms: int) -> None:
    """Neither before the turn nor behind the sound that has come: it is moved to the nearest that can be, and what was
    heard by that never comes again, whatever the media clock says."""

    async def main() -> Play:
        async with playing() as play:
            await asyncio.sleep(1.0)
            play.runner.pause(ms_to_samples(heard_ms))
            await asyncio.sleep(0.5)
            play.runner.resume()
        return play

    play = run_virtual(main())
    check_heard_whole(play)
    (paused,) = play.of(TurnPaused)
    assert isinstance(paused, TurnPaused)
    assert not paused.is_estimate
    came = [e for e in play.events[: play.events.index(paused)] if isinstance(e, AudioChunk)]
    sound_end = came[-1].start_sample + came[-1].sample_count
    assert paused.heard_sample == min(max(0, ms_to_samples(heard_ms)), sound_end)


def test_held_before_its_stages_have_begun() -> None:
    """However few steps it has taken: nothing is lost, and Python has nothing to warn of that was never awaited."""

    async def main(steps: int) -> Play:
        async with playing() as play:
            for _ in range(steps):
                await asyncio.sleep(0)
            play.runner.pause()
            play.runner.resume()
        return play

    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        for steps in range(12):
            check_heard_whole(run_virtual(main(steps)))
        gc.collect()
    assert [str(warning.message) for warning in warned] == []


def test_text_waits_too() -> None:
    """A model that goes on while the turn is held is heard of when it goes on; not much is taken from it."""

    async def main() -> Play:
        words = [f"word{number} " for number in range(400)]
        llm = ScriptedModel(every(20, *words))
        async with playing(llm=llm) as play:
            await asyncio.sleep(1.0)
            play.runner.pause()
            count = len(play.of(TextDelta))
            await asyncio.sleep(4.0)
            assert len(play.of(TextDelta)) == count
            play.runner.resume()
        return play

    play = run_virtual(main())
    check_heard_whole(play)
    text = "".join(e.text for e in play.of(TextDelta) if isinstance(e, TextDelta))
    assert text == "".join(f"word{number} " for number in range(400))


def test_somebody_who_thinks_is_held() -> None:
    """Before the first word: the person listens instead of thinking, and begins when it goes on."""

    async def main() -> Play:
        llm = ScriptedModel([wait(1000), *every(0, "Well, yes.")])
        async with playing(llm=llm) as play:
            await asyncio.sleep(0.5)
            play.runner.pause()
            await asyncio.sleep(1.5)
            assert not play.of(AudioChunk)
            assert not play.of(TextDelta)
            play.runner.resume()
        return play

    play = run_virtual(main())
    check_heard_whole(play)
    shown = [f.kind for f in play.of(VideoFrame) if isinstance(f, VideoFrame)]
    assert list(dict.fromkeys(shown))[:3] == [FrameKind.THINKING, FrameKind.LISTENING, FrameKind.SPEAKING]


@pytest.mark.parametrize("at_s", [0.0, 0.1, 2.26, 2.36, 2.41, 2.46, 2.51])
def test_held_at_the_edges(at_s: float) -> None:
    """Before it has begun, before its first picture, while its last sound and its last pictures are on their way."""

    async def main() -> Play:
        async with playing() as play:
            if at_s:
                await asyncio.sleep(at_s)
            play.runner.pause()
            await asyncio.sleep(1.0)
            assert play.runner.label == "paused"
            play.runner.resume()
        return play

    play = run_virtual(main())
    check_heard_whole(play)
    last = [chunk for chunk in play.of(AudioChunk) if isinstance(chunk, AudioChunk)][-1]
    assert last.last


def test_the_face_obeys_while_it_listens() -> None:
    """Controls changed before or during a pause show on the pictures of the listener, and later."""

    async def main() -> Play:
        async with playing() as play:
            controls = play.runner.plan.controls
            await asyncio.sleep(0.5)
            play.runner.change_controls(controls, ControlReport(2, controls), 100, frozenset())
            await asyncio.sleep(0.5)
            play.runner.pause()
            await asyncio.sleep(0.5)
            play.runner.change_controls(controls, ControlReport(3, controls), 100, frozenset())
            await asyncio.sleep(0.5)
            play.runner.resume()
        return play

    play = run_virtual(main())
    check_heard_whole(play)
    frames = [f for f in play.of(VideoFrame) if isinstance(f, VideoFrame)]
    listening = [f.control_revision for f in frames if f.kind is FrameKind.LISTENING]
    assert set(listening) == {2, 3}
    assert listening == sorted(listening)
    assert frames[-1].control_revision == 3


def test_text_that_still_arrives() -> None:
    """A SAY text grows while it is held, and is spoken when the turn goes on."""

    async def main() -> Play:
        given = GivenText("One two three. Four", is_complete=False)
        async with playing(given) as play:
            await asyncio.sleep(0.3)
            play.runner.pause()
            given.add(" five six. Seven")
            await asyncio.sleep(1.0)
            given.add(" eight nine.")
            given.complete()
            play.runner.resume()
        return play

    play = run_virtual(main())
    check_heard_whole(play)
    end = play.events[-1]
    assert isinstance(end, TurnComplete)
    assert end.text == "One two three. Four five six. Seven eight nine."


def test_figures_stay_true() -> None:
    """Firsts are those of the first time, a pause is part of the whole, and what came twice is no faster voice."""

    async def main(held_s: float) -> TurnMetrics:
        async with playing(wait_ms=(30,)) as play:
            await asyncio.sleep(1.0)
            if held_s:
                play.runner.pause(ms_to_samples(700))
                await asyncio.sleep(held_s)
                play.runner.resume()
        (metrics,) = play.of(TurnMetrics)
        assert isinstance(metrics, TurnMetrics)
        return metrics

    plain, held = run_virtual(main(0)), run_virtual(main(2.0))
    assert held.first_text_ms == plain.first_text_ms
    assert held.first_audio_ms == plain.first_audio_ms
    assert held.first_video_ms == plain.first_video_ms
    assert held.total_ms >= plain.total_ms + 2000
    assert held.real_time_factor == pytest.approx(plain.real_time_factor)
    assert held.audio_samples > plain.audio_samples
    assert held.achieved_fps == pytest.approx(25, abs=0.5)
    assert held.drift is not None
    assert held.drift.p95_abs_ms <= 40


def test_words_are_told_again_only_when_not_heard() -> None:
    """The word in which the turn was held comes again with the time of its rest, unless more than half was heard."""

    async def main(heard_ms: float) -> tuple[list[str], list[int]]:
        async with playing(chunk_ms=(500,)) as play:
            await asyncio.sleep(1.0)
            begun = play.of(AudioChunk)[0]
            assert isinstance(begun, AudioChunk)
            play.runner.pause(begun.start_sample + ms_to_samples(heard_ms))
            await asyncio.sleep(0.5)
            play.runner.resume()
        check_heard_whole(play)
        resumed = play.of(TurnResumed)[0]
        told = [event.timing for event in play.events[play.events.index(resumed) :] if isinstance(event, WordSpoken)]
        assert isinstance(resumed, TurnResumed)
        assert told[0].start_sample >= resumed.start_sample
        return [timing.word for timing in told], [timing.sample_count for timing in told]

    words, counts = run_virtual(main(3 * 180 + 80))
    assert words[0] == "four"
    assert counts[0] == ms_to_samples(100)
    assert run_virtual(main(3 * 180 + 100))[0][0] == "five"


def test_a_stop_takes_no_answer_back() -> None:
    """That a turn was held and went on is told, though its stop came before that could be sent; its sound is not."""

    async def main() -> Play:
        async with playing(each_ms=8) as play:
            await asyncio.sleep(1.0)
            play.runner.pause(ms_to_samples(700))
            play.runner.resume()
            play.runner.stop(TurnOutcome.INTERRUPTED, 0.0)
            await play.task
        return play

    play = run_virtual(main())
    states = [kind for kind in kinds(play.events) if kind in (Speaking, TurnPaused, TurnResumed, TurnStopped)]
    assert states == [Speaking, Speaking, TurnPaused, TurnResumed, TurnStopped]
    check_order(play.events)
