"""The session that a handle belongs to, wherever it is, free for a new stream. Tests: tests/server/test_resume.py,
tests/server/test_take_up.py.
"""

from __future__ import annotations

import asyncio
import logging

from tth.errors import Conflict, InvalidRequest, SessionNotFound, TakenOver
from tth.model.ids import log_name
from tth.session.conversation import Conversation
from tth.session.engine import Engine
from tth.session.keeper import Keeper
from tth.session.record import restored
from tth.session.resumption import is_handle
from tth.session.snapshot import Snapshot
from tth.session.store import MemorySessions

log = logging.getLogger(__name__)

LET_GO_S = 5.0
"""How long the stream before may take to end. Nothing waits for its client, so this is met only by a broken adapter."""
MAX_SESSION_ID = 64
"""Characters; what is longer is none of ours and is not looked for."""


class Resuming:
    """One server's."""

    def __init__(self, sessions: MemorySessions, engine: Engine, keeper: Keeper | None) -> None:
        """keeper: knows the sessions of other servers; None = there is no other server."""
        self._sessions = sessions
        self._engine = engine
        self._keeper = keeper

    async def session_of(self, session_id: str, handle: str) -> Conversation:
        """The session, with no stream attached: an old one has been ended. Attach to it before anything is awaited.

        Raises SessionNotFound for an id that is unknown and for a handle that does not fit, and never says which;
        StoreDown when it may be another server's and nobody can tell; Conflict when the old stream does not let go;
        Draining when this server goes away.
        """
        conversation = self._sessions.find(session_id)
        if conversation is not None and await self._is_here(conversation, handle):
            await self._free(conversation)
            return conversation
        if self._keeper is None or len(session_id) > MAX_SESSION_ID:
            raise SessionNotFound
        conversation = await self._keeper.take_up(
            session_id, lambda snapshot: self._check(snapshot, session_id, handle), self._built
        )
        self._sessions.add(conversation)
        return conversation

    async def _is_here(self, conversation: Conversation, handle: str) -> bool:
        """The handle fits, and no other server has the session meanwhile."""
        if not conversation.resumption.admits(handle):
            return False
        return self._keeper is None or await self._keeper.is_ours(conversation)

    async def _free(self, conversation: Conversation) -> None:
        """Of several who ask at once the last one has it; whoever asked before is told that it was taken over. Whoever
        comes too late takes it from nobody."""
        conversation.check_stays()
        request = conversation.resumption.next_request()
        try:
            async with asyncio.timeout(LET_GO_S):
                while conversation.is_attached:
                    conversation.lose(TakenOver())
                    await conversation.detached()
                    if not conversation.resumption.is_newest(request):
                        raise TakenOver
        except TimeoutError:
            raise Conflict("session_id: the stream before does not end", "SESSION_ATTACHED", retryable=True) from None
        conversation.check_stays()
        if self._sessions.find(conversation.session_id) is not conversation:
            raise SessionNotFound

    def _check(self, snapshot: Snapshot, session_id: str, handle: str) -> None:
        """Raises SessionNotFound for somebody who has no right to it or comes too late, LimitExceeded where there is no
        room."""
        if snapshot.terms.session_id != session_id or not is_handle(handle, snapshot.replay.handle_hashes):
            raise SessionNotFound
        left_ms = None if snapshot.is_attached else snapshot.saved_ms
        if self._sessions.is_over_elsewhere(snapshot.created_ms, left_ms):
            raise SessionNotFound
        self._sessions.check_room()

    def _built(self, snapshot: Snapshot) -> Conversation:
        """The session of a snapshot. Raises SessionNotFound, AdapterError."""
        try:
            return restored(snapshot, self._engine)
        except InvalidRequest as error:  # of another configuration: a persona or a background that is not here
            name = log_name(snapshot.terms.session_id)
            log.warning("session cannot be taken up", extra={"session": name, "why": str(error)})
            raise SessionNotFound from None
