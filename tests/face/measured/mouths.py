"""How far a mouth is open in a picture, in pixels, whoever it belongs to and however it is drawn.

Nothing of the face's parameters or geometry is used, only pictures: colours that a closed mouth of the same person
never shows (teeth, tongue, the dark behind them) are the inside of the mouth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from tth.face.expression import expand
from tth.face.parameters import FaceState
from tth.face.shot import Painter
from tth.face.stills import emotion_face, viseme_face
from tth.model.controls import EmotionLabel
from tth.model.media import Picture

OTHER_COLOUR = 15.0
"""Distance in 8-bit Lab at which a colour counts as one that closed lips do not have; shades of one skin stay below."""
_CLOSED = (viseme_face("PP"), emotion_face(EmotionLabel.NEUTRAL, 0), emotion_face(EmotionLabel.SAD, 0.4))
_OPEN = viseme_face("aa")
_PARTED = FaceState(expand({"mouthUpperUp": 1.0, "mouthLowerDown": 1.0}).astype(np.float32))
"""Lips apart and everything else at rest: where they are, a beard or not."""
_SAME_LEVELS = 16
"""A pixel that differs less from the closed mouth has not changed."""
_STEP = 4
_DARK_SHARE = 0.55
"""Of the lips' own lightness: what is darker is the line between them or a beard, and no colour of lips."""
_CHANGED_SHARE = 0.4
"""Of the largest difference between a closed and an open mouth: pixels above it are the mouth."""


@dataclass(frozen=True)
class Mouth:
    """Knows where one painter's mouth is, and the colours of its closed lips."""

    window: tuple[slice, slice]
    is_other: NDArray[np.bool_]
    """Whether a colour is none of closed lips and the skin around them, by Lab in steps of _STEP, (64, 64, 64)."""
    at_rest: Picture
    """The window with lips that touch: what looks as there has not opened, be it dark or light (a beard, a shade)."""
    most: int
    """Pixels of the inside in the middle of an "ah"."""

    def inside(self, picture: Picture) -> NDArray[np.bool_]:
        """Which pixels of the window show no lip and no skin."""
        return _inside(self.is_other, picture[self.window], self.at_rest)

    def gap_width(self, picture: Picture) -> int:
        """Columns of the gap between the lips: of what is connected to its middle, for a brown beard beside the mouth
        has colours of its inside."""
        inside = self.inside(picture)
        _, labels, stats, _ = cv2.connectedComponentsWithStats(inside.astype(np.uint8))
        rows, columns = np.nonzero(inside)
        height, width = inside.shape
        middle = int(np.argmin((columns - width / 2) ** 2 + (rows - height / 2) ** 2))
        return int(stats[labels[rows[middle], columns[middle]], cv2.CC_STAT_WIDTH])

    def opening(self, picture: Picture) -> float:
        """Visible inside of the mouth: 0 = lips that touch, 1 = an "ah"."""
        return int(self.inside(picture).sum()) / self.most


def mouth_of(painter: Painter) -> Mouth:
    """Learn a painter's mouth from three closed and one open."""
    closed = [painter.paint(face)[..., :3].copy() for face in _CLOSED]
    opened = painter.paint(_OPEN)[..., :3].copy()
    change = np.abs(painter.paint(_PARTED)[..., :3].astype(int) - closed[0]).max(2)
    change[: int(0.3 * len(change))] = 0  # brows and lids move a little, too
    count, _, stats, _ = cv2.connectedComponentsWithStats((change > _CHANGED_SHARE * change.max()).astype(np.uint8))
    assert count > 1, "the mouth does not move"
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    left, top, width, height = (int(value) for value in stats[largest, :4])
    across = slice(left - 1, left + width + 1)
    middle = slice(left + width // 6, left + width - width // 6)
    lips, window = (slice(top + height // 4, top + height), middle), (slice(top, top + round(1.8 * height)), across)
    colours = np.concatenate([_lab(picture[lips]).reshape(-1, 3) for picture in closed])
    colours = colours[colours[:, 0] > _DARK_SHARE * np.median(colours[:, 0])]
    known = np.ones((256 // _STEP,) * 3, bool)
    known[tuple((colours // _STEP).astype(int).T)] = False
    is_other = np.asarray(distance_transform_edt(known) * _STEP > OTHER_COLOUR)
    most = int(_inside(is_other, opened[window], closed[0][window]).sum())
    assert most > 50, f"an ah shows {most} pixels of the inside"
    return Mouth(window, is_other, closed[0][window], most)


def openings(painter: Painter, mouth: Mouth, faces: Sequence[FaceState]) -> NDArray[np.float64]:
    """The opening in each of these faces."""
    return np.array([mouth.opening(painter.paint(face)[..., :3]) for face in faces])


def _inside(is_other: NDArray[np.bool_], picture: Picture, at_rest: Picture) -> NDArray[np.bool_]:
    lightness, a, b = np.moveaxis(_lab(picture), -1, 0) // _STEP
    has_changed = np.abs(picture.astype(int) - at_rest).max(2) > _SAME_LEVELS
    return np.asarray(is_other[lightness, a, b] & has_changed)


def _lab(picture: Picture) -> NDArray[np.uint8]:
    """8-bit CIE Lab: distances are about as large as they look."""
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2LAB), np.uint8)
