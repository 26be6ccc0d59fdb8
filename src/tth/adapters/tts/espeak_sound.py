"""From espeak's raw sound to one finished clause at 24 kHz. Pure. Tests: tests/adapters/tts/test_espeak_sound.py.

The clause is worked on as a whole: trimmed, stretched, resampled in one stream, filtered, levelled; only the finished
sound is cut into chunks, so no border can click.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import soxr
from numpy.typing import NDArray

from tth.adapters.tts import espeak_tone
from tth.adapters.tts.espeak_library import Raw
from tth.adapters.tts.espeak_prosody import EspeakProsody
from tth.adapters.tts.espeak_text import SpokenText
from tth.adapters.tts.espeak_timing import phones, words
from tth.model.media import SAMPLE_RATE_HZ, Pcm, PhonemeTiming, WordTiming, ms_to_samples

AUDIBLE = 0.004
"""Of the clause's peak, -48 dB: quieter at the ends is silence."""
LEAD_MS, RELEASE_MS = 5, 20
"""Kept before the first and after the last audible sample; the lead is what "starts at once" allows (<= 10 ms)."""
FADE_IN_MS, FADE_OUT_MS = 3, 30
STRETCH_WINDOW_S, STRETCH_SEARCH_S = 0.030, 0.009
"""Two periods of the deepest voice (70 Hz), and a search of more than half a period each way."""


@dataclass(frozen=True, slots=True)
class SpokenClause:
    """A finished clause: sound and timings, counted from its start."""

    pcm: Pcm
    phonemes: tuple[PhonemeTiming, ...] = ()
    words: tuple[WordTiming, ...] = ()


SILENCE = SpokenClause(np.zeros(0, np.int16))


def finish(
    raw: Raw, clause: str, text: SpokenText, prosody: EspeakProsody, pause_ms: float, toned: bool
) -> SpokenClause:
    """Make the clause that is played: trimmed, in tempo and pitch, toned, levelled, with `pause_ms` after it.

    Empty where espeak made no audible sound.
    """
    start, end = _audible(raw.pcm, raw.rate_hz)
    if start == end:
        return SILENCE
    sound: espeak_tone.Sound = raw.pcm[start:end].astype(np.float32) / np.float32(32768)
    sound = stretch(sound, prosody.tempo, raw.rate_hz)
    sound = soxr.resample(sound, raw.rate_hz * prosody.resample, SAMPLE_RATE_HZ)
    scale = len(sound) / (end - start)
    sound = np.append(sound, np.zeros(ms_to_samples(pause_ms), np.float32))
    if toned:
        sound = espeak_tone.shape(sound, espeak_tone.response(SAMPLE_RATE_HZ, prosody.brightness_db))
    sound = _fade(espeak_tone.level(sound, SAMPLE_RATE_HZ, prosody.gain_db))
    pcm = np.round(sound * 32767).astype(np.int16)
    return _timed(pcm, raw, clause, text, start, end, scale)


def stretch(sound: espeak_tone.Sound, tempo: float, rate_hz: int) -> espeak_tone.Sound:
    """Change the duration to 1 / tempo at the same pitch; 1.0 leaves the sound alone.

    WSOLA: Verhelst and Roelands, ICASSP 1993. Windows overlap by half; each is taken from where, within the search
    range, the sound best goes on from the window before.
    """
    half = round(STRETCH_WINDOW_S * rate_hz / 2)
    search = round(STRETCH_SEARCH_S * rate_hz)
    if tempo == 1.0 or len(sound) < 4 * half:
        return sound
    window = np.hanning(2 * half + 1)[:-1].astype(np.float32)
    count = int(len(sound) / tempo) // half + 1
    padded = np.pad(sound, (half + search, 3 * half + 2 * search + round(half * tempo)))
    out = np.zeros((count + 2) * half, np.float32)
    taken = search
    for step in range(count + 1):
        wanted = search + round(step * half * tempo)
        if step:
            target = padded[taken + half : taken + 3 * half]
            area = padded[wanted - search : wanted + search + 2 * half]
            taken = wanted - search + int(np.argmax(_likeness(area, target)))
        out[step * half : (step + 2) * half] += padded[taken : taken + 2 * half] * window
    return out[half : half + round(len(sound) / tempo)]


def _likeness(area: espeak_tone.Sound, target: espeak_tone.Sound) -> NDArray[np.float64]:
    """Normalised correlation of `target` with each place in `area`."""
    product = np.correlate(area, target, "valid")
    energy = np.concatenate(([0.0], np.cumsum(area.astype(np.float64) ** 2)))
    return np.asarray(product / np.sqrt(energy[len(target) :] - energy[: -len(target)] + 1e-6))


def _audible(pcm: Pcm, rate_hz: int) -> tuple[int, int]:
    """The stretch of raw sound that is kept; (0, 0) for silence."""
    size = np.abs(pcm.astype(np.int32))
    peak = int(size.max(initial=0))
    if peak < 200:  # -44 dBFS: espeak speaks near full scale; this is its noise for unspeakable text
        return 0, 0
    loud = np.flatnonzero(size > peak * AUDIBLE)
    return max(int(loud[0]) - rate_hz * LEAD_MS // 1000, 0), min(int(loud[-1]) + rate_hz * RELEASE_MS // 1000, len(pcm))


def _fade(sound: espeak_tone.Sound) -> espeak_tone.Sound:
    """Begin and end at zero."""
    rise, fall = min(ms_to_samples(FADE_IN_MS), len(sound)), min(ms_to_samples(FADE_OUT_MS), len(sound))
    sound[:rise] *= np.linspace(0, 1, rise, dtype=np.float32)
    sound[len(sound) - fall :] *= np.linspace(1, 0, fall, dtype=np.float32)
    return sound


def _timed(pcm: Pcm, raw: Raw, clause: str, text: SpokenText, start: int, end: int, scale: float) -> SpokenClause:
    """Move all times from espeak's raw sound to the finished one."""

    def moved(sample: int) -> int:
        return min(round((min(max(sample, start), end) - start) * scale), len(pcm))

    spoken = phones(raw, text)
    phonemes = [
        PhonemeTiming(phone.ipa, moved(phone.start), moved(phone.end) - moved(phone.start), phone.stress)
        for phone in spoken
        if moved(phone.end) > moved(phone.start)
    ]
    spoken_to = phonemes[-1].start_sample + phonemes[-1].sample_count if phonemes else len(pcm)
    if spoken_to < len(pcm):  # the pause behind the clause is known, too: nobody need listen to it for lips
        pause_from = phonemes.pop().start_sample if not phonemes[-1].ipa else spoken_to
        phonemes.append(PhonemeTiming("", pause_from, len(pcm) - pause_from))
    timings = [
        WordTiming(
            clause[item.word.clause_start : item.word.clause_end],
            item.word.clause_start,
            moved(item.start),
            moved(item.end) - moved(item.start),
        )
        for item in words(raw, text, spoken)
    ]
    return SpokenClause(pcm, tuple(phonemes), tuple(timings))
