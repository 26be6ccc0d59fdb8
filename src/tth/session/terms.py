"""What was agreed on when a session was created; it never changes, whatever stream or server goes on with it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tth.model.ids import SessionId
from tth.model.media import MediaPreferences


class OverlapPolicy(StrEnum):
    """What happens to a new text while a turn runs."""

    SUPERSEDE = "supersede"
    QUEUE = "queue"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class SessionTerms:
    """One session's."""

    session_id: SessionId
    language_code: str
    """Of turns that name none."""
    media: MediaPreferences
    overlap: OverlapPolicy = OverlapPolicy.SUPERSEDE
