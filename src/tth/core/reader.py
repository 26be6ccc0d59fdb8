"""What a client that reads too slowly still gets: first only the newest pictures, then fewer of them from the start.

Sound, text and endings are not decided about here: they are never left out. Down: pictures had to be left out although
the step in force was meant to prevent it. Up: none had to be for some seconds. Pictures have to be left out that wait
here past their moment, and while others lie somewhere in the transport past theirs, which only the client can tell.
Pure; time is passed in.
Tests: tests/core/test_reader.py.
"""

from __future__ import annotations

from collections import deque
from enum import StrEnum

from tth.core.patience import Patience

WAIT_S = 0.25
"""A picture may wait so long in any case: a burst that the network spreads is no slow reader."""
LASTS_S = 2.0
"""A step that still loses pictures after so long is not enough."""
TRAVEL_S = 1.0
"""A picture may be untaken for so long past its moment by its client's word: it travels there, and the word back."""
REPORT_VALID_S = 2.0
"""What a client reports of itself is believed for so long; clients do so every 250-500 ms while they play."""
RECORD_EACH_S = 0.1
MAX_RECORDS = 256
"""25 seconds of pictures and more: while a client is that far behind it gets no further ones."""


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
        return _SLOTS_EACH.get(self, 1)


_SLOTS_EACH = {ReaderLevel.HALF_RATE: 2, ReaderLevel.QUARTER_RATE: 4}
STEPS = tuple(ReaderLevel)


def overdue_s(handed_over_s: float, due_in_s: float) -> float:
    """When a picture has waited past its moment. due_in_s: from its being handed over to its being presented."""
    return handed_over_s + max(WAIT_S, due_in_s)


class Untaken:
    """Which pictures one stream's client has not taken of those that were sent, as it reports; none if it does not."""

    def __init__(self) -> None:
        self._sent: deque[tuple[int, float]] = deque(maxlen=MAX_RECORDS)  # seq and end of its moment, some of them
        self._reported_s: float | None = None
        self._was_behind = False  # at that report

    def sent(self, seq: int, overdue_s: float) -> None:
        """A picture was written to the transport. overdue_s: when it will have waited past its moment."""
        if self._reported_s is not None and (not self._sent or overdue_s >= self._sent[-1][1] + RECORD_EACH_S):
            self._sent.append((seq, overdue_s))

    def reported(self, taken_seq: int, now_s: float) -> None:
        """The client has taken everything up to this number."""
        while self._sent and self._sent[0][0] <= taken_seq:
            self._sent.popleft()
        self._reported_s = now_s
        self._was_behind = bool(self._sent) and now_s >= self._sent[0][1] + TRAVEL_S

    def is_behind(self, now_s: float) -> bool:
        """Pictures lie in the transport whose moment has passed: another one would only lie behind them."""
        return self._was_behind and self._reported_s is not None and now_s - self._reported_s <= REPORT_VALID_S


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
