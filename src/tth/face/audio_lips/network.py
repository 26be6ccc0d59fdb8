"""A small recurrent network from levelled log-mel frames to the mouth, by numpy. How it was trained: tools/lips.

    160 (four frames) -> 64, ReLU -> GRU of 96 (Cho et al. 2014) -> 27, one step every 20 ms

Step j hears the frames up to 2j + 3, which end 50 ms behind the moment that it speaks of. Many steps at once cost less
each; all the same each is multiplied alone, in arrays of the same shapes, so that the result is the same to the last
bit however the sound came in pieces.
Tests: tests/face/audio_lips/test_network.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import BytesIO

import numpy as np

from tth.face.audio_lips.features import BANDS, F32
from tth.face.phonemes import VISEMES
from tth.face.visemes import MOUTH_SHAPES
from tth.model.media import ms_to_samples

STEP_SAMPLES = ms_to_samples(20)
FRAMES_PER_STEP, FRAMES_HEARD = 2, 4
FIRST_STEP_SAMPLES = ms_to_samples(5)
"""Step j speaks of this moment + j steps, counted from the start of the sound."""
CONTACTS = ("bilabial", "labiodental", "sibilant")
SHAPES_END = len(MOUTH_SHAPES)
LEVEL = SHAPES_END
VISEMES_END = LEVEL + 1 + len(VISEMES)
OUTPUTS = VISEMES_END + len(CONTACTS)
"""Of a step: the MOUTH_SHAPES and the level of speech (0..1), logits of VISEMES, logits of CONTACTS."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What was learnt. All float32; gates in the order reset, update, new."""

    mean: F32
    """(BANDS,): where the leveller's running mean starts."""
    front: F32
    """(FRAMES_HEARD * BANDS, front)"""
    front_bias: F32
    gates_in: F32
    """(front, 3 * hidden)"""
    gates_in_bias: F32
    gates_back: F32
    """(hidden, 3 * hidden)"""
    gates_back_bias: F32
    out: F32
    """(hidden, OUTPUTS)"""
    out_bias: F32
    viseme_shares: F32
    """(len(VISEMES),): how often each viseme was in the lessons."""

    @property
    def hidden(self) -> int:
        return len(self.gates_back)


@cache
def shipped_weights() -> Weights:
    """The weights in this package (float16 in the file); shared by all."""
    with np.load(BytesIO(files("tth.face.audio_lips").joinpath("weights.npz").read_bytes())) as content:
        return Weights(**{name: np.ascontiguousarray(content[name], np.float32) for name in Weights.__slots__})


class Network:
    """The network and what it remembers of one sound."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._hidden = np.zeros(weights.hidden, np.float32)

    def step(self, heard: F32) -> F32:
        """The next step from FRAMES_HEARD levelled frames, float32 (FRAMES_HEARD, BANDS) -> float32 (OUTPUTS,)."""
        return np.asarray(self.steps(heard.reshape(1, FRAMES_HEARD * BANDS))[0])

    def steps(self, heard: F32) -> F32:
        """The next n steps, float32 (n, FRAMES_HEARD * BANDS) -> float32 (n, OUTPUTS)."""
        known = self._weights
        front = np.maximum(_each(heard, known.front) + known.front_bias, 0)
        hidden = np.empty((len(heard), known.hidden), np.float32)
        for coming, now in zip(_each(front, known.gates_in) + known.gates_in_bias, hidden, strict=True):
            self._remember(coming, now)
        return np.asarray(_each(hidden, known.out) + known.out_bias, np.float32)

    def _remember(self, coming: F32, now: F32) -> None:
        """One step of the recurrent layer. coming: float32 (3 * hidden,); now: the new state is written here."""
        known, before = self._weights, self._hidden
        size = known.hidden
        back = np.dot(before, known.gates_back)
        back += known.gates_back_bias
        gates = sigmoid(coming[: 2 * size] + back[: 2 * size])
        new = back[2 * size :]
        new *= gates[:size]
        new += coming[2 * size :]
        np.tanh(new, out=new)
        np.subtract(before, new, out=now)
        now *= gates[size:]
        now += new
        self._hidden = now


def _each(rows: F32, matrix: F32) -> F32:
    """rows @ matrix, row by row: a product of all at once may be rounded differently for another number of rows."""
    return np.asarray((rows[:, None] @ matrix)[:, 0])


def sigmoid(values: F32) -> F32:
    """Logistic function, safe for any float32."""
    out = values * np.float32(0.5)
    np.tanh(out, out=out)
    out *= np.float32(0.5)
    out += np.float32(0.5)
    return out
