"""The mock voice."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import numpy as np
import pytest

from tth.adapters.base import SessionContext, TtsInput, TurnContext
from tth.adapters.tts.mock_tts import Settings, build
from tth.model.controls import Controls
from tth.model.media import SpeechChunk
from tth.testing.virtual_time import run_virtual

pytestmark = pytest.mark.pipeline

TURN = TurnContext("s_1", "t_0", 0)


def speak(text: str, controls: Controls | None = None, settings: Settings | None = None) -> list[SpeechChunk]:
    async def main() -> list[SpeechChunk]:
        session = build(settings or Settings()).open_session(SessionContext("s_1"))
        return await session.infer_batch(TtsInput(text), controls or Controls(), TURN)

    return run_virtual(main())


def test_length_follows_the_text_and_the_rate() -> None:
    """60 ms a character; half of it at double rate."""
    assert sum(len(chunk.pcm) for chunk in speak("Hello you")) == 9 * 1440
    assert sum(len(chunk.pcm) for chunk in speak("Hello you", Controls(speech_rate=2.0))) == 9 * 720
    assert sum(len(chunk.pcm) for chunk in speak("Hello you", settings=Settings(ms_per_character=100))) == 9 * 2400


def test_what_cannot_be_spoken_yields_nothing() -> None:
    """Signs only: no chunk."""
    assert speak("...!") == []


def test_the_same_clause_sounds_the_same() -> None:
    """Sample for sample."""
    first, second = speak("Same again"), speak("Same again")
    assert all(np.array_equal(a.pcm, b.pcm) for a, b in zip(first, second, strict=True))


def test_the_first_chunk_can_be_late() -> None:
    """The delay comes once, before the first chunk."""

    async def main() -> list[float]:
        session = build(Settings(first_chunk_delay_ms=120)).open_session(SessionContext("s_1"))
        loop = asyncio.get_running_loop()
        async with aclosing(session.infer_stream(TtsInput("Hello"), Controls(), TURN)) as chunks:
            return [loop.time() async for _ in chunks]

    assert set(run_virtual(main())) == {0.12}
