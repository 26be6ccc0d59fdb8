"""The session that a handle belongs to, free for a new stream. Tests: tests/server/test_resume.py."""

from __future__ import annotations

import asyncio

from tth.errors import Conflict, SessionNotFound, TakenOver
from tth.session.conversation import Conversation
from tth.session.store import MemorySessions

LET_GO_S = 5.0
"""How long the stream before may take to end. Nothing waits for its client, so this is met only by a broken adapter."""


class Resuming:
    """One server's."""

    def __init__(self, sessions: MemorySessions) -> None:
        self._sessions = sessions

    async def session_of(self, session_id: str, handle: str) -> Conversation:
        """The session, with no stream attached: an old one has been ended. Attach to it before anything is awaited.

        Raises SessionNotFound for an id that is unknown and for a handle that does not fit, and never says which;
        Conflict when the old stream does not let go.
        """
        conversation = self._sessions.find(session_id)
        if conversation is None or not conversation.resumption.admits(handle):
            raise SessionNotFound
        try:
            async with asyncio.timeout(LET_GO_S):
                while conversation.is_attached:  # also when another one that resumes was quicker: the last one has it
                    conversation.lose(TakenOver())
                    await conversation.detached()
        except TimeoutError:
            raise Conflict("session_id: the stream before does not end", "SESSION_ATTACHED", retryable=True) from None
        if self._sessions.find(session_id) is not conversation or conversation.is_leaving:
            raise SessionNotFound
        return conversation
