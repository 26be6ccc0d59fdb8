"""No face is a mirror: a small smooth displacement of the finished picture, other for each person.

It is done in the picture, not in the sculpture, so that every layer and landmark can follow it exactly.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.looks.jit import Floats
from tools.looks.march import Camera
from tools.looks.person import Person


class _Push(NamedTuple):
    """A Gaussian push of the face; decimetres."""

    x: float
    y: float
    radius_x: float
    radius_y: float
    dx: float
    dy: float


class Asymmetry:
    """The displacement of one person's face. Places are decimetres in the plane of the face."""

    def __init__(self, person: Person) -> None:
        rng = np.random.default_rng(person.seed + 200)
        side = rng.choice([-1.0, 1.0], 4)
        size = person.asymmetry * rng.uniform(0.7, 1.2, 6)
        e, m, h = person.eyes, person.mouth, person.head
        self._pushes = (
            _Push(side[0] * e.x, 0.02, 0.26, 0.20, 0.0, 0.009 * size[0]),
            _Push(side[1] * e.x, 0.26, 0.22, 0.10, 0.0, 0.016 * size[1]),
            _Push(0.0, -0.27 + person.nose.y, 0.17, 0.20, 0.011 * side[2] * size[2], 0.0),
            _Push(side[3] * m.half_width, m.y + m.smile, 0.20, 0.14, 0.004 * side[3], 0.013 * size[3]),
            _Push(0.0, h.chin_y, 0.55, 0.30, -0.012 * side[2] * size[4], 0.0),
            _Push(-side[0] * 0.6 * h.width, m.y + 0.2, 0.25, 0.35, -0.010 * side[0] * size[5], 0.0),
        )

    def offset(self, places: Floats) -> Floats:
        """How far the face at each of the places (..., 2) has been moved, as seen in the picture."""
        x, y = places[..., 0], places[..., 1]
        out = np.zeros_like(places, dtype=float)
        for p in self._pushes:
            w = np.exp(-(((x - p.x) / p.radius_x) ** 2) - ((y - p.y) / p.radius_y) ** 2)
            out[..., 0] += w * p.dx
            out[..., 1] += w * p.dy
        return out

    def moved(self, camera: Camera, px: Floats) -> Floats:
        """Where pixels (..., 2) of the mirrored picture are in the displaced one."""
        goal = _places(camera, np.asarray(px, float))
        at = goal.copy()
        for _ in range(12):  # a contraction: pushes are far smaller than their radii
            at = goal + self.offset(at)
        return _pixels(camera, at)

    def applied(self, camera: Camera, picture: Floats) -> Floats:
        """A layer over the whole picture, displaced."""
        n = camera.size_px
        x, y = np.meshgrid(np.arange(n) + 0.5, np.arange(n) + 0.5)
        places = _places(camera, np.stack([x, y], -1))
        source = _pixels(camera, places - self.offset(places)).astype(np.float32) - 0.5
        return np.asarray(
            cv2.remap(picture, source[..., 0], source[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        )


def _places(camera: Camera, px: NDArray[np.floating]) -> Floats:
    half, s = camera.size_px / 2, camera.px_per_unit()
    return np.stack([(px[..., 0] - half) / s, camera.y - (px[..., 1] - half) / s], -1)


def _pixels(camera: Camera, places: Floats) -> Floats:
    half, s = camera.size_px / 2, camera.px_per_unit()
    return np.stack([half + places[..., 0] * s, half - (places[..., 1] - camera.y) * s], -1)
