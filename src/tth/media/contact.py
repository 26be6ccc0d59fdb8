"""A contact sheet: labelled stills in a grid, as one PNG. Tests: tests/media/test_contact.py."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from tth.model.media import Picture

CELL_PX = 256
"""Width and height that a still is fitted into."""
CAPTION_LINE_PX = 18
_MARGIN_PX = 8
_BACKGROUND = (24, 24, 28)
_BRIGHT, _DIM = (240, 240, 240), (160, 160, 170)
_FONT, _FONT_SCALE = cv2.FONT_HERSHEY_SIMPLEX, 0.42


@dataclass(frozen=True, slots=True)
class Still:
    """One picture and what is written under it."""

    picture: Picture
    """RGB, uint8, shape (height, width, 3), of any size."""
    caption: tuple[str, ...]
    """Lines; the first is bright. Letters outside ASCII are shown as "?" (OpenCV's font has no others)."""


def contact_sheet(stills: Sequence[Still], columns: int = 4) -> Picture:
    """Lay the stills out row by row. Raises ValueError without any."""
    if not stills:
        raise ValueError("a contact sheet needs at least one still")
    columns = min(columns, len(stills))
    rows = math.ceil(len(stills) / columns)
    caption_px = CAPTION_LINE_PX * max(len(still.caption) for still in stills)
    step_x, step_y = CELL_PX + _MARGIN_PX, CELL_PX + caption_px + 2 * _MARGIN_PX
    sheet = np.full((rows * step_y + _MARGIN_PX, columns * step_x + _MARGIN_PX, 3), _BACKGROUND, np.uint8)
    for index, still in enumerate(stills):
        x, y = _MARGIN_PX + index % columns * step_x, _MARGIN_PX + index // columns * step_y
        fitted = _fitted(still.picture)
        left = x + (CELL_PX - fitted.shape[1]) // 2
        sheet[y : y + fitted.shape[0], left : left + fitted.shape[1]] = fitted
        _write(sheet, still.caption, x, y + CELL_PX)
    return sheet


def _fitted(picture: Picture) -> Picture:
    height, width = picture.shape[:2]
    scale = CELL_PX / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _write(sheet: Picture, caption: Sequence[str], x: int, y: int) -> None:
    for index, line in enumerate(caption):
        text = line.encode("ascii", "replace").decode()
        top = y + CAPTION_LINE_PX * index
        strip = np.full((CAPTION_LINE_PX, CELL_PX, 3), _BACKGROUND, np.uint8)
        (width, _), _ = cv2.getTextSize(text, _FONT, _FONT_SCALE, 1)
        scale = _FONT_SCALE * min(1.0, CELL_PX / max(1, width))
        colour = _BRIGHT if index == 0 else _DIM
        # A strip of its own: where OpenCV measures too small (version 5 does), the text is cut at the cell's edge.
        cv2.putText(strip, text, (0, CAPTION_LINE_PX - 5), _FONT, scale, colour, 1, cv2.LINE_AA)
        sheet[top : top + CAPTION_LINE_PX, x : x + CELL_PX] = strip
