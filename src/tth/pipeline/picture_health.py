"""How one session's pictures are doing, and what its client has been told of it: every state is told once, on entry
and on exit, across turns and the time between them. Tests: tests/pipeline/test_picture_health.py.
"""

from __future__ import annotations

from tth.core.quality import QualityLadder
from tth.core.reader import ReaderLevel
from tth.model.events import DegradedMode
from tth.model.media import PictureQuality

TOO_SLOW = "MACHINE_TOO_SLOW"
_ACTIONS = {
    PictureQuality.REDUCED: "pictures are drawn with less detail",
    PictureQuality.LOW: "pictures are drawn with much less detail",
    PictureQuality.HALF_RATE: "pictures are drawn with much less detail, and every second one is left out",
}
_BACK = "pictures are drawn in full again"


class PictureHealth:
    """One per conversation."""

    def __init__(self) -> None:
        self.ladder = QualityLadder()
        self.reader = ReaderLevel.FULL
        """How many pictures the client can take; set by whoever sends them to it."""
        self._told = PictureQuality.FULL
        self._are_lost = False

    def attach(self) -> None:
        """A client begins to listen, who has been told nothing."""
        self.reader = ReaderLevel.FULL
        self._told, self._are_lost = PictureQuality.FULL, False

    def shown(self, quality: PictureQuality) -> DegradedMode | None:
        """A picture of this quality goes out: what to tell the client, if anything."""
        if quality is self._told and not self._are_lost:
            return None
        self._told, self._are_lost = quality, False
        if quality is PictureQuality.FULL:
            return DegradedMode(False, "avatar", "", _BACK, quality)
        return DegradedMode(True, "avatar", TOO_SLOW, _ACTIONS[quality], quality)

    def lost(self, reason: str, action: str) -> DegradedMode:
        """No more pictures for now: what to tell the client."""
        self._are_lost = True
        return DegradedMode(True, "avatar", reason, action)
