"""Targets are what the geometry does."""

from __future__ import annotations

import numpy as np
import pytest

from tth.face.gltf.targets import BREATH, F32, HALF, measure_targets, target_weights
from tth.face.parameters import BLENDSHAPES, FaceState

pytestmark = pytest.mark.unit


def _geometry(face: FaceState) -> F32:
    """Three points: the jaw turns the first, the smile moves the second, the breath the third."""
    turn = face.weight("jawOpen") * 0.5
    return np.array(
        [[0, -100 * np.cos(turn), 100 * np.sin(turn)], [3 * face.weight("mouthSmileLeft"), 0, 0], [0, face.breath, 0]],
        np.float32,
    )


def _up(points: F32) -> F32:
    return np.tile(np.array([0, 1, 0], np.float32), (len(points), 1))


def test_there_is_a_target_for_every_shape_and_the_breath() -> None:
    """In the order of the wire, and second ones only for ways that are bent."""
    names = [target.name for target in measure_targets(_geometry, _up)]
    assert names == [*BLENDSHAPES, BREATH, "jawOpen" + HALF]


def test_the_rule_gives_the_geometry_back() -> None:
    """Exactly at 0, a half and 1, nearly in between: a turn of 29 degrees at 100 mm."""
    targets = measure_targets(_geometry, _up)
    names = [target.name for target in targets]
    moves = np.stack([target.points for target in targets])
    for jaw in (0, 0.25, 0.5, 0.8, 1):
        weights = np.zeros(len(BLENDSHAPES), np.float32)
        weights[BLENDSHAPES.index("jawOpen")] = jaw
        face = FaceState(weights, breath=0.5)
        found = _geometry(FaceState()) + np.tensordot(target_weights(face, names), moves, 1)
        apart = np.linalg.norm(found - _geometry(face), axis=1).max()
        assert apart < (1e-4 if jaw in (0, 0.5, 1) else 0.15)


def test_a_client_that_asks_for_what_is_not_there_gets_nothing() -> None:
    """Names of later versions weigh 0."""
    assert target_weights(FaceState(), ["eyebrowOfTomorrow", "jawOpen"]).tolist() == [0, 0]
