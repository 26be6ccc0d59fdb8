"""Where the client says that its player stands. Tests: tests/session/test_heard.py."""

from __future__ import annotations

from tth.clock import Clock
from tth.core.media_clock import MediaClock
from tth.core.reader import REPORT_VALID_S


class PlaybackReports:
    """The newest one of a stream."""

    def __init__(self, media_clock: MediaClock, clock: Clock) -> None:
        self._media_clock = media_clock
        self._clock = clock
        self._newest: tuple[int, float] | None = None

    def note(self, heard_sample: int) -> None:
        """The listener hears this sample of the media clock now."""
        self._newest = (heard_sample, self._clock.now_s())

    def forget(self) -> None:
        """What was told holds no longer."""
        self._newest = None

    def now(self) -> int | None:
        """What the listener hears by the newest report; None when there is none that is fresh."""
        if self._newest is None:
            return None
        sample, at_s = self._newest
        now_s = self._clock.now_s()
        if now_s - at_s > REPORT_VALID_S:
            return None
        return sample + self._media_clock.position(now_s) - self._media_clock.position(at_s)
