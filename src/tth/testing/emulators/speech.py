"""Where emulators take sound from: a tone for tests of everything but the sound, the embedded voice for people.

Tests: tests/testing/emulators/test_speech.py.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from tth.adapters.base import SessionContext, TtsInput, TurnContext, Voice
from tth.model.controls import Controls
from tth.model.media import Pcm, SpeechChunk, WordTiming, ms_to_samples
from tth.testing.scripted import tone


@dataclass(frozen=True, slots=True)
class Spoken:
    """A text as sound: 24 kHz mono, with the time of each word."""

    pcm: Pcm
    words: tuple[WordTiming, ...]
    """Samples from the start; offsets in code points of the text."""


class Speech(ABC):
    """Turns a text into sound."""

    async def load(self) -> None:
        """Get ready."""

    async def aclose(self) -> None:
        """Release everything; idempotent."""

    @abstractmethod
    async def speak(self, text: str, speed: float = 1.0) -> Spoken:
        """The sound of a text, `speed` times as fast as usual."""


class ToneSpeech(Speech):
    """50 ms of a steady tone for each character of a word, nothing for what stands between words."""

    async def speak(self, text: str, speed: float = 1.0) -> Spoken:
        words, at = [], 0
        for match in re.finditer(r"\S+", text):
            count = ms_to_samples(50 * len(match.group()) / speed)
            words.append(WordTiming(match.group(), match.start(), at, count))
            at += count
        return Spoken(tone(at / 24).pcm if at else np.zeros(0, np.int16), tuple(words))


class VoiceSpeech(Speech):
    """One of TTH's own voices, such as the embedded one."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice

    async def load(self) -> None:
        await self._voice.load()

    async def aclose(self) -> None:
        await self._voice.aclose()

    async def speak(self, text: str, speed: float = 1.0) -> Spoken:
        session = self._voice.open_session(SessionContext("emulator"))
        try:
            controls = Controls(speech_rate=min(4.0, max(0.25, speed)))
            chunks = await session.infer_batch(TtsInput(text), controls, TurnContext("emulator", "t_1", 1))
        finally:
            await session.aclose()
        return _joined(chunks)


def _joined(chunks: list[SpeechChunk]) -> Spoken:
    sound = [chunk.pcm for chunk in chunks]
    words = tuple(word for chunk in chunks for word in chunk.words)
    return Spoken(np.concatenate(sound) if sound else np.zeros(0, np.int16), words)
