"""The sessions of this server: found by id, bounded in number, forgotten in time.

Tests: tests/session/test_store.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from tth.clock import Clock
from tth.errors import LimitExceeded, SessionNotFound
from tth.model.ids import SessionId
from tth.session.conversation import Conversation


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """How many and how long."""

    max_sessions: int = 200
    idle_s: float = 300.0
    """A session whose client asked for nothing for so long is ended."""
    lifetime_s: float = 14_400.0
    grace_s: float = 300.0
    """A session without a stream lives on for so long."""


IDLE = "SESSION_IDLE"
LIFETIME = "SESSION_LIFETIME"
TURNS = "SESSION_TURNS"
ABANDONED = ""
"""Why a session is ended; this one is told to nobody, for nobody is there."""


@dataclass(slots=True)
class _Entry:
    conversation: Conversation
    created_s: float
    created_ms: int


class MemorySessions:
    """All sessions in this process's memory."""

    def __init__(self, limits: SessionLimits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._entries: dict[SessionId, _Entry] = {}
        self._by_request: dict[str, SessionId] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def check_room(self) -> None:
        """Raises LimitExceeded when no further session fits."""
        if len(self._entries) >= self._limits.max_sessions:
            raise LimitExceeded(
                f"this server has {self._limits.max_sessions} sessions, its limit",
                "CAPACITY",
                retryable=True,
                retry_after_ms=1000,
            )

    def add(self, conversation: Conversation, request_id: str = "", created_ms: int | None = None) -> None:
        """Keep a session. `request_id` ("" = none) finds it again. created_ms: Unix time, for one that is not new."""
        now_s, now_ms = self._clock.now_s(), self._clock.wall_ms()
        created_ms = now_ms if created_ms is None else created_ms
        self._entries[conversation.session_id] = _Entry(conversation, now_s - (now_ms - created_ms) / 1000, created_ms)
        if request_id:
            self._by_request[request_id] = conversation.session_id

    def of_request(self, request_id: str) -> Conversation | None:
        """The session that this request made before, if it is still known."""
        entry = self._entries.get(self._by_request.get(request_id, SessionId("")))
        return entry.conversation if entry is not None else None

    def get(self, session_id: str) -> Conversation:
        """Raises SessionNotFound for an id that is unknown, ended or expired; the id is not repeated."""
        conversation = self.find(session_id)
        if conversation is None:
            raise SessionNotFound
        return conversation

    def find(self, session_id: str) -> Conversation | None:
        """The session, or None."""
        entry = self._entries.get(SessionId(session_id))
        return entry.conversation if entry is not None else None

    def remove(self, session_id: SessionId) -> None:
        """Forget a session. Idempotent."""
        self._entries.pop(session_id, None)
        self._by_request = {r: s for r, s in self._by_request.items() if s != session_id}

    def all(self) -> list[Conversation]:
        """Every session, oldest first."""
        return [entry.conversation for entry in self._entries.values()]

    def over(self) -> list[tuple[Conversation, str]]:
        """Sessions whose time is over, and why, but for those that were told so already. One in which a turn runs or
        waits is over only for its age."""
        reasons = ((entry.conversation, self._why_over(entry)) for entry in self._entries.values())
        return [(one, why) for one, why in reasons if why is not None and not one.is_leaving]

    def _why_over(self, entry: _Entry) -> str | None:
        now_s, limits, conversation = self._clock.now_s(), self._limits, entry.conversation
        if now_s - entry.created_s > limits.lifetime_s:
            return LIFETIME
        if conversation.detached_s is not None:
            return ABANDONED if now_s - conversation.detached_s > limits.grace_s else None
        if not conversation.turns.is_resting:
            return None
        if conversation.turns.are_used_up:
            return TURNS
        return IDLE if now_s - conversation.last_used_s > limits.idle_s else None

    def times_ms(self, session_id: SessionId) -> tuple[int, int]:
        """(created, expires), Unix ms; the expiry moves with every use, and with the end of a stream."""
        entry = self._entries[session_id]
        return entry.created_ms, self._clock.wall_ms() + int(self.left_s(entry.conversation) * 1000)

    def left_s(self, conversation: Conversation) -> float:
        """How long the session lives on if nothing happens from now on."""
        now_s, limits = self._clock.now_s(), self._limits
        lifetime_s = self._entries[conversation.session_id].created_s + limits.lifetime_s
        if conversation.detached_s is not None:
            return min(lifetime_s, conversation.detached_s + limits.grace_s) - now_s
        return min(lifetime_s, conversation.last_used_s + limits.idle_s) - now_s

    def left_if_lost_s(self, conversation: Conversation) -> float:
        """How long it lives on if its client, or this server, is gone from now on."""
        now_s, limits = self._clock.now_s(), self._limits
        lifetime_s = self._entries[conversation.session_id].created_s + limits.lifetime_s
        detached_s = now_s if conversation.detached_s is None else conversation.detached_s
        return min(lifetime_s, detached_s + limits.grace_s) - now_s
