"""The eyebrows: single hairs over a soft ground, drawn in front view. Lengths in millimetres."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tth.face.look import BrowLook, FaceShape
from tth.face.sculpt.maths import Floats, Randoms, smoothstep

TEXELS_PER_MM = 6.0
LEFT, RIGHT, BOTTOM, TOP = -66, 66, 2, 40
"""Window of the drawing."""
INNER, OUTER = 9.5, 55.0
HAIRS = 300
"""Hairs of one brow at density 1."""
# At these distances from the midline: height of the middle, thickness, direction of the hairs.
KNOTS = (9.5, 14, 21, 30, 39, 47, 55)
HEIGHTS = np.array([16.8, 17.6, 19.4, 21.8, 23.2, 21.4, 16.6])
THICKNESS = np.array([4.4, 6.2, 7.0, 6.6, 5.0, 3.0, 1.0])
DIRECTION_DEG = (82, 70, 48, 30, 14, -12, -34)
SUBPIXEL_BITS = 4
"""OpenCV draws with coordinates in 1/16 pixel."""

_Picture = NDArray[np.float32]


@dataclass(frozen=True)
class _Curve:
    """Middle line and thickness of one person's brow."""

    heights: Floats
    thickness: Floats

    def middle(self, x: float | Floats) -> Floats:
        return np.asarray(np.interp(x, KNOTS, self.heights))

    def thick(self, x: float | Floats) -> Floats:
        return np.asarray(np.interp(x, KNOTS, self.thickness))


def brow_cover(look: BrowLook, shape: FaceShape, rng: Randoms) -> Floats:
    """How much hair covers the skin, 0..1, over the window; row 0 is the top."""
    size = (int((TOP - BOTTOM) * TEXELS_PER_MM), int((RIGHT - LEFT) * TEXELS_PER_MM))
    curve = _Curve(19 + (HEIGHTS - 19) * look.arch + look.height + shape.eye_height, THICKNESS * look.width)
    hairs, ground = np.zeros(size, np.float32), np.zeros(size, np.float32)
    for side in (1, -1):
        ground = np.maximum(ground, _ground(curve, side, size))
        for _ in range(int(HAIRS * look.density)):
            _draw_hair(hairs, curve, look.width, side, rng)
    sharp = cv2.GaussianBlur(hairs, (0, 0), 0.35 * TEXELS_PER_MM / 5)
    soft = cv2.GaussianBlur(ground, (0, 0), 1.1 * TEXELS_PER_MM)
    return np.asarray(np.clip(sharp * 0.70 + soft * 0.42 * min(look.density, 1.2), 0, 1) * 0.94)


def cover_at(cover: Floats, x: Floats, y: Floats) -> Floats:
    """The cover at face positions (x, y), any shape; 0 outside the window."""
    column, row = ((x - LEFT) * TEXELS_PER_MM).astype(np.float32), ((TOP - y) * TEXELS_PER_MM).astype(np.float32)
    return np.asarray(cv2.remap(cover.astype(np.float32), column, row, cv2.INTER_LINEAR, borderValue=0))


def _texels(points: Floats) -> NDArray[np.int32]:
    """Face positions (n, 2) -> OpenCV's fixed-point pixels."""
    q = np.stack([(points[:, 0] - LEFT) * TEXELS_PER_MM, (TOP - points[:, 1]) * TEXELS_PER_MM], 1)
    return np.asarray(np.round(q * 2**SUBPIXEL_BITS), np.int32)


def _ground(curve: _Curve, side: int, size: tuple[int, int]) -> _Picture:
    """The soft shape of one brow, fading towards the nose."""
    x = np.linspace(INNER, OUTER, 120)
    middle, half = curve.middle(x), curve.thick(x) * 0.42
    outline = np.concatenate([np.stack([side * x, middle + half], 1), np.stack([side * x, middle - half], 1)[::-1]])
    filled = np.zeros(size, np.float32)
    cv2.fillPoly(filled, [_texels(outline)], 1.0, cv2.LINE_AA, SUBPIXEL_BITS)
    fade = smoothstep(9.5, 24, side * (LEFT + (np.arange(size[1]) + 0.5) / TEXELS_PER_MM))
    return np.asarray(filled * (0.1 + 0.9 * fade)[None], np.float32)


def _draw_hair(picture: _Picture, curve: _Curve, width: float, side: int, rng: Randoms) -> None:
    """One hair, bending outwards and fading to its tip."""
    x = 10.5 + 42 * rng.uniform(0, 1) ** 0.95
    place = rng.uniform(-0.5, 0.42)
    y = float(curve.middle(x)) + place * float(curve.thick(x))
    angle = np.radians(np.interp(x, KNOTS, DIRECTION_DEG)) + rng.normal() * 0.10 - 0.5 * max(place, 0) * (x > 16)
    length = (4.6 + 3.4 * rng.uniform()) * (0.75 + 0.25 * width)
    length *= (1 - 0.45 * float(smoothstep(44, 54, x))) * (0.8 + 0.2 * float(smoothstep(10, 16, x)))
    k = np.linspace(0, 1, 6)
    bent = angle - 0.35 * k
    points = np.stack([side * (x + np.cos(bent) * length * k), y + np.sin(bent) * length * k * 0.72], 1)
    pixels = _texels(points)
    for i in range(5):
        start, end = pixels[i].tolist(), pixels[i + 1].tolist()
        cv2.line(picture, start, end, 1.0 - 0.15 * i, 2 if i < 3 else 1, cv2.LINE_AA, SUBPIXEL_BITS)
