"""The embedded voice made easier to listen to: a gentle equaliser, a soft room, an even level. Pure.

One clause is one array, so nothing has to be carried from chunk to chunk and no border can click.
All sound here is float32, shape (n,), mono, full scale 1. Tests: tests/adapters/tts/test_espeak_tone.py.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Sound = NDArray[np.float32]

LEVEL_DBFS, PEAK_DBFS = -20.0, -1.0
"""Speech level (EBU R 128 s1 short speech and voice assistants: -16 to -23) and what no sample may pass."""
KNEE_DBFS = -6.0
"""The limiter leaves everything below this alone."""

_EQ_HZ = (0, 60, 110, 250, 600, 1500, 2600, 3600, 5000, 7000, 9500, 12000)
_EQ_DB = (-30, -12, 0, 1.5, 0, 0, -1.5, -2.5, -1.0, -2.0, -6.0, -12)
"""Warmer and less buzzing than the bare synthesiser, whose formants are narrow at 2.5 to 4 kHz. Chosen by its
long-term spectrum against that of read speech (Byrne et al., JASA 96, 1994)."""
_SHELF_HZ = 1800.0
"""Above this, brightness counts in full; an octave below, half."""
_EQ_TAPS = 511
_ROOM_S, _ROOM_RT60_S, _ROOM_START_S, _ROOM_DB = 0.16, 0.28, 0.009, -23.0
"""A small furnished room: reverberation time 0.28 s, first reflection after 9 ms (3 m of way), its energy 23 dB below
the direct sound: heard as air around the voice, not as echo."""
_FFT_SIZE = 1 << 14


def response(rate_hz: int, brightness_db: float = 0.0, room: bool = True) -> Sound:
    """The impulse response of equaliser and room.

    Direct sound at index `delay_samples()`. Always the same for the same arguments.
    """
    grid_hz = np.fft.rfftfreq(2048, 1 / rate_hz)
    tilt_db = brightness_db / (1 + (_SHELF_HZ / np.maximum(grid_hz, 1.0)) ** 2)
    gains = 10 ** ((np.interp(grid_hz, _EQ_HZ, _EQ_DB) + tilt_db) / 20)
    half = _EQ_TAPS // 2
    kernel = np.roll(np.fft.irfft(gains), half)[:_EQ_TAPS] * np.hanning(_EQ_TAPS + 2)[1:-1]
    return (np.convolve(kernel, _room(rate_hz)) if room else kernel).astype(np.float32)


def delay_samples() -> int:
    """Where the direct sound lies in `response`: what a filtered clause must be moved back by."""
    return _EQ_TAPS // 2


def shape(sound: Sound, kernel: Sound) -> Sound:
    """Filter a clause by `response`'s kernel: same length, same time, what rings on after its end cut off.

    Overlap-add: the cost is linear in the length.
    """
    step = _FFT_SIZE - len(kernel) + 1
    spectrum = np.fft.rfft(kernel, _FFT_SIZE)
    out = np.zeros(len(sound) + _FFT_SIZE, np.float32)
    for start in range(0, len(sound), step):
        block = np.fft.rfft(sound[start : start + step], _FFT_SIZE)
        out[start : start + _FFT_SIZE] += np.fft.irfft(block * spectrum, _FFT_SIZE)
    return out[delay_samples() : delay_samples() + len(sound)]


def active_rms(sound: Sound, rate_hz: int) -> float:
    """Root mean square of the parts where somebody speaks: windows of 20 ms within 35 dB of the loudest.

    0.0 for silence. Pauses do not count, so that a clause with a long comma is not made louder.
    """
    window = max(1, rate_hz // 50)
    count = len(sound) // window
    if count == 0:
        return float(np.sqrt(np.mean(sound**2))) if len(sound) else 0.0
    power = np.mean(sound[: count * window].reshape(count, window) ** 2, axis=1)
    loud = power[power >= power.max() * 10**-3.5]
    return float(np.sqrt(loud.mean()))


def level(sound: Sound, rate_hz: int, gain_db: float = 0.0) -> Sound:
    """Bring a clause to LEVEL_DBFS + gain_db, with no sample beyond PEAK_DBFS."""
    rms = active_rms(sound, rate_hz)
    if rms == 0.0:
        return sound
    return limit(sound * np.float32(10 ** ((LEVEL_DBFS + gain_db) / 20) / rms))


def limit(sound: Sound) -> Sound:
    """Bend what is above KNEE_DBFS so that it stays below PEAK_DBFS; smooth, sample by sample, without memory."""
    knee, peak = 10 ** (KNEE_DBFS / 20), 10 ** (PEAK_DBFS / 20)
    size = np.abs(sound)
    bent = knee + (peak - knee) * np.tanh((size - knee) / (peak - knee))
    return np.where(size > knee, np.copysign(bent, sound), sound).astype(np.float32)


def _room(rate_hz: int) -> NDArray[np.float64]:
    """Direct sound 1, then a quiet, dull, decaying tail."""
    count, start = round(_ROOM_S * rate_hz), round(_ROOM_START_S * rate_hz)
    time_s = np.arange(count) / rate_hz
    noise = np.random.default_rng(24).standard_normal(count)
    dull = np.convolve(noise, np.hanning(11) / 5, mode="same")
    tail = dull * 10 ** (-3 * time_s / _ROOM_RT60_S) * np.minimum(1, (np.arange(count)[::-1] / (0.03 * rate_hz)))
    tail[:start] = 0
    tail *= 10 ** (_ROOM_DB / 20) / np.sqrt(np.sum(tail**2))
    tail[0] = 1.0
    return np.asarray(tail)
