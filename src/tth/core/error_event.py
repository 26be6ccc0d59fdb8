"""An error as an event of a stream or a job. Pure. Tests: tests/core/test_error_event.py."""

from __future__ import annotations

from tth.errors import TTHError
from tth.model.events import ErrorEvent, ErrorScope


def error_event(error: TTHError, scope: ErrorScope, client_seq: int = 0) -> ErrorEvent:
    """What a caller is told. client_seq: of the message that caused it; 0 = none, or not numbered."""
    return ErrorEvent(
        code=int(error.code),
        reason=error.reason,
        message=error.message,
        scope=scope,
        retryable=error.retryable,
        retry_after_ms=error.retry_after_ms,
        client_seq=client_seq,
        violations=error.violations,
        metadata=error.metadata,
    )
