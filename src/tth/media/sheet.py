"""Test sheets: pictures in labelled rows and columns, as one picture. Tests: tests/media/test_sheet.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tth.media.lettering import REGULAR, SEMIBOLD, Anchor, fitted, width_px, write
from tth.model.media import Picture

PAPER, INK, GREY = (250, 249, 247), (34, 34, 40), (126, 126, 136)
_MARGIN_PX, _GAP_PX, _CORNER_PX = 28, 10, 8
_TITLE_PX, _SUBTITLE_PX, _LABEL_PX, _NOTE_PX = 30, 17, 18, 15
_CHECKS_PX, _CHECKS = 12, (232, 206)
"""Side and greys of the squares that stand for "nothing behind the person"."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One picture and what stands under it."""

    picture: NDArray[np.uint8]
    """RGB or RGBA, uint8, (h, w, 3 or 4); all pictures of a sheet have one size. Clear pixels are shown as squares."""
    label: str = ""
    note: str = ""
    """A second line, smaller."""


@dataclass(frozen=True, slots=True)
class Row:
    """Cells beside each other, with a heading on their left."""

    cells: tuple[Cell, ...]
    heading: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is on one sheet."""

    title: str
    subtitle: str
    rows: tuple[Row, ...]
    columns: tuple[str, ...] = ()
    """Headings above the cells; none = no line for them."""


def rows_of(cells: Sequence[Cell], columns: int) -> tuple[Row, ...]:
    """Cells laid out row by row."""
    return tuple(Row(tuple(cells[start : start + columns])) for start in range(0, len(cells), columns))


def draw_sheet(sheet: Sheet) -> Picture:
    """The sheet as one RGB picture. Raises ValueError without a cell."""
    widest = max((len(row.cells) for row in sheet.rows), default=0)
    if not widest:
        raise ValueError("a sheet needs at least one picture")
    height, width = sheet.rows[0].cells[0].picture.shape[:2]
    left = _MARGIN_PX + _heading_px(sheet)
    top = _MARGIN_PX + _TITLE_PX + _SUBTITLE_PX + 26 + (_LABEL_PX + 10 if sheet.columns else 0)
    under_px = [_under_px(row) for row in sheet.rows]
    total_width = left + widest * (width + _GAP_PX) - _GAP_PX + _MARGIN_PX
    total_height = top + sum(height + below + _GAP_PX for below in under_px) - _GAP_PX + _MARGIN_PX
    paper = np.full((total_height, total_width, 3), PAPER, np.uint8)
    room = total_width - 2 * _MARGIN_PX
    title, subtitle = fitted(sheet.title, _TITLE_PX, room, SEMIBOLD), fitted(sheet.subtitle, _SUBTITLE_PX, room)
    write(paper, title, (_MARGIN_PX, _MARGIN_PX + 24), _TITLE_PX, INK, SEMIBOLD)
    write(paper, subtitle, (_MARGIN_PX, _MARGIN_PX + 52), _SUBTITLE_PX, GREY)
    for index, heading in enumerate(sheet.columns):
        place = (left + index * (width + _GAP_PX) + width / 2, top - 9)
        write(paper, fitted(heading, _LABEL_PX, width, SEMIBOLD), place, _LABEL_PX, INK, SEMIBOLD, Anchor.CENTRE)
    y = top
    for row, below in zip(sheet.rows, under_px, strict=True):
        if row.heading:
            write(paper, row.heading, (_MARGIN_PX, y + height / 2 + 4), _LABEL_PX, INK, SEMIBOLD)
            write(paper, row.note, (_MARGIN_PX, y + height / 2 + 26), _NOTE_PX, GREY)
        for index, cell in enumerate(row.cells):
            _place(paper, cell, left + index * (width + _GAP_PX), y)
        y += height + below + _GAP_PX
    return paper


def _heading_px(sheet: Sheet) -> int:
    """Room for the headings on the left."""
    widths = [
        max(width_px(row.heading, _LABEL_PX, SEMIBOLD), width_px(row.note, _NOTE_PX, REGULAR)) for row in sheet.rows
    ]
    return max(widths) + 22 if max(widths) else 0


def _under_px(row: Row) -> int:
    """Room for labels and notes under a row."""
    has_label, has_note = any(cell.label for cell in row.cells), any(cell.note for cell in row.cells)
    return (_LABEL_PX + 8 if has_label else 0) + (_NOTE_PX + 6 if has_note else 0)


def _place(paper: Picture, cell: Cell, x: int, y: int) -> None:
    height, width = cell.picture.shape[:2]
    shown = cell.picture if cell.picture.shape[2] == 3 else over_squares(cell.picture)
    cover = _rounded(width, height)[..., None]
    part = paper[y : y + height, x : x + width]
    part[:] = np.rint(part + (shown.astype(np.float32) - part) * cover).astype(np.uint8)
    below = y + height + _LABEL_PX
    if cell.label:
        label = fitted(cell.label, _LABEL_PX, width, SEMIBOLD)
        write(paper, label, (x + width / 2, below), _LABEL_PX, INK, SEMIBOLD, Anchor.CENTRE)
        below += _NOTE_PX + 5
    if cell.note:
        write(paper, fitted(cell.note, _NOTE_PX, width), (x + width / 2, below), _NOTE_PX, GREY, REGULAR, Anchor.CENTRE)


def over_squares(picture: NDArray[np.uint8]) -> Picture:
    """An RGBA picture (straight alpha) laid over light squares, RGB."""
    height, width = picture.shape[:2]
    row, column = np.mgrid[0:height, 0:width] // _CHECKS_PX
    squares = np.where((row + column) % 2, *_CHECKS)[..., None]
    cover = picture[..., 3:].astype(np.float32) / 255
    return np.rint(picture[..., :3] * cover + squares * (1 - cover)).astype(np.uint8)


def _rounded(width: int, height: int) -> NDArray[np.float32]:
    """How much of each pixel lies inside a rectangle with round corners, 0..1."""
    from_x = np.maximum(_CORNER_PX - np.minimum(np.arange(width), np.arange(width)[::-1]) - 0.5, 0)
    from_y = np.maximum(_CORNER_PX - np.minimum(np.arange(height), np.arange(height)[::-1]) - 0.5, 0)
    distance = np.hypot(from_x[None, :], from_y[:, None])
    return np.clip(_CORNER_PX + 0.5 - distance, 0, 1).astype(np.float32)
