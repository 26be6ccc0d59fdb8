"""What the listener of a session has heard: where it is, by its client's word or by the media clock, and what is
remembered of the turn before the running one.

That turn was sent completely and may still be heard while the next one runs, or when an interrupt comes.
Tests: tests/session/test_heard.py.
"""

from __future__ import annotations

from tth.adapters.base import RealtimeSession
from tth.clock import Clock
from tth.core.media_clock import MediaClock
from tth.pipeline.plan import Venue
from tth.session.history import History
from tth.session.memory import Memory
from tth.session.playback_reports import PlaybackReports


class Heard:
    """One session's. Samples are media clock; where one is told, None means that the client does not say."""

    def __init__(
        self, history: History, realtime: RealtimeSession | None, media_clock: MediaClock, clock: Clock
    ) -> None:
        """realtime: a model with a memory of its own, which is told what was heard."""
        self.memory = Memory(history, realtime)
        self._media_clock = media_clock
        self._clock = clock
        self._reports = PlaybackReports(media_clock, clock)
        self._venue: Venue | None = None

    def attach(self, venue: Venue) -> None:
        """A stream begins; its client is told what is mended."""
        self._venue = venue

    def detach(self) -> None:
        """The stream is over."""
        self._venue = None
        self._reports.forget()

    # ---- where the listener is

    def note(self, sample: int) -> None:
        """The client reports that this is heard now."""
        self._reports.note(sample)

    def forget_reports(self) -> None:
        """They hold no longer: the client's player jumps."""
        self._reports.forget()

    def told(self, sample: int | None = None) -> int | None:
        """Where the client says that its listener is: in the message that is worked off, else by its newest report."""
        return self._reports.now() if sample is None else sample

    def now(self) -> int:
        """The same, or where the media clock is."""
        return self._or_estimate(self.told())

    def _or_estimate(self, told: int | None) -> int:
        return self._media_clock.position(self._clock.now_s()) if told is None else told

    # ---- the turn before

    def cut(self, told: int | None) -> bool:
        """Of the turn before, nothing is heard behind this position. False when all of it had been heard, or it was cut
        before; True: the client is told."""
        if self._venue is None:
            return False
        heard = self.memory.cut(self._or_estimate(told), is_estimate=told is None)
        if heard is not None:
            self._venue.sink.emit(heard)
        return heard is not None

    def cut_off(self, turn_id: str, told: int | None) -> bool:
        """The client is to play no more of the turn before ("" = whichever it was): what comes next is heard at once.
        False when it is another one, or when there is nothing to cut off."""
        if self._venue is None or turn_id not in ("", self.memory.last_turn_id) or not self.cut(told):
            return False
        self._media_clock.skip_to_end(self._clock.now_s())
        self._venue.encoder.request_keyframe()
        return True
