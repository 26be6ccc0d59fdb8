"""Adapters that behave by chance: quick, slow, in bursts, silent, broken at any step.

They keep the form of the contract in `tth.adapters.base` (no empty chunk, words not before their sound, cancellation at
once) and are otherwise as bad as adapters get. Tests: tests/testing/simulator/test_adapters.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import dataclass

from tth.adapters.base import (
    Capabilities,
    ControlSupport,
    Deployment,
    LanguageModel,
    LlmInput,
    LlmSession,
    RealtimeModel,
    RealtimeOutput,
    RealtimeSession,
    SessionContext,
    TextPiece,
    TtsInput,
    TtsSession,
    TurnContext,
    Voice,
)
from tth.model.controls import BY_PATH, Controls
from tth.model.media import SAMPLE_RATE_HZ, SpeechChunk, ms_to_samples
from tth.testing.simulator.cast import Asked, Cast, Fault, Notes, Speech, Truncation, TurnSound
from tth.testing.simulator.texts import MUTE, draw_text, split

CONTROLS = {path: ControlSupport() for path in BY_PATH}


@dataclass(frozen=True, slots=True)
class ModelTraits:
    """How a language model is."""

    first_ms: int
    """Up to so long until its first piece."""
    piece_ms: int
    """Up to so long between two."""
    words: int
    """Up to so many in a reply."""


@dataclass(frozen=True, slots=True)
class VoiceTraits:
    """How a voice is."""

    first_ms: int
    """Up to so long until a clause's first sound."""
    pace: float
    """Seconds that it works for a second of sound; 0 = at once."""
    burst_ms: int
    """Now and then it pauses for up to so long."""
    chunk_ms: int
    ms_per_character: float
    word_times: float
    """0..1, of the clauses come with the times of their words."""
    words_first: bool
    """Word times come with the first chunk, not each with the sound that it begins in."""

    @property
    def is_prompt(self) -> bool:
        return not (self.first_ms or self.pace or self.burst_ms)


async def _pause(cast: Cast, up_to_ms: float) -> None:
    if up_to_ms and not cast.is_calm:
        await asyncio.sleep(cast.random.uniform(0, up_to_ms) / 1000)


async def go_wrong(cast: Cast, fault: Fault, role: str) -> None:
    """What a fault does where it happens; returns for those that only end the stream."""
    match fault:
        case Fault.FAIL | Fault.FAIL_MIDWAY:
            raise cast.error(role)
        case Fault.SILENT | Fault.SILENT_MIDWAY:
            await asyncio.get_running_loop().create_future()
        case Fault.BUG:
            raise RuntimeError(f"a bug in the simulated {role}")
        case _:
            pass


class SimulatedModel(LanguageModel):
    """Writes whatever comes to its mind."""

    name = "simulated"
    capabilities = Capabilities("writes by chance", Deployment.EMBEDDED)

    def __init__(self, cast: Cast, traits: ModelTraits) -> None:
        self._cast = cast
        self._traits = traits

    def open_session(self, context: SessionContext) -> LlmSession:
        return _ModelSession(self._cast, self._cast.notes_of(context), self._traits)


class _ModelSession(LlmSession):
    def __init__(self, cast: Cast, notes: Notes, traits: ModelTraits) -> None:
        self._cast = cast
        self._notes = notes
        self._traits = traits

    async def infer_stream(
        self, prompt: LlmInput, control: Controls, context: TurnContext
    ) -> AsyncGenerator[TextPiece, None]:
        async with aclosing(_write(self._cast, self._notes, self._traits, prompt, context)) as pieces:
            async for piece in pieces:
                yield TextPiece(piece)


async def _write(
    cast: Cast, notes: Notes, traits: ModelTraits, prompt: LlmInput, context: TurnContext
) -> AsyncGenerator[str, None]:
    """A reply in pieces; noted as far as it was given."""
    notes.asked.append(Asked(context.turn_id, prompt.text, prompt.history))
    notes.replies[context.turn_id] = ""
    notes.sound_of(context.turn_id).is_prompt = False
    fault = cast.draw_fault("llm")
    language = "en" if cast.is_calm else cast.random.choice(("en", "de", "zh", "ar"))
    text = draw_text(cast.random, language, cast.random.randint(1, 3 if cast.is_calm else traits.words))
    if not cast.is_calm and cast.random.random() < 0.02:
        text = cast.random.choice(MUTE)
    pieces = split(cast.random, text, 8)
    await _pause(cast, traits.first_ms)
    if not fault.is_midway and fault is not Fault.NONE:
        await go_wrong(cast, fault, "llm")
        return
    for number, piece in enumerate(pieces):
        if fault.is_midway and number >= len(pieces) // 2:
            await go_wrong(cast, fault, "llm")
            return
        if number:
            await _pause(cast, traits.piece_ms)
        notes.replies[context.turn_id] += piece
        yield piece


class SimulatedVoice(Voice):
    """Says every word as a run of samples that carry the word's number."""

    name = "simulated"
    capabilities = Capabilities("says numbers", Deployment.EMBEDDED, controls=CONTROLS)

    def __init__(self, cast: Cast, traits: VoiceTraits) -> None:
        self._cast = cast
        self._traits = traits

    def open_session(self, context: SessionContext) -> TtsSession:
        return _VoiceSession(self._cast, self._cast.notes_of(context), self._traits)


class _VoiceSession(TtsSession):
    def __init__(self, cast: Cast, notes: Notes, traits: VoiceTraits) -> None:
        self._cast = cast
        self._notes = notes
        self._traits = traits

    async def infer_stream(
        self, clause: TtsInput, control: Controls, context: TurnContext
    ) -> AsyncGenerator[SpeechChunk, None]:
        cast, traits = self._cast, self._traits
        sound = self._notes.sound_of(context.turn_id)
        sound.is_prompt = sound.is_prompt and (traits.is_prompt or cast.is_calm)
        fault = cast.draw_fault("tts", 0.5)
        await _pause(cast, traits.first_ms)
        if not any(c.isalnum() for c in clause.text):
            return
        if fault is not Fault.NONE and not fault.is_midway:
            await go_wrong(cast, fault, "tts")
            return
        with_times = cast.is_calm or cast.random.random() < traits.word_times
        speech = cast.speak(sound, clause.text, traits.ms_per_character, with_times=with_times)
        async with aclosing(_sound(cast, traits, speech, fault, sound, "tts")) as chunks:
            async for chunk in chunks:
                yield chunk


async def _sound(
    cast: Cast, traits: VoiceTraits, speech: Speech, fault: Fault, sound: TurnSound, role: str
) -> AsyncGenerator[SpeechChunk, None]:
    """The speech in chunks, in time; noted as far as it was given."""
    chunks = list(_cut(speech, ms_to_samples(traits.chunk_ms), words_first=traits.words_first))
    for number, chunk in enumerate(chunks):
        if fault.is_midway and number >= len(chunks) / 2:
            sound.is_prompt = False
            sound.is_whole = fault is not Fault.SHORT
            await go_wrong(cast, fault, role)
            return
        if not cast.is_calm and traits.pace:
            await asyncio.sleep(traits.pace * len(chunk.pcm) / SAMPLE_RATE_HZ)
        if traits.burst_ms and cast.random.random() < 0.2:
            await _pause(cast, traits.burst_ms)
        sound.pcm.append(chunk.pcm.tobytes())
        yield chunk


def _cut(speech: Speech, samples: int, *, words_first: bool) -> Iterator[SpeechChunk]:
    left = list(speech.words)
    for begin in range(0, len(speech.pcm), samples):
        end = begin + samples
        known = left if words_first else [word for word in left if word.start_sample < end]
        left = left[len(known) :]
        yield SpeechChunk(speech.pcm[begin:end], (), tuple(known))


class SimulatedRealtime(RealtimeModel):
    """Text and sound of a reply in one stream; the text may come before its sound or after it."""

    name = "simulated"
    capabilities = Capabilities("talks by chance", Deployment.EMBEDDED, controls=CONTROLS)

    def __init__(self, cast: Cast, model: ModelTraits, voice: VoiceTraits) -> None:
        self._cast = cast
        self._model = model
        self._voice = voice

    def open_session(self, context: SessionContext) -> RealtimeSession:
        return _RealtimeSession(self._cast, self._cast.notes_of(context), self._model, self._voice)


class _RealtimeSession(RealtimeSession):
    def __init__(self, cast: Cast, notes: Notes, model: ModelTraits, voice: VoiceTraits) -> None:
        self._cast = cast
        self._notes = notes
        self._model = model
        self._voice = voice

    def truncate(self, turn_id: str, heard_samples: int, heard_text: str) -> None:
        self._notes.truncations.append(Truncation(turn_id, heard_samples, heard_text))

    async def infer_stream(
        self, prompt: LlmInput, control: Controls, context: TurnContext
    ) -> AsyncGenerator[RealtimeOutput, None]:
        cast = self._cast
        async with aclosing(_write(cast, self._notes, self._model, prompt, context)) as written:
            pieces = [piece async for piece in written]
        text = "".join(pieces)
        fault = cast.draw_fault("realtime", 0.5)
        if fault is not Fault.NONE and not fault.is_midway:
            await go_wrong(cast, fault, "realtime")
            return
        if not any(c.isalnum() for c in text):
            for piece in pieces:
                yield TextPiece(piece)
            return
        with_times = cast.is_calm or cast.random.random() < self._voice.word_times
        sound = self._notes.sound_of(context.turn_id)
        speech = cast.speak(sound, text, self._voice.ms_per_character, with_times=with_times)
        if with_times:  # a word's place in the text is known with its sound only where the text is
            for piece in pieces:
                yield TextPiece(piece)
            pieces = []
        async with aclosing(_sound(cast, self._voice, speech, fault, sound, "realtime")) as chunks:
            async for chunk in chunks:
                if pieces:
                    yield TextPiece(pieces.pop(0))
                yield chunk
        for piece in pieces:
            yield TextPiece(piece)
