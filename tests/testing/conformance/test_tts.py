"""The conformance checks of voices find what they look for: each is shown an adapter that breaks its rule."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any

import httpx
import numpy as np
import pytest

from tth.adapters.base import (
    Capabilities,
    ControlSupport,
    Deployment,
    SessionContext,
    Support,
    TtsInput,
    TtsOutput,
    TtsSession,
    TurnContext,
    Voice,
)
from tth.errors import AdapterUnavailable
from tth.model.controls import Controls
from tth.model.media import SpeechChunk, WordTiming
from tth.testing.conformance import subject, tts
from tth.testing.conformance.subject import Check, Ending, Outcome, Subject
from tth.testing.emulators.faults import FaultKind
from tth.testing.emulators.openai import OpenAiEmulator
from tth.testing.emulators.server import Emulator
from tth.testing.scripted import tone

pytestmark = pytest.mark.server

Say = Callable[["Broken", str], AsyncGenerator[TtsOutput, None]]
WORD = WordTiming("Good", 0, 0, 100)


class Broken(Voice):
    """Speaks in the way that a test gives it."""

    name = "broken"
    capabilities = Capabilities("for tests", Deployment.API, {"emotion.label": ControlSupport(Support.EMULATED)})

    def __init__(self, say: Say, url: str = "") -> None:
        self.say = say
        self.url = url
        self.kept: list[Any] = []

    def open_session(self, context: SessionContext) -> TtsSession:
        return _Session(self)

    async def ask(self, text: str) -> SpeechChunk:
        """The emulator's sound, over a connection of its own."""
        body = {"model": "tts-1", "voice": "nova", "input": text, "response_format": "pcm"}
        async with httpx.AsyncClient(headers={"authorization": "Bearer test-key"}, timeout=None) as client:
            answer = await client.post(f"{self.url}/v1/audio/speech", json=body)
            answer.raise_for_status()
        return SpeechChunk(np.frombuffer(answer.content, "<i2").astype(np.int16))


class _Session(TtsSession):
    def __init__(self, voice: Broken) -> None:
        self._voice = voice

    def infer_stream(
        self, clause: TtsInput, control: Controls, context: TurnContext
    ) -> AsyncGenerator[TtsOutput, None]:
        return self._voice.say(self._voice, clause.text)


def sound(text: str) -> SpeechChunk:
    return SpeechChunk(tone(10.0 * len(text)).pcm)


async def speaks(voice: Broken, text: str) -> AsyncGenerator[TtsOutput, None]:
    """As it should, but for emotions: all sound the same."""
    for _ in range(2):
        await asyncio.sleep(0.001)
        yield sound(text)


async def says_nothing(voice: Broken, text: str) -> AsyncGenerator[TtsOutput, None]:
    if voice.kept:
        yield voice.kept[0]


async def is_silent(voice: Broken, text: str) -> AsyncGenerator[TtsOutput, None]:
    yield SpeechChunk(np.zeros(4800, np.int16))


async def gives_an_empty_chunk(voice: Broken, text: str) -> AsyncGenerator[TtsOutput, None]:
    yield SpeechChunk(np.zeros(0, np.int16))
    yield sound(text)


async def gives_floats(voice: Broken, text: str) -> AsyncGenerator[TtsOutput, None]:
    yield SpeechChunk(sound(text).pcm.astype(np.float32))


async def misplaces_a_word(voice: Broken, text: str) -> AsyncGenerator[TtsOutput, None]:
    yield SpeechChunk(sound(text).pcm, words=(WordTiming("Good", 1, 0, 100),))


async def tells_too_late(voice: Broken, text: str) -> AsyncGenerator[TtsOutput, None]:
    yield sound(text)
    yield SpeechChunk(sound(text).pcm, words=(WORD,))


async def tells_a_word_twice(voice: Broken, text: str) -> AsyncGenerator[TtsOutput, None]:
    yield SpeechChunk(sound(text).pcm, words=(WORD, WORD))


async def tells_beyond_the_end(voice: Broken, text: str) -> AsyncGenerator[TtsOutput, None]:
    yield SpeechChunk(sound(text).pcm, words=(WordTiming("Good", 0, 0, 10_000_000),))


async def leaves_out_words(voice: Broken, text: str) -> AsyncGenerator[TtsOutput, None]:
    yield SpeechChunk(sound(text).pcm, words=(WORD,))


async def leaves_a_task(voice: Broken, text: str) -> AsyncGenerator[TtsOutput, None]:
    voice.kept.append(asyncio.create_task(asyncio.sleep(0.3)))
    yield sound(text)


async def mixes_conversations(voice: Broken, text: str) -> AsyncGenerator[TtsOutput, None]:
    voice.kept.append(text)
    await asyncio.sleep(0.001)
    yield sound(voice.kept[-1])


async def goes_on_with_what_was_stopped(voice: Broken, text: str) -> AsyncGenerator[TtsOutput, None]:
    for old in voice.kept:
        yield old
    voice.kept = [sound(text) for _ in range(6)]
    while voice.kept:
        await asyncio.sleep(0)
        yield voice.kept.pop(0)


async def cannot_be_cancelled(voice: Broken, text: str) -> AsyncGenerator[TtsOutput, None]:
    try:
        await asyncio.sleep(0.001)
    except asyncio.CancelledError:
        await asyncio.sleep(0.5)
    yield sound(text)


async def fails_without_words(voice: Broken, text: str) -> AsyncGenerator[TtsOutput, None]:
    if not any(character.isalnum() for character in text):
        raise AdapterUnavailable("nothing to say")
    yield sound(text)


async def loses_its_tail(voice: Broken, text: str) -> AsyncGenerator[TtsOutput, None]:
    yield SpeechChunk((await voice.ask(text)).pcm[:-240])


async def tells_what_was_said(voice: Broken, text: str) -> AsyncGenerator[TtsOutput, None]:
    try:
        yield await voice.ask(text)
    except httpx.HTTPError:
        raise AdapterUnavailable(f"no sound for {text}", role="tts", adapter="broken") from None


async def fails_namelessly(voice: Broken, text: str) -> AsyncGenerator[TtsOutput, None]:
    try:
        yield await voice.ask(text)
    except httpx.HTTPError:
        raise AdapterUnavailable("no sound") from None


async def hides_a_failure(voice: Broken, text: str) -> AsyncGenerator[TtsOutput, None]:
    try:
        yield await voice.ask(text)
    except httpx.HTTPError:
        yield sound(text)


ALONE: list[tuple[Check[Voice], Say]] = [
    (tts.it_speaks_in_our_format, says_nothing),
    (tts.it_speaks_in_our_format, is_silent),
    (tts.it_speaks_in_our_format, gives_an_empty_chunk),
    (tts.it_speaks_in_our_format, gives_floats),
    (tts.it_speaks_in_our_format, misplaces_a_word),
    (tts.it_speaks_in_our_format, leaves_a_task),
    (tts.its_times_are_in_order, tells_too_late),
    (tts.its_times_are_in_order, tells_a_word_twice),
    (tts.its_times_are_in_order, tells_beyond_the_end),
    (tts.its_times_are_in_order, leaves_out_words),
    (tts.nothing_to_say_is_no_sound, fails_without_words),
    (tts.it_stops_at_any_await, cannot_be_cancelled),
    (tts.it_stops_at_any_await, goes_on_with_what_was_stopped),
    (tts.it_can_be_left_after_any_chunk, goes_on_with_what_was_stopped),
    (tts.conversations_do_not_mix, mixes_conversations),
    (tts.it_does_what_it_says, speaks),
    (tts.closing_ends_everything, leaves_a_task),
]
WITH_A_PROVIDER: list[tuple[Check[Voice], Say, Outcome]] = [
    (tts.its_tail_is_flushed, loses_its_tail, Ending.WHOLE),
    (tts.each_fault_has_its_outcome, tells_what_was_said, AdapterUnavailable),
    (tts.each_fault_has_its_outcome, fails_namelessly, AdapterUnavailable),
    (tts.each_fault_has_its_outcome, hides_a_failure, AdapterUnavailable),
    (tts.each_fault_has_its_outcome, hides_a_failure, Ending.WHOLE),
]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long for what is known not to come."""
    monkeypatch.setattr(subject, "PATIENCE_S", 0.15)
    monkeypatch.setattr(tts, "PATIENCE_S", 0.15)


@pytest.mark.parametrize(("check", "say"), ALONE, ids=lambda one: one.__name__)
def test_it_is_found(check: Check[Voice], say: Say) -> None:
    """Of voices that need nobody."""
    with pytest.raises((AssertionError, AdapterUnavailable)):
        asyncio.run(check(Subject("broken", lambda _: Broken(say))))


@pytest.mark.parametrize(
    ("check", "say", "outcome"), WITH_A_PROVIDER, ids=lambda one: getattr(one, "__name__", str(one))
)
def test_it_is_found_with_a_provider(check: Check[Voice], say: Say, outcome: Outcome) -> None:
    """Of voices that ask somebody."""

    def build(emulator: Emulator | None) -> Voice:
        assert emulator is not None
        return Broken(say, emulator.url)

    broken = Subject("broken", build, OpenAiEmulator, {FaultKind.SERVER_ERROR: outcome})
    with pytest.raises(AssertionError):
        asyncio.run(check(broken))


def test_a_good_one_passes() -> None:
    """What a check finds is not its own doing."""
    for check in tts.CHECKS:
        if check is not tts.it_does_what_it_says:
            asyncio.run(check(Subject("good", lambda _: Broken(speaks))))
