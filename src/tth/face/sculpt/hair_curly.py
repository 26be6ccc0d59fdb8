"""A rounded mass of curls: windings of coils over a puffed cap. Millimetres."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tth.face.look import HairLook
from tth.face.sculpt.grow import strewn
from tth.face.sculpt.hairline import hairline
from tth.face.sculpt.locks import ribbon, sheet
from tth.face.sculpt.maths import Floats, Randoms, smoothstep, unit
from tth.face.sculpt.mesh import Part
from tth.face.sculpt.scalp import Scalp

CAP_COLUMNS, CAP_ROWS = 56, 18
SPACING = 4.7
"""Distance of neighbouring curls."""
CURL_POINTS = 6
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
    # strands shrunk to grains, and little highlight along them: what shows between the curls is curly too
    lean = unit(unit(np.gradient(points, axis=1)) + 0.8 * normals)
    cap = sheet(points, normals, lean, azimuth * 0.15, t * 8.0, 0.76, flip=True)
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
    edge = smoothstep(0, 2.5, b)
    return [(points[k], normals[i[k], j[k]], float(edge[k])) for k in strewn(points, SPACING)]


def _curl(root: Floats, normal: Floats, edge: float, volume: float, rng: Randoms) -> Part:
    """One winding of a coil that lies on the mass, both of its ends inside; smaller near the hairline."""
    first = unit(np.cross(normal, [0.3, 0.8, 0.5]), 0)
    second = np.cross(normal, first)
    lie = rng.uniform(0, 2 * np.pi)
    axis, over = np.cos(lie) * first + np.sin(lie) * second, np.cos(lie) * second - np.sin(lie) * first
    radius = rng.uniform(2.8, 4.4) * (0.7 + 0.3 * edge)
    rise = THICKNESS * volume * rng.uniform(0.0, 0.12) * edge
    t = np.linspace(0, 1, CURL_POINTS)
    turn = np.radians(rng.uniform(105, 130)) * (2 * t - 1)
    around = np.cos(turn)[:, None] * normal + np.sin(turn)[:, None] * over
    p = root + normal * (rise - 0.5) + around * radius + axis * (rng.uniform(2.5, 5.0) * edge * (2 * t - 1))[:, None]
    crest = np.sin(np.pi * t)
    width = rng.uniform(1.9, 2.8) * (0.7 + 0.3 * edge) * (0.45 + 0.55 * crest)
    tint = rng.uniform(0.92, 1.08) * (0.82 + 0.20 * crest)
    curl = ribbon(p, around, width, 1.2, tint, texture_start=rng.uniform(0, 50), across=2, stretch=0.02)
    assert curl.normals is not None
    assert curl.tangents is not None
    # light wraps around the mass; a curl only modulates it
    return replace(curl, normals=unit(curl.normals + 1.2 * normal), tangents=unit(curl.tangents + 0.8 * normal))
