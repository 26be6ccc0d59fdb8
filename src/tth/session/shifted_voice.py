"""A voice, or a realtime model, whose pace and pitch TTH's own sound path completes (`control/sound_path.py`).

Times of words and phonemes move with the sound. Tests: tests/session/test_shifted_voice.py.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import TypeVar

from tth.adapters.base import (
    Capabilities,
    LlmInput,
    Persona,
    RealtimeOutput,
    RealtimeSession,
    TtsInput,
    TtsOutput,
    TtsSession,
    TurnContext,
)
from tth.control.sound_path import Shares, shares
from tth.media.sound_shift import SoundShift
from tth.model.controls import Controls
from tth.model.media import Pcm, PhonemeTiming, SpeechChunk, WordTiming

T = TypeVar("T", WordTiming, PhonemeTiming)
Output = TypeVar("Output", TtsOutput, RealtimeOutput)


class ShiftedVoice(TtsSession):
    """Speaks as the voice does, at any pace and pitch of the contract."""

    def __init__(self, voice: TtsSession, capabilities: Capabilities) -> None:
        self._voice = voice
        self._capabilities = capabilities

    def prepare(self, persona: Persona) -> None:
        self._voice.prepare(persona)

    def infer_stream(
        self, clause: TtsInput, control: Controls, context: TurnContext
    ) -> AsyncGenerator[TtsOutput, None]:
        share = shares(control, self._capabilities)
        outputs = self._voice.infer_stream(clause, share.voice, context)
        return outputs if share.is_all_the_voices else _shifted(outputs, share)

    async def aclose(self) -> None:
        await self._voice.aclose()


class ShiftedRealtime(RealtimeSession):
    """The same for a model that gives text and sound in one."""

    def __init__(self, model: RealtimeSession, capabilities: Capabilities) -> None:
        self._model = model
        self._capabilities = capabilities
        self._turn_id, self._tempo = "", 1.0  # of the last turn

    def infer_stream(
        self, prompt: LlmInput, control: Controls, context: TurnContext
    ) -> AsyncGenerator[RealtimeOutput, None]:
        share = shares(control, self._capabilities)
        self._turn_id, self._tempo = context.turn_id, share.tempo
        outputs = self._model.infer_stream(prompt, share.voice, context)
        return outputs if share.is_all_the_voices else _shifted(outputs, share)

    def truncate(self, turn_id: str, heard_samples: int, heard_text: str) -> None:
        """The model counts in samples of its own sound."""
        tempo = self._tempo if turn_id == self._turn_id else 1.0
        self._model.truncate(turn_id, round(heard_samples * tempo), heard_text)

    async def aclose(self) -> None:
        await self._model.aclose()


async def _shifted(outputs: AsyncGenerator[Output, None], share: Shares) -> AsyncGenerator[Output | SpeechChunk, None]:
    """The same with its sound shifted."""
    shifter = _Shifter(share)
    async with aclosing(outputs):
        async for output in outputs:
            shifted = shifter.take(output) if isinstance(output, SpeechChunk) else output
            if shifted is not None:
                yield shifted
    if (rest := shifter.finish()) is not None:
        yield rest


class _Shifter:
    """One clause's sound on its way."""

    def __init__(self, share: Shares) -> None:
        self._tempo = share.tempo
        self._shift = SoundShift(share.tempo, share.pitch_octaves)
        self._words: tuple[WordTiming, ...] = ()  # of chunks whose sound is not out yet
        self._phonemes: tuple[PhonemeTiming, ...] = ()

    def take(self, chunk: SpeechChunk) -> SpeechChunk | None:
        """What of the sound is ready with this chunk; None when nothing is."""
        self._words += tuple(self._moved(word) for word in chunk.words)
        self._phonemes += tuple(self._moved(phoneme) for phoneme in chunk.phonemes)
        return self._out(self._shift.feed(chunk.pcm))

    def finish(self) -> SpeechChunk | None:
        """What was held back; None when nothing was."""
        return self._out(self._shift.finish())

    def _out(self, pcm: Pcm) -> SpeechChunk | None:
        if not len(pcm):
            return None
        chunk = SpeechChunk(pcm, self._phonemes, self._words)
        self._words, self._phonemes = (), ()
        return chunk

    def _moved(self, timing: T) -> T:
        start = round(timing.start_sample / self._tempo)
        end = round((timing.start_sample + timing.sample_count) / self._tempo)
        return replace(timing, start_sample=start, sample_count=end - start)
