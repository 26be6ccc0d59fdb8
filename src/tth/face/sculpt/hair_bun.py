"""Hair drawn back tightly from the hairline to a knot behind the head. Millimetres."""

from __future__ import annotations

import numpy as np

from tth.face.sculpt.locks import ribbon, sheet
from tth.face.sculpt.maths import Floats, Randoms, slerp, smoothstep, unit
from tth.face.sculpt.mesh import Part
from tth.face.sculpt.scalp import Scalp

HALF_LOCKS = 66
PATH_POINTS = 18
KNOT = np.array([0, 92.0, -165])
KNOT_RADIUS = 33.0
KNOT_STRANDS = 46
GOLDEN_ANGLE = 2.399
"""Radians between neighbouring strands of the knot."""
# Azimuth in degrees from the front, height on the average face.
LINE = (
    (0, 14, 28, 42, 52, 60, 68, 78, 88, 100, 120, 140, 180), (80, 79.5, 74, 58, 38, 16, -12, -6, 8, 6, -40, -66, -74),
)  # fmt: skip


def bun_hair(scalp: Scalp, volume: float, rng: Randoms) -> list[Part]:
    """The under-layer, the locks to the knot, and the wound strands of the knot."""
    azimuth = np.linspace(-1, 1, 2 * HALF_LOCKS + 1) * np.pi
    path = _paths(scalp, volume, azimuth)
    normals = scalp.normal(path)
    u, v = azimuth * 1.6, np.linspace(0, 0.5, PATH_POINTS)
    under = sheet(path - normals * 1.2, normals, unit(np.gradient(path, axis=1)), u, v, 0.72, flip=True)
    locks = [_lock(path, normals, i, rng) for i in range(len(azimuth) - 1)]
    axis = unit(KNOT - scalp.centre, 0)
    return [under, *locks, *[_strand(axis, number, rng) for number in range(KNOT_STRANDS)]]


def _paths(scalp: Scalp, volume: float, azimuth: Floats) -> Floats:
    """Curves (len(azimuth), 18, 3) from the hairline to the knot."""
    line = scalp.height(np.interp(np.degrees(np.abs(azimuth)), *LINE))
    root = scalp.at(np.abs(azimuth), line, 0.2)
    root[:, 0] *= np.where(azimuth < 0, -1.0, 1.0)
    start, end = unit(root - scalp.centre, 0), unit(KNOT - scalp.centre, 0)
    points = []
    for t in np.linspace(0, 1, PATH_POINTS):
        direction = unit(slerp(start, end, t * 0.93), 0)
        points.append(scalp.lifted(direction, (0.6 + 6.5 * smoothstep(0, 0.22, t)) * volume))
    return np.stack(points, 1)


def _lock(path: Floats, normals: Floats, i: int, rng: Randoms) -> Part:
    """One lock between two neighbouring paths."""
    t = np.linspace(0, 1, PATH_POINTS)
    gap = np.linalg.norm(path[i + 1] - path[i], axis=1)
    width = (gap * (0.85 + 0.35 * rng.uniform()) + 0.2) * (0.35 + 0.65 * smoothstep(0, 0.12, t))
    lift = rng.uniform(-0.5, 0.9) * smoothstep(0, 0.2, t)
    p = 0.5 * (path[i] + path[i + 1]) + normals[i] * lift[:, None]
    tint = (0.82 + 0.36 * rng.uniform()) * (0.8 + 0.2 * smoothstep(0, 0.2, t))
    return ribbon(p, normals[i], width, np.minimum(width * 0.4, 1.3), tint, texture_start=rng.uniform(0, 50))


def _strand(axis: Floats, number: int, rng: Randoms) -> Part:
    """One strand wound around the knot."""
    first = unit(np.cross(axis, [1, 0, 0]), 0)
    second = np.cross(axis, first)
    centre = KNOT + axis * 8
    t = np.linspace(0, 1, 14)
    turn = 2.3 * t + number * GOLDEN_ANGLE
    latitude = (-1.1 + 2.3 * t) * (0.55 + 0.45 * ((number * 0.618) % 1))
    around = np.cos(turn)[:, None] * first + np.sin(turn)[:, None] * second
    radius = KNOT_RADIUS * (1 + 0.03 * rng.normal())
    p = centre + radius * (np.cos(latitude)[:, None] * around + np.sin(latitude)[:, None] * axis * 0.8)
    width = 6.0 * np.sin(np.pi * (0.12 + 0.76 * t))
    tint = 0.78 + 0.4 * rng.uniform()
    return ribbon(p, unit(p - centre, 0), width, 2.0, tint, texture_start=rng.uniform(0, 50), across=5)
