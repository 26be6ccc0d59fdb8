"""Sounds that can be found again after a codec had them, and how near two sounds are to each other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tth.model.media import SAMPLE_RATE_HZ, Pcm

_MOST_LAG = 24


def speech_like(duration_s: float, seed: int = 0) -> Pcm:
    """A buzz that glides, with hiss, in syllables: like nothing else at any other moment."""
    random = np.random.default_rng(seed)
    count = round(duration_s * SAMPLE_RATE_HZ)
    time_s = np.arange(count) / SAMPLE_RATE_HZ
    pitch_hz = 140 + 50 * np.sin(2 * np.pi * 0.7 * time_s + seed) + 20 * np.sin(2 * np.pi * 2.3 * time_s)
    phase = 2 * np.pi * np.cumsum(pitch_hz) / SAMPLE_RATE_HZ
    buzz = sum((np.sin(k * phase + k * k) / k for k in range(1, 20)), np.zeros(count))
    hiss = np.convolve(random.standard_normal(count), np.ones(4) / 4, "same")
    loudness = 0.55 + 0.45 * np.sin(2 * np.pi * 3.1 * time_s + 1)
    sound: npt.NDArray[np.float64] = loudness * (buzz + 0.15 * hiss)
    return np.asarray(sound * 9000 / np.abs(sound).max(), np.int16)


def lag_samples(said: Pcm, heard: Pcm) -> int:
    """How many samples later than it was said a stretch is heard, by the best of all near places."""
    inner = said[_MOST_LAG:-_MOST_LAG].astype(np.float64)
    fits = {
        lag: float(inner @ heard[_MOST_LAG + lag : len(heard) - _MOST_LAG + lag])
        / (float(np.linalg.norm(heard[_MOST_LAG + lag : len(heard) - _MOST_LAG + lag])) + 1e-9)
        for lag in range(-_MOST_LAG, _MOST_LAG + 1)
    }
    return max(fits, key=lambda lag: fits[lag])


def likeness(said: Pcm, heard: Pcm) -> float:
    """1 = the same but for its loudness; 0 = nothing to do with each other."""
    return float(np.corrcoef(said.astype(np.float64), heard.astype(np.float64))[0, 1])
