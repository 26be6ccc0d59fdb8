"""The session's media clock: which sample a listener hears now, and where the next media goes.

The audio timeline is the only clock. `position` follows the wall clock from an anchor; `end_sample` is where what was
sent ends. Neither ever goes back. Tests: tests/core/test_media_clock.py.
"""

from __future__ import annotations

from tth.model.media import SAMPLE_RATE_HZ


class MediaClock:
    """Time is passed in (monotonic seconds), so a test can replay hours in no time."""

    def __init__(self) -> None:
        self.end_sample = 0
        """End of everything sent so far, sound and pictures."""
        self.awaits_media = True
        """Nothing was sent since the listener came, or threw away what there was: a player begins with what comes
        next, at once, and goes on as late as that is."""
        self._anchor_s: float | None = None
        self._anchor_sample = 0

    def position(self, now_s: float) -> int:
        """The sample being presented at `now_s`; before `start`, where the clock stands."""
        if self._anchor_s is None:
            return self._anchor_sample
        return self._anchor_sample + int((now_s - self._anchor_s) * SAMPLE_RATE_HZ)

    def start(self, now_s: float) -> None:
        """Let it run from where it stands. Called when a stream attaches; does nothing when it runs already."""
        if self._anchor_s is None:
            self._anchor_s, self.awaits_media = now_s, True

    def stop(self, now_s: float) -> None:
        """Hold it: nobody is listening. The next `start` goes on behind everything that was sent."""
        self._anchor_sample = max(self.position(now_s), self.end_sample)
        self._anchor_s = None

    def set_forward(self, sample: int) -> None:
        """Go on from here, before the first `start`: the session was another server's."""
        assert self._anchor_s is None
        self.end_sample = self._anchor_sample = max(self.end_sample, sample)

    def sent(self, end_sample: int) -> None:
        """Note that media up to `end_sample` has been handed to the transport."""
        self.end_sample, self.awaits_media = max(self.end_sample, end_sample), False

    def next_start(self, now_s: float) -> int:
        """Where media that begins now is placed: behind all that was sent, never in the past."""
        return max(self.end_sample, self.position(now_s))

    def skip_to_end(self, now_s: float) -> None:
        """After an interrupt: what was sent ahead will not be played, so the present jumps to its end.

        The client flushes its buffer at the same moment; the next frame is shown at once instead of after the rest
        of a speech that nobody hears.
        """
        self.awaits_media = True
        if self._anchor_s is not None and self.end_sample > self.position(now_s):
            self._anchor_sample, self._anchor_s = self.end_sample, now_s

    def delay_until_s(self, sample: int, ahead_samples: int, now_s: float) -> float:
        """Seconds to wait until `sample` may be sent when media may run `ahead_samples` before its presentation."""
        return max(0.0, (sample - ahead_samples - self.position(now_s)) / SAMPLE_RATE_HZ)
