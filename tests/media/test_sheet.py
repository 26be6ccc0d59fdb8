"""A sheet shows every picture, labelled."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tth.media.sheet import PAPER, Cell, Row, Sheet, draw_sheet, over_squares, rows_of

pytestmark = pytest.mark.unit


def _grey(level: int, channels: int = 3) -> NDArray[np.uint8]:
    return np.full((64, 96, channels), level, np.uint8)


def test_every_picture_is_there_in_full() -> None:
    """But for its round corners, in its row and column."""
    sheet = Sheet("t", "s", (Row((Cell(_grey(60)), Cell(_grey(90))), "one"), Row((Cell(_grey(120)),), "two")))
    drawn = draw_sheet(sheet)
    places = [np.argwhere((drawn == level).all(2)) for level in (60, 90, 120)]
    assert all(len(place) > 0.98 * 64 * 96 for place in places)
    first, second, third = (place.mean(0) for place in places)
    assert (first[0], first[1]) < (third[0], second[1])
    assert abs(first[1] - third[1]) < 1


def test_labels_headings_and_notes_leave_ink() -> None:
    """Each kind of text makes the sheet darker than it is without."""
    plain = Sheet("", "", (Row((Cell(_grey(250)),)),))
    texts = [
        Sheet("Title", "", plain.rows),
        Sheet("", "Subtitle", plain.rows),
        Sheet("", "", plain.rows, ("column",)),
        Sheet("", "", (Row((Cell(_grey(250)),), "heading", "note"),)),
        Sheet("", "", (Row((Cell(_grey(250), "label", "note"),)),)),
    ]
    assert (draw_sheet(plain) < 200).sum() == 0
    assert all((draw_sheet(sheet) < 200).any() for sheet in texts)


def test_a_long_label_stays_under_its_picture() -> None:
    """Its neighbour's place is left alone."""
    drawn = draw_sheet(Sheet("", "", (Row((Cell(_grey(250), "w" * 60), Cell(_grey(250)))),)))
    ink = np.argwhere((drawn < 200).any(2))
    assert ink[:, 1].max() <= 28 + 96


def test_a_clear_picture_lies_over_squares() -> None:
    """Where alpha is full the colour is exact, where it is 0 the squares are seen in two greys."""
    picture = np.zeros((48, 48, 4), np.uint8)
    picture[:24] = (200, 10, 30, 255)
    shown = over_squares(picture)
    assert (shown[:24] == (200, 10, 30)).all()
    assert len(np.unique(shown[24:].reshape(-1, 3), axis=0)) == 2
    assert draw_sheet(Sheet("", "", (Row((Cell(picture),)),))).shape[2] == 3


def test_cells_are_laid_out_row_by_row() -> None:
    """The last row may be shorter."""
    rows = rows_of([Cell(_grey(level)) for level in range(5)], 2)
    assert [len(row.cells) for row in rows] == [2, 2, 1]


def test_a_sheet_without_pictures_is_refused() -> None:
    """There is nothing to show."""
    with pytest.raises(ValueError, match="at least one"):
        draw_sheet(Sheet("t", "s", ()))
    assert PAPER[0] > 240
