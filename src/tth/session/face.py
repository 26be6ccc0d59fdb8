"""The avatar of one conversation: one face per persona, handed from one user (a turn, the idle frames) to the next.

Tests: tests/session/test_face.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from contextlib import suppress

from tth.adapters.base import Avatar, AvatarSession, Persona, SessionContext
from tth.errors import AdapterError
from tth.model.controls import Controls
from tth.session.closing import close_all

MAX_FACES = 4
"""Faces kept open, most recently used: switching between a few people costs nothing, memory stays bounded."""


class Face:
    """Opens avatar sessions as personas need them, and says when they are free."""

    def __init__(self, avatar: Avatar | None, context: SessionContext, draw: bool) -> None:
        self._avatar = avatar
        self._context = context
        self._draw = draw
        self._open: dict[str, AvatarSession] = {}
        self._retired: list[AvatarSession] = []
        self._users: set[asyncio.Task[None]] = set()

    def of(self, persona: Persona) -> AvatarSession | None:
        """The face of this persona; None where the server has no avatar. Raises AdapterError."""
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

    def prepare(self, persona: Persona, controls: Controls) -> None:
        """This person may be wanted soon, so. A face that cannot be had is no error before it is wanted."""
        with suppress(AdapterError):
            face = self.of(persona)
            if face is not None:
                face.prepare(controls)

    def used_by(self, task: asyncio.Task[None]) -> None:
        """This task uses the face until it ends."""
        self._users.add(task)
        task.add_done_callback(self._users.discard)

    def free(self, group: asyncio.TaskGroup) -> asyncio.Task[None] | None:
        """A task that ends when everybody has ended who uses the face now; None when there is nothing to wait for.

        Not only the last one: a turn that is stopped before it had the face ends before the one that has it.
        """
        users = tuple(task for task in self._users if not task.done())
        if not users and not self._retired:
            return None
        return group.create_task(self._settle(users), name="face becomes free")

    async def put_away(self) -> None:
        """Nobody will look soon; no user may be there. Faces stay open, without what can be made again."""
        for session in tuple(self._open.values()):
            await session.put_away()

    async def aclose(self) -> None:
        """Close every face; nobody may use one any more. Idempotent."""
        sessions = [*self._open.values(), *self._retired]
        self._open.clear()
        self._retired.clear()
        await close_all(sessions)

    async def _settle(self, users: Collection[asyncio.Task[None]]) -> None:
        if users:
            await asyncio.wait(users)
        retired, self._retired = self._retired, []
        await close_all(retired)
