"""A rounded mass of curls: short helices over a puffed cap. Millimetres."""

from __future__ import annotations

import numpy as np

from tth.face.look import HairLook
from tth.face.sculpt.grow import strewn
from tth.face.sculpt.hairline import hairline
from tth.face.sculpt.locks import ribbon, sheet
from tth.face.sculpt.maths import Floats, Randoms, smoothstep, unit
from tth.face.sculpt.mesh import Part
from tth.face.sculpt.scalp import Scalp

CAP_COLUMNS, CAP_ROWS = 56, 18
SPACING = 7.4
"""Distance of neighbouring curls."""
CURL_POINTS = 7
THICKNESS = 30.0
CROWN = 113.3


def curly_hair(scalp: Scalp, look: HairLook, rng: Randoms) -> list[Part]:
    """The cap and its curls."""
    azimuth = (np.arange(CAP_COLUMNS + 1) / CAP_COLUMNS * 2 - 1) * np.pi
    degrees = np.degrees(np.abs(azimuth))
    line = scalp.height(hairline(look).at(degrees) + 1.0)
    t = np.linspace(0, 1, CAP_ROWS)
    y = line[:, None] + (float(scalp.height(CROWN)) - line[:, None]) * (t[None] ** 1.2)
    points = scalp.at(np.abs(azimuth)[:, None], y, 0.0)
    points[..., 0] *= np.where(azimuth < 0, -1, 1)[:, None]
    normals = scalp.normal(points)
    swell = THICKNESS * 0.62 * look.volume * smoothstep(-0.05, 0.32, t)[None] ** 0.7 - 1.5
    points = points + normals * (swell * _bulge(degrees)[:, None])[..., None]
    tangents = unit(np.gradient(points, axis=1))
    cap = sheet(points, normals, tangents, azimuth * 1.2, t * 0.6, 0.40, flip=True)
    return [cap, *[_curl(*place, look.volume, rng) for place in _places(points, normals, rng)]]


def _bulge(degrees: Floats) -> Floats:
    """The mass is fullest above the ears and flat at the nape."""
    return 1 + 0.30 * smoothstep(40, 85, degrees) * smoothstep(150, 110, degrees) - 0.2 * smoothstep(140, 180, degrees)


def _places(cap: Floats, normals: Floats, rng: Randoms) -> list[tuple[Floats, Floats, float]]:
    """Evenly strewn points of the cap, their normals, and how far they are from its border, 0..1."""
    count = 9000
    a, b = rng.uniform(0, CAP_COLUMNS - 0.01, count), rng.uniform(0, 1, count) ** 0.8 * (CAP_ROWS - 1.02)
    i, j = a.astype(int), b.astype(int)
    fi, fj = (a % 1)[:, None], (b % 1)[:, None]
    near = cap[i, j] * (1 - fi) + cap[i + 1, j] * fi
    far = cap[i, j + 1] * (1 - fi) + cap[i + 1, j + 1] * fi
    points = near * (1 - fj) + far * fj
    edge = smoothstep(0, 4, b)
    return [(points[k], normals[i[k], j[k]], float(edge[k])) for k in strewn(points, SPACING)]


def _curl(root: Floats, normal: Floats, edge: float, volume: float, rng: Randoms) -> Part:
    """One curl; tighter and shorter near the hairline, so that nothing sticks out there."""
    first = unit(np.cross(normal, [0.3, 0.8, 0.5]), 0)
    second = np.cross(normal, first)
    length = THICKNESS * volume * rng.uniform(0.16, 0.34) * (0.25 + 0.75 * edge)
    radius = rng.uniform(2.8, 4.6) * (0.55 + 0.45 * edge)
    t = np.linspace(0, 1, CURL_POINTS)
    turn = rng.uniform(0, 6.28) + 2 * np.pi * rng.uniform(0.9, 1.35) * t
    lean = (first * rng.normal() + second * rng.normal()) * 0.35 * edge + np.array([0, -0.15, 0])
    helix = np.cos(turn)[:, None] * first + np.sin(turn)[:, None] * second
    p = root - normal * 2.5 + (normal + lean) * (length * t)[:, None] + helix * (radius * (1 - 0.35 * t))[:, None]
    width = np.interp(t, [0, 0.3, 0.75, 1], [2.4, 4.0, 3.2, 0.5]) * (0.6 + 0.4 * edge)
    tint = rng.uniform(0.75, 1.2) * (0.45 + 0.75 * t)
    outward = unit(p - (root - normal * 30))
    return ribbon(p, outward, width, 1.3, tint, texture_start=rng.uniform(0, 50), stretch=0.02)
