"""The shape of the skull as a distance from one centre: keeps hair outside the head and roots it on the skin."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tth.face.look import FaceShape
from tth.face.sculpt.cage import Cage
from tth.face.sculpt.maths import Floats
from tth.face.sculpt.proportions import on_face

AZIMUTHS, ELEVATIONS = 61, 91
"""Grid over azimuth 0 (front) .. pi (back) and elevation -pi/2 .. pi/2."""


class Scalp:
    """Distance from `centre` to the head in every direction; the head is symmetric."""

    def __init__(self, cage: Cage, shape: FaceShape) -> None:
        self.shape = shape
        self.centre = np.array([0, 25.0, -85])
        u, v = np.meshgrid(np.linspace(0, 7, 120), np.linspace(0.02, 16, 260))
        offset = cage.at(u, v).reshape(-1, 3) - self.centre
        r = np.linalg.norm(offset, axis=1)
        azimuth, elevation = np.arctan2(offset[:, 0], offset[:, 2]), np.arcsin(offset[:, 1] / r)
        column = np.round(azimuth / np.pi * (AZIMUTHS - 1)).astype(int)
        row = np.round((elevation + np.pi / 2) / np.pi * (ELEVATIONS - 1)).astype(int)
        total, count = np.zeros((ELEVATIONS, AZIMUTHS)), np.zeros((ELEVATIONS, AZIMUTHS))
        np.add.at(total, (row, column), r)
        np.add.at(count, (row, column), 1)
        self.grid = _smoothed(_filled(total / np.maximum(count, 1), count > 0))

    def height(self, y: ArrayLike) -> Floats:
        """Height on the average face -> height on this one."""
        return on_face(self.shape, y)

    def radius(self, direction: Floats) -> Floats:
        """Distance of the head in unit directions (..., 3), bilinear."""
        column = np.abs(np.arctan2(direction[..., 0], direction[..., 2])) / np.pi * (AZIMUTHS - 1)
        row = (np.arcsin(np.clip(direction[..., 1], -1, 1)) + np.pi / 2) / np.pi * (ELEVATIONS - 1)
        i = np.clip(row.astype(int), 0, ELEVATIONS - 2)
        j = np.clip(column.astype(int), 0, AZIMUTHS - 2)
        fi, fj = row - i, column - j
        g = self.grid
        upper = g[i, j] * (1 - fi) * (1 - fj) + g[i + 1, j] * fi * (1 - fj)
        return np.asarray(upper + g[i, j + 1] * (1 - fi) * fj + g[i + 1, j + 1] * fi * fj)

    def push_out(self, points: Floats, offset: Floats) -> Floats:
        """Move points (n, 3) out to at least `offset` (n,) above the head."""
        direction = points - self.centre
        r = np.linalg.norm(direction, axis=-1, keepdims=True)
        direction = direction / r
        least = self.radius(direction)[..., None] + offset[..., None]
        return np.where(r < least, self.centre + direction * least, points)

    def lifted(self, direction: Floats, offset: float | Floats) -> Floats:
        """Points in unit directions (..., 3), `offset` above the head."""
        return np.asarray(self.centre + direction * (self.radius(direction) + offset)[..., None])

    def at(self, azimuth: ArrayLike, y: ArrayLike, offset: ArrayLike) -> Floats:
        """Points of the head at this azimuth and height, lifted by `offset`; by fixed-point iteration."""
        azimuth, y, offset = np.broadcast_arrays(*(np.asarray(value, float) for value in (azimuth, y, offset)))
        elevation = np.arctan2(y - self.centre[1], 90.0)
        for _ in range(25):
            flat = np.cos(elevation)
            direction = np.stack([flat * np.sin(azimuth), np.sin(elevation), flat * np.cos(azimuth)], -1)
            r = self.radius(direction) + offset
            elevation = np.arcsin(np.clip((y - self.centre[1]) / r, -0.999, 0.999)) * 0.5 + elevation * 0.5
        return np.asarray(self.centre + direction * r[..., None])

    def normal(self, points: Floats) -> Floats:
        """Outward directions (..., 3) of an egg around the head."""
        direction = (points - self.centre) / np.array([1.0, 1.0, 1.15])
        return np.asarray(direction / np.linalg.norm(direction, axis=-1, keepdims=True))


def _neighbours(grid: Floats) -> Floats:
    p = np.pad(grid, 1, mode="edge")
    return np.stack([p[:-2, 1:-1], p[2:, 1:-1], p[1:-1, :-2], p[1:-1, 2:]])


def _filled(grid: Floats, known: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Floats:
    """Cells that no point fell into, filled from their neighbours."""
    mask = known.astype(float)
    for _ in range(60):
        if mask.all():
            break
        count = _neighbours(mask).sum(0)
        mean = _neighbours(grid * mask).sum(0) / np.maximum(count, 1)
        grid = np.where(mask > 0, grid, mean)
        mask = np.maximum(mask, count > 0)
    return np.where(mask > 0, grid, 100.0)


def _smoothed(grid: Floats) -> Floats:
    for _ in range(2):
        grid = (_neighbours(grid).sum(0) + 4 * grid) / 8
    return grid
