"""What a client that reads too slowly still gets: first only the newest pictures, then fewer of them from the start.

Sound, text and endings are not decided about here: they are never left out. Down: pictures had to be left out although
the step in force was meant to prevent it. Up: none had to be for some seconds. Pure; time is passed in.
Tests: tests/core/test_reader.py.
"""

from __future__ import annotations

from enum import StrEnum

from tth.core.patience import Patience

WAIT_S = 0.25
"""A picture may wait so long in any case: a burst that the network spreads is no slow reader."""
LASTS_S = 2.0
"""A step that still loses pictures after so long is not enough."""


class ReaderLevel(StrEnum):
    """From the best down."""

    FULL = "full"
    NEWEST_ONLY = "newest_only"
    """Pictures that have waited past their moment are left out."""
    HALF_RATE = "half_rate"
    """And only every second one is made."""
    QUARTER_RATE = "quarter_rate"
    """And only every fourth."""

    @property
    def slots_each(self) -> int:
        """From the beginning of one picture to the beginning of the next."""
        return {ReaderLevel.HALF_RATE: 2, ReaderLevel.QUARTER_RATE: 4}.get(self, 1)


STEPS = tuple(ReaderLevel)


def overdue_s(handed_over_s: float, due_in_s: float) -> float:
    """When a picture has waited past its moment. due_in_s: from its being handed over to its being presented."""
    return handed_over_s + max(WAIT_S, due_in_s)


class ReaderLadder:
    """One stream's reader. `level` changes with `lost` and `look` only."""

    def __init__(self) -> None:
        self.level = ReaderLevel.FULL
        self._since_s = 0.0  # of this level
        self._lost_s = 0.0  # last
        self._patience = Patience()

    def lost(self, now_s: float) -> None:
        """Note that pictures were left out because the client had not taken them."""
        self._lost_s = now_s
        at = STEPS.index(self.level)
        if at == 0 or (at + 1 < len(STEPS) and now_s - self._since_s >= LASTS_S):
            self._patience.went_down(now_s)
            self._change(STEPS[at + 1], now_s)

    def look(self, now_s: float) -> None:
        """Note that time has passed."""
        at = STEPS.index(self.level)
        if at > 0 and now_s - max(self._lost_s, self._since_s) >= self._patience.hold_s:
            self._patience.went_up(now_s)
            self._change(STEPS[at - 1], now_s)

    def _change(self, level: ReaderLevel, now_s: float) -> None:
        self.level, self._since_s = level, now_s
