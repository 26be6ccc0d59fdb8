"""Where emulators take sound from: a tone for tests of everything but the sound, the embedded voice for people.

Tests: tests/testing/emulators/test_speech.py.
"""

from __future__ import annotations

import asyncio
import re
from abc import ABC, abstractmethod
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np

from tth.adapters.base import Persona, SessionContext, TtsInput, TurnContext, Voice
from tth.model.controls import Controls
from tth.model.media import Pcm, SpeechChunk, WordTiming, ms_to_samples
from tth.testing.scripted import tone

_WOMEN = {"marin": "f2", "coral": "f5", "sage": "f1", "shimmer": "f3", "alloy": "f4"}
_MEN = {"cedar": "m3", "ash": "m1", "ballad": "m4", "echo": "m2", "verse": "m7"}
VARIANTS = _WOMEN | _MEN
"""A provider's voice -> the embedded voice's variant that stands for it: women for women and men for men."""


MAX_SAID = 100
"""Texts whose sound is kept: a few megabytes."""


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
    async def speak(self, text: str, speed: float = 1.0, voice: str = "") -> Spoken:
        """The sound of a text, `speed` times as fast as usual. voice: a provider's name of one; one that is not known
        here is the usual one."""


class ToneSpeech(Speech):
    """50 ms of a steady tone for each character of a word, nothing for what stands between words."""

    async def speak(self, text: str, speed: float = 1.0, voice: str = "") -> Spoken:
        words, at = [], 0
        for match in re.finditer(r"\S+", text):
            count = ms_to_samples(50 * len(match.group()) / speed)
            words.append(WordTiming(match.group(), match.start(), at, count))
            at += count
        return Spoken(tone(at / 24).pcm if at else np.zeros(0, np.int16), tuple(words))


class VoiceSpeech(Speech):
    """One of TTH's own voices, such as the embedded one. What it has said before costs no time: then an emulator's own
    timing is what it was told to be."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice
        self._said: OrderedDict[tuple[str, float, str], Spoken] = OrderedDict()
        self._turns = asyncio.Lock()

    async def load(self) -> None:
        await self._voice.load()

    async def aclose(self) -> None:
        await self._voice.aclose()

    async def speak(self, text: str, speed: float = 1.0, voice: str = "") -> Spoken:
        key = (text, speed, voice)
        async with self._turns:  # who asks for the same at the same time waits for the first
            if key not in self._said:
                self._said[key] = await self._speak(text, speed, voice)
                if len(self._said) > MAX_SAID:
                    self._said.popitem(last=False)
            return self._said[key]

    async def _speak(self, text: str, speed: float, voice: str) -> Spoken:
        session = self._voice.open_session(SessionContext("emulator"))
        try:
            controls = Controls(speech_rate=min(4.0, max(0.25, speed)))
            variant = VARIANTS.get(voice)
            persona = Persona("emulator", voices={self._voice.name: variant} if variant else {})
            chunks = await session.infer_batch(TtsInput(text, persona), controls, TurnContext("emulator", "t_1", 1))
        finally:
            await session.aclose()
        return _joined(chunks)


def _joined(chunks: list[SpeechChunk]) -> Spoken:
    sound = [chunk.pcm for chunk in chunks]
    words = tuple(word for chunk in chunks for word in chunk.words)
    return Spoken(np.concatenate(sound) if sound else np.zeros(0, np.int16), words)
