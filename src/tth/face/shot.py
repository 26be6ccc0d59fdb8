"""What a painter is, and what it is asked to take of a person: size, framing and how much work a picture may cost.

Tests: tests/face/test_shot.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from tth.face.parameters import FaceState
from tth.model.controls import Framing
from tth.model.media import Picture

SMALLEST_PX, LARGEST_PX = 64, 1024
"""Range of picture width and height."""


class Detail(StrEnum):
    """How much work goes into a picture. Each step down about halves the pixels that are drawn."""

    FULL = "full"
    REDUCED = "reduced"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture size and framing. Raises ValueError for sides that are odd or outside SMALLEST_PX..LARGEST_PX."""

    width_px: int = 512
    height_px: int = 512
    framing: Framing = Framing.BUST
    detail: Detail = Detail.FULL

    def __post_init__(self) -> None:
        for name, value in (("width_px", self.width_px), ("height_px", self.height_px)):
            if value % 2 or not SMALLEST_PX <= value <= LARGEST_PX:
                raise ValueError(f"{name} must be even and in {SMALLEST_PX}..{LARGEST_PX}, not {value}")


class Painter(Protocol):
    """Draws one person in one shot, sculpted or from a portrait. Used by one thread at a time, off the event loop."""

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of the pictures."""
        ...

    def paint(self, state: FaceState, /) -> Picture:
        """The picture of this state, valid until the next call: uint8 (height, width, 3), RGB.

        With a clear backdrop (height, width, 4): RGBA, the alpha straight, not premultiplied; where alpha is 0 the
        colour is that of the person nearby or black, so that scaling and chroma subsampling leave no fringe.
        The same state gives the same picture. Raises ValueError if the state holds anything but finite numbers.
        """
        ...
