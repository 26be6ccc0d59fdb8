"""Where a player would be now: for playback reports, and for clients that do not really play.

Pure; time is passed in as monotonic seconds. The player starts with the first media, waits when media come late, and
jumps to the end of what it got when a turn is stopped or held, or the rest of one is cut off: it throws its buffer
away, as the server expects, and plays at once what comes next.
Tests: tests/client/test_playback.py.
"""

from __future__ import annotations

from tth.v1.converse_pb2 import ConverseResponse, PlaybackPosition


class PlaybackClock:
    """Follows one stream. Feed it every event in order."""

    def __init__(self, buffer_ms: float = 0.0) -> None:
        """buffer_ms: how long the player holds the first media back against uneven arrival."""
        self._buffer_us = buffer_ms * 1000
        self._anchor_s = 0.0
        self._anchor_us: float | None = None
        self._audio_end_us = 0
        self._video_end_us = 0
        self._last_seq = 0
        self._turn_id = ""
        self._is_flushed = False

    def take(self, event: ConverseResponse, now_s: float) -> None:
        """Note one event at the moment of its arrival."""
        self._last_seq = event.seq
        match event.WhichOneof("payload"):
            case "audio_chunk":
                self._turn_id = event.turn_id
                self._arrived(event.audio_chunk.pts_us, now_s)
                self._audio_end_us = max(self._audio_end_us, event.audio_chunk.pts_us + event.audio_chunk.duration_us)
            case "video_frame":
                self._arrived(event.video_frame.pts_us, now_s)
                self._video_end_us = max(self._video_end_us, event.video_frame.pts_us + event.video_frame.duration_us)
            case "turn_stopped" | "turn_paused" | "turn_heard":
                self._jump(max(self._audio_end_us, self._video_end_us), now_s)
            case _:
                pass

    def position_us(self, now_s: float) -> int | None:
        """The media time being presented; None before the first media."""
        if self._anchor_us is None:
            return None
        return round(max(self._anchor_us + (now_s - self._anchor_s) * 1e6, 0.0))

    def buffered_ms(self, now_s: float) -> int:
        """How much sound has arrived and is not played yet."""
        return max(0, (self._audio_end_us - (self.position_us(now_s) or 0)) // 1000)

    def report(self, now_s: float) -> PlaybackPosition | None:
        """What to tell the server; None before the first media. Sound that has not arrived is not claimed as heard."""
        position = self.position_us(now_s)
        if position is None:
            return None
        return PlaybackPosition(
            turn_id=self._turn_id,
            audio_pts_us=min(position, self._audio_end_us),
            video_pts_us=min(position, self._video_end_us),
            buffered_ms=self.buffered_ms(now_s),
            last_seq=self._last_seq,
        )

    def _arrived(self, pts_us: int, now_s: float) -> None:
        position = self.position_us(now_s)
        if position is None:
            self._anchor(pts_us - self._buffer_us, now_s)
        elif pts_us < position or self._is_flushed:
            # Late: a player stands still until it has it. Or first behind a flush, with media between that were dropped
            # on their way: nothing is left to be played before it.
            self._anchor(pts_us, now_s)
        self._is_flushed = False

    def _jump(self, pts_us: int, now_s: float) -> None:
        self._is_flushed = True
        position = self.position_us(now_s)
        if position is not None and pts_us > position:
            self._anchor(pts_us, now_s)

    def _anchor(self, pts_us: float, now_s: float) -> None:
        self._anchor_us, self._anchor_s = pts_us, now_s
