"""What will not work with a picture, told before anyone is disappointed. Each finding is measured.

Limits were chosen by trying on rendered faces, 2026-11; no photographs could be had. Tests:
tests/face/puppet/test_picture_check.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tth.face.puppet.landmarks import FaceFrame, Floats, Points, face_frame

U8 = NDArray[np.uint8]

GOOD_EYE_DISTANCE_PX = 120.0
TURN_MOST_DEG = 10.0
NOSE_LENGTH = 0.42
"""How far the tip of a nose stands before the eyes, in eye distances: of an average head; chosen by eye."""
TEETH_MOST, DARK_MOST = 0.03, 0.06
"""Share of the lips' area that may be white, or nearly black."""
LIGHT_MOST = 1.8
"""Brighter over darker cheek, linear light."""
BRIDGE_MOST = 14.0
"""Grey levels between the brightest and darkest row of the bare bridge of a nose."""
FRINGE_MOST = 0.25
BEARD_LEAST = 0.55


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that will not look right."""

    subject: str
    """What it is, in a word or two: "teeth", "turned head"."""
    message: str
    """What was measured, and what to expect or do."""


def check_picture(picture: U8, points: Points) -> list[Finding]:
    """Everything that is wrong with a picture (RGB) for a puppet; empty if nothing is."""
    face = _Face(picture, points)
    checks: tuple[Callable[[_Face], Finding | None], ...] = (
        _resolution, _turn, _mouth, _glasses, _fringe, _beard, _side_light,
    )  # fmt: skip
    return [found for check in checks if (found := check(face)) is not None]


class _Face:
    """A picture whose parts are asked for in face coordinates."""

    def __init__(self, picture: U8, points: Points) -> None:
        self.frame: FaceFrame = face_frame(points)
        self.at = {name: self.frame.of(point) for name, point in points.items()}
        self.picture = picture

    def patch(self, x: tuple[float, float], y: tuple[float, float]) -> Floats:
        """RGB samples of a rectangle in eye distances, (40, 40, 3)."""
        grid = np.stack(np.meshgrid(np.linspace(*x, 40), np.linspace(*y, 40)), -1)
        where = (self.frame.pixels(grid) - 0.5).astype(np.float32)
        picked = cv2.remap(
            self.picture, where[..., 0], where[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        return np.asarray(picked, float)

    def cheek(self, sign: float) -> Floats:
        """Skin beside the nose: -1 the person's right, 1 left."""
        y = float(self.at["nose_tip"][1])
        return self.patch((sign * 0.45 - 0.1, sign * 0.45 + 0.1), (y - 0.15, y + 0.05))

    def skin_light(self) -> float:
        return float(np.median([np.median(self.cheek(sign)) for sign in (-1.0, 1.0)]))


def _resolution(face: _Face) -> Finding | None:
    apart = face.frame.eye_distance_px
    if apart >= GOOD_EYE_DISTANCE_PX:
        return None
    return Finding("low resolution", f"the eyes are {apart:.0f} pixels apart; sharp from {GOOD_EYE_DISTANCE_PX:.0f}")


def _turn(face: _Face) -> Finding | None:
    """From how far the tip of the nose lies off the middle, and how much wider one half of the face is."""
    left, right = face.at["left_temple"][0], -face.at["right_temple"][0]
    by_nose = np.degrees(np.arcsin(np.clip(face.at["nose_tip"][0] / NOSE_LENGTH, -1, 1)))
    by_halves = np.degrees(np.arcsin(np.clip((right - left) / (right + left), -1, 1)))
    turn = float(by_nose + by_halves) / 2
    if abs(turn) <= TURN_MOST_DEG:
        return None
    return Finding(
        "turned head",
        f"the head is turned by about {abs(turn):.0f} degrees; more than {TURN_MOST_DEG:.0f} looks wrong when it moves",
    )


def _mouth(face: _Face) -> Finding | None:
    half = 0.7 * float(face.at["left_mouth_corner"][0] - face.at["right_mouth_corner"][0]) / 2
    lips = face.patch((-half, half), (face.at["upper_lip_top"][1] + 0.02, face.at["lower_lip_bottom"][1] - 0.03))
    low, high = lips.min(-1), lips.max(-1)
    skin = face.skin_light()
    white = float(((low > 0.75 * skin) & (high - low < 0.25 * high)).mean())
    dark = float((high < 0.25 * skin).mean())
    if white > TEETH_MOST:
        return Finding("teeth", f"{white:.0%} of the mouth look like teeth; they would stretch. Use a shut mouth")
    if dark > DARK_MOST:
        return Finding("open mouth", f"{dark:.0%} of the mouth are dark; it would stretch. Use a shut mouth")
    return None


def _glasses(face: _Face) -> Finding | None:
    rows = face.patch((-0.10, 0.10), (-0.12, 0.28)).mean((1, 2))
    slope = np.interp(np.arange(40), [0, 39], [rows[:5].mean(), rows[-5:].mean()])
    range_ = float((rows - slope).max() - (rows - slope).min()) * 128 / max(face.skin_light(), 30.0)
    if range_ <= BRIDGE_MOST:
        return None
    return Finding(
        "glasses", f"something crosses the bridge of the nose (contrast {range_:.0f}); frames would bend with the brows"
    )


def _fringe(face: _Face) -> Finding | None:
    top, brow = float(face.at["hairline"][1]), float(face.at["left_brow_middle"][1])
    forehead = face.patch((-0.45, 0.45), (top + 0.3 * (brow - top), brow - 0.14))
    dark = float((forehead.mean(-1) < 0.6 * face.skin_light()).mean())
    if dark <= FRINGE_MOST:
        return None
    return Finding("fringe", f"{dark:.0%} of the forehead are covered; hair over the brows moves with them")


def _beard(face: _Face) -> Finding | None:
    x = float(face.at["lip_seam"][0])
    low, nose = float(face.at["lower_lip_bottom"][1]), float(face.at["nose_base"][1])
    lip = float(face.at["upper_lip_top"][1])
    parts = [
        face.patch((x - 0.2, x + 0.2), (nose + 0.04, lip - 0.02)),
        face.patch((x - 0.2, x + 0.2), (low + 0.1, low + 0.3)),
    ]
    darkest = min(float(np.median(part)) for part in parts) / max(face.skin_light(), 1.0)
    if darkest >= BEARD_LEAST:
        return None
    return Finding(
        "beard", f"skin about the lips has {darkest:.0%} of the cheeks' light; hair over the lips will smear"
    )


def _side_light(face: _Face) -> Finding | None:
    cheeks = [float(np.median(face.cheek(sign)) / 255) ** 2.2 for sign in (-1.0, 1.0)]
    ratio = max(cheeks) / max(min(cheeks), 1e-3)
    if ratio <= LIGHT_MOST:
        return None
    return Finding("side light", f"one cheek is {ratio:.1f} times as bright as the other; a turn will look painted on")
