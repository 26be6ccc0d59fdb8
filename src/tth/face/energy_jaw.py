"""A jaw that follows the loudness of the sound, for voices that give no phonemes. Crude on purpose.

The lips of such a voice open with its level and shape no vowels. Tests: tests/face/test_energy_jaw.py.
"""

from __future__ import annotations

import math

import numpy as np

from tth.model.media import Pcm, ms_to_samples

_BLOCK_SAMPLES = ms_to_samples(10)
# Speech at a comfortable level has its syllables near -20 dBFS and its gaps below -45: chosen by ear, 2026-11.
_SHUT_DBFS, _OPEN_DBFS = -42.0, -14.0
_BLOCKS = 4
_JAW_MAX = 0.42
FULL_SCALE = 32768.0


class EnergyJaw:
    """Loudness of the last 40 ms on a fixed grid of the media clock, so that the cut into spans never matters."""

    def __init__(self) -> None:
        self._energy: dict[int, int] = {}

    def add(self, start_sample: int, pcm: Pcm) -> None:
        """Take more sound; pieces come in order."""
        at = 0
        while at < len(pcm):
            block, inside = divmod(start_sample + at, _BLOCK_SAMPLES)
            piece = pcm[at : at + _BLOCK_SAMPLES - inside].astype(np.int64)
            # Whole numbers: the sum is exactly the same however the block was cut.
            self._energy[block] = self._energy.get(block, 0) + int(piece @ piece)
            at += len(piece)

    def cut(self, at_sample: int) -> None:
        """Forget the sound from `at_sample` on, and what is heard of the block that it cuts."""
        self._energy = {k: v for k, v in self._energy.items() if (k + 1) * _BLOCK_SAMPLES <= at_sample}

    def forget(self, before_sample: int) -> None:
        """Drop what no longer matters at `before_sample` or later."""
        first = before_sample // _BLOCK_SAMPLES - _BLOCKS
        self._energy = {k: v for k, v in self._energy.items() if k >= first}

    def jaw_open(self, sample: int) -> float:
        """jawOpen 0..1 at `sample`, from the blocks that ended before it."""
        last = sample // _BLOCK_SAMPLES
        energy = sum(self._energy.get(block, 0) for block in range(last - _BLOCKS, last))
        if not energy:
            return 0.0
        dbfs = 10 * math.log10(energy / (_BLOCKS * _BLOCK_SAMPLES) / FULL_SCALE**2)
        part = min(max((dbfs - _SHUT_DBFS) / (_OPEN_DBFS - _SHUT_DBFS), 0.0), 1.0)
        return _JAW_MAX * part
