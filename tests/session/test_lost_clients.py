"""What is remembered when a client is lost, however that came about, and what it may say of it when it comes back.

Found by the simulator (src/tth/testing/simulator/). On virtual time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.session.scene import Scene, attach, engine, new_conversation, voice
from tests.session.test_heard import WORD_SAMPLES, WORDS, spoken
from tth.adapters.registry import Adapters
from tth.errors import InvalidRequest, LimitExceeded, TTHError
from tth.model.commands import Interrupt, PlaybackReport, Resume
from tth.model.controls import LatencyMode
from tth.model.events import AudioChunk, TurnComplete, TurnHeard, TurnOutcome, TurnStopped
from tth.session.conversation import Conversation
from tth.testing.scripted import every
from tth.testing.virtual_time import run_virtual

pytestmark = pytest.mark.pipeline


@asynccontextmanager
async def spoken_to(max_ahead_ms: int = 1000) -> AsyncIterator[Scene]:
    """A session and its first stream; whoever enters this loses it."""
    scripts = [[*every(0, spoken())] for _ in range(3)]
    made = engine(Adapters(tts=voice(*scripts)), max_ahead_ms=dict.fromkeys(LatencyMode, max_ahead_ms))
    conversation = new_conversation(made)
    scene = attach(conversation)
    try:
        yield scene
    finally:
        await conversation.aclose()


async def lost(scene: Scene) -> None:
    """As by a transport that notices it."""
    scene.running.cancel()
    await asyncio.wait([scene.running])


async def begun(scene: Scene, turn_id: str) -> int:
    """A turn whose first sound is out; where that begins."""
    chunks = len(scene.sink.of(AudioChunk))
    await scene.say(" ".join(WORDS), turn_id=turn_id)
    await scene.sink.until(AudioChunk, chunks + 1)
    return scene.sink.of(AudioChunk)[chunks].start_sample


def back(conversation: Conversation, heard_sample: int) -> list[TurnHeard]:
    """The client comes back and says so much: what it is told of that."""
    conversation.reopen(Resume(conversation.resumption.handle, 0, heard_sample))
    told = [event for event, _ in conversation.untold if isinstance(event, TurnHeard)]
    conversation.untold.clear()
    return told


def remembered(conversation: Conversation) -> list[tuple[str, bool]]:
    return [(said.text, said.interrupted) for said in conversation.heard.memory.history.snapshot()]


def test_a_turn_that_ran_is_mended_whatever_was_before_it() -> None:
    """Also behind one that its client had stopped: that one is settled, the one that ran is not."""

    async def main() -> None:
        async with spoken_to() as scene:
            await begun(scene, "a")
            await scene.send(Interrupt("a", heard_sample=0))
            await scene.sink.until(TurnStopped)
            start = await begun(scene, "b")
            await lost(scene)
            heard = back(scene.conversation, start + 2 * WORD_SAMPLES)
            assert [(one.turn_id, one.heard_text) for one in heard] == [("b", "One two")]
            assert remembered(scene.conversation) == [("One two", True)]

    run_virtual(main())


def test_a_lost_turn_was_heard_as_its_client_had_reported() -> None:
    """Not as the clock says: the report was fresh when the stream was cancelled."""

    async def main() -> None:
        async with spoken_to(max_ahead_ms=100) as scene:
            start = await begun(scene, "a")
            await asyncio.sleep(0.5)
            await scene.send(PlaybackReport(start + WORD_SAMPLES))
            await asyncio.sleep(0)
            assert not scene.sink.of(TurnComplete)
            await lost(scene)
            stopped = scene.sink.of(TurnStopped)[0]
            assert (stopped.heard_text, stopped.heard_is_estimate) == ("One", False)

    run_virtual(main())


@pytest.mark.parametrize(
    "error",
    [
        LimitExceeded("the client does not read", "SLOW_CONSUMER", retryable=True),
        InvalidRequest("session_id: another one's"),
    ],
)
def test_who_was_sent_away_may_say_what_it_had_heard(error: TTHError) -> None:
    """A turn that was sent completely, to a client that had not even got it."""

    async def main() -> None:
        async with spoken_to() as scene:
            start = await begun(scene, "a")
            await scene.sink.until(TurnComplete)
            scene.conversation.end(TurnOutcome.CANCELLED, error)
            await scene.running
            assert [one.text for one in scene.conversation.heard.memory.history.snapshot()] != [" ".join(WORDS)]
            back(scene.conversation, start + WORD_SAMPLES)
            assert remembered(scene.conversation) == [("One", True)]

    run_virtual(main())


@pytest.mark.parametrize(("words", "heard"), [(1, "One"), (3, "One two three"), (99, " ".join(WORDS))])
def test_who_said_goodbye_may_say_otherwise(words: int, heard: str) -> None:
    """All that was sent counts as heard; but its client stopped playing before that, and comes back."""

    async def main() -> None:
        async with spoken_to() as scene:
            start = await begun(scene, "a")
            await scene.finish()
            assert remembered(scene.conversation) == [(" ".join(WORDS), False)]
            told = back(scene.conversation, start + words * WORD_SAMPLES)
            assert [one.heard_text for one in told] == [heard] * (words < len(WORDS))
            assert remembered(scene.conversation) == [(heard, words < len(WORDS))]

    run_virtual(main())
