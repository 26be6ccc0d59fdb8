"""What a painter is asked to take of a person: size, framing and how much work a picture may cost.

Tests: tests/face/test_shot.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tth.model.controls import Framing

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
