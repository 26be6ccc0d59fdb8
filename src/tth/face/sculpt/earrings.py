"""Earrings: a ball on the lobe, or a ring that hangs from it. Lengths in millimetres."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tth.face.look import EarringLook
from tth.face.sculpt.drape import hanging
from tth.face.sculpt.glasses import empty_part
from tth.face.sculpt.maths import Floats, linear, unit
from tth.face.sculpt.mesh import Part, grid_triangles, join, wound_like_normals
from tth.face.sculpt.tube import tube

STUD_RADIUS = 2.3
HOOP_RADIUS, HOOP_WIRE = 8.5, 0.75
LOBE_MM = 7.0
"""The lowest part of the ear counts as its lobe."""


def build_earrings(look: EarringLook, ears: dict[int, Floats]) -> Part:
    """Both earrings; ears: points (n, 3) of each ear by side. `tint` is linear colour."""
    if look.style == "none":
        return empty_part()
    parts = []
    for side, points in ears.items():
        lobe = _lobe(points, side)
        parts.append(_stud(lobe, side, look.size) if look.style == "stud" else _hoop(lobe, side, look.size))
    both = join([wound_like_normals(part) for part in parts])
    return replace(both, tint=np.ones((len(both.points), 3)) * linear(look.colour))


def _lobe(ear: Floats, side: int) -> Floats:
    """The middle of the lobe's outer face."""
    low = ear[ear[:, 1] < ear[:, 1].min() + LOBE_MM]
    outer = low[np.argsort(-side * low[:, 0] - 0.5 * low[:, 2])[:12]]
    return np.asarray(outer.mean(0))


def _stud(lobe: Floats, side: int, size: float) -> Part:
    """A ball."""
    a, b = np.meshgrid(np.linspace(0, 2 * np.pi, 9), np.linspace(0.02, np.pi - 0.02, 6))
    normals = np.stack([np.sin(b) * np.cos(a), np.cos(b), np.sin(b) * np.sin(a)], -1)
    points = lobe + np.array([side * 0.8, 0.5, 0.6]) + normals * STUD_RADIUS * size
    return Part(points.reshape(-1, 3), grid_triangles(6, 9), normals=normals.reshape(-1, 3))


def _hoop(lobe: Floats, side: int, size: float) -> Part:
    """A ring through the lobe, turned half towards the viewer."""
    radius = HOOP_RADIUS * size
    angle = np.arange(28) / 28 * 2 * np.pi
    forward = unit(np.array([side * 0.75, 0.0, 0.66]))
    down = np.array([0.0, -1.0, 0.0])
    centre = lobe + down * (radius - 1.5) + np.array([side * 0.6, 0.0, 0.4])
    path = centre + radius * (np.cos(angle)[:, None] * forward - np.sin(angle)[:, None] * down)
    ring = tube(path, HOOP_WIRE * size, HOOP_WIRE * size, np.cross(forward, down), sides=5, closed=True)
    return replace(ring, along=None, drape=hanging(ring.points, lobe))
