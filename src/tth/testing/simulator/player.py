"""What a listener hears: a player that is written apart from the shipped one, so that each can prove the other.

It starts with the first media, goes on with the wall clock, stands still until sound that comes late is there, and
throws away what it has when its user interrupts. Tests: tests/testing/simulator/test_player.py.
"""

from __future__ import annotations

from tth.model.media import SAMPLE_RATE_HZ, us_to_samples
from tth.testing.simulator.recording import MEDIA, Got


class Player:
    """One client's; goes on from stream to stream."""

    def __init__(self) -> None:
        self._anchor: tuple[float, int] | None = None
        self._end = 0
        self._sound_end = 0
        self._flushed = ""
        """The turn that the user does not want to hear any more."""
        self._is_lost = False
        self._is_flushed = False
        """Nothing is left to be played before what comes next."""
        self._left_at: int | None = None
        """Where its user ceased to listen to what it has; until something else is heard."""
        self._left_turn = self._sound_turn = ""
        self.stalled_count = 0
        """How often sound came too late."""

    def position(self, now_s: float) -> int:
        """The sample on the media clock that is heard now."""
        if self._anchor is None:
            return 0
        at_s, sample = self._anchor
        return sample + int((now_s - at_s) * SAMPLE_RATE_HZ + 0.5)

    def heard(self, now_s: float) -> int:
        """The same, but no further than sound has come."""
        return min(self.position(now_s), self._sound_end)

    def flush(self, turn_id: str) -> None:
        """Throw away what there is of this turn and what still comes of it."""
        self._flushed = turn_id

    def leave(self, now_s: float) -> None:
        """Its user hears nothing more of what there is, and of the turn that it belongs to."""
        self._left_at, self._left_turn = self.listened(now_s), self._sound_turn

    def go_on(self) -> None:
        """Its user listens again."""
        self._left_at = None

    def listened(self, now_s: float) -> int:
        """How far its user has listened: where a client that comes back says that it was."""
        return self.heard(now_s) if self._left_at is None else self._left_at

    def lose(self) -> None:
        """The stream is lost: the first media of the next one is heard at once, as by a player that is new."""
        self._is_lost = True

    def take(self, one: Got) -> None:
        """Media, or what bears on them."""
        if one.kind in MEDIA:
            self._media(one)
        elif one.kind in ("turn_stopped", "turn_paused", "turn_heard"):
            self._is_flushed = True
            if self._end > self.position(one.at_s):  # the server jumps over what it had sent ahead, and so do we
                self._anchor = (one.at_s, self._end)

    def _media(self, one: Got) -> None:
        start = us_to_samples(one.body.pts_us)
        if self._anchor is None or self._is_lost:
            self._anchor = (one.at_s, start)
        self._is_lost = False
        if self._is_flushed and start > self.position(one.at_s):
            self._anchor = (one.at_s, start)
        self._is_flushed = False
        if one.kind == "audio_chunk":
            if one.turn_id not in (self._flushed, self._left_turn):
                self._left_at = None
            self._sound_turn = one.turn_id
            if one.turn_id != self._flushed and start < self.position(one.at_s):
                self._anchor = (one.at_s, start)
                self.stalled_count += 1
            self._sound_end = max(self._sound_end, start + one.body.sample_count)
            self._end = max(self._end, self._sound_end)
        elif one.kind == "video_frame":
            self._end = max(self._end, start + us_to_samples(one.body.duration_us))
