"""Whether a session has a stream: since when, since when not, and for how long in all.

Tests: tests/session/test_attendance.py.
"""

from __future__ import annotations

import asyncio

from tth.clock import Clock

PUT_AWAY_S = 5.0
"""After so long without a stream its client may be gone for good: a client that comes back by itself needs less."""


class Attendance:
    """One session's."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._gone = asyncio.Event()
        self._gone.set()
        self._came_s = self._before_s = 0.0
        self.left_s: float | None = clock.now_s()
        """Since when there has been no stream; None while there is one."""
        self.is_put_away = False
        """What only a stream needs has been given up since."""

    @property
    def is_there(self) -> bool:
        return not self._gone.is_set()

    def come(self) -> None:
        """There is a stream."""
        self._came_s = self._clock.now_s()
        self.left_s, self.is_put_away = None, False
        self._gone.clear()

    def go(self) -> None:
        """There is none any more."""
        self._before_s, self.left_s = self.total_s(), self._clock.now_s()
        self._gone.set()

    def total_s(self) -> float:
        """How long, in all, there has been a client: what it has missed does not grow old while it is away."""
        return self._before_s + (self._clock.now_s() - self._came_s if self.is_there else 0.0)

    async def gone(self) -> None:
        """Wait until there is none."""
        await self._gone.wait()

    @property
    def is_left_alone(self) -> bool:
        """There has been none for a while, and nothing was put away yet."""
        return self.left_s is not None and not self.is_put_away and self._clock.now_s() - self.left_s >= PUT_AWAY_S
