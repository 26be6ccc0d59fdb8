"""Speech faster or slower at the same pitch, or higher or lower at the same pace, as it streams.

Pace by WSOLA (Verhelst and Roelands, ICASSP 1993): overlapping pieces of the sound are laid closer together or further
apart, each taken from where it continues the one before it best. Pitch by playing a stretched sound faster.
Sound is int16, shape (n,), 24 kHz. Tests: tests/media/test_sound_shift.py.
"""

from __future__ import annotations

import numpy as np
import soxr
from numpy.typing import NDArray

from tth.model.media import SAMPLE_RATE_HZ, Pcm

PIECE = 600
"""Samples of one piece, 25 ms: two periods of a deep voice."""
STEP = PIECE // 2
SEARCH = 180
"""A piece is looked for so far around its place: with both sides a period of 67 Hz."""
_WINDOW = np.hanning(PIECE + 1)[:-1]
"""At half a piece's distance these add up to one."""


class SoundShift:
    """One clause's sound. Feed it in order, then `finish`; how it was cut on its way changes nothing."""

    def __init__(self, tempo: float, pitch_octaves: float) -> None:
        """tempo: 2.0 = twice as fast, 0.1..10. pitch_octaves: 1.0 = an octave up, -2..2."""
        ratio = 2.0**pitch_octaves
        self._tempo = tempo
        self._stretch = _Stretch(tempo / ratio)
        self._resample = (
            None
            if pitch_octaves == 0
            else soxr.ResampleStream(SAMPLE_RATE_HZ * ratio, SAMPLE_RATE_HZ, 1, "float32", "MQ")
        )
        self._in = self._out = 0

    def feed(self, pcm: Pcm) -> Pcm:
        """The sound that is ready by now; may be empty, and lags at most 70 ms behind."""
        self._in += len(pcm)
        sound = self._stretch.feed(pcm.astype(np.float32))
        return self._given(self._resampled(sound, is_last=False))

    def finish(self) -> Pcm:
        """The rest: all together is as long as what was fed, divided by the tempo."""
        sound = self._resampled(self._stretch.finish(), is_last=True)
        left = round(self._in / self._tempo) - self._out
        return self._given(np.pad(sound, (0, max(0, left - len(sound))))[:left])

    def _resampled(self, sound: NDArray[np.float32], *, is_last: bool) -> NDArray[np.float32]:
        if self._resample is None:
            return sound
        return np.asarray(self._resample.resample_chunk(sound, last=is_last), np.float32)

    def _given(self, sound: NDArray[np.float32]) -> Pcm:
        # Never more than there is to be at the end: rounding must not make the whole longer.
        room = max(0, round(self._in / self._tempo) - self._out)
        sound = sound[:room]
        self._out += len(sound)
        return np.clip(np.rint(sound), -32768, 32767).astype(np.int16)


class _Stretch:
    """WSOLA: pace alone."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._sound = np.zeros(SEARCH, np.float32)  # from `_start` on; before the first sample there is silence
        self._start = -SEARCH
        self._tail = np.zeros(STEP)  # the second half of the piece laid last, windowed
        self._next: int | None = None  # where that piece goes on in the input
        self._pieces = 0

    def feed(self, sound: NDArray[np.float32]) -> NDArray[np.float32]:
        if self._speed == 1:
            return sound
        self._sound = np.concatenate([self._sound, sound])
        out = []
        while (found := self._find()) is not None:
            out.append(self._lay(found))
        return np.concatenate(out).astype(np.float32) if out else np.zeros(0, np.float32)

    def finish(self) -> NDArray[np.float32]:
        """What is left, with silence behind it."""
        return self.feed(np.zeros(0 if self._speed == 1 else 2 * PIECE + 2 * SEARCH, np.float32))

    def _find(self) -> int | None:
        """Where the next piece is taken from; None when not enough sound is there."""
        wanted = round(self._pieces * STEP * self._speed)
        if wanted + SEARCH + PIECE - self._start > len(self._sound):
            return None
        if self._next is None:
            return wanted
        if self._next + PIECE - self._start > len(self._sound):
            return None
        lowest = max(wanted - SEARCH, self._start)
        field = self._sound[lowest - self._start : wanted + SEARCH + PIECE - self._start]
        model = self._sound[self._next - self._start : self._next - self._start + PIECE]
        likeness = np.correlate(field, model, "valid")
        energy = np.cumsum(np.concatenate([[0.0], field.astype(np.float64) ** 2]))
        energy = energy[PIECE:] - energy[:-PIECE]
        return lowest + int(np.argmax(likeness / np.sqrt(energy + 1.0)))

    def _lay(self, at: int) -> NDArray[np.float64]:
        piece = self._sound[at - self._start : at - self._start + PIECE]
        if self._next is None:  # nothing before it to fade from
            windowed = np.concatenate([piece[:STEP], piece[STEP:] * _WINDOW[STEP:]])
        else:
            windowed = piece * _WINDOW
        out = self._tail + windowed[:STEP]
        self._tail, self._next = windowed[STEP:], at + STEP
        self._pieces += 1
        self._forget()
        return np.asarray(out)

    def _forget(self) -> None:
        """What no later piece can be taken from."""
        assert self._next is not None
        keep = min(round(self._pieces * STEP * self._speed) - SEARCH, self._next)
        if keep - self._start > 8 * PIECE:
            self._sound = self._sound[keep - self._start :]
            self._start = keep
