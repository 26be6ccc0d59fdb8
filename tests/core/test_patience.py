"""How long somebody waits before trying again."""

from __future__ import annotations

import pytest

from tth.core.patience import HOLD_S, LASTING_S, LONGEST_HOLD_S, Patience

pytestmark = pytest.mark.unit


def test_what_does_not_last_is_tried_later_each_time() -> None:
    """Doubled, up to the longest."""
    patience, holds = Patience(), []
    for at_s in range(8):
        patience.went_up(100.0 * at_s)
        patience.went_down(100.0 * at_s + LASTING_S - 1)
        holds.append(patience.hold_s)
    assert holds == [8, 16, 32, 64, 120, 120, 120, 120]
    assert patience.hold_s == LONGEST_HOLD_S


def test_what_lasted_is_forgotten() -> None:
    """A step down long after the last try says nothing of that try."""
    patience = Patience()
    for at_s, lasts_s in ((0.0, 1.0), (10.0, LASTING_S)):
        patience.went_up(at_s)
        patience.went_down(at_s + lasts_s)
    assert patience.hold_s == HOLD_S


def test_the_first_step_down_is_nobody_s_fault() -> None:
    """Nothing was tried before it."""
    patience = Patience()
    patience.went_down(1.0)
    patience.went_down(2.0)
    assert patience.hold_s == HOLD_S
