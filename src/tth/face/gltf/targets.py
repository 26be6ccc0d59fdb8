"""Morph targets measured from the painter's own geometry: whatever moves a vertex there moves it here.

A target is the displacement at weight 1; jaw and lids turn in the painter, here their points go straight. Where the
way in between is bent, a second target puts it right: its weight is 4 w (1 - w).
Tests: tests/face/gltf/test_targets.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tth.face.parameters import BLENDSHAPES, INDEX, FaceState, neutral_weights
from tth.face.pose import drape_weights
from tth.face.sculpt.sculpture import DRAPES, SHAPES, Sculpture

F32 = NDArray[np.float32]
Geometry = Callable[[FaceState], F32]
"""Vertices (n, 3) of a face, such as `SculptedPainter.vertices`."""

BREATH = "breath"
HALF = "Half"
"""Added to the name of a shape: the target that bends its way."""
STILL_MM = 0.01
"""Vertices that move less than this do not move."""
BENT_MM = 0.2
"""Ways that are straight to within this need no second target."""
_NORMAL_STILL = 0.02


@dataclass(frozen=True, slots=True)
class Target:
    """One shape over all vertices of the head."""

    name: str
    points: F32
    """Displacement at weight 1, (n, 3), millimetres; exact zeros where nothing moves."""
    normals: F32
    """Change of the normals, (n, 3)."""


def measure_targets(geometry: Geometry, normals_of: Callable[[F32], F32]) -> list[Target]:
    """Targets for the 52 shapes in their order, the breath, and the bent ways among them.

    normals_of: normals (n, 3) of vertices (n, 3).
    """
    rest = geometry(FaceState())
    rest_normals = normals_of(rest)
    targets, bends = [], []
    for name in (*BLENDSHAPES, BREATH):
        whole, half = geometry(_only(name, 1.0)), geometry(_only(name, 0.5))
        move = _without_noise(whole - rest)
        targets.append(Target(name, move, _seen(normals_of(whole) - rest_normals)))
        bend = half - rest - 0.5 * (whole - rest)
        if np.linalg.norm(bend, axis=1).max() > BENT_MM:
            bends.append(Target(name + HALF, _without_noise(bend), np.zeros_like(rest)))
    return targets + bends


def drape_targets(sculpture: Sculpture) -> list[Target]:
    """What hangs from the head, by its turns: the targets that a client weights by yaw, pitch and roll."""
    found = []
    for name in DRAPES:
        position = SHAPES.index(name)
        part = slice(int(sculpture.shape_start[position]), int(sculpture.shape_start[position + 1]))
        move = np.zeros_like(sculpture.points)
        move[sculpture.shape_index[part]] = sculpture.shape_offset[part]
        found.append(Target(name, move, np.zeros_like(move)))
    return [target for target in found if target.points.any()]


def target_weights(state: FaceState, names: list[str]) -> F32:
    """What a client sets for these targets, in their order: the rule of the module."""
    hanging = drape_weights(state.yaw_deg, state.pitch_deg, state.roll_deg).tolist()
    by_name = {name: float(state.weights[position]) for name, position in INDEX.items()} | {BREATH: state.breath}
    by_name |= dict(zip(DRAPES, hanging, strict=True))
    weights = []
    for name in names:
        weight = by_name.get(name.removesuffix(HALF), 0.0)
        weights.append(4 * weight * (1 - weight) if name not in by_name else weight)
    return np.array(weights, np.float32)


def _only(name: str, weight: float) -> FaceState:
    if name == BREATH:
        return FaceState(breath=weight)
    weights = neutral_weights()
    weights[INDEX[name]] = weight
    return FaceState(weights)


def _without_noise(move: F32) -> F32:
    return np.where(np.linalg.norm(move, axis=1, keepdims=True) > STILL_MM, move, np.float32(0))


def _seen(change: F32) -> F32:
    """Changes of normals that can be seen."""
    return np.where(np.linalg.norm(change, axis=1, keepdims=True) > _NORMAL_STILL, change, np.float32(0))
