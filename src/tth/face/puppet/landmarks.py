"""The 29 points that a portrait needs, what is wrong with a set of them, and the coordinates they span.

"Left" is the person's left, which is on the right of the picture, as in ARKit. Lengths of a face are measured in eye
distances: from the middle of one eye to the middle of the other. Tests: tests/face/puppet/test_landmarks.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Points = Mapping[str, Floats]
"""Landmarks by name, each float64, shape (2,): x to the right, y down."""

_SIDED = {
    "eye_inner": "corner of the eye beside the nose, where the lids meet",
    "eye_outer": "corner of the eye at the temple, where the lids meet",
    "eye_top": "middle of the upper lid's edge (the edge, not the lashes)",
    "eye_bottom": "middle of the lower lid's edge",
    "brow_inner": "end of the brow near the nose, at half its thickness",
    "brow_middle": "highest part of the brow, at half its thickness",
    "brow_outer": "end of the brow at the temple, at half its thickness",
    "nostril": "outermost point of the wing of the nose",
    "mouth_corner": "where the lips meet at this side",
    "jaw": "edge of the face at the height of the mouth",
    "temple": "edge of the face at the height of the eyes",
}
_MIDDLE = {
    "nose_tip": "foremost point of the nose",
    "nose_base": "where the nose meets the upper lip",
    "upper_lip_top": "upper border of the upper lip, in the middle",
    "lip_seam": "line between the lips, in the middle",
    "lower_lip_bottom": "lower border of the lower lip, in the middle",
    "chin": "lowest point of the chin",
    "hairline": "middle of the forehead's upper end (estimate it under a fringe)",
}
LANDMARKS: Mapping[str, str] = MappingProxyType(
    {
        f"{side}_{name}": f"{where} ({side} side of the person)"
        for name, where in _SIDED.items()
        for side in ("right", "left")
    }
    | _MIDDLE
)
"""Every point by name, with where it sits. 29 of them."""

EYE_DISTANCE_LEAST_PX = 60.0
"""Smaller faces have too few pixels for lids and lips."""
TILT_MOST_DEG = 25.0
"""How far the eyes may be from level."""


class LandmarkError(ValueError):
    """A set of points cannot be a face. `key` is the point's name, `problem` says what is wrong with it."""

    def __init__(self, key: str, problem: str) -> None:
        self.key = key
        self.problem = problem
        super().__init__(key, problem)

    def __str__(self) -> str:
        return f"{self.key}: {self.problem}"


@dataclass(frozen=True, slots=True)
class FaceFrame:
    """The coordinates of one face in a picture: origin between the eyes, x along them to the right, y down, unit one
    eye distance."""

    origin: Floats
    """In pixels, (2,)."""
    eye_distance_px: float
    axes: Floats
    """Rows: unit vectors of x and y in the picture, (2, 2)."""

    def of(self, pixels: ArrayLike) -> Floats:
        """Pixels (..., 2) -> eye distances."""
        return np.asarray((np.asarray(pixels, float) - self.origin) @ self.axes.T / self.eye_distance_px)

    def pixels(self, points: ArrayLike) -> Floats:
        """Eye distances (..., 2) -> pixels."""
        return np.asarray(self.origin + self.vectors(points))

    def vectors(self, offsets: ArrayLike) -> Floats:
        """Offsets in eye distances (..., 2) -> offsets in pixels."""
        return np.asarray(np.asarray(offsets, float) @ self.axes * self.eye_distance_px)

    def tilt_deg(self) -> float:
        """How far the eyes are from level; positive = clockwise in the picture."""
        return float(np.degrees(np.arctan2(self.axes[0, 1], self.axes[0, 0])))


def face_frame(points: Points) -> FaceFrame:
    """The coordinates that the eyes of a complete set of points span."""
    right = (points["right_eye_inner"] + points["right_eye_outer"]) / 2
    left = (points["left_eye_inner"] + points["left_eye_outer"]) / 2
    across = left - right
    distance = float(np.hypot(*across))
    x = across / max(distance, 1e-9)
    return FaceFrame((left + right) / 2, distance, np.array([x, [-x[1], x[0]]]))


def check_landmarks(points: Points, width_px: int, height_px: int) -> None:
    """Raise LandmarkError for the first thing that makes these points (in pixels of a picture) no usable face.

    Checked, in this order: all inside the picture; left and right not swapped; face large enough; eyes about level;
    nothing crossed; the size of each part plausible.
    """
    for name, (x, y) in points.items():
        if not (0 <= x <= width_px and 0 <= y <= height_px):
            raise LandmarkError(name, f"({x:g}, {y:g}) is outside the picture: x in 0..{width_px}, y in 0..{height_px}")
    if (
        points["left_eye_inner"][0] + points["left_eye_outer"][0]
        < points["right_eye_inner"][0] + points["right_eye_outer"][0]
    ):
        raise LandmarkError(
            "left_eye_inner", "left and right are swapped: left is the person's left, on the right of the picture"
        )
    frame = face_frame(points)
    if frame.eye_distance_px < EYE_DISTANCE_LEAST_PX:
        raise LandmarkError(
            "left_eye_inner",
            f"the face is too small: the eyes are {frame.eye_distance_px:.0f} pixels apart, at least "
            f"{EYE_DISTANCE_LEAST_PX:.0f} are needed; use a larger picture",
        )
    if abs(frame.tilt_deg()) > TILT_MOST_DEG:
        raise LandmarkError(
            "left_eye_outer", f"the eyes are tilted by {frame.tilt_deg():.0f} degrees; at most {TILT_MOST_DEG:.0f}"
        )
    _check_order({name: frame.of(point) for name, point in points.items()})


# Each pair: the first point must lie further left in the picture, or higher, than the second.
_LEFT_TO_RIGHT = (
    ("right_temple", "right_eye_outer"), ("right_eye_outer", "right_eye_inner"), ("right_eye_inner", "nose_tip"),
    ("nose_tip", "left_eye_inner"), ("left_eye_inner", "left_eye_outer"), ("left_eye_outer", "left_temple"),
    ("right_brow_outer", "right_brow_middle"), ("right_brow_middle", "right_brow_inner"),
    ("right_brow_inner", "left_brow_inner"), ("left_brow_inner", "left_brow_middle"),
    ("left_brow_middle", "left_brow_outer"), ("right_nostril", "nose_tip"), ("nose_tip", "left_nostril"),
    ("right_jaw", "right_mouth_corner"), ("right_mouth_corner", "lip_seam"), ("lip_seam", "left_mouth_corner"),
    ("left_mouth_corner", "left_jaw"),
)  # fmt: skip
_TOP_TO_BOTTOM = (
    ("hairline", "right_brow_middle"), ("hairline", "left_brow_middle"), ("right_brow_middle", "right_eye_top"),
    ("left_brow_middle", "left_eye_top"), ("right_eye_top", "right_eye_bottom"), ("left_eye_top", "left_eye_bottom"),
    ("right_eye_bottom", "nose_base"), ("left_eye_bottom", "nose_base"), ("nose_tip", "nose_base"),
    ("nose_base", "upper_lip_top"), ("upper_lip_top", "lip_seam"), ("lip_seam", "lower_lip_bottom"),
    ("lower_lip_bottom", "chin"),
)  # fmt: skip
# From, to, least and most distance in eye distances: human faces and film-like ones with a margin (chosen by measuring
# drawn and rendered faces, 2026-11).
_LENGTHS = (
    ("right_eye_inner", "right_eye_outer", 0.25, 0.85), ("left_eye_inner", "left_eye_outer", 0.25, 0.85),
    ("right_eye_top", "right_eye_bottom", 0.05, 0.60), ("left_eye_top", "left_eye_bottom", 0.05, 0.60),
    ("right_mouth_corner", "left_mouth_corner", 0.35, 1.7), ("upper_lip_top", "lower_lip_bottom", 0.08, 0.7),
    ("lip_seam", "chin", 0.25, 1.5), ("nose_base", "lip_seam", 0.10, 0.8), ("right_temple", "left_temple", 1.3, 3.6),
    ("hairline", "chin", 1.6, 4.5),
)  # fmt: skip


def _check_order(at: Points) -> None:
    """Raise LandmarkError for crossed or impossible points; `at` is in eye distances."""
    for axis, pairs, word in ((0, _LEFT_TO_RIGHT, "to the right of"), (1, _TOP_TO_BOTTOM, "below")):
        for first, second in pairs:
            if at[second][axis] <= at[first][axis]:
                raise LandmarkError(second, f"must lie {word} {first} in the picture; are the two swapped?")
    for first, second, least, most in _LENGTHS:
        length = float(np.hypot(*(at[second] - at[first])))
        if not least <= length <= most:
            raise LandmarkError(
                second, f"is {length:.2f} eye distances from {first}; a face has {least:g}..{most:g}; check both points"
            )
