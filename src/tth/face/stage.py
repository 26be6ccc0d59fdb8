"""Camera, lights and backdrop: what is the same for every person and every frame of one picture size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tth.face.sculpt.maths import encoded, smoothstep

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


def frame_px(width_px: int, height_px: int) -> float:
    """Pixels that FRAME_MM takes: the shorter side, so that head and shoulders fill it."""
    return max(min(width_px, height_px), height_px * FRAME_MM / TALLEST_FRAME_MM)


def camera(width_px: int, height_px: int) -> F32:
    """Parameters of raster.deform.project: camera place, pixels per mm at distance 1 mm, picture centre."""
    focal = frame_px(width_px, height_px) * CAMERA_MM[2] / FRAME_MM
    return np.array([*CAMERA_MM, focal, width_px / 2, height_px / 2], np.float32)


def draw_backdrop(colours: F32, width_px: int, height_px: int) -> NDArray[np.uint8]:
    """A soft round gradient from colours[0] behind the head to colours[1], uint8 (h, w, 3); dithered, no banding."""
    size = frame_px(width_px, height_px)
    row, column = np.mgrid[0:height_px, 0:width_px]
    x, y = (column - width_px / 2) / size + 0.5, (row - height_px / 2) / size + 0.5
    distance = np.hypot(x - 0.56, (y - 0.40) * 0.95)
    steps = np.linspace(0, 1, 256)  # the gradient's colours once, because encoding every pixel is slow
    outwards = smoothstep(0.05, 0.78, steps)[:, None]
    ramp = encoded(colours[0] * (1 - outwards) + colours[1] * outwards)
    dither = np.random.default_rng(0).random((height_px, width_px))
    layers = [np.interp(distance, steps, ramp[:, channel]) + dither for channel in range(3)]
    return np.asarray(np.clip(np.stack(layers, -1), 0, 255), np.uint8)
