"""Where snapshots are kept so that another server finds them, and who may write there.

Every session has an epoch, raised by each server that takes it over. Whoever writes with an older one is refused: a
server that was only slow, and not dead, can never overwrite what its successor knows.
Tests: tests/session/test_snapshot_store.py, the same for every store.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from tth.clock import Clock

TOMBSTONE_S = 3600.0
"""How long the epoch of a deleted session is remembered, so that a slow server does not bring it back to life."""
FIRST_EPOCH = 1


class StoreUnavailable(Exception):
    """The store gave no answer in time, or refused. Its own words stay in the cause."""


class Writing(StrEnum):
    """What became of a write."""

    DONE = "done"
    SUPERSEDED = "superseded"
    """Another server has taken the session over."""
    MISSING = "missing"
    """The store does not know the session: it was emptied, or the time was over."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a store holds of a session."""

    epoch: int
    data: bytes


class SessionStore(Protocol):
    """Every method raises StoreUnavailable, within a bounded time."""

    name: str
    """As in Health: "store/" and this."""

    async def save(self, session_id: str, epoch: int, data: bytes, ttl_s: float) -> Writing:
        """Keep this for so long: DONE or SUPERSEDED."""
        ...

    async def renew(self, session_id: str, epoch: int, ttl_s: float) -> Writing:
        """Keep what is there for so long from now."""
        ...

    async def load(self, session_id: str) -> Kept | None:
        """What is kept; None when nothing is."""
        ...

    async def claim(self, session_id: str, epoch: int) -> bytes | None:
        """Take over a session that was loaded with this epoch: from now on `epoch + 1` writes, and nobody else.

        What is kept at that moment: the first server may have written since it was loaded. None when another server was
        quicker, or the session is gone: load again.
        """
        ...

    async def delete(self, session_id: str, epoch: int) -> Writing:
        """Forget it. Idempotent."""
        ...

    async def ping(self) -> None:
        """Is anybody there?"""
        ...

    async def aclose(self) -> None:
        """Let go of connections. Idempotent."""
        ...


@dataclass(slots=True)
class _Entry:
    epoch: int
    data: bytes | None
    until_s: float


class MemoryStore:
    """In this process: for servers that share one, as in tests. A server alone needs none: its sessions live in it."""

    name = "memory"

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: dict[str, _Entry] = {}

    async def save(self, session_id: str, epoch: int, data: bytes, ttl_s: float) -> Writing:
        """See `SessionStore`."""
        found = self._found(session_id)
        if found is not None and found.epoch > epoch:
            return Writing.SUPERSEDED
        self._entries[session_id] = _Entry(epoch, data, self._clock.now_s() + ttl_s)
        return Writing.DONE

    async def renew(self, session_id: str, epoch: int, ttl_s: float) -> Writing:
        """See `SessionStore`."""
        found = self._found(session_id)
        if found is not None and found.epoch > epoch:
            return Writing.SUPERSEDED
        if found is None or found.data is None:
            return Writing.MISSING
        found.until_s = self._clock.now_s() + ttl_s
        return Writing.DONE

    async def load(self, session_id: str) -> Kept | None:
        """See `SessionStore`."""
        found = self._found(session_id)
        return Kept(found.epoch, found.data) if found is not None and found.data is not None else None

    async def claim(self, session_id: str, epoch: int) -> bytes | None:
        """See `SessionStore`."""
        found = self._found(session_id)
        if found is None or found.data is None or found.epoch != epoch:
            return None
        found.epoch = epoch + 1
        return found.data

    async def delete(self, session_id: str, epoch: int) -> Writing:
        """See `SessionStore`."""
        found = self._found(session_id)
        if found is not None and found.epoch > epoch:
            return Writing.SUPERSEDED
        self._entries[session_id] = _Entry(epoch + 1, None, self._clock.now_s() + TOMBSTONE_S)
        return Writing.DONE

    async def ping(self) -> None:
        """Always."""

    async def aclose(self) -> None:
        """Nothing to let go of."""

    def _found(self, session_id: str) -> _Entry | None:
        entry = self._entries.get(session_id)
        if entry is not None and entry.until_s <= self._clock.now_s():
            del self._entries[session_id]
            return None
        return entry
