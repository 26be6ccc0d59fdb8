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
    """A session in which nobody asked for anything for so long is ended."""
    lifetime_s: float = 14_400.0


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

    def add(self, conversation: Conversation, request_id: str) -> None:
        """Keep a new session. `request_id` ("" = none) finds it again."""
        self._entries[conversation.session_id] = _Entry(conversation, self._clock.now_s(), self._clock.wall_ms())
        if request_id:
            self._by_request[request_id] = conversation.session_id

    def of_request(self, request_id: str) -> Conversation | None:
        """The session that this request made before, if it is still known."""
        entry = self._entries.get(self._by_request.get(request_id, SessionId("")))
        return entry.conversation if entry is not None else None

    def get(self, session_id: str) -> Conversation:
        """Raises SessionNotFound for an id that is unknown, ended or expired; the id is not repeated."""
        entry = self._entries.get(SessionId(session_id))
        if entry is None:
            raise SessionNotFound
        return entry.conversation

    def remove(self, session_id: SessionId) -> None:
        """Forget a session. Idempotent."""
        self._entries.pop(session_id, None)
        self._by_request = {r: s for r, s in self._by_request.items() if s != session_id}

    def all(self) -> list[Conversation]:
        """Every session, oldest first."""
        return [entry.conversation for entry in self._entries.values()]

    def expired(self) -> list[Conversation]:
        """Sessions whose time is over: unused for too long with no turn running, or too old."""
        now_s = self._clock.now_s()
        return [
            entry.conversation
            for entry in self._entries.values()
            if now_s - entry.created_s > self._limits.lifetime_s
            or (entry.conversation.state == "idle" and now_s - entry.conversation.last_used_s > self._limits.idle_s)
        ]

    def times_ms(self, session_id: SessionId) -> tuple[int, int]:
        """(created, expires), Unix ms; the expiry moves with every use."""
        entry = self._entries[session_id]
        now_s = self._clock.now_s()
        left_s = min(
            entry.created_s + self._limits.lifetime_s - now_s,
            entry.conversation.last_used_s + self._limits.idle_s - now_s,
        )
        return entry.created_ms, self._clock.wall_ms() + int(left_s * 1000)
