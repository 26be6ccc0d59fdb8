"""What a client that reads too slowly still gets: first only the newest pictures, then fewer of them from the start.

Sound, text and endings are not decided about here: they are never left out. Down: pictures had to be left out although
the step in force was meant to prevent it. Up: none had to be for some seconds. Pictures have to be left out that wait
here past their moment, and while media lie somewhere in the transport past theirs, which only the client can tell.
Pure; time is passed in.
Tests: tests/core/test_reader.py.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import StrEnum

from tth.core.patience import Patience

WAIT_S = 0.25
"""A picture may wait so long in any case: a burst that the network spreads is no slow reader."""
LASTS_S = 2.0
"""A step that still loses pictures after so long is not enough."""
TRAVEL_S = 1.0
"""A medium may be untaken for so long past its moment by its client's word: it travels there, and the word back."""
REPORT_VALID_S = 2.0
"""What a client reports of itself is believed for so long; clients do so every 250-500 ms while they play."""
RECORD_EACH_S = 0.1
MAX_RECORDS = 256
"""25 seconds and more. When it is full nothing newer is noted: the oldest that is untaken counts."""


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


@dataclass(frozen=True, slots=True)
class _Sent:
    seq: int
    at_s: float
    overdue_s: float


class Untaken:
    """Which media one stream's client has not taken of those that were sent, as it reports; none if it does not."""

    def __init__(self) -> None:
        self._sent: deque[_Sent] = deque()
        self._reported_s: float | None = None
        self._was_behind = False  # at that report

    def sent(self, seq: int, now_s: float, overdue_s: float) -> None:
        """Sound or a picture is written to the transport. overdue_s: when it will have waited past its moment."""
        if self._reported_s is None or len(self._sent) >= MAX_RECORDS:
            return
        if not self._sent or now_s >= self._sent[-1].at_s + RECORD_EACH_S:
            self._sent.append(_Sent(seq, now_s, overdue_s))

    def reported(self, taken_seq: int, now_s: float) -> None:
        """The client has taken everything up to this number."""
        while self._sent and self._sent[0].seq <= taken_seq:
            self._sent.popleft()
        self._reported_s = now_s
        self._was_behind = any(now_s >= sent.overdue_s + TRAVEL_S for sent in self._sent)

    def is_behind(self, now_s: float) -> bool:
        """Media lie in the transport whose moment has passed: another picture would only lie behind them."""
        return self._was_behind and self._is_known(now_s)

    def waited_s(self, now_s: float) -> float:
        """How long the oldest has lain in the transport; 0 when nothing is known of any."""
        return now_s - self._sent[0].at_s if self._sent and self._is_known(now_s) else 0.0

    def _is_known(self, now_s: float) -> bool:
        return self._reported_s is not None and now_s - self._reported_s <= REPORT_VALID_S


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
