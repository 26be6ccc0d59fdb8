"""Points that people place are a little off: move those that the picture shows plainly to where it shows them.

Lids go to the edge between the white of the eye and the skin, brows to the middle of their hairs, lips to the borders
of their red and to the dark line between them. Everything else stays: ends of brows and corners were found worse than
people place them. Tests: tests/face/puppet/test_snapping.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tth.face.puppet.eyes import LID_STEPS, EyeShape, eye_shape, find_irises
from tth.face.puppet.landmarks import FaceFrame, Floats, Points, face_frame
from tth.face.puppet.lips import find_seam
from tth.face.puppet.portrait_look import SIDES

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]

REACH = 0.06
"""How far a point may be moved, in eye distances: a click may be 5 pixels off in a face of 90."""
STEPS = 25
BROW_REACH = 0.08
CLEAR_EDGE = 6.0
"""Grey levels that an edge must have, averaged along it, for a point to be moved to it."""


@dataclass(frozen=True, slots=True)
class Snapped:
    """Points after snapping, and irises that were found on the way."""

    points: Points
    irises: Mapping[str, tuple[float, float, float]]
    """Centre x, y and radius in pixels, by side."""
    moved: Mapping[str, float]
    """How far each moved point was moved, in eye distances; others are not in here."""


def snap(picture: U8, points: Points) -> Snapped:
    """Move what can be seen. picture: RGB (h, w, 3); points: all landmarks in its pixels, a legal face."""
    frame = face_frame(points)
    whiteness = _whiteness(picture, frame)
    found = dict(points)
    eyes = [eye_shape(points, side, frame.eye_distance_px, None) for side in SIDES]
    irises = {}
    for side, eye in zip(SIDES, find_irises(picture, eyes, frame.eye_distance_px), strict=True):
        irises[side] = (float(eye.iris[0]), float(eye.iris[1]), eye.iris_radius)
        for name, is_upper in ((f"{side}_eye_top", True), (f"{side}_eye_bottom", False)):
            found[name] = points[name] + eye.down * _lid_shift(whiteness, eye, frame, is_upper)
        found[f"{side}_brow_middle"] = _brow(picture, points[f"{side}_brow_middle"], frame)
    found |= _lips(picture, points, frame)
    distance = {name: float(np.hypot(*(found[name] - at))) / frame.eye_distance_px for name, at in points.items()}
    return Snapped(found, irises, {name: length for name, length in distance.items() if length > 1e-3})


def _whiteness(picture: U8, frame: FaceFrame) -> F32:
    """Bright and without colour is high: the white of an eye against skin, lashes and iris."""
    low, high = picture.min(-1).astype(np.float32), picture.max(-1).astype(np.float32)
    smooth = cv2.GaussianBlur(low - 1.5 * (high - low), (0, 0), max(0.006 * frame.eye_distance_px, 0.6))
    return np.asarray(smooth, np.float32)


def _sample(image: F32, at: Floats) -> F32:
    where = (at - 0.5).astype(np.float32)
    return np.asarray(
        cv2.remap(image, where[..., 0], where[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32
    )


def _lid_shift(whiteness: F32, eye: EyeShape, frame: FaceFrame, is_upper: bool) -> float:
    """How far down the edge between white and lid lies from the curve, in pixels; 0 where none is plain."""
    t = np.linspace(0.14, 0.86, 41)
    lid = np.interp(t, np.linspace(0, 1, LID_STEPS), eye.upper if is_upper else eye.lower)
    centre = (eye.iris - eye.corner) @ eye.axis / eye.length
    beside = np.abs(t - centre) * eye.length > 1.1 * eye.iris_radius
    if int(beside.sum()) < 8:
        return 0.0
    t, lid = t[beside], lid[beside]
    bend = lid / (np.abs(lid).max() + 1e-6)  # the middle of the curve moves most, its ends stay
    shifts = np.linspace(-REACH, REACH, STEPS) * frame.eye_distance_px
    inwards = (1 if is_upper else -1) * 0.02 * frame.eye_distance_px
    gains = []
    for shift in shifts:
        v = lid + shift * np.abs(bend)
        edge = [
            eye.corner + (t * eye.length)[:, None] * eye.axis + (v + d)[:, None] * eye.down for d in (inwards, -inwards)
        ]
        inside, outside = (_sample(whiteness, line[None])[0] for line in edge)
        gains.append(float((inside - outside).mean()) - 2.0 * (shift / shifts[-1]) ** 2)
    best = int(np.argmax(gains))
    return float(shifts[best]) if gains[best] > gains[STEPS // 2] + CLEAR_EDGE else 0.0


def _brow(picture: U8, at: Floats, frame: FaceFrame) -> Floats:
    """The middle of what is darker than the skin around, up and down from the point."""
    steps = np.linspace(-BROW_REACH, BROW_REACH, 33)
    across = np.linspace(-0.03, 0.03, 5)
    places = at + frame.vectors(np.stack(np.meshgrid(across, steps), -1))
    line = _sample(picture.mean(-1, dtype=np.float32), places).mean(1)
    dark = np.maximum(np.percentile(line, 80) - line, 0)
    if dark.max() < 3 * CLEAR_EDGE:
        return at
    dark = np.where(dark > 0.4 * dark.max(), dark, 0)
    return np.asarray(at + frame.vectors(np.array([0.0, float((dark * steps).sum() / dark.sum())])))


def _lips(picture: U8, points: Points, frame: FaceFrame) -> dict[str, Floats]:
    """Borders of the red, and the dark line, in the middle of the mouth."""
    red = cv2.cvtColor(picture, cv2.COLOR_RGB2LAB)[..., 1].astype(np.float32)
    smooth = np.asarray(cv2.GaussianBlur(red, (0, 0), max(0.008 * frame.eye_distance_px, 0.6)), np.float32)
    seam = find_seam(np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8), points)
    found = {"lip_seam": seam[len(seam) // 2]}
    shifts = np.linspace(-REACH, REACH, STEPS)
    across = np.linspace(-0.03, 0.03, 9)
    for name, inwards in (("upper_lip_top", 0.015), ("lower_lip_bottom", -0.015)):
        gains = []
        for shift in shifts:
            sides = [
                points[name] + frame.vectors(np.stack([across, np.full(9, shift + d)], -1)) for d in (inwards, -inwards)
            ]
            inside, outside = (_sample(smooth, side[None])[0] for side in sides)
            gains.append(float((inside - outside).mean()) - 1.0 * (shift / REACH) ** 2)
        best = int(np.argmax(gains))
        is_plain = gains[best] > gains[STEPS // 2] + 0.3 * CLEAR_EDGE
        found[name] = points[name] + frame.vectors(np.array([0.0, shifts[best] if is_plain else 0.0]))
    order = [frame.of(found[name])[1] for name in ("upper_lip_top", "lip_seam", "lower_lip_bottom")]
    if not order[0] + 0.02 < order[1] < order[2] - 0.02:
        return {}
    return found
