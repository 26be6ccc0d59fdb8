"""Text lands where it is asked for."""

from __future__ import annotations

import numpy as np
import pytest

from tth.media.lettering import SEMIBOLD, Anchor, fitted, width_px, write

pytestmark = pytest.mark.unit


def _ink(anchor: Anchor, text: str = "Happy 0.7") -> tuple[int, int, int]:
    """Leftmost and rightmost column with ink, and the lowest row."""
    paper = np.full((80, 400, 3), 255, np.uint8)
    write(paper, text, (200, 50), 24, (0, 0, 0), anchor=anchor)
    rows, columns = np.nonzero(paper.min(2) < 128)
    return int(columns.min()), int(columns.max()), int(rows.max())


def test_the_anchor_says_which_part_stands_at_x() -> None:
    """Left, middle or right."""
    left, centre, right = (_ink(anchor) for anchor in Anchor)
    assert abs(left[0] - 200) <= 4
    assert abs((centre[0] + centre[1]) / 2 - 200) <= 4
    assert abs(right[1] - 200) <= 4


def test_y_is_the_base_line() -> None:
    """Letters without tails stand on it."""
    assert abs(_ink(Anchor.LEFT, "Mill")[2] - 50) <= 2


def test_the_width_is_what_is_drawn() -> None:
    """Within a letter's side bearing; nothing is 0 wide; heavier is wider."""
    first, last, _ = _ink(Anchor.LEFT)
    assert abs(width_px("Happy 0.7", 24) - (last - 200)) <= 5
    assert first >= 199
    assert width_px("", 24) == 0
    assert width_px("Happy", 24, SEMIBOLD) >= width_px("Happy", 24)


def test_a_long_text_is_cut_with_an_ellipsis() -> None:
    """And fits."""
    assert fitted("short", 20, 300) == "short"
    cut = fitted("a very long heading that does not fit", 20, 120)
    assert cut.endswith("…")
    assert width_px(cut, 20) <= 120
