"""From a portrait to the pixels of one shot: where the person stands, and the picture in the shot's own resolution.

Tests: tests/face/puppet/test_painter.py.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from tth.face.puppet.landmarks import FaceFrame, Floats
from tth.face.puppet.portrait import Portrait
from tth.face.shot import Shot
from tth.face.stage import MIDDLE_MM, px_per_mm

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]

EYE_DISTANCE_MM = 65.0
"""Makes a portrait as large as a sculpted head in the same framing; that of a large human face."""
MARGIN = 0.45
"""What is kept beyond the shot's edges in eye distances: a turning head brings it into the picture."""
SHARPENING = 0.45
"""Answers the softening of one resampling; chosen by eye."""


@dataclass(frozen=True, slots=True)
class View:
    """Where a portrait lies in a shot. Pixel centres of the shot are whole numbers, (0, 0) the upper left."""

    scale: float
    """Shot pixels per portrait pixel."""
    offset: Floats
    """Shot coordinates of the portrait's upper left corner, (2,)."""
    frame: FaceFrame
    """The face's own coordinates, to and from shot coordinates."""
    margin_px: int
    width_px: int
    height_px: int

    def shot(self, pixels: ArrayLike) -> Floats:
        """Pixels of the portrait (..., 2) -> shot coordinates."""
        return np.asarray(np.asarray(pixels, float) * self.scale + self.offset)

    @property
    def unit_px(self) -> float:
        """One eye distance in pixels of the shot."""
        return self.frame.eye_distance_px

    def sample(self, small: F32, points: Floats, portrait_width_px: int) -> F32:
        """A map over the whole portrait at shot coordinates (..., 2); its rim goes on outside."""
        pixels = (points - self.offset) / self.scale
        at = (pixels * (small.shape[1] / portrait_width_px) - 0.5).astype(np.float32)
        return np.asarray(
            cv2.remap(small, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32
        )


def view_of(portrait: Portrait, shot: Shot) -> View:
    """The framing: eyes in the middle and as far apart as a sculpted head's, unless the picture ends before.

    A picture that is not tall enough is shown larger; what lacks at the sides is carried on from its rim.
    """
    height_px = portrait.picture.shape[0]
    frame = portrait.frame
    wanted = px_per_mm(shot) * EYE_DISTANCE_MM / frame.eye_distance_px
    scale = max(wanted, shot.height_px / height_px)
    eye_y = shot.height_px / 2 + MIDDLE_MM[shot.framing] * px_per_mm(shot)
    left = shot.width_px / 2 - frame.origin[0] * scale
    top = min(max(eye_y - frame.origin[1] * scale, shot.height_px - height_px * scale), 0.0)
    offset = np.array([left - 0.5, top - 0.5])
    in_shot = FaceFrame(frame.origin * scale + offset, frame.eye_distance_px * scale, frame.axes)
    margin = int(MARGIN * in_shot.eye_distance_px) + 4
    return View(scale, offset, in_shot, margin, shot.width_px, shot.height_px)


def plate(view: View, image: U8, origin: ArrayLike = (0.0, 0.0), sharpen: bool = True) -> U8:
    """A picture of the portrait's scale as the shot and its margins see it; where it ends its rim is carried on.

    origin: where the image's corner lies in the portrait, in pixels.
    """
    m = view.margin_px
    size = (view.width_px + 2 * m, view.height_px + 2 * m)
    start = view.shot(origin) + m + 0.5 * view.scale
    matrix = np.array([[view.scale, 0, start[0]], [0, view.scale, start[1]]])
    if view.scale < 1:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), max(0.45 * np.sqrt(1 / view.scale**2 - 1), 0.05)), np.uint8)
    out = cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    if sharpen:
        colours = out[..., :3]
        blurred = cv2.GaussianBlur(colours, (0, 0), 0.9)
        out[..., :3] = cv2.addWeighted(colours, 1 + SHARPENING, blurred, -SHARPENING, 0)
    return np.asarray(out, np.uint8)


def softened_rim(view: View, picture: U8, portrait_width_px: int) -> U8:
    """A plate whose parts beyond the portrait's edges get softer outwards, so that no streaks are seen."""
    m = view.margin_px
    left, top = view.shot((0, 0)) + m
    right = view.shot((portrait_width_px, 0))[0] + m
    row, column = np.arange(picture.shape[0])[:, None], np.arange(picture.shape[1])
    beyond = np.maximum(np.maximum(left - column, column - right), np.maximum(top - row, 0))
    share = np.clip(beyond / (0.8 * view.unit_px), 0, 1).astype(np.float32)[..., None]
    if not share.any():
        return picture
    small = cv2.resize(picture, None, fx=1 / 8, fy=1 / 8, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), max(0.5 * view.unit_px / 8, 0.5))
    soft = cv2.resize(small, (picture.shape[1], picture.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(picture * (1 - share) + soft * share + 0.5, np.uint8)
