"""Time, injected: durations from the monotonic clock, wall time only for records and logs."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """What the code asks for the time. Tests pass one that follows a virtual event loop."""

    def now_s(self) -> float:
        """Monotonic seconds; the zero is arbitrary."""
        ...

    def wall_ms(self) -> int:
        """Unix milliseconds, UTC."""
        ...


class SystemClock:
    """The machine's clocks. `now_s` is the clock of asyncio's event loop."""

    def now_s(self) -> float:
        return time.monotonic()

    def wall_ms(self) -> int:
        return time.time_ns() // 1_000_000
