"""A rounded mass of coils: short helices over a puffed cap. Millimetres."""

from __future__ import annotations

import numpy as np

from tth.face.sculpt.locks import ribbon, sheet
from tth.face.sculpt.maths import Floats, Randoms, smoothstep, unit
from tth.face.sculpt.mesh import Part
from tth.face.sculpt.scalp import Scalp

CAP_COLUMNS, CAP_ROWS = 56, 18
COILS = 900
THICKNESS = 30.0
CROWN = 113.3
# Azimuth in degrees from the front, height on the average face.
LINE = (
    (0, 16, 30, 42, 52, 60, 68, 78, 88, 100, 120, 140, 180), (79, 78, 73, 58, 40, 18, -8, -4, 6, 0, -44, -66, -70),
)  # fmt: skip


def curly_hair(scalp: Scalp, volume: float, rng: Randoms) -> list[Part]:
    """The cap and its coils."""
    azimuth = (np.arange(CAP_COLUMNS + 1) / CAP_COLUMNS * 2 - 1) * np.pi
    line = scalp.height(np.interp(np.degrees(np.abs(azimuth)), *LINE))
    t = np.linspace(0, 1, CAP_ROWS)
    y = line[:, None] + (float(scalp.height(CROWN)) - line[:, None]) * (t[None] ** 1.2)
    points = scalp.at(np.abs(azimuth)[:, None], y, 0.0)
    points[..., 0] *= np.where(azimuth < 0, -1, 1)[:, None]
    normals = scalp.normal(points)
    thick = THICKNESS * 0.62 * volume * smoothstep(-0.05, 0.32, t)[None] ** 0.7
    points = points + normals * thick[..., None]
    tangents = unit(np.gradient(points, axis=1))
    cap = sheet(points, normals, tangents, azimuth * 1.2, t * 0.6, 0.42, flip=True)
    return [cap, *[_coil(scalp, points, normals, rng) for _ in range(COILS)]]


def _coil(scalp: Scalp, cap: Floats, cap_normals: Floats, rng: Randoms) -> Part:
    """One coil at a random place of the cap; smaller near the hairline."""
    a, b = rng.uniform(0, CAP_COLUMNS - 0.01), rng.uniform(0.0, 1) ** 0.85 * (CAP_ROWS - 1.02)
    i, j = int(a), int(b)
    root = cap[i, j] * (1 - a % 1) + cap[i + 1, j] * (a % 1)
    normal = cap_normals[i, j]
    first = unit(np.cross(normal, [0.3, 0.8, 0.5]), 0)
    second = np.cross(normal, first)
    edge = float(smoothstep(0, 4, b))
    phase = rng.uniform(0, 6.28)
    length = THICKNESS * (0.22 + 0.16 * rng.uniform()) * (0.30 + 0.70 * edge)
    radius = (2.6 + 1.5 * rng.uniform()) * (0.55 + 0.45 * edge)
    t = np.linspace(0, 1, 9)
    turn = phase + 2 * np.pi * (0.9 + 0.5 * rng.uniform()) * t
    lean = (first * rng.normal() + second * rng.normal()) * 0.35 + np.array([0, -0.25, 0])
    helix = np.cos(turn)[:, None] * first + np.sin(turn)[:, None] * second
    p = root - normal * 3 + (normal + lean) * (length * t)[:, None] + radius * helix
    width = 2.7 * (1 - 0.55 * t**2) * (0.6 + 0.4 * edge)
    tint = (0.62 + 0.6 * rng.uniform()) * (0.45 + 0.75 * t)
    return ribbon(p, scalp.normal(p), width, 1.2, tint, texture_start=rng.uniform(0, 50), stretch=0.02)
