"""Sound as it comes, and the network's reading of it step by step.

The grid of steps begins where reading begins, so the cut of the sound into pieces changes nothing, to the last bit.
Tests: tests/face/audio_lips/test_estimator.py.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from tth.face.audio_lips.features import BANDS, F32, HOP_SAMPLES, WINDOW_SAMPLES, Leveller, log_mel
from tth.face.audio_lips.network import (
    FIRST_STEP_SAMPLES,
    FRAMES_HEARD,
    FRAMES_PER_STEP,
    LEVEL,
    STEP_SAMPLES,
    VISEMES_END,
    Network,
    Weights,
    sigmoid,
)
from tth.model.media import Pcm

# Silence that is surer than the first shuts the mouth, at the second wholly.
_SILENCE_FROM, _SILENCE_FULL = 0.5, 0.85
# Frames whose mean power (natural logarithm) stays below this, about -61 dBFS of hiss, are silence whatever the network
# says, once there have been so many: longer than a stop is closed. Before a sound there was silence.
_HISS_POWER, _SILENT_FRAMES = -8.0, 15
_FULL_SCALE = np.float32(1 / 32768)
_AT_ONCE = 8
"""Steps that are read together at most, where so much sound is known: one alone costs three times its share."""


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
        self._frames = np.zeros((0, BANDS), np.float32)  # the last ones that the next step hears too
        self._next, self._silent_frames = 0, _SILENT_FRAMES
        self._ahead: deque[Step] = deque()

    def next_step(self, to_sample: float) -> Step | None:
        """The next step, if it speaks of a moment up to `to_sample` and can be made already."""
        if self._moment(self._next) > to_sample:
            return None
        if not self._ahead:
            count = self._count_known()
            if not count:
                return None
            self._ahead.extend(self._read(count))
        self._next += 1
        return self._ahead.popleft()

    def _moment(self, step: int) -> int:
        return self.begin + FIRST_STEP_SAMPLES + step * STEP_SAMPLES

    def _heard_to(self, step: int) -> int:
        return self.begin + (step + 1) * STEP_SAMPLES + HOP_SAMPLES + WINDOW_SAMPLES

    def _count_known(self) -> int:
        """How many steps from the next one on can be made, up to _AT_ONCE."""
        last, end = self._heard_to(self._next), self.sound.end_sample
        if self.sound.is_over:  # silence follows
            last, end = self._moment(self._next), max(end, self._moment(self._next))
        return min(max((end - last) // STEP_SAMPLES + 1, 0), _AT_ONCE)

    def _read(self, count: int) -> Iterator[Step]:
        """The next `count` steps, at least one."""
        silences = self._listen(self._next, count)
        hop = FRAMES_PER_STEP * BANDS
        item = self._frames.itemsize
        heard = np.ndarray((count, FRAMES_HEARD * BANDS), np.float32, self._frames, strides=(hop * item, item))
        said = self._network.steps(heard)
        self._frames = self._frames[FRAMES_PER_STEP * count :].copy()
        yield from _steps(self._moment(self._next), said, silences)

    def _listen(self, first: int, count: int) -> list[bool]:
        """Take in the frames that `count` steps from `first` on hear for the first time. Of each: is it silence."""
        is_begin = not len(self._frames)
        begin = self._heard_to(first - 1 - is_begin) - WINDOW_SAMPLES + HOP_SAMPLES
        end = self._heard_to(first + count - 1)
        samples = self.sound.samples(begin - 1, end)
        if is_begin:
            samples[0] = 0
        sound = samples * _FULL_SCALE
        frames = self._leveller.level(log_mel(sound[1:], float(sound[0])))
        self._frames = np.concatenate([self._frames, frames])
        silences = []
        for power in self._leveller.powers:
            self._silent_frames = self._silent_frames + 1 if power < _HISS_POWER else 0
            silences.append(self._silent_frames >= _SILENT_FRAMES)
        return silences[-FRAMES_PER_STEP * count :][FRAMES_PER_STEP - 1 :: FRAMES_PER_STEP]


def _steps(moment: int, said: F32, silences: list[bool]) -> Iterator[Step]:
    """What the network says, float32 (n, OUTPUTS), of moments from `moment` on; `said` is overwritten. silences: where
    there is no sound."""
    logits = said[:, LEVEL + 1 : VISEMES_END].astype(np.float64)
    chances = np.exp(logits - np.maximum.reduce(logits, axis=1)[:, None])
    chances /= np.add.reduce(chances, axis=1)[:, None]
    shapes = said[:, : LEVEL + 1]
    np.maximum(shapes, 0, out=shapes)
    np.minimum(shapes, 1, out=shapes)
    contacts = sigmoid(said[:, VISEMES_END:])
    rows = zip(shapes.tolist(), chances.tolist(), contacts.tolist(), silences, strict=True)
    for weights, visemes, touches, is_silence in rows:
        is_speech = 1 - min(max((visemes[0] - _SILENCE_FROM) / (_SILENCE_FULL - _SILENCE_FROM), 0.0), 1.0)
        if is_silence:
            is_speech, visemes = 0.0, [1.0] + [0.0] * (len(visemes) - 1)
        yield Step(moment, [is_speech * weight for weight in weights], visemes, touches)
        moment += STEP_SAMPLES
