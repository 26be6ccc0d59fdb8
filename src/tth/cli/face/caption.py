"""A word on a picture: light letters on a dark, rounded plate in the lower left corner.

Tests: tests/cli/face/test_play.py.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tth.media.lettering import SEMIBOLD, width_px, write
from tth.model.media import Picture

_PLATE, _INK, _COVER = (20, 20, 26), (250, 250, 250), 0.55
_SHARE, _SMALLEST_PX = 0.042, 12
"""Height of a line as a share of the picture's shorter side, and the least."""


@dataclass(frozen=True, slots=True)
class Caption:
    """What is written."""

    text: str

    def written_on(self, picture: Picture) -> Picture:
        """A copy of the picture (RGB) with the caption."""
        out = picture.copy()
        size = max(round(_SHARE * min(picture.shape[:2])), _SMALLEST_PX)
        width, height = width_px(self.text, size, SEMIBOLD) + round(1.3 * size), round(1.7 * size)
        left, bottom = round(0.9 * size), picture.shape[0] - round(0.9 * size)
        part = out[bottom - height : bottom, left : left + width]
        cover = _COVER * _rounded(part.shape[1], part.shape[0], height / 2)[..., None]
        part[:] = np.rint(part * (1 - cover) + np.array(_PLATE) * cover).astype(np.uint8)
        write(out, self.text, (left + 0.65 * size, bottom - 0.58 * size), size, _INK, SEMIBOLD)
        return out


def _rounded(width: int, height: int, radius: float) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """How much of each pixel lies on the plate, 0..1."""
    x = np.maximum(radius - np.minimum(np.arange(width), np.arange(width)[::-1]) - 0.5, 0)
    y = np.maximum(radius - np.minimum(np.arange(height), np.arange(height)[::-1]) - 0.5, 0)
    return np.clip(radius + 0.5 - np.hypot(x[None, :], y[:, None]), 0, 1)
