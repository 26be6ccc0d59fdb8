"""What the memory takes is what was heard, also when all had been sent. On virtual time."""

from __future__ import annotations

import asyncio

import pytest

from tests.session.scene import Recording, Scene, talking, voice
from tth.adapters.base import LlmInput, RealtimeOutput, TextPiece
from tth.adapters.registry import Adapters
from tth.core.reader import REPORT_VALID_S
from tth.errors import Conflict
from tth.model.commands import Interrupt, PauseTurn, PlaybackReport, ResumeTurn, UserText
from tth.model.events import AudioChunk, TextMode, TurnComplete, TurnHeard, TurnStarted, TurnStopped
from tth.model.media import SAMPLE_RATE_HZ, SpeechChunk, WordTiming
from tth.pipeline.turn_runner import TurnRunner
from tth.session.terms import OverlapPolicy
from tth.testing.scripted import ScriptedModel, ScriptedRealtime, every, tone
from tth.testing.virtual_time import run_virtual

pytestmark = pytest.mark.pipeline

WORDS = ("One", "two", "three", "four.")
WORD_SAMPLES = SAMPLE_RATE_HZ // 5
"""A fifth of a second for each word: the whole is sent at once, within the pace's second."""


def spoken() -> SpeechChunk:
    """WORDS with their times."""
    offsets = [0, 4, 8, 14]
    words = tuple(
        WordTiming(word, offset, index * WORD_SAMPLES, WORD_SAMPLES)
        for index, (word, offset) in enumerate(zip(WORDS, offsets, strict=True))
    )
    return SpeechChunk(tone(200 * len(WORDS)).pcm, words=words)


def cast() -> tuple[ScriptedModel, Adapters]:
    model = ScriptedModel([*every(0, " ".join(WORDS))], repeat=True)
    return model, Adapters(llm=model, tts=voice([*every(0, spoken())], [*every(0, spoken())], [*every(0, spoken())]))


def history(model: ScriptedModel, call: int) -> list[tuple[str, bool]]:
    prompt = model.player.calls[call].prompt
    assert isinstance(prompt, LlmInput)
    return [(utterance.text, utterance.interrupted) for utterance in prompt.history]


async def _sent(scene: Scene) -> int:
    """A turn all of which is sent; where its sound begins."""
    await scene.talk("Well?", turn_id="a")
    await scene.sink.ends(1)
    return scene.sink.of(AudioChunk)[0].start_sample


def test_an_interrupt_of_what_was_sent_but_not_heard() -> None:
    """The turn had its end; the memory is mended by what the client reports, and the client is told."""
    model, adapters = cast()

    async def main() -> Recording:
        async with talking(adapters) as scene:
            start = await _sent(scene)
            await scene.send(Interrupt("a", heard_sample=start + 2 * WORD_SAMPLES))
            await scene.talk("And then?", turn_id="b")
            await scene.finish()
            return scene.sink

    sink = run_virtual(main())
    heard = sink.of(TurnHeard)[0]
    assert (heard.turn_id, heard.heard_text, heard.is_estimate) == ("a", "One two", False)
    assert history(model, 1) == [("Well?", False), ("One two", True)]
    assert sink.reasons == []
    assert [turn_id for turn_id, event in sink.entries if isinstance(event, TurnHeard)] == [""]


def test_without_a_report_the_clock_says_what_was_heard() -> None:
    """And the answer says that it is an estimate."""
    model, adapters = cast()

    async def main() -> Recording:
        async with talking(adapters) as scene:
            await _sent(scene)
            await asyncio.sleep(0.4)
            await scene.send(Interrupt())
            await scene.talk("And then?")
            await scene.sink.ends(2)
            return scene.sink

    heard = run_virtual(main()).of(TurnHeard)[0]
    assert heard.is_estimate
    assert heard.heard_text == "One two"
    assert history(model, 1)[-1] == ("One two", True)


def test_the_media_clock_jumps_over_what_was_thrown_away() -> None:
    """The client flushes its buffer, so the next thing is heard at once."""
    _, adapters = cast()

    async def main() -> tuple[int, int]:
        async with talking(adapters) as scene:
            start = await _sent(scene)
            await scene.send(Interrupt(heard_sample=start + WORD_SAMPLES))
            await scene.sink.until(TurnHeard)
            conversation = scene.conversation
            return conversation.media_clock.position(
                conversation.engine.clock.now_s()
            ), conversation.media_clock.end_sample

    position, end = run_virtual(main())
    assert position == end


def test_what_was_heard_to_its_end_cannot_be_interrupted() -> None:
    """Then there is nothing to stop, and the memory has all of it."""
    model, adapters = cast()

    async def main() -> Recording:
        async with talking(adapters) as scene:
            await _sent(scene)
            await asyncio.sleep(2)
            await scene.send(Interrupt())
            await scene.talk("And then?")
            await scene.finish()
            return scene.sink

    sink = run_virtual(main())
    assert sink.reasons == ["NO_ACTIVE_TURN"]
    assert not sink.of(TurnHeard)
    assert history(model, 1)[-1] == ("One two three four.", False)


def test_a_second_interrupt_finds_nothing() -> None:
    """The rest was cut off once."""
    _, adapters = cast()

    async def main() -> Recording:
        async with talking(adapters) as scene:
            await _sent(scene)
            await scene.send(Interrupt("a"), Interrupt("a"))
            await scene.finish()
            return scene.sink

    sink = run_virtual(main())
    assert len(sink.of(TurnHeard)) == 1
    assert sink.reasons == ["NO_ACTIVE_TURN"]


def test_an_interrupt_of_another_turn_is_none_of_this() -> None:
    """An id that is not the last turn's names nothing that is heard."""
    _, adapters = cast()

    async def main() -> Recording:
        async with talking(adapters) as scene:
            await _sent(scene)
            await scene.send(Interrupt("other"))
            await scene.finish()
            return scene.sink

    assert run_virtual(main()).reasons == ["NO_ACTIVE_TURN"]


def test_a_queued_turn_is_interrupted_before_the_one_before_it_was_heard() -> None:
    """The listener had not come to the running turn: both are cut, in their order."""
    model, adapters = cast()

    async def main() -> Recording:
        async with talking(adapters, overlap=OverlapPolicy.QUEUE) as scene:
            await scene.talk("Well?", turn_id="a")
            await scene.talk("And then?", turn_id="b")
            start = (await scene.sink.until(AudioChunk)).start_sample
            await scene.sink.until(TurnStarted, 2)
            await scene.sink.until(AudioChunk, 3)
            await scene.send(Interrupt("b", heard_sample=start + 3 * WORD_SAMPLES))
            await scene.talk("Hello?", turn_id="c")
            await scene.sink.ends(3)
            return scene.sink

    sink = run_virtual(main())
    assert sink.of(TurnHeard)[0].heard_text == "One two three"
    assert sink.of(TurnStopped)[0].heard_text == ""
    assert history(model, 2) == [("Well?", False), ("One two three", True), ("And then?", False)]


def test_a_pause_that_is_refused_cuts_nothing() -> None:
    """The running turn is all sent, and the one before it is still being heard: the client plays on, so both are."""
    model, adapters = cast()

    async def main() -> Recording:
        async with talking(adapters, overlap=OverlapPolicy.QUEUE) as scene:
            await scene.talk("Well?", turn_id="a")
            await scene.say("Two.", turn_id="b")
            await scene.sink.until(TurnStarted, 2)
            turns = scene.conversation.turns
            runner = turns.running
            assert runner is not None
            while sum(chunk.last for chunk in scene.sink.of(AudioChunk)) < 2:
                scene.sink.changed.clear()
                await scene.sink.changed.wait()
            for _ in range(20):
                if can_be_paused(runner):
                    await asyncio.sleep(0)
            assert runner is turns.running
            assert not can_be_paused(runner)
            start = scene.sink.of(AudioChunk)[0].start_sample
            with pytest.raises(Conflict) as refused:
                turns.pause(PauseTurn("b", heard_sample=start + 2 * WORD_SAMPLES))
            assert refused.value.reason == "NO_ACTIVE_TURN"
            await scene.talk("And then?", turn_id="c")
            await scene.finish()
            return scene.sink

    assert not run_virtual(main()).of(TurnHeard)
    assert (" ".join(WORDS), False) in history(model, 1)


def can_be_paused(runner: TurnRunner) -> bool:
    """Not all of it has been sent."""
    try:
        runner.check_pause()
    except Conflict:
        return False
    return True


def test_a_client_that_is_gone_hears_no_more() -> None:
    """All had been sent, half of it was heard when the stream was lost."""
    model, adapters = cast()

    async def main() -> None:
        async with talking(adapters) as scene:
            start = await _sent(scene)
            await scene.send(PlaybackReport(start + 2 * WORD_SAMPLES))
            await asyncio.sleep(0)
            scene.running.cancel()
            await asyncio.wait([scene.running])
            again = Scene(scene.conversation, type(scene.inbox)(), Recording(), scene.running)
            again.running = asyncio.create_task(scene.conversation.run(again.inbox, again.sink))
            await again.send(UserText("And then?", TextMode.TALK))
            await again.finish()

    run_virtual(main())
    assert history(model, 1) == [("Well?", False), ("One two", True)]


def test_a_client_that_says_goodbye_has_heard_all() -> None:
    """After a half-close the client still plays what it has."""
    model, adapters = cast()

    async def main() -> None:
        async with talking(adapters) as scene:
            await _sent(scene)
            await scene.finish()
            again = Scene(scene.conversation, type(scene.inbox)(), Recording(), scene.running)
            again.running = asyncio.create_task(scene.conversation.run(again.inbox, again.sink))
            await again.send(UserText("And then?", TextMode.TALK))
            await again.finish()

    run_virtual(main())
    assert history(model, 1) == [("Well?", False), ("One two three four.", False)]


@pytest.mark.parametrize(("age_s", "is_estimate"), [(REPORT_VALID_S - 0.1, False), (REPORT_VALID_S + 0.1, True)])
def test_an_old_report_is_not_believed(age_s: float, is_estimate: bool) -> None:
    """What was heard by a client that stopped reporting is an estimate, and is told as one."""

    async def main() -> TurnStopped:
        async with talking() as scene:
            await scene.say("One two three. " * 30)
            await scene.sink.until(AudioChunk)
            await scene.send(PlaybackReport(0))
            await asyncio.sleep(age_s)
            await scene.send(Interrupt())
            await scene.sink.ends(1)
            return scene.sink.of(TurnStopped)[0]

    assert run_virtual(main()).heard_is_estimate is is_estimate


def realtime() -> ScriptedRealtime:
    outputs: list[RealtimeOutput] = [TextPiece(" ".join(WORDS)), spoken()]
    return ScriptedRealtime([*every(0, *outputs)], repeat=True)


@pytest.mark.parametrize("words", [1, 3])
def test_a_realtime_model_is_told_what_was_heard(words: int) -> None:
    """It keeps a memory of its own, in samples of its speech."""
    model = realtime()

    async def main() -> Recording:
        async with talking(Adapters(realtime=model)) as scene:
            start = await _sent(scene)
            await scene.send(Interrupt(heard_sample=start + words * WORD_SAMPLES))
            await scene.finish()
            return scene.sink

    run_virtual(main())
    assert model.truncations == [("a", words * WORD_SAMPLES, " ".join(WORDS[:words]))]


def test_a_realtime_model_that_was_heard_is_told_nothing() -> None:
    """Its memory is right as it is."""
    model = realtime()

    async def main() -> Recording:
        async with talking(Adapters(realtime=model)) as scene:
            await _sent(scene)
            await asyncio.sleep(2)
            await scene.finish()
            return scene.sink

    assert run_virtual(main()).of(TurnComplete)
    assert model.truncations == []


def test_a_turn_held_before_it_began_is_asked_with_what_was_remembered_then() -> None:
    """The client is told in that order: it began, then that less of the turn before was heard."""
    model, adapters = cast()

    async def main() -> Recording:
        async with talking(adapters) as scene:
            start = await _sent(scene)
            await scene.send(
                UserText("And then?", TextMode.TALK, turn_id="b"),
                PauseTurn(heard_sample=start + 2 * WORD_SAMPLES),
                ResumeTurn(),
            )
            await scene.sink.ends(2)
            return scene.sink

    told = [event for _, event in run_virtual(main()).entries]
    heard = next(event for event in told if isinstance(event, TurnHeard))
    assert (heard.turn_id, heard.heard_text) == ("a", "One two")
    begun = [event for event in told if isinstance(event, TurnStarted)]
    assert told.index(begun[1]) < told.index(heard)
    assert history(model, 1) == [("Well?", False), (" ".join(WORDS), False)]


def test_where_the_listener_is() -> None:
    """By the message that is worked off, else by a fresh report that is moved on with the clock, else by the media
    clock; of the last one it is known that the client did not say it."""

    async def main() -> None:
        async with talking() as scene:
            heard, clock = scene.conversation.heard, scene.conversation.media_clock
            await scene.say("One two three. " * 30)
            await scene.sink.until(AudioChunk)
            await asyncio.sleep(1.0)
            assert heard.told() is None
            assert heard.now() == clock.position(scene.conversation.engine.clock.now_s())
            heard.note(5_000)
            await asyncio.sleep(0.1)
            assert heard.told() == heard.now() == pytest.approx(5_000 + SAMPLE_RATE_HZ // 10, abs=1)
            assert heard.told(123) == 123
            heard.forget_reports()
            assert heard.told() is None

    run_virtual(main())


def test_without_a_stream_nothing_is_cut() -> None:
    """There is nobody to hear less, and nobody to tell."""

    async def main() -> None:
        async with talking() as scene:
            start = await _sent(scene)
            await scene.finish()
            heard = scene.conversation.heard
            assert not heard.cut(start)
            assert not heard.cut_off("", start)
            assert not scene.sink.of(TurnHeard)

    run_virtual(main())


def test_a_voice_that_breaks_off_takes_its_words_with_it() -> None:
    """It had told when all of them would come; what it says next is heard where it is said."""
    words = (("One", 0, 0), ("two", 4, 1), ("three", 8, 5), ("four", 14, 6))
    torn = tuple(WordTiming(word, offset, at * WORD_SAMPLES, WORD_SAMPLES) for word, offset, at in words)
    whole = tuple(WordTiming(word, offset, at * WORD_SAMPLES, WORD_SAMPLES) for word, offset, at in words[:2])
    adapters = Adapters(
        tts=voice(
            [*every(0, SpeechChunk(tone(400).pcm, words=torn))], [*every(0, SpeechChunk(tone(400).pcm, words=whole))]
        )
    )

    async def main() -> TurnHeard:
        async with talking(adapters) as scene:
            await scene.say("One two three four. One two.", turn_id="a")
            await scene.sink.ends(1)
            start = scene.sink.of(AudioChunk)[0].start_sample
            await scene.send(Interrupt("a", heard_sample=start + WORD_SAMPLES * 28 // 10))
            return await scene.sink.until(TurnHeard)

    assert run_virtual(main()).heard_text == "One two three four. One"
