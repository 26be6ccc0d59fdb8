"""A new text while a turn runs: what each overlap policy makes of it. On virtual time."""

from __future__ import annotations

import asyncio

import pytest

from tests.session.scene import SOUND_ONLY, Recording, Scene, talking, voice
from tth.adapters.base import LlmInput
from tth.adapters.registry import Adapters
from tth.model.commands import EndTurn, Interrupt
from tth.model.controls import ControlPatch
from tth.model.events import (
    AudioChunk,
    ErrorEvent,
    GoAway,
    TurnComplete,
    TurnMetrics,
    TurnOutcome,
    TurnStarted,
    TurnStopped,
)
from tth.session.terms import OverlapPolicy
from tth.session.turns import MAX_WAITING
from tth.testing.scripted import ScriptedModel, every
from tth.testing.virtual_time import run_virtual

pytestmark = pytest.mark.pipeline

LONG = "One two three four five six. " * 30
QUEUE, REJECT = OverlapPolicy.QUEUE, OverlapPolicy.REJECT


def order(sink: Recording) -> list[str]:
    """Turns' beginnings and ends as they came: "+a" began, "-a" was completed, "!a" was stopped."""
    marks = {TurnStarted: "+", TurnComplete: "-", TurnStopped: "!"}
    return [marks[type(event)] + turn_id for turn_id, event in sink.entries if type(event) in marks]


def test_a_queued_turn_begins_when_the_one_before_has_ended() -> None:
    """In the order of the texts; how long each waited stands in its metrics."""

    async def main() -> Recording:
        async with talking(overlap=QUEUE) as scene:
            for name in "abc":
                await scene.say(LONG, turn_id=name)
            await scene.sink.ends(3)
            return scene.sink

    sink = run_virtual(main())
    assert order(sink) == ["+a", "-a", "+b", "-b", "+c", "-c"]
    assert [event.turn_index for event in sink.of(TurnStarted)] == [1, 2, 3]
    waits = [metrics.queue_ms for metrics in sink.of(TurnMetrics)]
    assert waits[0] == 0
    assert waits[2] > waits[1] > 4000  # type: ignore[operator]


def test_speech_of_queued_turns_follows_without_a_hole() -> None:
    """The next turn's sound begins where the sound of the one before it ended."""

    async def main() -> Recording:
        async with talking(overlap=QUEUE) as scene:
            await scene.say("One two three.", turn_id="a")
            await scene.say("Four five six.", turn_id="b")
            await scene.sink.ends(2)
            return scene.sink

    chunks = [(turn_id, event) for turn_id, event in run_virtual(main()).entries if isinstance(event, AudioChunk)]
    last = next(event for turn_id, event in reversed(chunks) if turn_id == "a")
    first = next(event for turn_id, event in chunks if turn_id == "b")
    assert first.start_sample == last.start_sample + last.sample_count


def test_a_queued_turn_knows_what_was_said_before_it() -> None:
    """Its history is that of its beginning, and so are its controls: updates in between hold."""
    model = ScriptedModel([*every(0, "Answer.")], repeat=True)

    async def main() -> None:
        async with talking(Adapters(llm=model, tts=voice()), overlap=QUEUE) as scene:
            await scene.talk("One?")
            await scene.talk("Two?", controls=ControlPatch(speech_rate=2.0))
            await scene.sink.ends(2)

    run_virtual(main())
    prompt = model.player.calls[1].prompt
    assert isinstance(prompt, LlmInput)
    assert [utterance.text for utterance in prompt.history] == ["One?", "Answer."]
    assert [call.controls.speech_rate for call in model.player.calls] == [1.0, 2.0]


def test_an_interrupt_stops_the_running_turn_and_the_next_begins() -> None:
    """Without an id the running one is meant, like skipping to the next title."""

    async def main() -> Recording:
        async with talking(overlap=QUEUE) as scene:
            await scene.say(LONG, turn_id="a")
            await scene.say(LONG, turn_id="b")
            await scene.sink.until(AudioChunk, 3)
            await scene.send(Interrupt())
            await scene.sink.ends(2)
            return scene.sink

    assert order(run_virtual(main())) == ["+a", "!a", "+b", "-b"]


def test_a_waiting_turn_can_be_interrupted() -> None:
    """It is seen to begin and to end; it never speaks, and nobody remembers it."""
    model = ScriptedModel([*every(0, LONG)], repeat=True)

    async def main() -> Recording:
        async with talking(Adapters(llm=model, tts=voice()), overlap=QUEUE) as scene:
            for name in "abc":
                await scene.talk(f"{name}?", turn_id=name)
            await scene.sink.until(AudioChunk)
            await scene.send(Interrupt("b"))
            await scene.sink.ends(3)
            return scene.sink

    sink = run_virtual(main())
    assert order(sink) == ["+a", "+b", "!b", "-a", "+c", "-c"]
    stopped = sink.of(TurnStopped)[0]
    assert (stopped.outcome, stopped.heard_text) == (TurnOutcome.INTERRUPTED, "")
    assert not [1 for turn_id, event in sink.entries if turn_id == "b" and isinstance(event, AudioChunk)]
    prompt = model.player.calls[-1].prompt
    assert isinstance(prompt, LlmInput)
    assert "b?" not in [utterance.text for utterance in prompt.history]


def test_the_queue_is_bounded() -> None:
    """One more is refused, and what waits is not harmed."""

    async def main() -> Recording:
        async with talking(overlap=QUEUE) as scene:
            for index in range(MAX_WAITING + 2):
                await scene.say("One.", turn_id=f"n{index}")
            await scene.sink.ends(MAX_WAITING + 1)
            return scene.sink

    sink = run_virtual(main())
    assert sink.reasons == ["TURN_QUEUE_FULL"]
    assert len(sink.of(TurnComplete)) == MAX_WAITING + 1


def test_a_name_that_waits_is_taken() -> None:
    """As one that runs."""

    async def main() -> Recording:
        async with talking(overlap=QUEUE) as scene:
            for _ in range(3):
                await scene.say("One.", turn_id="same")
            await scene.sink.ends(1)
            return scene.sink

    assert run_virtual(main()).reasons == ["TURN_ID_USED", "TURN_ID_USED"]


def test_parts_find_their_turn_in_the_queue() -> None:
    """A running and a waiting SAY text may grow at the same time, each by its own name."""

    async def main() -> Recording:
        async with talking(overlap=QUEUE) as scene:
            await scene.say("One. ", turn_id="a", partial=True)
            await scene.say("Three. ", turn_id="b", partial=True)
            await scene.say("Two.", turn_id="a")
            await scene.say("Four. ", turn_id="b", partial=True)
            await scene.send(EndTurn("b"))
            await scene.sink.ends(2)
            return scene.sink

    assert [event.text for event in run_virtual(main()).of(TurnComplete)] == ["One. Two.", "Three. Four. "]


def test_half_close_finishes_what_waits() -> None:
    """The client has said all it wanted; all of it is spoken."""

    async def main() -> Recording:
        async with talking(overlap=QUEUE) as scene:
            for name in "abc":
                await scene.say(LONG, turn_id=name)
            await scene.finish()
            return scene.sink

    assert order(run_virtual(main())) == ["+a", "-a", "+b", "-b", "+c", "-c"]


@pytest.mark.parametrize("how", ["end", "cancel"])
def test_the_end_of_a_stream_ends_what_waits(how: str) -> None:
    """Every turn that was taken has its one terminal event."""

    async def main() -> Recording:
        async with talking(overlap=QUEUE) as scene:
            for name in "abc":
                await scene.say(LONG, turn_id=name)
            await scene.sink.until(AudioChunk)
            if how == "end":
                scene.conversation.end(TurnOutcome.CANCELLED)
            else:
                scene.running.cancel()
            await asyncio.wait([scene.running])
            return scene.sink

    sink = run_virtual(main())
    assert order(sink) == ["+a", "!a", "+b", "!b", "+c", "!c"]
    assert {event.outcome for event in sink.of(TurnStopped)} == {TurnOutcome.CANCELLED}


def test_a_server_that_goes_away_begins_nothing_more() -> None:
    """The running turn ends by itself, what waits is given back as DRAINED."""

    async def main() -> Recording:
        async with talking(overlap=QUEUE) as scene:
            for name in "ab":
                await scene.say("One two three.", turn_id=name)
            await scene.sink.until(AudioChunk)
            scene.conversation.go_away(GoAway("reconnect", 1000, "DRAINING"))
            await scene.sink.ends(2)
            return scene.sink

    sink = run_virtual(main())
    assert order(sink) == ["+a", "-a", "+b", "!b"]
    assert sink.of(TurnStopped)[0].outcome is TurnOutcome.DRAINED


def test_a_rejected_text_changes_nothing() -> None:
    """The running turn goes on; the answer names the message."""

    async def main() -> Recording:
        async with talking(overlap=REJECT) as scene:
            await scene.say(LONG, turn_id="a")
            await scene.say("Two.", turn_id="b", client_seq=7)
            await scene.talk("Thr", turn_id="c", partial=True)
            await scene.sink.ends(1)
            await scene.say("Four.", turn_id="b")
            await scene.sink.ends(2)
            return scene.sink

    sink = run_virtual(main())
    assert order(sink) == ["+a", "-a", "+b", "-b"]
    assert sink.reasons == ["TURN_RUNNING", "TURN_RUNNING"]
    assert sink.of(ErrorEvent)[0].client_seq == 7


def test_an_interrupted_turn_rejects_nobody() -> None:
    """What has its terminal event does not run, even while its stages are taken down."""

    async def main() -> Recording:
        async with talking(overlap=REJECT) as scene:
            await scene.say(LONG, turn_id="a")
            await scene.sink.until(AudioChunk)
            await scene.send(Interrupt("a"))
            await scene.say("Two.", turn_id="b")
            await scene.sink.ends(2)
            return scene.sink

    assert order(run_virtual(main())) == ["+a", "!a", "+b", "-b"]


async def _superseded(scene: Scene) -> Recording:
    await scene.say(LONG, turn_id="a")
    await scene.say("Two.", turn_id="b")
    await scene.sink.ends(2)
    return scene.sink


def test_the_default_is_to_supersede() -> None:
    """The newest text wins."""

    async def main() -> Recording:
        async with talking(media=SOUND_ONLY) as scene:
            return await _superseded(scene)

    assert order(run_virtual(main())) == ["+a", "!a", "+b", "-b"]
