"""The way back through the network, by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tools.lips.training import Memory, Plan, fresh, gradients, loss
from tth.face.audio_lips.features import BANDS
from tth.face.audio_lips.network import FRAMES_HEARD, LEVEL, OUTPUTS, VISEMES_END

pytestmark = pytest.mark.unit


def test_slopes_are_those_of_the_loss() -> None:
    """For a weight of each array: what the loss does when it is moved a little, within a twentieth."""
    rng = np.random.default_rng(1)
    plan = Plan(front=5, hidden=6)
    fresh_weights = fresh(plan, np.zeros(BANDS, np.float32), np.zeros(OUTPUTS, np.float32))
    weights: dict[str, Any] = {name: value.astype(np.float64) for name, value in fresh_weights.items()}
    heard: Any = rng.standard_normal((7, 3, FRAMES_HEARD * BANDS))
    wanted: Any = rng.random((7, 3, OUTPUTS))
    wanted[..., VISEMES_END:] = wanted[..., VISEMES_END:] > 0.5
    wanted[..., LEVEL + 1 : VISEMES_END] /= wanted[..., LEVEL + 1 : VISEMES_END].sum(axis=-1, keepdims=True)
    variance = np.ones(LEVEL + 1, np.float32)

    def lost() -> float:
        return loss(Memory(weights, heard, None, 0).said, wanted, variance)[0]

    memory = Memory(weights, heard, None, 0)
    found = gradients(weights, memory, loss(memory.said, wanted, variance)[1])
    assert set(found) == set(weights) - {"mean"}
    for name, slopes in found.items():
        place = np.unravel_index(int(np.abs(slopes).argmax()), slopes.shape)
        known = weights[name][place]
        sides = []
        for away in (1e-3, -1e-3):
            weights[name][place] = known + away
            sides.append(lost())
        weights[name][place] = known
        assert (sides[0] - sides[1]) / 2e-3 == pytest.approx(float(slopes[place]), rel=0.05, abs=1e-4), name
