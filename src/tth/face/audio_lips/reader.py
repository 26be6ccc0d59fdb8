"""Sound as it comes, and the network's reading of it step by step.

The grid of steps begins where reading begins, so the cut of the sound into pieces changes nothing, to the last bit.
Tests: tests/face/audio_lips/test_estimator.py.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass, field

import numpy as np

from tth.face.audio_lips.features import BANDS, F32, HOP_SAMPLES, WINDOW_SAMPLES, Leveller, log_mel
from tth.face.audio_lips.network import (
    FIRST_STEP_SAMPLES,
    FRAMES_HEARD,
    LEVEL,
    STEP_SAMPLES,
    VISEMES_END,
    Network,
    Weights,
)
from tth.model.media import Pcm

# Silence that is surer than the first shuts the mouth, at the second wholly.
_SILENCE_FROM, _SILENCE_FULL = 0.5, 0.85
# Frames whose mean power (natural logarithm) stays below this, about -61 dBFS of hiss, are silence whatever the network
# says, once there have been so many: longer than a stop is closed. Before a sound there was silence.
_HISS_POWER, _SILENT_FRAMES = -8.0, 15
_FULL_SCALE = np.float32(1 / 32768)


@dataclass(slots=True)
class Sound:
    """A stretch of sound without a hole, on any clock of samples."""

    start_sample: int
    end_sample: int
    is_over: bool = False
    """Nothing more will be added: silence follows."""
    _pieces: list[Pcm] = field(default_factory=list)
    _starts: list[int] = field(default_factory=list)

    def add(self, pcm: Pcm) -> None:
        """Go on with this; kept as it is, not copied."""
        self._pieces.append(pcm)
        self._starts.append(self.end_sample)
        self.end_sample += len(pcm)

    def forget(self, before_sample: int) -> None:
        """Drop pieces that end before this."""
        drop = bisect_right(self._starts, before_sample) - 1
        if drop > 0:
            del self._pieces[:drop], self._starts[:drop]

    def samples(self, begin: int, end: int) -> Pcm:
        """int16, shape (end - begin,); zeros where there is no sound."""
        out = np.zeros(end - begin, np.int16)
        for place in range(max(bisect_right(self._starts, begin) - 1, 0), len(self._starts)):
            start, pcm = self._starts[place], self._pieces[place]
            first, last = max(begin, start), min(end, start + len(pcm), self.end_sample)
            if first >= end:
                break
            if first < last:
                out[first - begin : last - begin] = pcm[first - start : last - start]
        return out


@dataclass(frozen=True, slots=True)
class Step:
    """What the network says of one moment."""

    sample: int
    shapes: list[float]
    """The MOUTH_SHAPES and, last, the level of speech; 0..1."""
    visemes: list[float]
    """Probability of each of VISEMES."""
    contacts: list[float]
    """Probability of each of CONTACTS."""


class Reader:
    """Reads one sound from one sample on. A step needs the sound of the 50 ms after its moment."""

    def __init__(self, sound: Sound, begin: int, weights: Weights) -> None:
        self.sound, self.begin = sound, begin
        self._leveller = Leveller(weights.mean)
        self._network = Network(weights)
        self._heard = np.zeros((FRAMES_HEARD, BANDS), np.float32)
        self._next = 0
        self._silent_frames = _SILENT_FRAMES

    def next_step(self, to_sample: float) -> Step | None:
        """The next step, if it speaks of a moment up to `to_sample` and can be made already."""
        moment = self.begin + FIRST_STEP_SAMPLES + self._next * STEP_SAMPLES
        if moment > to_sample or (not self.sound.is_over and self._heard_to(self._next) > self.sound.end_sample):
            return None
        if self._next == 0:
            self._listen(-1)
        self._listen(self._next)
        self._next += 1
        return _step(moment, self._network.step(self._heard), self._silent_frames >= _SILENT_FRAMES)

    def _heard_to(self, step: int) -> int:
        return self.begin + (step + 1) * STEP_SAMPLES + HOP_SAMPLES + WINDOW_SAMPLES

    def _listen(self, step: int) -> None:
        """Take in the two frames that `step` hears for the first time."""
        end = self._heard_to(step)
        samples = self.sound.samples(end - HOP_SAMPLES - WINDOW_SAMPLES - 1, end)
        if step < 0:
            samples[0] = 0
        sound = samples * _FULL_SCALE
        self._heard[:2] = self._heard[2:]
        self._heard[2:] = self._leveller.level(log_mel(sound[1:], float(sound[0])))
        for power in self._leveller.powers:
            self._silent_frames = self._silent_frames + 1 if power < _HISS_POWER else 0


def _step(moment: int, said: F32, is_silence: bool) -> Step:
    values: list[float] = said.tolist()
    logits = values[LEVEL + 1 : VISEMES_END]
    most = max(logits)
    chances = [math.exp(logit - most) for logit in logits]
    total = sum(chances)
    visemes = [chance / total for chance in chances]
    is_speech = 1 - min(max((visemes[0] - _SILENCE_FROM) / (_SILENCE_FULL - _SILENCE_FROM), 0.0), 1.0)
    if is_silence:
        is_speech, visemes = 0.0, [1.0] + [0.0] * (len(visemes) - 1)
    shapes = [is_speech * min(max(shape, 0.0), 1.0) for shape in values[: LEVEL + 1]]
    return Step(moment, shapes, visemes, [0.5 + 0.5 * math.tanh(0.5 * value) for value in values[VISEMES_END:]])
