"""An error as an event."""

from __future__ import annotations

import pytest

from tth.core.error_event import error_event
from tth.errors import LimitExceeded, invalid_field
from tth.model.events import ErrorEvent, ErrorScope

pytestmark = pytest.mark.unit


def test_everything_an_error_says_is_told() -> None:
    """Code, reason, fields, whether and when to try again, and the message that it answers."""
    error = invalid_field("a.b", "1..2")
    told = error_event(error, ErrorScope.MESSAGE, 7)
    assert told == ErrorEvent(
        3, "INVALID_REQUEST", "a.b: must be 1..2", ErrorScope.MESSAGE, client_seq=7, violations=error.violations
    )
    full = error_event(LimitExceeded("full", retryable=True, retry_after_ms=5, metadata={"k": "v"}), ErrorScope.TURN)
    assert (full.code, full.retryable, full.retry_after_ms) == (8, True, 5)
    assert (full.metadata, full.client_seq) == ({"k": "v"}, 0)
