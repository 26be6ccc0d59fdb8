"""Camera and lights: what is the same for every person and every frame of one picture size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tth.face.shot import Shot

F32 = NDArray[np.float32]

CAMERA_MM = (0.0, -40.0, 1150.0)
"""Place of the camera: far enough to flatter, as a portrait lens does."""
FRAME_MM = 372.0
"""What a square picture shows of the plane through the corneas: head and shoulders."""
TALLEST_FRAME_MM = 610.0
"""A tall picture shows no more than this, because the bust ends below it; beyond, the shoulders are cropped."""

# Key from the viewer's upper left, soft fill from the right, crisp rim from behind. Directions towards the light,
# linear colours; chosen by eye.
_DIRECTIONS = np.array([[-0.66, 0.55, 0.62], [0.80, 0.10, 0.50], [0.72, 0.38, -0.62]])
_COLOURS = np.array([[1.16, 1.04, 0.91], [0.20, 0.235, 0.285], [1.15, 1.2, 1.28]])
LIGHTS: F32 = np.concatenate([_DIRECTIONS / np.linalg.norm(_DIRECTIONS, axis=1, keepdims=True), _COLOURS], 1).astype(
    np.float32
)
"""Key, fill and rim: direction x, y, z and colour r, g, b, (3, 6)."""
AMBIENT: F32 = np.array([[0.180, 0.200, 0.235], [0.105, 0.092, 0.088]], np.float32)
"""Colours of sky and ground, (2, 3)."""


def frame_px(shot: Shot) -> float:
    """Pixels that FRAME_MM takes: the shorter side, so that head and shoulders fill it."""
    return max(min(shot.width_px, shot.height_px), shot.height_px * FRAME_MM / TALLEST_FRAME_MM)


def camera(shot: Shot) -> F32:
    """Parameters of raster.deform.project: camera place, pixels per mm at distance 1 mm, picture centre."""
    focal = frame_px(shot) * CAMERA_MM[2] / FRAME_MM
    return np.array([*CAMERA_MM, focal, shot.width_px / 2, shot.height_px / 2], np.float32)
