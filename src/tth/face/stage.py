"""Camera and lights: what is the same for every person and every frame of one picture size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tth.face.shot import Shot
from tth.model.controls import Framing

F32 = NDArray[np.float32]

CAMERA_MM = (0.0, -40.0, 1150.0)
"""Place of the camera: far enough to flatter, as a portrait lens does."""
FRAME_MM = {Framing.BUST: 372.0, Framing.HEAD: 288.0}
"""What a square picture shows of the plane through the corneas: head and shoulders; or the head with a little room
around its hair, where the shoulders just begin."""
MIDDLE_MM = {Framing.BUST: -40.0, Framing.HEAD: -5.0}
"""Height of the picture's middle in that plane. The camera stays where it is and its lens is shifted, so that both
framings see the same sides of everything."""
BUST_END_MM = -345.0
"""The lowest that a picture shows of that plane, because the bust ends below it; beyond, the sides are cropped."""

# Key from the viewer's upper left, soft fill from the right, crisp rim from behind. Directions towards the light,
# linear colours; chosen by eye.
_DIRECTIONS = np.array([[-0.50, 0.56, 0.72], [0.78, 0.12, 0.55], [0.72, 0.38, -0.62]])
_COLOURS = np.array([[1.02, 0.92, 0.82], [0.30, 0.31, 0.34], [1.15, 1.2, 1.28]])
LIGHTS: F32 = np.concatenate([_DIRECTIONS / np.linalg.norm(_DIRECTIONS, axis=1, keepdims=True), _COLOURS], 1).astype(
    np.float32
)
"""Key, fill and rim: direction x, y, z and colour r, g, b, (3, 6)."""
AMBIENT: F32 = np.array([[0.180, 0.200, 0.235], [0.105, 0.092, 0.088]], np.float32)
"""Colours of sky and ground, (2, 3)."""


def frame_px(shot: Shot) -> float:
    """Pixels that the framing's FRAME_MM take: the shorter side, so that the person fills it."""
    tallest_mm = 2 * (MIDDLE_MM[shot.framing] - BUST_END_MM)
    return max(min(shot.width_px, shot.height_px), shot.height_px * FRAME_MM[shot.framing] / tallest_mm)


def px_per_mm(shot: Shot) -> float:
    """Scale of the picture in the plane through the corneas."""
    return frame_px(shot) / FRAME_MM[shot.framing]


def camera(shot: Shot) -> F32:
    """Parameters of raster.deform.project: camera place, pixels per mm at distance 1 mm, and where the camera's own
    height and middle lie in the picture."""
    scale = px_per_mm(shot)
    level = shot.height_px / 2 + (MIDDLE_MM[shot.framing] - CAMERA_MM[1]) * scale
    return np.array([*CAMERA_MM, scale * CAMERA_MM[2], shot.width_px / 2, level], np.float32)
