"""What joins a session to its record, by which another server takes it up. Tests: tests/session/test_record.py,
tests/session/test_keeper.py.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field


async def _at_once() -> None:
    """Nobody keeps a record, so nobody waits for one."""


@dataclass(slots=True)
class Handover:
    """One session's. Where it is its server's alone there is no record, and all of this does nothing."""

    on_record: Callable[[], Awaitable[None]] = _at_once
    """Waits until there is a record of all that has changed: bounded, and short."""
    unsent: Callable[[], list[tuple[str, bytes]]] = list
    """What waits, and another server has to send if this one is lost: turn and message."""
    left_unsent: list[tuple[str, bytes]] = field(default_factory=list)
    """The same of the server before."""

    def forget(self) -> None:
        """The session is over."""
        self.on_record, self.unsent = _at_once, list
