"""A short cut: fading sides, the longer top combed back and to one side. Millimetres."""

from __future__ import annotations

import numpy as np

from tth.face.sculpt.locks import ribbon, sheet
from tth.face.sculpt.maths import Floats, Randoms, slerp, smoothstep, unit
from tth.face.sculpt.mesh import Part
from tth.face.sculpt.scalp import Scalp

CAP_COLUMNS, CAP_ROWS = 64, 18
TOP_LOCKS = 86
PATH_POINTS = 18
CROWN = 113.5
# The cap's border and the roots of the top locks: azimuth in degrees from the front, height on the average face.
CAP_LINE = (
    (0, 16, 30, 42, 52, 60, 68, 78, 88, 100, 120, 140, 180), (80, 79, 73, 55, 34, 14, -16, -20, 2, 6, -38, -66, -74),
)  # fmt: skip
ROOT_LINE = ((0, 20, 38, 52, 62, 75, 86), (79, 78, 70, 56, 46, 44, 44))


def short_hair(scalp: Scalp, volume: float, rng: Randoms) -> list[Part]:
    """The cap on sides and back, the top's under-layer, and the locks of the top."""
    path, root_side, degrees = _top_paths(scalp, volume)
    normals = scalp.normal(path)
    u, v = np.linspace(-1, 1, TOP_LOCKS) * np.radians(86) * 1.6, np.linspace(0, 0.5, PATH_POINTS)
    under = sheet(path - normals * 1.3, normals, unit(np.gradient(path, axis=1)), u, v, 0.72)
    locks = [_top_lock(path, normals, root_side, i, rng) for i in range(len(degrees) - 1)]
    return [_cap(scalp, volume), under, *locks]


def _cap(scalp: Scalp, volume: float) -> Part:
    """Follows the hairline, thin at the sides, tucked into the skin at its border and under the top locks."""
    azimuth = (np.arange(CAP_COLUMNS) / CAP_COLUMNS * 2 - 1) * np.pi
    degrees = np.degrees(np.abs(azimuth))
    line = scalp.height(np.interp(degrees, *CAP_LINE))
    t = np.linspace(0, 1, CAP_ROWS)
    y = line[:, None] + (float(scalp.height(CROWN)) - line[:, None]) * (t[None] ** 1.25)
    thick = (2.2 + 3.5 * smoothstep(20, 90, y)) * volume * smoothstep(0, 0.25, t)[None] + 0.15
    thick = thick * smoothstep(46, 84, degrees)[:, None] - 1.5 * smoothstep(84, 46, degrees)[:, None]
    points = scalp.at(np.abs(azimuth)[:, None], y, thick)
    points[..., 0] *= np.where(azimuth < 0, -1, 1)[:, None]
    tangents = -unit(np.gradient(points, axis=1))
    tint = 0.80 - 0.15 * smoothstep(0.2, 0.6, t)[None] + 0 * y
    return sheet(points, scalp.normal(points), tangents, azimuth * 1.2, t * 0.4, tint, flip=True, wrap=True)


def _top_paths(scalp: Scalp, volume: float) -> tuple[Floats, Floats, Floats]:
    """Curves (86, 18, 3) from the hairline to behind the crown, their sideways directions, and root azimuths."""
    azimuth = np.linspace(-1, 1, TOP_LOCKS) * np.radians(86)
    degrees = np.degrees(np.abs(azimuth))
    root = scalp.at(np.abs(azimuth), scalp.height(np.interp(degrees, *ROOT_LINE)), 0.3)
    root[:, 0] *= np.sign(azimuth)
    start = unit(root - scalp.centre, 0)
    end = unit(np.array([34.0, 72, -182]) - scalp.centre, 0)
    side = unit(np.cross(end, start), 0)
    full = smoothstep(78, 40, degrees)  # full in front, flat at the temples
    fringe = smoothstep(50, 10, degrees)
    points = []
    for t in np.linspace(0, 1, PATH_POINTS):
        direction = slerp(start, end, t * 0.94) + side * (0.10 * np.sin(np.pi * t) * (1 - 0.5 * t))
        direction = unit(direction, 0)
        quiff = 1 + 0.35 * smoothstep(0.55, 0.05, t) * fringe
        height = 2.5 + 11.5 * full * quiff * (1 - 0.45 * smoothstep(0.3, 1, t))
        points.append(scalp.lifted(direction, 0.3 + height * smoothstep(-0.01, 0.16, t) * volume))
    return np.stack(points, 1), side, degrees


def _top_lock(path: Floats, normals: Floats, root_side: Floats, i: int, rng: Randoms) -> Part:
    """One lock between two neighbouring paths."""
    t = np.linspace(0, 1, PATH_POINTS)
    gap = np.linalg.norm(path[i + 1] - path[i], axis=1)
    width = (gap * (0.75 + 0.55 * rng.uniform()) + 0.25) * (0.30 + 0.70 * smoothstep(0, 0.14, t))
    lift = rng.uniform(-0.6, 1.6) * smoothstep(0, 0.25, t) + 0.8 * np.sin(7 * t + 6.3 * rng.uniform()) * t
    p = 0.5 * (path[i] + path[i + 1]) + normals[i] * lift[:, None]
    stray = rng.normal() * 1.6 * smoothstep(0.05, 0.5, t) * smoothstep(1, 0.6, t)
    p = p + root_side[i] * stray[:, None]
    tint = (0.84 + 0.34 * rng.uniform()) * (0.80 + 0.20 * smoothstep(0, 0.2, t))
    return ribbon(p, normals[i], width, np.minimum(width * 0.42, 1.7), tint, texture_start=rng.uniform(0, 50))
