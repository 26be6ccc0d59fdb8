"""What a player shows between turns of a session with idle_mode CLIP: the clip's pictures, forwards and backwards.

    loop: IdleLoop[Picture] = IdleLoop()
    loop.take(event, picture)        # every event; picture: decoded, where it is a video_frame
    ...
    picture = loop.at(position_us)   # None: no clip to be looped, show what has come

Pure; works on media time. Tests: tests/client/test_idle_loop.py.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import Generic, TypeVar

from tth.v1.converse_pb2 import ConverseResponse, IdleClip

T = TypeVar("T")


class IdleLoop(Generic[T]):
    """Keeps one clip's pictures: of four seconds at 25 fps a hundred."""

    def __init__(self) -> None:
        self._clip: IdleClip | None = None
        self._pts_us: list[int] = []
        self._pictures: list[T] = []

    def take(self, event: ConverseResponse, picture: T | None = None) -> None:
        """Note one event. picture: what it shows, where it is a video_frame that could be decoded."""
        match event.WhichOneof("payload"):
            case "idle_clip":
                self._forget()
                self._clip = event.idle_clip
            case "video_frame" if self._belongs(event):
                if picture is not None:
                    self._pts_us.append(event.video_frame.pts_us)
                    self._pictures.append(picture)
            case "video_frame":
                self._forget()
            case _:
                pass

    @property
    def end_us(self) -> int | None:
        """Media time from which on the clip is looped; None where there is none."""
        return self._clip.pts_us + self._clip.duration_us if self._clip is not None and self._pictures else None

    def at(self, position_us: int) -> T | None:
        """The picture to be shown at this media time; None where it is none of a looped clip's."""
        if self._clip is None or self.end_us is None or position_us < self.end_us:
            return None
        return self._pictures[max(0, bisect_right(self._pts_us, self._clip.pts_us + self._phase_us(position_us)) - 1)]

    def between(self, start_us: int, until_us: int) -> Iterator[tuple[int, T]]:
        """(media time, picture) of every picture of the loop that begins in this stretch, oldest first."""
        if self._clip is None or self.end_us is None:
            return
        slot_us, end_us = self._slot_us(self._clip), self.end_us
        index = max(0, -(-(start_us - end_us) * self._clip.frame_count // self._clip.duration_us))
        while (pts_us := end_us + round(index * slot_us)) < until_us:
            picture = self.at(pts_us)
            assert picture is not None
            yield pts_us, picture
            index += 1

    def _phase_us(self, position_us: int) -> int:
        """How far into the clip: backwards from its last picture but one to the second, then forwards."""
        assert self._clip is not None
        assert self.end_us is not None
        count = self._clip.frame_count
        slot_us = self._slot_us(self._clip)
        slots = int((position_us - self.end_us + 1) / slot_us)  # rounded microseconds must not fall short of a slot
        turning = max(1, 2 * count - 2)
        index = (count + slots) % turning
        return round(min(index, turning - index) * slot_us) if count > 1 else 0

    @staticmethod
    def _slot_us(clip: IdleClip) -> float:
        return clip.duration_us / max(1, clip.frame_count)

    def _belongs(self, event: ConverseResponse) -> bool:
        clip, pts_us = self._clip, event.video_frame.pts_us
        return clip is not None and not event.turn_id and clip.pts_us <= pts_us < clip.pts_us + clip.duration_us

    def _forget(self) -> None:
        self._clip = None
        self._pts_us.clear()
        self._pictures.clear()
