"""Sound -> what the network hears: log-mel frames every 10 ms, levelled and equalised as they come.

The same recursion runs for many voices at once in `tools/lips`, where the network learns. Nothing looks ahead: frame i
needs the samples [240 i, 240 i + 600) and those before. Tests: tests/face/audio_lips/test_features.py.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from tth.model.media import SAMPLE_RATE_HZ, ms_to_samples

F32 = NDArray[np.float32]

HOP_SAMPLES, WINDOW_SAMPLES, FFT_SAMPLES = ms_to_samples(10), ms_to_samples(25), 768
BANDS = 40
# Telephone and wide-band voices both end below; what lies above 7.6 kHz tells lips nothing that s has not told.
_LOWEST_HZ, _HIGHEST_HZ = 60.0, 7600.0
_PRE_EMPHASIS = np.float32(0.97)
# Bins below and above which no band hears anything.
_FIRST_BIN, _END_BIN = (
    int(_LOWEST_HZ * FFT_SAMPLES / SAMPLE_RATE_HZ),
    int(_HIGHEST_HZ * FFT_SAMPLES / SAMPLE_RATE_HZ) + 1,
)
# Power below which all is silence, about -75 dBFS of noise.
_FLOOR = np.float32(1e-7)
# Level of the voice, natural logarithm of mean power per band: where it starts (speech at -20 dBFS has peaks near 0),
# its lowest, how it rises (share per frame) and falls (per frame). 0.3 finds a voice in 50 ms, 0.005 bridges pauses.
LEVEL_START, LEVEL_MIN, LEVEL_RISE, LEVEL_FALL = -2.0, -7.0, 0.3, 0.005
# Kept below the level: 39 dB.
RANGE = 9.0
_LOWEST = np.float32(-RANGE)
# The running mean takes out the colour of microphone, room and codec: 2 s of frames within 17 dB of the level.
MEAN_RATE, ACTIVE = 0.005, 4.0
_MEAN_SHARE = np.float32(MEAN_RATE)


@cache
def mel_matrix() -> F32:
    """Weights of the BANDS triangles, equally wide in mel (O'Shaughnessy 1987); float32, shape (bins, BANDS)."""
    edges_mel = np.linspace(_mel(_LOWEST_HZ), _mel(_HIGHEST_HZ), BANDS + 2)
    edges_hz = 700 * (10 ** (edges_mel / 2595) - 1)
    bins_hz = np.arange(FFT_SAMPLES // 2 + 1)[:, None] * (SAMPLE_RATE_HZ / FFT_SAMPLES)
    low, middle, high = edges_hz[:-2], edges_hz[1:-1], edges_hz[2:]
    triangles = np.maximum(0, np.minimum((bins_hz - low) / (middle - low), (high - bins_hz) / (high - middle)))
    return np.ascontiguousarray(triangles / triangles.sum(axis=0), np.float32)


def _mel(hz: float) -> float:
    return float(2595 * np.log10(1 + hz / 700))


@cache
def _window() -> F32:
    return np.hanning(WINDOW_SAMPLES + 1)[:-1].astype(np.float32)


def log_mel(sound: F32, before: float = 0.0) -> F32:
    """float32 (n,), -1..1, and the sample before it -> log power, float32 (frames, BANDS), of the whole windows."""
    if len(sound) < WINDOW_SAMPLES:
        return np.zeros((0, BANDS), np.float32)
    emphasised = np.empty_like(sound)
    np.multiply(sound[:-1], -_PRE_EMPHASIS, out=emphasised[1:])
    emphasised[0] = -_PRE_EMPHASIS * np.float32(before)
    emphasised += sound
    count = 1 + (len(sound) - WINDOW_SAMPLES) // HOP_SAMPLES
    item = emphasised.itemsize
    windows = np.ndarray((count, WINDOW_SAMPLES), np.float32, emphasised, strides=(HOP_SAMPLES * item, item))
    spectrum = np.fft.rfft(windows * _window(), FFT_SAMPLES)
    parts = spectrum[:, _FIRST_BIN:_END_BIN]
    power = parts.real**2
    power += parts.imag**2
    # frame by frame: a product of all at once may be rounded differently for another number of frames
    bands = (power[:, None] @ mel_matrix()[_FIRST_BIN:_END_BIN])[:, 0]
    bands += _FLOOR
    return np.asarray(np.log(bands), np.float32)


class Leveller:
    """Automatic gain and equaliser of one voice, frame after frame."""

    def __init__(self, mean: F32) -> None:
        """mean: where the running mean starts, float32 (BANDS,): that of the training."""
        self._level, self._mean = LEVEL_START, mean.astype(np.float32)  # a copy
        self.powers: list[float] = []
        """Natural logarithm of the mean power of each frame that was levelled last."""

    def level(self, frames: F32) -> F32:
        """The next log-mel frames, float32 (frames, BANDS) -> the same, levelled and equalised."""
        self.powers = np.log(np.add.reduce(np.exp(frames), axis=1) / BANDS).tolist()
        levels = []
        for now in self.powers:
            risen = self._level + LEVEL_RISE * (now - self._level)
            self._level = max(risen, self._level - LEVEL_FALL, LEVEL_MIN)
            levels.append(self._level)
        out = frames - np.array(levels, np.float32)[:, None]
        np.maximum(out, _LOWEST, out=out)
        for now, level, against in zip(self.powers, levels, out, strict=True):
            if now > level - ACTIVE:
                step = against - self._mean
                step *= _MEAN_SHARE
                self._mean += step
            against -= self._mean
        return out
