"""Clauses that were spoken a moment ago."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tth.adapters.base import Persona, SessionContext, TtsInput, TtsOutput, TurnContext
from tth.errors import AdapterUnavailable
from tth.model.controls import Controls, EmotionLabel, Resolution
from tth.model.media import SpeechChunk
from tth.session.clause_cache import CachedVoice, ClauseCache
from tth.testing.scripted import Give, Hang, ScriptedVoice, every, fail, tone
from tth.testing.virtual_time import VirtualClock, run_virtual

pytestmark = pytest.mark.pipeline

SESSION, TURN = SessionContext("s_1"), TurnContext("s_1", "t_1", 1)


async def spoken(
    voice: CachedVoice,
    text: str = "Hello.",
    controls: Controls | None = None,
    persona: str = "default",
    language: str = "en",
) -> list[TtsOutput]:
    """One clause."""
    turn = TurnContext("s_1", "t_1", 1, language)
    async with aclosing(voice.infer_stream(TtsInput(text, Persona(persona)), controls or Controls(), turn)) as outputs:
        return [output async for output in outputs]


def test_the_same_words_in_the_same_way_are_spoken_once() -> None:
    """The second time the same chunks come from memory; the picture's size does not matter."""
    inner = ScriptedVoice([*every(0, tone(100), tone(50))])

    async def main() -> None:
        voice = CachedVoice(inner.open_session(SESSION), ClauseCache(VirtualClock(), 60))
        first = await spoken(voice)
        assert await spoken(voice, controls=Controls(resolution=Resolution(64, 64))) == first
        assert len(first) == 2

    run_virtual(main())
    assert len(inner.player.calls) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"text": "Hello!"},
        {"controls": Controls(emotion_label=EmotionLabel.SAD)},
        {"controls": Controls(speech_rate=1.1)},
        {"persona": "other"},
        {"language": "de"},
    ],
)
def test_anything_that_changes_the_sound_is_another_clause(other: dict[str, object]) -> None:
    """Words, emotion, character, person, language."""
    inner = ScriptedVoice([*every(0, tone(100))], repeat=True)

    async def main() -> None:
        voice = CachedVoice(inner.open_session(SESSION), ClauseCache(VirtualClock(), 60))
        await spoken(voice)
        await spoken(voice, **other)  # type: ignore[arg-type]

    run_virtual(main())
    assert len(inner.player.calls) == 2


def test_who_may_speak_next_is_passed_on() -> None:
    """The voice gets ready as without a cache."""
    inner = ScriptedVoice()

    async def main() -> None:
        CachedVoice(inner.open_session(SESSION), ClauseCache(VirtualClock(), 60)).prepare(Persona("a"))

    run_virtual(main())
    assert inner.prepared == ["a"]


def test_it_is_forgotten_in_time() -> None:
    """After its seconds it is spoken anew."""
    inner = ScriptedVoice([*every(0, tone(100))], repeat=True)

    async def main() -> None:
        voice = CachedVoice(inner.open_session(SESSION), ClauseCache(VirtualClock(), 60))
        for pause_s in (0, 59, 2):
            await asyncio.sleep(pause_s)
            await spoken(voice)

    run_virtual(main())
    assert len(inner.player.calls) == 2


def test_half_a_clause_is_not_kept() -> None:
    """Neither one that failed nor one that was interrupted."""
    inner = ScriptedVoice(
        [Give(tone(100)), fail(AdapterUnavailable("down"))], [Give(tone(100)), Hang()], [Give(tone(100))]
    )

    async def main() -> None:
        voice = CachedVoice(inner.open_session(SESSION), ClauseCache(VirtualClock(), 60))
        with suppress(AdapterUnavailable):
            await spoken(voice)
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                await spoken(voice)
        assert len(await spoken(voice)) == 1

    run_virtual(main())
    assert len(inner.player.calls) == 3


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 400)), max_size=40))
def test_it_is_bounded(clauses: list[tuple[int, int]]) -> None:
    """In bytes, counted right whatever comes; the newest stays."""

    async def main() -> None:
        cache = ClauseCache(VirtualClock(), 60, max_bytes=10_000)
        for key, ms in clauses:
            cache.keep(key, (SpeechChunk(tone(ms).pcm),))
            fits = tone(ms).pcm.nbytes <= 10_000
            assert (cache.find(key) is not None) == fits or not fits
            assert cache.size_bytes <= 10_000
        found = (cache.find(key) for key in range(6))
        assert cache.size_bytes == sum(chunk.pcm.nbytes for chunks in found if chunks for chunk in chunks)

    run_virtual(main())
