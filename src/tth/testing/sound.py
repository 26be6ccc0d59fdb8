"""Measuring speech: pitch, duration, level, clicks. For tests and benchmarks of voices.

Sound is int16 or float, shape (n,), mono. Tests: tests/testing/test_sound.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

AnySound = NDArray[Any]

WINDOW_S, HOP_S = 0.070, 0.010
MIN_VOICING = 0.6
"""Normalised autocorrelation at the period; voiced speech is above, noise and silence below."""


def pitch_track_hz(sound: AnySound, rate_hz: int, low_hz: float = 45.0, high_hz: float = 700.0) -> NDArray[np.float64]:
    """Fundamental frequency of every voiced window, shape (m,); empty where nothing is voiced.

    Normalised autocorrelation (Boersma, IFA Proceedings 17, 1993), the first peak within 10 % of the highest.
    """
    size, hop = round(WINDOW_S * rate_hz), round(HOP_S * rate_hz)
    if len(sound) < size:
        return np.zeros(0)
    windows = np.lib.stride_tricks.sliding_window_view(sound.astype(np.float64), size)[::hop]
    windows = windows[windows.std(axis=1) > 0.5 * np.sqrt(np.mean(sound.astype(np.float64) ** 2))]
    shape = np.hanning(size)
    lags = slice(int(rate_hz / high_hz), int(rate_hz / low_hz))
    likeness = _autocorrelation((windows - windows.mean(axis=1, keepdims=True)) * shape)
    likeness /= np.maximum(_autocorrelation(shape[None]), 1e-6)
    found = [_first_peak(row[lags]) for row in likeness]
    return np.array([rate_hz / (lags.start + at) for at, height in found if height > MIN_VOICING])


def mean_pitch_hz(sound: AnySound, rate_hz: int) -> float:
    """Geometric mean of the pitch; nan where nothing is voiced."""
    track = pitch_track_hz(sound, rate_hz)
    return float(np.exp(np.log(track).mean())) if len(track) else float("nan")


def speaking_s(sound: AnySound, rate_hz: int, floor: float = 0.01) -> float:
    """From the first to the last sample above `floor` of the peak."""
    loud = np.flatnonzero(np.abs(sound.astype(np.float64)) > floor * np.abs(sound.astype(np.float64)).max(initial=0))
    return (int(loud[-1]) - int(loud[0])) / rate_hz if len(loud) else 0.0


def largest_step(sound: AnySound) -> float:
    """The largest jump from one sample to the next."""
    return float(np.abs(np.diff(sound.astype(np.float64))).max(initial=0.0))


def _autocorrelation(windows: NDArray[np.float64]) -> NDArray[np.float64]:
    size = windows.shape[1]
    power = np.abs(np.fft.rfft(windows, 2 * size, axis=1)) ** 2
    full = np.fft.irfft(power, axis=1)[:, :size]
    return np.asarray(full / np.maximum(full[:, :1], 1e-9))


def _first_peak(row: NDArray[np.float64]) -> tuple[int, float]:
    """(index, height) of the first local maximum that is nearly the highest."""
    best = int(np.argmax(row))
    for at in range(1, best):
        if row[at] >= 0.9 * row[best] and row[at] >= row[at - 1] and row[at] >= row[at + 1]:
            return at, float(row[at])
    return best, float(row[best])
