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


class MemorySessions:
    """All sessions in this process's memory."""

    def __init__(self, limits: SessionLimits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._sessions: dict[SessionId, Conversation] = {}
        self._by_request: dict[str, SessionId] = {}

    def __len__(self) -> int:
        return len(self._sessions)

    def check_room(self) -> None:
        """Raises LimitExceeded when no further session fits."""
        if len(self._sessions) >= self._limits.max_sessions:
            raise LimitExceeded(
                f"this server has {self._limits.max_sessions} sessions, its limit",
                "CAPACITY",
                retryable=True,
                retry_after_ms=1000,
            )

    def add(self, conversation: Conversation, request_id: str = "") -> None:
        """Keep a session. `request_id` ("" = none) finds it again."""
        self._sessions[conversation.session_id] = conversation
        if request_id:
            self._by_request[request_id] = conversation.session_id

    def of_request(self, request_id: str) -> Conversation | None:
        """The session that this request made before, if it is still known."""
        return self.find(self._by_request.get(request_id, ""))

    def get(self, session_id: str) -> Conversation:
        """Raises SessionNotFound for an id that is unknown, ended or expired; the id is not repeated."""
        conversation = self.find(session_id)
        if conversation is None:
            raise SessionNotFound
        return conversation

    def find(self, session_id: str) -> Conversation | None:
        """The session, or None."""
        return self._sessions.get(SessionId(session_id))

    def remove(self, conversation: Conversation) -> None:
        """Forget a session, unless its id belongs to another one meanwhile. Idempotent."""
        session_id = conversation.session_id
        if self.find(session_id) is conversation:
            del self._sessions[session_id]
            self._by_request = {r: s for r, s in self._by_request.items() if s != session_id}

    def all(self) -> list[Conversation]:
        """Every session, oldest first."""
        return list(self._sessions.values())

    def over(self) -> list[tuple[Conversation, str]]:
        """Sessions whose time is over, and why, but for those that were told so already. One in which a turn runs or
        waits is over only for its age."""
        reasons = ((conversation, self._why_over(conversation)) for conversation in self._sessions.values())
        return [(one, why) for one, why in reasons if why is not None and not one.is_leaving]

    def _why_over(self, conversation: Conversation) -> str | None:
        now_s, limits = self._clock.now_s(), self._limits
        if now_s - conversation.created_s > limits.lifetime_s:
            return LIFETIME
        if conversation.attendance.left_s is not None:
            return ABANDONED if now_s - conversation.attendance.left_s > limits.grace_s else None
        if not conversation.turns.is_resting:
            return None
        if conversation.turns.are_used_up:
            return TURNS
        return IDLE if now_s - conversation.last_used_s > limits.idle_s else None

    def is_over_elsewhere(self, created_ms: int, left_ms: int | None) -> bool:
        """Of a session that another server wrote down: is it too old, or has it been without a stream for too long?
        left_ms: Unix time since when; None = not known."""
        now_ms, limits = self._clock.wall_ms(), self._limits
        is_left = left_ms is not None and now_ms - left_ms > limits.grace_s * 1000
        return is_left or now_ms - created_ms > limits.lifetime_s * 1000

    def expires_ms(self, conversation: Conversation) -> int:
        """Unix time; it moves with every use, and with the end of a stream."""
        return self._clock.wall_ms() + int(self.left_s(conversation) * 1000)

    def left_s(self, conversation: Conversation) -> float:
        """How long the session lives on if nothing happens from now on."""
        if conversation.attendance.left_s is not None:
            return self.left_if_lost_s(conversation)
        return self._left_s(conversation, conversation.last_used_s + self._limits.idle_s)

    def left_if_lost_s(self, conversation: Conversation) -> float:
        """How long it lives on if its client, or this server, is gone from now on."""
        lost_s = self._clock.now_s() if conversation.attendance.left_s is None else conversation.attendance.left_s
        return self._left_s(conversation, lost_s + self._limits.grace_s)

    def _left_s(self, conversation: Conversation, until_s: float) -> float:
        return min(conversation.created_s + self._limits.lifetime_s, until_s) - self._clock.now_s()
