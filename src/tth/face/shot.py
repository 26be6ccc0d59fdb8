"""What a painter is, and what it is asked to take of a person: size, framing and how much work a picture may cost.

Tests: tests/face/test_shot.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
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


DETAIL_SCALE: Mapping[Detail, float] = MappingProxyType({Detail.FULL: 1.0, Detail.REDUCED: 0.71, Detail.LOW: 0.5})
"""Side of what is drawn, in sides of the shot; then it is enlarged."""


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

    def as_drawn(self) -> Shot:
        """The shot in the pixels that its detail allows: even sides, not below SMALLEST_PX."""
        scale = max(DETAIL_SCALE[self.detail], SMALLEST_PX / min(self.width_px, self.height_px))
        width, height = (round(side * scale / 2) * 2 for side in (self.width_px, self.height_px))
        return replace(self, width_px=width, height_px=height)


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
