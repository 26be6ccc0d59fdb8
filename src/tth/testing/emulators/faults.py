"""What can go wrong at a provider, and the queue of what goes wrong next.

Tests: tests/testing/emulators/test_server.py.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """Each emulator does what its provider is known to do; one that has no such case ignores the fault."""

    REFUSED_KEY = "refused_key"
    NO_PERMISSION = "no_permission"
    NO_QUOTA = "no_quota"
    RATE_LIMITED = "rate_limited"
    MODEL_NOT_FOUND = "model_not_found"
    SERVER_ERROR = "server_error"
    OVERLOADED = "overloaded"
    HTML_ERROR = "html_error"
    """A gateway's page instead of JSON."""
    REFUSED_CONTENT = "refused_content"
    SLOW_FIRST_BYTE = "slow_first_byte"
    SILENT_MIDWAY = "silent_midway"
    """Connected, and nothing comes any more."""
    ERROR_MIDWAY = "error_midway"
    """A good beginning, then the protocol's own error."""
    GARBAGE = "garbage"
    HALF_EVENT = "half_event"
    """Cut off in the middle of an event."""
    DISCONNECT = "disconnect"
    """The connection is gone in the middle, without a goodbye."""
    EARLY_END = "early_end"
    """A clean end of the transport before the protocol's own end."""
    WRONG_ORDER = "wrong_order"
    EMPTY_ANSWER = "empty_answer"
    SPLIT_BYTES = "split_bytes"
    """Not a fault: the answer in pieces of a few bytes, cut anywhere."""
    EXPIRED = "expired"
    """The connection has reached its greatest age."""


KEY_FAULTS = (FaultKind.REFUSED_KEY, FaultKind.NO_PERMISSION)
"""What also happens to requests that only look whether the key is good; other faults wait for real work."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong."""

    kind: FaultKind
    delay_s: float = 0.5
    """Of a slow first byte."""
    after: int = 2
    """Events or pieces that come before something goes wrong midway."""
    retry_after_s: float | None = None
    """Told with a refusal for now; None = not told."""


class FaultQueue:
    """Faults for the next requests, one each; then all is well again."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._faults = deque(faults)

    def add(self, *faults: Fault | FaultKind) -> None:
        """These happen to the next requests, in this order."""
        self._faults.extend(fault if isinstance(fault, Fault) else Fault(fault) for fault in faults)

    def take(self, only: Collection[FaultKind] = tuple(FaultKind)) -> Fault | None:
        """What happens to this request; nothing while the next fault is none of `only`."""
        return self._faults.popleft() if self._faults and self._faults[0].kind in only else None

    def __len__(self) -> int:
        return len(self._faults)
