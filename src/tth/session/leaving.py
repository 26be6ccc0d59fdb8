"""What a client is told that asks for more of a session behind its `go_away`. Tests: tests/session/test_leaving.py."""

from __future__ import annotations

from tth.errors import Conflict, Draining, SessionNotFound, TTHError
from tth.model.events import GoAway

OVER = "disconnect"
"""The action of a `go_away` by which the session ends. By the others it is the server that goes, and another server, or
another session, takes what comes too late here."""
RETRY_AFTER_MS = 1000


def too_late_for_turn(notice: GoAway) -> TTHError:
    """For a text: the stream is still there, so it says why."""
    if notice.action == OVER:
        return Conflict("no turn is begun any more: the session is over, as go_away said", notice.reason)
    return Draining("no turn is begun any more: go_away was sent", retry_after_ms=RETRY_AFTER_MS)


def too_late_for_stream(notice: GoAway) -> TTHError:
    """For a stream that comes, resuming or not: the same as a moment later, when the last one has ended."""
    if notice.action == OVER:
        return SessionNotFound()
    return Draining("the server is going away; use another one", retry_after_ms=RETRY_AFTER_MS)
