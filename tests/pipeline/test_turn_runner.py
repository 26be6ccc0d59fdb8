"""One turn from plan to terminal event, on virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from tests.pipeline.stage import AHEAD_MS, SMALL, Recording, Scene, make_scene, spoken
from tth.adapters.base import StyleHint, TextPiece, Used
from tth.adapters.moderation import Moderator, Moment, WordList
from tth.core.budget import Budgets
from tth.errors import AdapterUnavailable
from tth.model.controls import ControlReport, EmotionLabel
from tth.model.events import (
    AudioChunk,
    DegradedMode,
    ErrorEvent,
    ErrorScope,
    Event,
    Speaking,
    TextDelta,
    TextMode,
    TurnComplete,
    TurnMetrics,
    TurnOutcome,
    TurnStarted,
    TurnStopped,
    VideoFrame,
    WordSpoken,
)
from tth.model.media import SAMPLE_RATE_HZ, FrameKind, SpeechChunk, WordTiming, ms_to_samples, samples_to_ms
from tth.pipeline.tally import Tally
from tth.pipeline.text_stage import GivenText
from tth.testing.scripted import (
    REST,
    Give,
    Script,
    ScriptedAvatar,
    ScriptedModel,
    ScriptedRealtime,
    ScriptedVoice,
    every,
    fail,
    hang,
    wait,
)
from tth.testing.virtual_time import run_virtual

pytestmark = pytest.mark.pipeline

REPLY = "It is a fine day today. And tomorrow it may rain."


def chunks(count: int = 25) -> Script[SpeechChunk]:
    return every(0, *[spoken(40) for _ in range(count)])


TEN_WORDS = " ".join(f"w{i}" for i in range(10)) + "."


def ten_words() -> list[SpeechChunk]:
    """One clause of ten words, each a second long and a chunk of its own."""
    second = ms_to_samples(1000)
    return [replace(spoken(1000), words=(WordTiming(f"w{i}", 3 * i, i * second, second),)) for i in range(10)]


def run_say(tts: ScriptedVoice, avatar: ScriptedAvatar | None = None, text: str = "Hello there.") -> Scene:
    """Speak one text to its end."""

    async def main() -> Scene:
        scene = make_scene(tts=tts, avatar=avatar)
        await scene.runner(text).run()
        assert len(asyncio.all_tasks()) == 1, "the turn left a task behind"
        return scene

    return run_virtual(main())


def test_order_of_events() -> None:
    """turn_started comes first, then text and media, then one turn_metrics and one terminal event, last of all."""
    scene = run_say(ScriptedVoice(chunks()), ScriptedAvatar())
    events = [event for _, _, event in scene.sink.entries]
    assert isinstance(events[0], TurnStarted)
    assert isinstance(events[-2], TurnMetrics)
    assert isinstance(events[-1], TurnComplete)
    assert len(scene.sink.of(TurnMetrics)) == len(scene.sink.terminals) == 1


def test_sound_is_gapless_and_marked() -> None:
    """Chunks follow each other on the media clock without a hole, and only the last one says that it is the last."""
    scene = run_say(ScriptedVoice(chunks()), ScriptedAvatar())
    audio = scene.sink.of(AudioChunk)
    for before, after in pairwise(audio):
        assert after.start_sample == before.start_sample + before.sample_count
        assert after.chunk_index == before.chunk_index + 1
    assert [chunk.last for chunk in audio] == [False] * (len(audio) - 1) + [True]
    assert all(chunk.sample_count > 0 and len(chunk.data) == 2 * chunk.sample_count for chunk in audio)


def test_sound_is_paced() -> None:
    """No chunk leaves more than the allowed distance before the moment it is heard."""
    scene = run_say(ScriptedVoice(chunks(100)), ScriptedAvatar())
    for at_s, _, event in scene.sink.entries:
        if isinstance(event, AudioChunk | VideoFrame):
            assert samples_to_ms(event.start_sample) <= at_s * 1000 + AHEAD_MS + 0.1


def test_pictures_cover_the_sound() -> None:
    """Frames follow each other at 25 fps from the start to behind the last sound, speaking while it speaks."""
    scene = run_say(ScriptedVoice(chunks()), ScriptedAvatar())
    frames, audio = scene.sink.of(VideoFrame), scene.sink.of(AudioChunk)
    for before, after in pairwise(frames):
        assert after.start_sample == before.start_sample + 960
    assert frames[-1].start_sample + 960 >= audio[-1].start_sample + audio[-1].sample_count
    speaking = [f for f in frames if f.kind is FrameKind.SPEAKING]
    assert len(speaking) == 25
    metrics = scene.sink.of(TurnMetrics)[0]
    assert metrics.achieved_fps == pytest.approx(25)
    assert metrics.drift is not None
    assert metrics.drift.p95_abs_ms == 0


@pytest.mark.parametrize(("built_after_s", "first_sound_s"), [(3, 3), (60, 8)])
def test_nobody_speaks_before_their_face_is_built(built_after_s: float, first_sound_s: float) -> None:
    """The voice waits for a face that is being built, but no longer than for a first picture."""
    scene = run_say(ScriptedVoice(chunks()), ScriptedAvatar(ready_after_s=built_after_s))
    assert scene.sink.times_s(AudioChunk)[0] == pytest.approx(first_sound_s, abs=0.01)
    assert any(frame.kind is FrameKind.SPEAKING for frame in scene.sink.of(VideoFrame))
    assert [type(end) for end in scene.sink.terminals] == [TurnComplete]


def test_no_picture_of_the_time_in_which_the_face_was_built() -> None:
    """The first one shows the present: a player that starts with it plays everything in time."""
    scene = run_say(ScriptedVoice(chunks()), ScriptedAvatar(ready_after_s=3))
    first, at_s = scene.sink.of(VideoFrame)[0], scene.sink.times_s(VideoFrame)[0]
    assert first.start_sample == pytest.approx(3 * SAMPLE_RATE_HZ, abs=960)
    assert at_s == pytest.approx(3, abs=0.04)


def test_a_turn_is_held_while_a_face_is_built() -> None:
    """And let go: what its avatar is fed has no hole, and it speaks to its end with pictures."""

    async def main() -> Scene:
        scene = make_scene(tts=ScriptedVoice(chunks()), avatar=ScriptedAvatar(ready_after_s=3))
        runner = scene.runner("Hello there.")
        async with asyncio.TaskGroup() as group:
            group.create_task(runner.run())
            await asyncio.sleep(1)
            runner.pause()
            await asyncio.sleep(1)
            runner.resume()
        return scene

    scene = run_virtual(main())
    assert [type(end) for end in scene.sink.terminals] == [TurnComplete]
    assert scene.sink.of(DegradedMode) == []
    assert any(frame.kind is FrameKind.SPEAKING for frame in scene.sink.of(VideoFrame))


def test_a_turn_is_stopped_while_a_face_is_built() -> None:
    """At once, with one end and no sound."""

    async def main() -> Scene:
        scene = make_scene(tts=ScriptedVoice(chunks()), avatar=ScriptedAvatar(ready_after_s=5))
        runner = scene.runner("Hello there.")
        async with asyncio.TaskGroup() as group:
            group.create_task(runner.run())
            await asyncio.sleep(1)
            assert runner.stop(TurnOutcome.INTERRUPTED, 1.0)
        assert asyncio.get_running_loop().time() < 1.1
        return scene

    scene = run_virtual(main())
    assert [type(end) for end in scene.sink.terminals] == [TurnStopped]
    assert scene.sink.of(AudioChunk) == []


def test_speech_begins_on_the_first_clause() -> None:
    """The first sound leaves while the model still writes: long before its reply is complete."""

    async def main() -> Scene:
        words = [word + " " for word in REPLY.split()]
        llm = ScriptedModel(every(100, *words))
        scene = make_scene(llm=llm, tts=ScriptedVoice(chunks(), chunks()))
        await scene.runner("How is it?", mode=TextMode.TALK).run()
        return scene

    scene = run_virtual(main())
    last_text_s = scene.sink.times_s(TextDelta)[-1]
    assert scene.sink.times_s(AudioChunk)[0] < last_text_s - 0.3
    complete = scene.sink.of(TurnComplete)[0]
    assert complete.text.strip() == REPLY


def test_thinking_person() -> None:
    """While the model is silent the picture goes on, frame by frame, and shows somebody who thinks."""

    async def main() -> Scene:
        llm = ScriptedModel([wait(1000), *every(0, "Well, yes.")])
        scene = make_scene(llm=llm, tts=ScriptedVoice(chunks()), avatar=ScriptedAvatar())
        await scene.runner("Really?", mode=TextMode.TALK).run()
        return scene

    scene = run_virtual(main())
    thinking = [f for f in scene.sink.of(VideoFrame) if f.kind is FrameKind.THINKING]
    assert 24 <= len(thinking) <= 28
    audio = scene.sink.of(AudioChunk)[0]
    assert 1000 <= samples_to_ms(audio.start_sample) <= 1100


def test_late_voice_makes_a_hole_not_a_lie() -> None:
    """When the voice stalls between clauses, the next sound is placed at the present, not in the past."""
    voice = ScriptedVoice(chunks(5), [wait(2000), *chunks(5)])
    scene = run_say(voice, ScriptedAvatar(), "One is here. Two is there.")
    audio = scene.sink.of(AudioChunk)
    assert samples_to_ms(audio[5].start_sample) >= 2000
    for at_s, _, event in scene.sink.entries:
        if isinstance(event, AudioChunk):
            assert samples_to_ms(event.start_sample) >= at_s * 1000 - 1


def test_words_are_told_on_the_media_clock() -> None:
    """Each word comes with its place in the turn's text and the time at which it is heard."""
    voice = ScriptedVoice(every(0, spoken(500, ("One", 0), ("is", 4))), every(0, spoken(500, ("Two", 0), ("was", 4))))
    text = "One is here now. Two was there then."
    scene = run_say(voice, None, text)
    words = [event.timing for event in scene.sink.of(WordSpoken)]
    assert [text[w.offset : w.offset + len(w.word)] for w in words] == ["One", "is", "Two", "was"]
    assert [w.start_sample for w in words] == sorted(w.start_sample for w in words)
    assert words[2].start_sample == scene.sink.of(AudioChunk)[1].start_sample


def test_interrupt_stops_at_once() -> None:
    """stop() sends metrics and turn_stopped before it returns; nothing of the turn follows; heard is a prefix."""

    async def main() -> Scene:
        voice = ScriptedVoice(every(0, *ten_words()))
        scene = make_scene(tts=voice, avatar=ScriptedAvatar())
        runner = scene.runner(TEN_WORDS)
        task = asyncio.create_task(runner.run())
        await asyncio.sleep(2.4)
        count = len(scene.sink.entries)
        assert runner.stop(TurnOutcome.INTERRUPTED, scene.venue.clock.now_s())
        kinds = [type(event) for _, _, event in scene.sink.entries[count:]]
        assert kinds == [Speaking, TurnMetrics, TurnStopped]
        count = len(scene.sink.entries)
        assert not runner.stop(TurnOutcome.INTERRUPTED, scene.venue.clock.now_s())
        await task
        assert len(scene.sink.entries) == count
        return scene

    scene = run_virtual(main())
    stopped = scene.sink.of(TurnStopped)[0]
    assert stopped.outcome is TurnOutcome.INTERRUPTED
    assert stopped.heard_is_estimate
    assert stopped.heard_text == "w0 w1"  # less than half of the third was heard
    assert scene.venue.media_clock.position(scene.venue.clock.now_s()) >= stopped.audio_end_sample


def test_reported_playback_decides_what_was_heard() -> None:
    """The client's position is believed, and clamped to what was sent."""

    async def heard(sample: int) -> str:
        voice = ScriptedVoice(every(0, *ten_words()))
        scene = make_scene(tts=voice)
        runner = scene.runner(TEN_WORDS)
        task = asyncio.create_task(runner.run())
        await asyncio.sleep(3.1)
        runner.stop(TurnOutcome.INTERRUPTED, scene.venue.clock.now_s(), sample)
        await task
        return scene.sink.of(TurnStopped)[0].heard_text

    assert run_virtual(heard(ms_to_samples(1700))) == "w0 w1"
    assert run_virtual(heard(0)) == ""
    assert run_virtual(heard(10**9)) == "w0 w1 w2 w3"


def test_speaking_never_finishes_before_it_starts() -> None:
    """A listener who has not come to the first sound heard nothing of it, and time does not run backwards."""

    async def main() -> Scene:
        scene = make_scene(tts=ScriptedVoice([wait(500), *every(0, *ten_words())]))
        runner = scene.runner(TEN_WORDS)
        task = asyncio.create_task(runner.run())
        await asyncio.sleep(0.6)
        runner.stop(TurnOutcome.INTERRUPTED, scene.venue.clock.now_s(), 0)
        await task
        return scene

    started, finished = run_virtual(main()).sink.of(Speaking)
    assert started.at_sample == ms_to_samples(500)
    assert finished.at_sample == started.at_sample


@pytest.mark.parametrize("stop_first", [True, False])
def test_stopped_in_the_moment_in_which_it_fails(stop_first: bool) -> None:
    """Whichever comes first, the turn ends once and its task ends well, so that the session goes on."""

    async def main() -> Scene:
        scene = make_scene(tts=ScriptedVoice([wait(500), fail(AdapterUnavailable("down"))]))
        runner = scene.runner(TEN_WORDS)

        async def stop() -> None:
            await asyncio.sleep(0.5)
            runner.stop(TurnOutcome.INTERRUPTED, scene.venue.clock.now_s())

        stopping = asyncio.create_task(stop()) if stop_first else None
        task = asyncio.create_task(runner.run())
        if stopping is None:
            await asyncio.sleep(0)
            stopping = asyncio.create_task(stop())
        await asyncio.wait([task, stopping])
        assert not task.cancelled()
        assert task.exception() is None
        return scene

    assert len(run_virtual(main()).sink.terminals) == 1


@pytest.mark.parametrize("at_s", [0.0, 0.001, 0.2, 0.9, 1.4])
def test_stop_at_any_time_gives_one_end(at_s: float) -> None:
    """Whenever a turn is stopped, it has exactly one metrics record and one terminal event, and no task is left."""

    async def main() -> Scene:
        llm = ScriptedModel([wait(300), *every(50, "Some ", "words ", "here. ", "And more.")])
        scene = make_scene(llm=llm, tts=ScriptedVoice(chunks(), repeat=True), avatar=ScriptedAvatar())
        runner = scene.runner("Speak.", mode=TextMode.TALK)
        task = asyncio.create_task(runner.run())
        if at_s:
            await asyncio.sleep(at_s)
        runner.stop(TurnOutcome.SUPERSEDED, scene.venue.clock.now_s())
        await task
        assert len(asyncio.all_tasks()) == 1
        return scene

    scene = run_virtual(main())
    assert len(scene.sink.of(TurnMetrics)) == len(scene.sink.terminals) == 1
    started = [event.started for event in scene.sink.of(Speaking)]
    assert started in ([], [True, False])


def test_cancelled_from_outside() -> None:
    """Cancelling the turn's task (the stream is gone) ends it as CANCELLED and passes the cancellation on."""

    async def main() -> Scene:
        scene = make_scene(tts=ScriptedVoice(chunks()))
        task = asyncio.create_task(scene.runner().run())
        await asyncio.sleep(0.3)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return scene

    scene = run_virtual(main())
    assert [stopped.outcome for stopped in scene.sink.of(TurnStopped)] == [TurnOutcome.CANCELLED]


class Alarm(BaseException):
    """What a test's limit or an operator's signal raises wherever the program is just then."""


@pytest.mark.parametrize("strikes_in", ["figures", "sink"])
def test_what_strikes_while_a_turn_completes_leaves_no_turn_that_cannot_end(
    monkeypatch: pytest.MonkeyPatch, strikes_in: str
) -> None:
    """It passes, and whoever takes the turn down then finds one that has ended, or ends it: never a turn between both,
    whose breach of the states would hide what struck."""
    metrics, emit = Tally.metrics, Recording.emit

    def struck_figures(self: Tally, outcome: TurnOutcome, *more: Any) -> TurnMetrics:
        if outcome is TurnOutcome.COMPLETED:
            raise Alarm
        return metrics(self, outcome, *more)

    def struck_sink(self: Recording, event: Event, turn_id: str = "") -> None:
        if isinstance(event, TurnMetrics) and event.outcome is TurnOutcome.COMPLETED:
            raise Alarm
        emit(self, event, turn_id)

    if strikes_in == "figures":
        monkeypatch.setattr(Tally, "metrics", struck_figures)
    else:
        monkeypatch.setattr(Recording, "emit", struck_sink)

    async def main() -> list[TurnOutcome]:
        scene = make_scene(tts=ScriptedVoice(chunks()))
        runner = scene.runner()
        with pytest.raises(Alarm):
            await runner.run()
        if not runner.has_ended():
            runner.stop(TurnOutcome.CANCELLED, scene.venue.clock.now_s())
        assert runner.has_ended()
        return [stopped.outcome for stopped in scene.sink.of(TurnStopped)]

    assert run_virtual(main()) == ([TurnOutcome.CANCELLED] if strikes_in == "figures" else [])


DOWN = AdapterUnavailable("the test's adapter is down")


def llm_scene(script: Script[str]) -> Scene:
    return make_scene(
        llm=ScriptedModel(script), tts=ScriptedVoice(chunks(), repeat=True), budgets=Budgets(1000, 1000, 1000, 500)
    )


def tts_scene(script: Script[SpeechChunk]) -> Scene:
    return make_scene(
        llm=ScriptedModel(every(0, "A sentence. ", "Another one."), repeat=True),
        tts=ScriptedVoice(script),
        budgets=Budgets(1000, 1000, 1000, 500),
    )


@pytest.mark.parametrize(
    ("build", "reason"),
    [
        (lambda: llm_scene([fail(DOWN)]), "ADAPTER_UNAVAILABLE"),
        (lambda: llm_scene([*every(0, "A sentence. "), wait(100), fail(DOWN)]), "ADAPTER_UNAVAILABLE"),
        (lambda: llm_scene([hang()]), "ADAPTER_TIMEOUT"),
        (lambda: llm_scene([*every(0, "A sentence. "), hang()]), "ADAPTER_SILENT"),
        (lambda: llm_scene([fail(ValueError("a bug with a user's words"))]), "INTERNAL"),
        (lambda: tts_scene([fail(DOWN)]), "ADAPTER_UNAVAILABLE"),
        (lambda: tts_scene([*chunks(3), fail(DOWN)]), "ADAPTER_UNAVAILABLE"),
        (lambda: tts_scene([hang()]), "ADAPTER_TIMEOUT"),
        (lambda: tts_scene([*chunks(3), hang()]), "ADAPTER_SILENT"),
        (lambda: tts_scene([fail(KeyError("x"))]), "INTERNAL"),
    ],
)
def test_fault_matrix(build: Callable[[], Scene], reason: str) -> None:
    """A stage that refuses, hangs, stops or breaks fails the turn: one TURN error, metrics, one turn_stopped."""

    async def main() -> Scene:
        scene = build()
        await scene.runner("Speak.", mode=TextMode.TALK).run()
        assert len(asyncio.all_tasks()) == 1
        return scene

    scene = run_virtual(main())
    error = scene.sink.of(ErrorEvent)[0]
    assert (error.reason, error.scope) == (reason, ErrorScope.TURN)
    assert "user's words" not in error.message
    kinds = [type(event) for _, _, event in scene.sink.entries[-3:]]
    assert kinds == [ErrorEvent, TurnMetrics, TurnStopped]
    assert scene.sink.of(TurnStopped)[0].error_reason == reason
    assert len(scene.sink.terminals) == 1


@pytest.mark.parametrize(
    "script",
    [[fail(DOWN)], [*every(0, 10), fail(DOWN)], [fail(ValueError("bug"))], [hang()], [*every(0, 10), hang()]],
)
def test_broken_avatar_costs_the_pictures_only(script: Script[int]) -> None:
    """Live, a face that fails or stops leaves the turn with its sound, and the client is told."""

    async def main() -> Scene:
        budgets = Budgets(avatar_first_frame_ms=500, silence_ms=500)
        scene = make_scene(tts=ScriptedVoice(chunks(50)), avatar=ScriptedAvatar(script), budgets=budgets)
        await scene.runner().run()
        return scene

    scene = run_virtual(main())
    assert isinstance(scene.sink.terminals[0], TurnComplete)
    assert sum(not chunk.last for chunk in scene.sink.of(AudioChunk)) == 50
    assert [(d.active, d.component) for d in scene.sink.of(DegradedMode)] == [(True, "avatar")]


def test_broken_avatar_fails_a_batch() -> None:
    """A file without its pictures is not what was asked for."""

    async def main() -> Scene:
        scene = make_scene(tts=ScriptedVoice(chunks()), avatar=ScriptedAvatar([fail(DOWN)]))
        await scene.runner(live=False).run()
        return scene

    assert run_virtual(main()).sink.of(TurnStopped)[0].error_reason == "ADAPTER_UNAVAILABLE"


def test_slow_avatar_never_delays_the_sound() -> None:
    """Frames that come late are left out one at a time; the sound keeps its time."""

    async def main() -> Scene:
        slow = [step for _ in range(200) for step in (wait(70), *every(0, 1))]
        scene = make_scene(tts=ScriptedVoice(chunks(50)), avatar=ScriptedAvatar([*slow, REST]))
        await scene.runner().run()
        return scene

    scene = run_virtual(main())
    for at_s, _, event in scene.sink.entries:
        if isinstance(event, AudioChunk):
            assert samples_to_ms(event.start_sample) >= at_s * 1000 - 1
    metrics = scene.sink.of(TurnMetrics)[0]
    assert metrics.drift is not None
    assert metrics.drift.skipped_count > 5
    assert len(scene.sink.of(VideoFrame)) > 10


def test_batch_does_not_wait() -> None:
    """Without a listener a minute of speech takes no time, and the timeline begins at zero."""

    async def main() -> Scene:
        scene = make_scene(tts=ScriptedVoice(chunks(1500)), avatar=ScriptedAvatar())
        await scene.runner(live=False).run()
        assert asyncio.get_running_loop().time() == 0
        return scene

    scene = run_virtual(main())
    assert scene.sink.of(AudioChunk)[0].start_sample == 0
    assert sum(chunk.sample_count for chunk in scene.sink.of(AudioChunk)) == 1501 * 960
    assert len(scene.sink.of(VideoFrame)) == 1506


def test_partial_text_is_spoken_while_it_arrives() -> None:
    """SAY in parts: the first sentence is heard before the second has been written."""

    async def main() -> Scene:
        scene = make_scene(tts=ScriptedVoice(chunks(10), chunks(10)))
        given = GivenText("This is the first sentence. And", is_complete=False)
        task = asyncio.create_task(scene.runner(given).run())
        await asyncio.sleep(0.3)
        assert scene.sink.of(AudioChunk), "nothing was spoken yet"
        given.add(" this is the second.")
        given.complete()
        await task
        return scene

    scene = run_virtual(main())
    assert scene.sink.of(TurnComplete)[0].text == "This is the first sentence. And this is the second."


def test_what_a_model_says_besides_is_not_spoken() -> None:
    """Its hint is how the voice speaks and is reported; what it used is counted; neither is text."""
    hint = StyleHint(EmotionLabel.HAPPY, 0.8)
    model = ScriptedModel([Give(hint), Give("Hello."), Give(Used(12, 3, 40)), Give(Used(1, None, 2))])
    tts = ScriptedVoice(chunks(5))

    async def main() -> Scene:
        scene = make_scene(llm=model, tts=tts, avatar=ScriptedAvatar())
        await scene.runner("Hi?", mode=TextMode.TALK).run()
        return scene

    scene = run_virtual(main())
    metrics = scene.sink.of(TurnMetrics)[0]
    assert scene.sink.of(TurnComplete)[0].text == "Hello."
    assert (metrics.input_tokens, metrics.output_tokens, metrics.cost_micro_usd) == (13, 3, 42)
    assert tts.player.calls[0].controls.emotion_label is EmotionLabel.HAPPY
    assert metrics.control_report.effective.emotion_intensity == 0.8
    assert [result.path for result in metrics.control_report.results] == ["emotion.label", "emotion.intensity"]


@pytest.mark.parametrize(
    ("question", "reply", "outcome", "spoken_text"),
    [
        ("What is that?", "A fine day. Not a nasty one.", TurnOutcome.FAILED, "A fine day."),
        ("That nasty thing?", "No.", TurnOutcome.FAILED, None),
        ("What is that?", "A fine day.", TurnOutcome.COMPLETED, "A fine day."),
    ],
)
def test_what_is_not_allowed_is_neither_asked_nor_spoken(
    question: str, reply: str, outcome: TurnOutcome, spoken_text: str | None
) -> None:
    """A question never reaches the model, a clause never the voice; what came before it was said."""
    model = ScriptedModel([Give(reply)])
    tts = ScriptedVoice(chunks(5), chunks(5))

    async def main() -> Scene:
        scene = make_scene(llm=model, tts=tts)
        scene.venue = replace(scene.venue, moderator=WordList(["nasty"]))
        await scene.runner(question, mode=TextMode.TALK).run()
        return scene

    scene = run_virtual(main())
    assert scene.sink.of(TurnMetrics)[0].outcome is outcome
    assert [call.prompt.text for call in tts.player.calls if call.prompt] == ([spoken_text] if spoken_text else [])
    assert len(model.player.calls) == (0 if "nasty" in question else 1)
    errors = scene.sink.of(ErrorEvent)
    assert [error.reason for error in errors] == (["CONTENT_REFUSED"] if outcome is TurnOutcome.FAILED else [])
    assert "nasty" not in "".join(error.message for error in errors)


def test_a_moderator_that_does_not_answer_stops_the_turn() -> None:
    """What nobody looked at is not spoken."""

    class Silent(Moderator):
        async def allows(self, text: str, moment: Moment, language_code: str) -> bool:
            await asyncio.get_running_loop().create_future()
            return True

    tts = ScriptedVoice()

    async def main() -> Scene:
        scene = make_scene(tts=tts)
        scene.venue = replace(scene.venue, moderator=Silent())
        await scene.runner("Hello there.").run()
        return scene

    assert run_virtual(main()).sink.of(ErrorEvent)[0].reason == "ADAPTER_TIMEOUT"
    assert tts.player.calls == []


def test_a_models_hint_never_overrules_people() -> None:
    """An update in the middle of the turn that asks for an emotion takes the hint away."""
    sad = replace(SMALL, emotion_label=EmotionLabel.SAD)
    model = ScriptedModel([Give(StyleHint(EmotionLabel.HAPPY)), Give("One is here now. Two is there then.")])
    tts = ScriptedVoice(chunks(100), chunks(5))

    async def main() -> None:
        scene = make_scene(llm=model, tts=tts)
        runner = scene.runner("Hi?", mode=TextMode.TALK)
        task = asyncio.create_task(runner.run())
        await asyncio.sleep(0.5)
        runner.change_controls(sad, ControlReport(2, sad), 100, frozenset({"emotion_label"}))
        await task

    run_virtual(main())
    assert [call.controls.emotion_label for call in tts.player.calls] == [EmotionLabel.HAPPY, EmotionLabel.SAD]


def test_control_change_reaches_the_next_clause() -> None:
    """Sound made after a change carries the new revision, sound made before keeps the old one."""

    async def main() -> Scene:
        scene = make_scene(tts=ScriptedVoice(chunks(100), chunks(5)), avatar=ScriptedAvatar())
        runner = scene.runner("One is here now. Two is there then.")
        task = asyncio.create_task(runner.run())
        await asyncio.sleep(0.5)
        runner.change_controls(SMALL, ControlReport(2, SMALL), 100, frozenset())
        await task
        return scene

    scene = run_virtual(main())
    revisions = [chunk.control_revision for chunk in scene.sink.of(AudioChunk)]
    assert revisions == [1] * 100 + [2] * 6
    assert scene.sink.of(TurnMetrics)[0].control_report.control_revision == 2
    assert max(f.control_revision for f in scene.sink.of(VideoFrame)) == 2


def test_nothing_speakable() -> None:
    """A text of which the voice can say nothing fails the turn with a reason that names the field."""
    scene = run_say(ScriptedVoice([]), None, "xyz")
    error = scene.sink.of(ErrorEvent)[0]
    assert error.reason == "NOTHING_SPEAKABLE"
    assert error.violations[0].field == "user_text.text"


def test_one_unspeakable_clause_is_told_and_left_out() -> None:
    """The rest of the text is spoken."""
    scene = run_say(ScriptedVoice([], chunks(5)), None, "Unspeakable words here. Fine words there.")
    assert [e.reason for e in scene.sink.of(ErrorEvent)] == ["CLAUSE_NOT_SPEAKABLE"]
    assert isinstance(scene.sink.terminals[0], TurnComplete)


def test_realtime_model() -> None:
    """One model that gives text and sound replaces model and voice."""

    async def main() -> Scene:
        model = ScriptedRealtime(every(20, TextPiece("Hi "), spoken(200), TextPiece("there."), spoken(200)))
        scene = make_scene(realtime=model, avatar=ScriptedAvatar())
        await scene.runner("Hello?", mode=TextMode.TALK).run()
        return scene

    scene = run_virtual(main())
    assert scene.sink.of(TurnComplete)[0].text == "Hi there."
    assert sum(not chunk.last for chunk in scene.sink.of(AudioChunk)) == 2


def test_turn_that_takes_too_long_expires() -> None:
    """The whole turn has a deadline; its end says so."""

    async def main() -> Scene:
        scene = make_scene(tts=ScriptedVoice(chunks(1000)), budgets=Budgets(turn_ms=3000))
        await scene.runner().run()
        return scene

    scene = run_virtual(main())
    assert [(s.outcome, s.error_reason) for s in scene.sink.of(TurnStopped)] == [(TurnOutcome.EXPIRED, "TURN_TIMEOUT")]


def test_metrics_tell_firsts_and_counts() -> None:
    """Figures are those of the events that were sent; what did not happen is absent."""
    scene = run_say(ScriptedVoice([wait(120), *chunks()]), None)
    metrics = scene.sink.of(TurnMetrics)[0]
    assert metrics.first_audio_ms == pytest.approx(120, abs=1)
    assert metrics.first_video_ms is None
    assert metrics.stop_latency_ms is None
    assert metrics.drift is None
    assert metrics.audio_chunk_count == len(scene.sink.of(AudioChunk))
    assert metrics.spoken_character_count == len("Hello there.")
