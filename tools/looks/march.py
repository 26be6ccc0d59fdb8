"""Rays from the camera to the surface: for every pixel the place, the normal and the material it shows."""

from __future__ import annotations

import math
from typing import NamedTuple

import numba as nb
import numpy as np

from tools.looks.fields import Figure, scene
from tools.looks.jit import U8, Floats, kernel
from tools.looks.person import Framing
from tools.looks.volume import Volume, sample

CAMERA_Z = 10.0
"""Distance of the camera, decimetres: a portrait lens, little perspective."""
PLANE_Z = 0.5
"""Depth at which the picture's span is measured: the face."""


class Camera(NamedTuple):
    """What part of the scene falls on which pixel."""

    size_px: int
    """Side of the whole square picture."""
    y: float
    span: float
    x0_px: int
    """Window of the picture that is drawn."""
    y0_px: int
    width_px: int
    height_px: int

    def px_per_unit(self) -> float:
        """Pixels per decimetre at the face."""
        return self.size_px / self.span

    def project(self, points: Floats) -> Floats:
        """Pixels of the window, (..., 2) with x to the right and y down, where points (..., 3) are seen.

        A pixel's middle is at half numbers: the first pixel covers 0..1."""
        p = np.asarray(points, float)
        s = (CAMERA_Z - PLANE_Z) / (CAMERA_Z - p[..., 2]) * self.size_px / self.span
        half = self.size_px / 2
        return np.stack([half + p[..., 0] * s - self.x0_px, half - (p[..., 1] - self.y) * s - self.y0_px], -1)


class Surface(NamedTuple):
    """What the rays found; all of the window's height and width."""

    place: Floats
    """(h, w, 3), decimetres."""
    normal: Floats
    """(h, w, 3), unit; zero where there is only the wall."""
    material: U8
    """(h, w): 0 wall, else as in `fields`."""


def camera_for(framing: Framing, size_px: int, window: tuple[int, int, int, int] | None = None) -> Camera:
    """The camera of a picture, or of a window (x, y, width, height) of it."""
    x0, y0, w, h = window or (0, 0, size_px, size_px)
    return Camera(size_px, framing.y, framing.span, x0, y0, w, h)


def march(camera: Camera, figure: Figure, volume: Volume) -> Surface:
    """See the figure through the camera; volume: its baked distances, for long steps."""
    c = camera
    shape = (c.height_px, c.width_px)
    place, normals = np.zeros((*shape, 3), np.float32), np.zeros((*shape, 3), np.float32)
    material = np.zeros(shape, np.uint8)
    _march(c, figure, volume, place, normals, material)
    return Surface(place, normals, material)


@kernel
def _march(camera: Camera, figure: Figure, volume: Volume, place: Floats, normals: Floats, material: U8) -> None:
    size, span = camera.size_px, camera.span
    near_z = 9.5  # CAMERA_Z - PLANE_Z
    for j in nb.prange(camera.height_px):
        for i in range(camera.width_px):
            dx = (camera.x0_px + i + 0.5 - size / 2) * span / size
            dy = -(camera.y0_px + j + 0.5 - size / 2) * span / size
            n = math.sqrt(dx * dx + dy * dy + near_z * near_z)
            dx, dy, dz = dx / n, dy / n, -near_z / n
            t = (10.0 - 1.24) / -dz
            hit, m = False, 0
            best, best_t, best_m = 1e3, t, 0
            for _ in range(260):
                x, y, z = dx * t, camera.y + dy * t, 10.0 + dz * t
                if z < -1.25:
                    best = 1e3
                    break
                d = sample(volume, x, y, z)
                if d > 0.06:
                    t += d - 0.03
                    continue
                d, m = scene(x, y, z, figure)
                if d < 0.0004:
                    hit = True
                    break
                if d < best:
                    best, best_t, best_m = d, t, m
                t += max(d * 0.6, 0.0004)
            if not hit and best < 0.004:  # steps ran out along a grazing surface
                t, m, hit = best_t, best_m, True
            if hit:
                x, y, z = dx * t, camera.y + dy * t, 10.0 + dz * t
                e = 0.0016
                nx = scene(x + e, y, z, figure)[0] - scene(x - e, y, z, figure)[0]
                ny = scene(x, y + e, z, figure)[0] - scene(x, y - e, z, figure)[0]
                nz = scene(x, y, z + e, figure)[0] - scene(x, y, z - e, figure)[0]
                n = math.sqrt(nx * nx + ny * ny + nz * nz) + 1e-12
                place[j, i, 0], place[j, i, 1], place[j, i, 2] = x, y, z
                normals[j, i, 0], normals[j, i, 1], normals[j, i, 2] = nx / n, ny / n, nz / n
                material[j, i] = m
