"""How one session's pictures are doing, and what its client has been told of it: every state is told once, on entry
and on exit, across turns and the time between them. Tests: tests/pipeline/test_picture_health.py.
"""

from __future__ import annotations

from tth.core.avatar_rate import AvatarRate
from tth.core.quality import QualityLadder
from tth.core.reader import ReaderLevel
from tth.model.events import DegradedMode
from tth.model.media import PictureQuality

MACHINE_TOO_SLOW = "MACHINE_TOO_SLOW"
AVATAR_TOO_SLOW = "AVATAR_TOO_SLOW"
AVATAR_SILENT = "AVATAR_SILENT"
_ACTIONS = {
    PictureQuality.REDUCED: "pictures are drawn with less detail",
    PictureQuality.LOW: "pictures are drawn with much less detail",
    PictureQuality.HALF_RATE: "pictures are drawn with much less detail, and every second one is left out",
}
_RATES = {
    2: ("half_rate", "every second picture is asked for"),
    4: ("quarter_rate", "every fourth picture is asked for"),
}
_WELL = DegradedMode(False, "avatar", "", "pictures are drawn in full again", PictureQuality.FULL)


class PictureHealth:
    """One per conversation."""

    def __init__(self) -> None:
        self.ladder = QualityLadder()
        self.rate = AvatarRate()
        self.reader = ReaderLevel.FULL
        """How many pictures the client can take; set by whoever sends them to it."""
        self._told = _WELL

    def attach(self) -> None:
        """A client begins to listen, who has been told nothing."""
        self.reader = ReaderLevel.FULL
        self._told = _WELL

    def shown(self, quality: PictureQuality) -> DegradedMode | None:
        """A picture of this quality goes out: what to tell the client, if anything."""
        if quality is not PictureQuality.FULL:
            return self._tell(DegradedMode(True, "avatar", MACHINE_TOO_SLOW, _ACTIONS[quality], quality))
        if self.rate.slots_each > 1:
            level, action = _RATES[self.rate.slots_each]
            return self._tell(DegradedMode(True, "avatar", AVATAR_TOO_SLOW, action, level))
        return self._tell(_WELL)

    def silent(self) -> DegradedMode | None:
        """No picture has come for a while: what to tell the client, if anything."""
        return self._tell(DegradedMode(True, "avatar", AVATAR_SILENT, "the last picture stands"))

    def lost(self, reason: str, action: str) -> DegradedMode | None:
        """No more pictures for now: what to tell the client, if anything."""
        return self._tell(DegradedMode(True, "avatar", reason, action))

    def _tell(self, notice: DegradedMode) -> DegradedMode | None:
        """A state is told when it changes."""
        if notice == self._told:
            return None
        self._told = notice
        return notice
