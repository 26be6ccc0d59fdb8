"""Letters on pictures. OpenCV 5 brings a proportional font with weights; older ones draw their plain strokes instead.

Tests: tests/media/test_lettering.py.
"""

from __future__ import annotations

from enum import Enum
from functools import cache
from typing import Any

import cv2

from tth.model.media import Picture

Colour = tuple[int, int, int]
REGULAR, SEMIBOLD = 400, 600
"""Weights of the font."""
_HAS_FONT = hasattr(cv2, "FontFace")
_STROKES, _STROKES_PX = cv2.FONT_HERSHEY_SIMPLEX, 28.0
"""OpenCV's stroked letters, and the height of a line of theirs at scale 1."""


class Anchor(Enum):
    """Which part of the text stands at x."""

    LEFT = 0.0
    CENTRE = 0.5
    RIGHT = 1.0


def write(
    picture: Picture,
    text: str,
    at: tuple[float, float],
    size_px: int,
    colour: Colour,
    weight: int = REGULAR,
    anchor: Anchor = Anchor.LEFT,
) -> None:
    """One line of text, drawn into `picture` (RGB, uint8, C-contiguous) in place.

    at: x of the anchor and y of the base line. size_px: height of a line. Letters that the font lacks become "?".
    """
    left = at[0] - anchor.value * width_px(text, size_px, weight)
    origin = (round(left), round(at[1]))
    if _HAS_FONT:
        cv2.putText(picture, text, origin, colour, _font(), size_px, weight)
        return
    plain = text.encode("ascii", "replace").decode()
    thickness = 2 if weight >= SEMIBOLD else 1
    cv2.putText(picture, plain, origin, _STROKES, size_px / _STROKES_PX, colour, thickness, cv2.LINE_AA)


def width_px(text: str, size_px: int, weight: int = REGULAR) -> int:
    """How wide `write` draws this text."""
    if not text:
        return 0
    if _HAS_FONT:
        left, _, width, _ = cv2.getTextSize((0, 0), text, (0, 0), _font(), size_px, weight)
        return int(left + width)
    plain = text.encode("ascii", "replace").decode()
    return int(cv2.getTextSize(plain, _STROKES, size_px / _STROKES_PX, 1)[0][0])


def fitted(text: str, size_px: int, room_px: float, weight: int = REGULAR) -> str:
    """The text, or as much of it as fits into `room_px` with an ellipsis."""
    if width_px(text, size_px, weight) <= room_px:
        return text
    while text and width_px(text + "…", size_px, weight) > room_px:
        text = text[:-1].rstrip()
    return text + "…"


@cache
def _font() -> Any:
    return cv2.FontFace("sans")
