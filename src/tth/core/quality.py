"""How well pictures are drawn on a machine that may be too slow: down a step when it hurts, up when there is room.

Down: drawing takes nearly all of the time that a picture has, and pictures come late by it. Up: it has taken so little
for so long that twice as much would fit. A step up that did not last is tried again later each time, so nothing flaps.
Pure; time is passed in. Tests: tests/core/test_quality.py.
"""

from __future__ import annotations

import statistics
from collections import deque
from dataclasses import dataclass

from tth.core.patience import Patience
from tth.model.media import PictureQuality

STEPS = tuple(PictureQuality)
"""From the best down."""
WINDOW_S = 1.5
"""Decisions are made on the pictures of so long."""
FEWEST = 8
"""And on at least so many: one stall says nothing..."""
FEWEST_SLOW = 4
"""...or on so many, where they come so slowly that they have taken SLOW_S."""
SLOW_S = 1.0
TOO_MUCH = 0.9
"""Load, as the share of its time that a picture takes, from which on a machine is too slow."""
TROUBLES = 2
"""So many pictures of the window must have suffered."""
ROOM = 0.6
"""The load that is allowed to a step up..."""
STEP_COST = 2.2
"""...which costs so many times as much: each step is about half the work of the one before."""


@dataclass(frozen=True, slots=True)
class _Seen:
    at_s: float
    load: float
    suffered: bool


class QualityLadder:
    """The quality of one session's pictures. `level` changes with `note` only."""

    def __init__(self) -> None:
        self.level = PictureQuality.FULL
        self._seen: deque[_Seen] = deque()
        self._room_since_s: float | None = None
        self._patience = Patience()

    def note(self, took_s: float, slot_s: float, suffered: bool, now_s: float) -> PictureQuality:
        """Note one picture; the level from now on.

        took_s: for drawing or encoding it, whichever is longer. slot_s: the time until the next one is due. suffered:
        it was late, or others were left out before it.
        """
        self._seen.append(_Seen(now_s, took_s / slot_s, suffered))
        while len(self._seen) > FEWEST and self._seen[0].at_s < now_s - WINDOW_S:
            self._seen.popleft()
        seen_s = now_s - self._seen[0].at_s
        if len(self._seen) >= FEWEST or (len(self._seen) >= FEWEST_SLOW and seen_s >= SLOW_S):
            self._decide(now_s)
        return self.level

    def _decide(self, now_s: float) -> None:
        at = STEPS.index(self.level)
        load = statistics.median(seen.load for seen in self._seen)
        if load * STEP_COST >= ROOM:
            self._room_since_s = None
        elif self._room_since_s is None:
            self._room_since_s = self._seen[0].at_s
        if load > TOO_MUCH and sum(seen.suffered for seen in self._seen) >= TROUBLES:
            if at + 1 < len(STEPS):
                self._patience.went_down(now_s)
                self._change(STEPS[at + 1])
        elif at > 0 and self._room_since_s is not None and now_s - self._room_since_s >= self._patience.hold_s:
            self._patience.went_up(now_s)
            self._change(STEPS[at - 1])

    def _change(self, level: PictureQuality) -> None:
        self.level, self._room_since_s = level, None
        self._seen.clear()
