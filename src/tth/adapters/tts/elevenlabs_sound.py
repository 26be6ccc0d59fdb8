"""The sound of one clause from ElevenLabs with the times of its words. Pure.

Tests: tests/adapters/tts/test_elevenlabs_sound.py.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tth.adapters.provider_pcm import PcmReader, pieces
from tth.adapters.tts.elevenlabs_alignment import WordTimer
from tth.adapters.tts.elevenlabs_wire import Incoming
from tth.model.media import Pcm, SpeechChunk, WordTiming, ms_to_samples

LONGEST_HELD_SAMPLES = ms_to_samples(500)
"""A word whose times are half known holds back its sound, so that it leaves with it; for no longer than this."""


class ClauseSound:
    """Messages in, chunks out."""

    def __init__(self, text: str, *, is_absolute: bool) -> None:
        """is_absolute: times count from the start of the clause, as over HTTP."""
        self._timer = WordTimer(text)
        self._is_absolute = is_absolute
        self._pcm = PcmReader()
        self._held: Pcm = np.zeros(0, np.int16)
        self._words: list[WordTiming] = []
        self.sample_count = 0
        """Of the sound that has come."""

    def take(self, item: Incoming) -> list[SpeechChunk]:
        """What can be given out with this message; no chunk is empty."""
        self._timer.add(item.characters, 0 if self._is_absolute else self.sample_count)
        self._hold(self._pcm.feed(item.audio))
        begun = self._timer.begun_sample
        if begun is None or self.sample_count - begun > LONGEST_HELD_SAMPLES:
            begun = self.sample_count
        return self._give(begun, self._timer.take())

    def finish(self) -> list[SpeechChunk]:
        """The rest."""
        self._hold(self._pcm.finish())
        return self._give(self.sample_count, self._timer.finish())

    def _hold(self, pcm: Pcm) -> None:
        self._held = np.concatenate([self._held, pcm])
        self.sample_count += len(pcm)

    def _give(self, to_sample: int, words: tuple[WordTiming, ...]) -> list[SpeechChunk]:
        """The sound up to there; the words with its first chunk, none of them earlier than that."""
        self._words += words
        given = self.sample_count - len(self._held)
        count = min(max(to_sample - given, 0), len(self._held))
        pcm, self._held = self._held[:count], self._held[count:]
        if not len(pcm):
            return []
        told, self._words = tuple(_from(given, word) for word in self._words), []
        first, *others = pieces(pcm)
        return [SpeechChunk(first, words=told), *(SpeechChunk(piece) for piece in others)]


def _from(sample: int, word: WordTiming) -> WordTiming:
    late = max(0, sample - word.start_sample)
    return replace(word, start_sample=word.start_sample + late, sample_count=max(0, word.sample_count - late))
