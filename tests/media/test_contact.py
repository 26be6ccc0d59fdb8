"""The contact sheet shows each still and its label."""

from __future__ import annotations

import pytest

from tests.media.pictures import grey
from tth.media.contact import CAPTION_LINE_PX, CELL_PX, Still, contact_sheet

pytestmark = pytest.mark.unit


def test_every_still_is_in_its_cell() -> None:
    """Row by row, fitted without being stretched."""
    sheet = contact_sheet([Still(grey(level, 128, 64), ("a",)) for level in (60, 120, 180)], columns=2)
    first = sheet[8 + CELL_PX // 4, 8 + CELL_PX // 2, 0]
    second = sheet[8 + CELL_PX // 4, 16 + CELL_PX + CELL_PX // 2, 0]
    assert (int(first), int(second)) == (60, 120)
    assert (sheet == 180).all(2).sum() == CELL_PX * CELL_PX // 2


def test_the_caption_is_written_under_the_still() -> None:
    """Each line leaves ink; without one there is none."""
    place = slice(8 + CELL_PX, 8 + CELL_PX + 2 * CAPTION_LINE_PX)
    blank = contact_sheet([Still(grey(60), ("", ""))])[place]
    written = contact_sheet([Still(grey(60), ("turn 1", "happy – 0.8"))])[place]
    assert blank.max() < 60
    assert (written[:CAPTION_LINE_PX].max(), written[CAPTION_LINE_PX:].max()) > (150, 100)


def test_a_long_caption_stays_in_its_cell() -> None:
    """It becomes smaller."""
    sheet = contact_sheet([Still(grey(60), ("w" * 90,)), Still(grey(60), ("",))])
    assert sheet[8 + CELL_PX :, CELL_PX + 16 :].max() < 60


def test_a_sheet_without_stills_is_refused() -> None:
    """There is nothing to show."""
    with pytest.raises(ValueError, match="at least one"):
        contact_sheet([])
