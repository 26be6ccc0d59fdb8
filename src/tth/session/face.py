"""The avatar of one conversation: one face per persona, handed from one user (a turn, the idle frames) to the next.

Tests: tests/session/test_face.py.
"""

from __future__ import annotations

import asyncio

from tth.adapters.base import Avatar, AvatarSession, Persona, SessionContext

MAX_FACES = 4
"""Faces kept open, most recently used: switching between a few people costs nothing, memory stays bounded."""


class Face:
    """Opens avatar sessions as personas need them."""

    def __init__(self, avatar: Avatar | None, context: SessionContext, draw: bool) -> None:
        self._avatar = avatar
        self._context = context
        self._draw = draw
        self._open: dict[str, AvatarSession] = {}
        self._retired: list[AvatarSession] = []
        self.user: asyncio.Task[None] | None = None
        """The task that uses the avatar, or did so last; the next one starts when it has ended."""

    def of(self, persona: Persona) -> AvatarSession | None:
        """The face of this persona; None where the server has no avatar."""
        if self._avatar is None:
            return None
        key = persona.look
        session = self._open.pop(key, None)
        if session is None:
            session = self._avatar.open_session(self._context, persona, self._draw)
        self._open[key] = session
        if len(self._open) > MAX_FACES:
            self._retired.append(self._open.pop(next(iter(self._open))))
        return session

    def released(self) -> None:
        """The stream has ended and with it every user."""
        self.user = None

    async def aclose(self) -> None:
        """Close every face. Idempotent."""
        sessions = [*self._open.values(), *self._retired]
        self._open.clear()
        self._retired.clear()
        for session in sessions:
            await session.aclose()
