"""A plot shows its curves where their values are."""

from __future__ import annotations

import numpy as np
import pytest

from tth.media.plot import BLUE, GREEN, Blocks, Curve, Curves, Plot, Wave, draw_plot
from tth.model.media import Picture

pytestmark = pytest.mark.unit

TIMES = np.linspace(0, 2, 41)


def _plot(*panels: Curves | Wave | Blocks) -> Picture:
    return draw_plot(Plot("title", "subtitle", 2.0, panels, width_px=800))


def _centre(picture: Picture, colour: tuple[int, int, int], left: int = 130, right: int = 640) -> float:
    """Mean row of the pixels of about this colour between two columns."""
    near = np.abs(picture[:, left:right].astype(int) - colour).sum(2) < 60
    return float(np.nonzero(near)[0].mean())


def _flat(value: float, colour: tuple[int, int, int]) -> Curve:
    return Curve("x", TIMES, np.full(41, value), colour)


def test_higher_values_stand_higher() -> None:
    """In proportion: a half is in the middle of 0 and 1."""
    low, middle, high = (_centre(_plot(Curves("p", (_flat(value, BLUE),), 0, 1)), BLUE) for value in (0.1, 0.5, 0.9))
    assert low - middle == pytest.approx(middle - high, abs=1.5)
    assert low - high == pytest.approx(0.8 * 110, abs=2)


def test_values_beyond_the_scale_stay_in_their_panel() -> None:
    """They are cut, not drawn over the neighbours."""
    picture = _plot(Curves("p", (_flat(7, BLUE),), 0, 1), Curves("q", (_flat(-7, GREEN),), 0, 1))
    assert _centre(picture, BLUE) < _centre(picture, GREEN)
    assert 80 < _centre(picture, BLUE) < 90


def test_a_block_fills_its_stretch_of_time() -> None:
    """From its beginning to its end, on the axis of all panels."""
    picture = _plot(Blocks("p", ((0.5, 1.0, "", BLUE), (1.5, 2.0, "name", GREEN))))
    columns = np.nonzero((np.abs(picture.astype(int) - BLUE).sum(2) < 30).any(0))[0]
    width = 800 - 124 - 150
    assert columns.min() == pytest.approx(124 + 0.25 * width, abs=2)
    assert columns.max() == pytest.approx(124 + 0.5 * width, abs=2)


def test_words_stand_over_the_sound_and_do_not_overlap() -> None:
    """A word that has no room is left out; loud is thick."""
    loud = np.where(TIMES > 1, 0.9, 0.1)
    picture = _plot(Wave("sound", TIMES, -loud, loud, ((0.2, "first"), (0.21, "second"), (1.2, "third"))))
    alone = _plot(Wave("sound", TIMES, -loud, loud, ((0.2, "first"), (1.2, "third"))))
    assert np.array_equal(picture, alone)
    ink = (picture[110:, 130:640].max(2) < 160).sum(0)
    assert ink[300:480].mean() > 4 * ink[20:200].mean()


def test_marks_and_rules_are_seen() -> None:
    """Each changes the picture."""
    plain = Curves("p", (_flat(0.5, BLUE),), 0, 1)
    marked = Curves("p", plain.curves, 0, 1, marks=((0.5, 0.6),), mark_name="touch")
    assert not np.array_equal(_plot(plain), _plot(marked))
    ruled = draw_plot(Plot("title", "subtitle", 2.0, (plain,), (1.0,), width_px=800))
    assert not np.array_equal(_plot(plain), ruled)


def test_a_plot_of_no_time_is_refused() -> None:
    """There is no axis."""
    with pytest.raises(ValueError, match="duration_s"):
        draw_plot(Plot("t", "s", 0.0, ()))
