"""What was told to a client and can be told again: a ring of numbered messages, bounded in count, bytes and age.

Media never come in here: late, they are worth nothing. Tests: tests/core/test_replay.py.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Told:
    """One message as it was sent."""

    seq: int
    data: bytes
    """Opaque here."""
    at_s: float


@dataclass(frozen=True, slots=True)
class ReplayLimits:
    """The first that is reached counts. Chosen: a minute is longer than any transport takes to notice a dead peer
    (40 s with our keepalive); 512 messages hold about two minutes of speech with word timings."""

    max_count: int = 512
    max_bytes: int = 262_144
    max_age_s: float = 60.0


class ReplayRing:
    """Messages in the order of their numbers; the oldest goes first."""

    def __init__(self, limits: ReplayLimits | None = None) -> None:
        self._limits = limits or ReplayLimits()
        self._told: deque[Told] = deque()
        self._byte_count = 0
        self.lost_seq = 0
        """The highest number of a message that is no longer here; 0 = none was lost."""

    def __len__(self) -> int:
        return len(self._told)

    @property
    def byte_count(self) -> int:
        return self._byte_count

    def add(self, seq: int, data: bytes, at_s: float) -> None:
        """Keep a message with a higher number than all before.

        at_s: now; while no client is there, the moment at which it was lost, so that what it has missed does not grow
        old while it is away.
        """
        self._told.append(Told(seq, data, at_s))
        self._byte_count += len(data)
        limits = self._limits
        while self._told and (
            len(self._told) > limits.max_count
            or self._byte_count > limits.max_bytes
            or at_s - self._told[0].at_s > limits.max_age_s
        ):
            oldest = self._told.popleft()
            self._byte_count -= len(oldest.data)
            self.lost_seq = max(self.lost_seq, oldest.seq)

    def restore(self, entries: Iterable[tuple[int, bytes]], lost_seq: int) -> None:
        """Go on with the entries of another ring, as if they were told now."""
        self.lost_seq = lost_seq
        for seq, data in entries:
            self.add(seq, data, 0.0)

    def lose(self, seq: int) -> None:
        """What was told up to this number and is not here is lost: another server told it."""
        self.lost_seq = max(self.lost_seq, seq)

    def after(self, seq: int) -> list[bytes]:
        """Every message with a higher number, in order."""
        return [told.data for told in self._told if told.seq > seq]

    def misses(self, seq: int) -> bool:
        """A message with a higher number is no longer here."""
        return seq < self.lost_seq

    def entries(self) -> tuple[tuple[int, bytes], ...]:
        """(number, message) of each, for a record."""
        return tuple((told.seq, told.data) for told in self._told)
