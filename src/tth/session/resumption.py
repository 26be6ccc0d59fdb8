"""What lets a stream go on where another one was lost: numbers of both directions, what can be told again, handles.

A handle is a secret that the client shows to take the session up again. It is renewed with every resume; the one that
was shown stays good as well, since the answer with the new one may be lost too. Only its hash is kept on record.
Tests: tests/session/test_resumption.py.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from tth.core.replay import ReplayLimits, ReplayRing
from tth.model.secret import Secret

HANDLE_BYTES = 24
"""192 random bits, 32 characters."""
MAX_UNRECORDED = 1_000_000
"""How far a client's number may be ahead of the record of a server that is gone: hours of media, and no overflow."""


@dataclass(frozen=True, slots=True)
class Reopening:
    """What a stream that resumes finds."""

    last_seq: int
    """The client has taken everything up to here; what is behind it is told again."""
    gap: bool
    """Some that are no media are missing, or may be."""


class Resumption:
    """One session's, from stream to stream."""

    def __init__(self, limits: ReplayLimits | None = None) -> None:
        """limits: of what can be told again."""
        self.last_seq = 0
        """Number of the last message to the client."""
        self.taken_client_seq = 0
        """The highest number of a client's message that was worked off."""
        self.ring = ReplayRing(limits)
        self.told_turn_id = ""
        """The turn that the client was told of last."""
        self.handle = _new_handle()
        """The newest; the client has got it, or is about to."""
        self.handle_hashes: tuple[str, ...] = (_hash(self.handle.reveal()),)
        """Of every handle that is good."""
        self.is_uncertain = False
        """The record of a server that is gone may be older than what it sent last."""
        self.uncertain_seq = -1
        """A client that has taken nothing behind this does not know yet that it was so."""
        self._drops_repeated = False
        self.numbering = 0
        """Which of the client's numberings this is: raised where its messages count from 1 again."""
        self._changed_seq = 0  # the last of the client's messages that a record must hold
        self._recorded_seq: int | None = None
        self._acknowledged_seq = 0
        self._request_count = 0

    def next_request(self) -> int:
        """Somebody asks for the session with a good handle: the number of that request."""
        self._request_count += 1
        return self._request_count

    def is_newest(self, request: int) -> bool:
        """Nobody has asked since."""
        return request == self._request_count

    def restore(self, last_seq: int, client_seq: int, handle_hashes: tuple[str, ...], *, is_uncertain: bool) -> None:
        """Go on where another server was."""
        self.last_seq, self.taken_client_seq = last_seq, client_seq
        self.handle_hashes, self.is_uncertain = handle_hashes, is_uncertain
        self._acknowledged_seq = client_seq

    # ---- to the client

    def next_seq(self) -> int:
        """The number of the message that is sent now."""
        self.last_seq += 1
        return self.last_seq

    def keep(self, seq: int, turn_id: str, data: bytes, attended_s: float) -> None:
        """This message, of this turn ("" = none), can be told again. attended_s: age counts while a client is there."""
        self.told_turn_id = turn_id or self.told_turn_id
        self.ring.add(seq, data, attended_s)

    @property
    def oldest_replayable_seq(self) -> int:
        """From here on everything but media can be told again."""
        return self.ring.lost_seq + 1

    # ---- from the client

    def is_repeated(self, client_seq: int) -> bool:
        """This message has been worked off before; 0 = not numbered, never a repetition."""
        return self._drops_repeated and 0 < client_seq <= self.taken_client_seq

    def take(self, client_seq: int, *, changes: bool = True) -> None:
        """A message has been worked off: it may be acknowledged, if it changes something when that is on record."""
        self.taken_client_seq = max(self.taken_client_seq, client_seq)
        if changes:
            self._changed_seq = max(self._changed_seq, client_seq)

    def recorded(self, client_seq: int | None, numbering: int) -> None:
        """Everything up to this number of this numbering is written down where another server finds it; None = nobody
        writes anything down now, so nothing waits for it."""
        if client_seq is None or numbering == self.numbering:
            self._recorded_seq = client_seq

    def acknowledge(self) -> int:
        """The highest number that the client need not send again, whichever server it comes back to."""
        seq = self.taken_client_seq
        if self._recorded_seq is not None and self._recorded_seq < self._changed_seq:
            seq = min(seq, self._recorded_seq)
        self._acknowledged_seq = max(self._acknowledged_seq, seq)
        return self._acknowledged_seq

    # ---- handles and streams

    def admits(self, handle: str) -> bool:
        """Is this handle good?"""
        return is_handle(handle, self.handle_hashes)

    def begin(self) -> None:
        """A stream that does not resume: its client counts its messages from 1."""
        self.taken_client_seq = self._changed_seq = self._acknowledged_seq = 0
        self.numbering += 1
        if self._recorded_seq is not None:
            self._recorded_seq = 0
        self._drops_repeated = False

    def reopen(self, handle: str, last_seq: int) -> Reopening:
        """A stream that resumes with a good handle, whose client took everything up to `last_seq`.

        A number beyond what was sent counts as what was sent, and as a gap: another server may have sent more than it
        could record, and nobody knows what.
        """
        last_seq = max(last_seq, 0)
        is_beyond = last_seq > self.last_seq
        if is_beyond and self.is_uncertain:
            self.last_seq = min(last_seq, self.last_seq + MAX_UNRECORDED)
            self.ring.lose(self.last_seq)
        if self.is_uncertain:
            self.uncertain_seq = self.last_seq
        gap = last_seq <= self.uncertain_seq or is_beyond or self.ring.misses(last_seq)
        self.is_uncertain = False
        self._drops_repeated = True
        self.handle = _new_handle()
        self.handle_hashes = (_hash(handle), _hash(self.handle.reveal()))
        return Reopening(min(last_seq, self.last_seq), gap)


def is_handle(handle: str, hashes: tuple[str, ...]) -> bool:
    """Is it one of those? Takes as long whichever it is, and whether it is one."""
    shown = _hash(handle)
    found = [hmac.compare_digest(shown, known) for known in hashes]
    return any(found)


def _new_handle() -> Secret:
    return Secret(secrets.token_urlsafe(HANDLE_BYTES))


def _hash(handle: str) -> str:
    return hashlib.sha256(handle.encode("utf-8", "surrogatepass")).hexdigest()
