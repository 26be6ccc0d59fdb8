"""A session's incoming commands: bounded, in order, closed by the client (half-close) or by the server (end).

Policy when full: the reader waits, so the client's own transport slows it down. Tests: tests/session/test_inbox.py.
"""

from __future__ import annotations

import asyncio
from collections import deque

from tth.model.commands import Command

CAPACITY = 64


class Inbox:
    """One reader puts, one session gets."""

    def __init__(self) -> None:
        self._commands: deque[Command] = deque()
        self._changed = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self.is_finished = False
        """The client sends no more; what is queued is still worked off."""
        self.is_ended = False
        """The server wants no more; what is queued is forgotten."""

    async def put(self, command: Command) -> None:
        """Add a command; waits while the queue is full, drops it when the session has been ended."""
        while len(self._commands) >= CAPACITY and not self.is_ended:
            self._room.clear()
            await self._room.wait()
        if not self.is_ended:
            self._commands.append(command)
            self._changed.set()

    def finish(self) -> None:
        """The client has half-closed."""
        self.is_finished = True
        self._changed.set()

    def end(self) -> None:
        """Stop taking commands, now."""
        self.is_ended = True
        self._commands.clear()
        self._changed.set()
        self._room.set()

    async def get(self) -> Command | None:
        """The next command; None when there will be none."""
        while True:
            if self._commands:
                command = self._commands.popleft()
                self._room.set()
                return command
            if self.is_finished or self.is_ended:
                return None
            self._changed.clear()
            await self._changed.wait()
