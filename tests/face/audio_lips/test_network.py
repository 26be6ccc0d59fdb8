"""The network and its weights."""

from __future__ import annotations

import numpy as np
import pytest

from tth.face.audio_lips.features import BANDS
from tth.face.audio_lips.network import FRAMES_HEARD, OUTPUTS, VISEMES_END, Network, Weights, shipped_weights, sigmoid

pytestmark = pytest.mark.unit


def test_the_shipped_weights_fit_together() -> None:
    """Every array has the shape that its neighbours need; all numbers are finite."""
    weights = shipped_weights()
    front, hidden = len(weights.front_bias), weights.hidden
    shapes = {
        "mean": (BANDS,),
        "front": (FRAMES_HEARD * BANDS, front),
        "front_bias": (front,),
        "gates_in": (front, 3 * hidden),
        "gates_in_bias": (3 * hidden,),
        "gates_back": (hidden, 3 * hidden),
        "gates_back_bias": (3 * hidden,),
        "out": (hidden, OUTPUTS),
        "out_bias": (OUTPUTS,),
        "viseme_shares": (VISEMES_END - 9,),
    }
    assert {name: getattr(weights, name).shape for name in Weights.__slots__} == shapes
    assert all(np.isfinite(getattr(weights, name)).all() for name in Weights.__slots__)
    assert float(weights.viseme_shares.sum()) == pytest.approx(1, abs=0.01)


def test_a_step_remembers_the_ones_before() -> None:
    """The same frames say something else after others."""
    heard = np.random.default_rng(1).normal(0, 1, (FRAMES_HEARD, BANDS)).astype(np.float32)
    network = Network(shipped_weights())
    first, second = network.step(heard), network.step(heard)
    assert not np.array_equal(first, second)
    assert np.array_equal(Network(shipped_weights()).step(heard), first)


def test_a_gate_at_1_keeps_what_was_known() -> None:
    """By hand: with the update gate open the hidden state, and so the output, does not move."""
    shipped = shipped_weights()
    bias = shipped.gates_in_bias.copy()
    bias[shipped.hidden : 2 * shipped.hidden] = 1e4
    still = Weights(**{n: getattr(shipped, n) for n in Weights.__slots__} | {"gates_in_bias": bias})
    said = Network(still).step(np.ones((FRAMES_HEARD, BANDS), np.float32))
    assert np.allclose(said, shipped.out_bias, atol=1e-5)


def test_the_logistic_function_takes_any_number() -> None:
    """Without a warning."""
    assert sigmoid(np.array([-1e4, 0, 1e4], np.float32)).tolist() == [0, 0.5, 1]
