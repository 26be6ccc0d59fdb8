"""Coordinates in which the blendshapes are written: masks around mouth, eyes and folds, one value per skin point."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tth.face.look import FaceShape
from tth.face.sculpt.maths import Floats, smoothstep
from tth.face.sculpt.proportions import mouth_line
from tth.face.sculpt.skin import Skin


class ShapeSpace:
    """Masks (n,) over the skin at rest. All lengths are millimetres."""

    def __init__(self, skin: Skin, shape: FaceShape) -> None:
        self.shape = shape
        self.x, self.y, z = skin.points.T
        self.abs_x, self.sign_x = np.abs(self.x), np.sign(self.x)
        self.front = smoothstep(-60, -25, z)
        self.half_mouth = shape.mouth_half_width
        self.mouth_y = mouth_line(shape)
        self.above_mouth = self.y - self.mouth_y
        at, side = skin.lip_at, skin.lip_side
        self.lip_side = side
        # the inside of the lips follows a little, the mouth cavity hardly at all
        self.outer = np.where(at > 1.7, 0.35, 1.0) * np.where(at > 2.5, 0.0, 1.0)
        self.red = np.clip(at, -1, 1) * (side != 0)
        self.distance = self._distance_from_lips()
        across = self.abs_x / self.half_mouth
        self.reach = np.clip(across, 0, 1.6)
        self.across = np.where(side != 0, np.clip(np.abs(skin.lip_x), 0, 1), np.clip(self.reach, 0, 1))
        self.upper = self._upper_side(np.where(side != 0, self.across, across))
        self.lower = 1 - self.upper
        self.around = self.within(11)
        self.near = self.within(6)
        self.corner = np.exp(-(((self.abs_x - self.half_mouth) / 11) ** 2) - (self.above_mouth / 11) ** 2)
        self.corner = self.corner * self.front * self.outer

    def _distance_from_lips(self) -> Floats:
        """0 on the lips, then roughly millimetres outwards."""
        high = np.where(self.above_mouth > 0, self.shape.lip_upper + 1, self.shape.lip_lower + 1)
        ellipse = np.sqrt((self.x / (self.half_mouth * 0.98)) ** 2 + (self.above_mouth / high) ** 2)
        return np.asarray(np.maximum(ellipse - 1, 0) * 11.0)

    def _upper_side(self, across: Floats) -> Floats:
        """1 on the upper lip, 0 on the lower one. Beyond the corners the two blend: a hard split would crease."""
        hard = smoothstep(1.0, 0.86, across)
        is_upper = np.where(self.lip_side != 0, self.lip_side > 0, self.above_mouth >= 0)
        band = 2.5 + 9 * smoothstep(0.95, 1.7, across)
        return hard * is_upper + (1 - hard) * smoothstep(-1, 1, self.above_mouth / band)

    def within(self, reach: float) -> Floats:
        """Weight that fades over `reach` around the lips."""
        return np.asarray(np.exp(-((self.distance / reach) ** 2)) * self.front * self.outer)

    def vector(self, dx: ArrayLike = 0.0, dy: ArrayLike = 0.0, dz: ArrayLike = 0.0) -> Floats:
        """Displacements (n, 3) from components that are numbers or (n,)."""
        return np.stack([np.broadcast_to(np.asarray(d, float), self.x.shape) for d in (dx, dy, dz)], 1)

    def blob(self, x: float, y: float, width: float, height: float) -> Floats:
        """Gaussian spot on both sides of the face."""
        d = ((self.abs_x - x) / width) ** 2 + ((self.y - y) / height) ** 2
        return np.asarray(np.exp(-0.5 * d) * self.front)

    def fold(self, x0: float, y0: float, x1: float, y1: float, width: float) -> Floats:
        """A crease from (x0, y0) to (x1, y1) on both sides of the face."""
        px, py = self.abs_x - x0, self.y - y0
        vx, vy = x1 - x0, y1 - y0
        t = np.clip((px * vx + py * vy) / (vx * vx + vy * vy), 0, 1)
        d = np.hypot(px - t * vx, py - t * vy)
        ends = np.sin(np.pi * np.clip(0.08 + 0.84 * t, 0, 1))
        return np.asarray(np.exp(-((d / width) ** 2)) * ends * self.front)

    def halves(self, name: str, move: Floats, seam: float = 7.0) -> dict[str, Floats]:
        """Split a movement at the midline into its Left (x > 0) and Right shapes, blending over +-seam."""
        left = smoothstep(-seam, seam, self.x)[:, None]
        return {f"{name}Left": move * left, f"{name}Right": move * (1 - left)}
