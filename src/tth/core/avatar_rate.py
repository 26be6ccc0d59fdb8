"""What to do about an avatar that falls behind and cannot be eased or hurried: ask it for fewer frames, or begin anew.

Fewer: its frames come later and later. Anew, at the sound of now: they come late by always the same while somebody
speaks, as behind a stall that it does not catch up with; where that does not help, it is the way to the avatar and
back, and is tried again ever more rarely. Between turns nobody sees such a delay. More again: it has been in time for
some seconds. Pure; time is passed in. Tests: tests/core/test_avatar_rate.py.
"""

from __future__ import annotations

from collections import deque

from tth.core.patience import HOLD_S, LONGEST_HOLD_S, Patience

WINDOW_S = 1.5
"""Decisions are made on the frames of so long, as for the quality of drawing, which has its turn first."""
LATE_S = 0.1
"""Every frame of the window came later than this..."""
GROWTH = 0.05
"""...and it grew by this share of the time that passed: at 25 fps, whoever makes 23.8 frames a second."""
IN_TIME_S = 0.04
SLOTS_EACH = (1, 2, 4)


class AvatarRate:
    """Of one session's avatar. `slots_each` changes with `note` only."""

    def __init__(self) -> None:
        self._at = 0
        self._seen: deque[tuple[float, float]] = deque()  # (when it came, how late) since the last one that was in time
        self._in_time_since_s: float | None = None
        self._patience = Patience()
        self._pause_s = 0.0  # before it is begun anew once more
        self._anew_s = 0.0  # last

    @property
    def slots_each(self) -> int:
        """From one frame to the next, in slots of the rate that the client asked for."""
        return SLOTS_EACH[self._at]

    def begin(self) -> None:
        """Another stream begins: how late the frames of the one before were says nothing of it."""
        self._seen.clear()
        self._in_time_since_s = None

    def note(self, late_s: float, now_s: float, *, is_speaking: bool) -> bool:
        """Note a frame that has come. late_s: behind the moment at which it should be shown.

        True: the stream is to be begun anew, at the sound of now and with `slots_each`.
        """
        if late_s > IN_TIME_S:
            self._in_time_since_s = None
            return self._note_late(late_s, now_s, is_speaking)
        self._seen.clear()  # one in time, and all is well
        if self._in_time_since_s is None:
            self._in_time_since_s = now_s
        if self._at > 0 and now_s - self._in_time_since_s >= self._patience.hold_s:
            self._patience.went_up(now_s)
            self._at -= 1
            return True
        return False

    def _note_late(self, late_s: float, now_s: float, is_speaking: bool) -> bool:
        self._seen.append((now_s, late_s))
        while len(self._seen) > 1 and self._seen[1][0] <= now_s - WINDOW_S:
            self._seen.popleft()
        first_s, first_late_s = self._seen[0]
        lasted_s, grown_s = now_s - first_s, self._seen[-1][1] - first_late_s
        if lasted_s < WINDOW_S or min(late_s for _, late_s in self._seen) < LATE_S:
            return False
        if grown_s > GROWTH * lasted_s and self._at + 1 < len(SLOTS_EACH):
            self._patience.went_down(now_s)
            needed = self.slots_each * lasted_s / max(lasted_s - grown_s, 1e-3)
            self._at = next((at for at, slots in enumerate(SLOTS_EACH) if slots >= needed), len(SLOTS_EACH) - 1)
            return True
        if is_speaking and grown_s > -GROWTH * lasted_s and now_s >= self._anew_s + self._pause_s:
            self._anew_s, self._pause_s = now_s, min(max(2 * self._pause_s, HOLD_S), LONGEST_HOLD_S)
            return True
        return False
