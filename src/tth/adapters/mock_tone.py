"""Text as tones: the exactly known sound of the mock voice and the mock realtime model.

Every letter or number of a word sounds for the same time, the rest is silence of the same length, and the word fades
in and out. So the number, place, length, level and pitch of everything can be computed and measured.
Tests: tests/adapters/test_mock_tone.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from tth.adapters.base import ControlSupport
from tth.core.speakable import has_speakable
from tth.model.controls import Controls
from tth.model.media import SAMPLE_RATE_HZ, Pcm, PhonemeTiming, SpeechChunk, WordTiming, ms_to_samples

TONE_CONTROLS: Mapping[str, ControlSupport] = {
    "emotion.label": ControlSupport(),
    "emotion.intensity": ControlSupport(),
    "emotion.valence": ControlSupport(),
    "emotion.arousal": ControlSupport(),
    "character.speech_rate": ControlSupport(),
    "character.pitch_shift": ControlSupport(),
}
"""What `tone_settings` makes measurable."""
CHUNK_SAMPLES = 960
"""40 ms: one frame at 25 fps."""
FADE_SAMPLES = 48
"""2 ms at each end of a word: too short to matter, long enough not to click."""
BASE_LEVEL = 0.25
"""Peak of full scale (-12 dBFS) at neutral arousal."""


@dataclass(frozen=True, slots=True)
class ToneSettings:
    """How a text becomes tones under given controls."""

    character_samples: int
    frequency_hz: float
    level: float
    """Peak, 0..1 of full scale."""


def tone_settings(ms_per_character: float, frequency_hz: float, controls: Controls) -> ToneSettings:
    """Controls made measurable.

    Speech rate divides the time of a character; pitch shift is in octaves; valence raises or lowers the frequency by
    up to a third; arousal changes the level by up to a half.
    """
    valence, arousal = controls.affect
    return ToneSettings(
        character_samples=max(1, ms_to_samples(ms_per_character / controls.speech_rate)),
        frequency_hz=frequency_hz * 2**controls.pitch_shift * (1 + valence / 3),
        level=BASE_LEVEL * (1 + arousal / 2),
    )


def tone_chunks(text: str, settings: ToneSettings, start_sample: int = 0, offset: int = 0) -> Iterator[SpeechChunk]:
    """The text as chunks of `CHUNK_SAMPLES`, the last one shorter. Nothing at all where nothing is speakable.

    start_sample, offset: what times and text offsets count from is that much earlier than this text.
    A word and its phonemes come with the chunk in which they begin.
    """
    words = _words(text, settings.character_samples, start_sample, offset)
    if not words:
        return
    phonemes = _phonemes(words, settings.character_samples)
    pcm = _sound(words, settings, start_sample, len(text.rstrip()) * settings.character_samples)
    for begin in range(0, len(pcm), CHUNK_SAMPLES):
        first, end = start_sample + begin, start_sample + begin + CHUNK_SAMPLES
        yield SpeechChunk(
            pcm[begin : begin + CHUNK_SAMPLES],
            tuple(phoneme for phoneme in phonemes if first <= phoneme.start_sample < end),
            tuple(word for word in words if first <= word.start_sample < end),
        )


def _words(text: str, character_samples: int, start_sample: int, offset: int) -> list[WordTiming]:
    return [
        WordTiming(
            match.group(),
            offset + match.start(),
            start_sample + match.start() * character_samples,
            len(match.group()) * character_samples,
        )
        for match in re.finditer(r"\S+", text)
        if has_speakable(match.group())
    ]


def _phonemes(words: list[WordTiming], character_samples: int) -> list[PhonemeTiming]:
    """One for each character of a word; signs are pauses."""
    return [
        PhonemeTiming(
            character.lower() if character.isalnum() else "",
            word.start_sample + position * character_samples,
            character_samples,
        )
        for word in words
        for position, character in enumerate(word.word)
    ]


def _sound(words: list[WordTiming], settings: ToneSettings, start_sample: int, count: int) -> Pcm:
    pcm = np.zeros(count, np.int16)
    for word in words:
        phase = 2 * np.pi * settings.frequency_hz / SAMPLE_RATE_HZ * np.arange(word.sample_count)
        wave = settings.level * 32767 * np.sin(phase)
        fade = np.linspace(0, 1, min(FADE_SAMPLES, word.sample_count // 2))
        wave[: len(fade)] *= fade
        wave[len(wave) - len(fade) :] *= fade[::-1]
        begin = word.start_sample - start_sample
        pcm[begin : begin + word.sample_count] = wave.astype(np.int16)
    return pcm
