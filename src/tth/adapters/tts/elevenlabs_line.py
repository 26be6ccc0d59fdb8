"""The socket of one ElevenLabs conversation: opened ahead, used again, replaced when it is broken or leads elsewhere.

Tests: tests/adapters/tts/test_elevenlabs.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from tth.adapters.provider_socket import SocketProvider
from tth.adapters.tts.elevenlabs_socket import ContextSocket, Route


class Line:
    """At most one socket in use, one that is being opened, and old ones that are being closed."""

    def __init__(self, provider: SocketProvider, *, stays: bool) -> None:
        """stays: the socket is kept alive while nobody speaks."""
        self._provider = provider
        self._stays = stays
        self._socket: ContextSocket | None = None
        self._opening: tuple[Route, asyncio.Task[ContextSocket]] | None = None
        self._closing: set[asyncio.Task[None]] = set()

    def prepare(self, route: Route) -> None:
        """Begin to open a socket there, unless there is one."""
        if self._socket is None or not self._fits(self._socket, route):
            self._open(route)

    async def socket(self, route: Route) -> ContextSocket:
        """A socket that leads there. Raises AdapterError. Cancelled, the opening goes on for whoever comes next."""
        if self._socket is not None and self._fits(self._socket, route):
            return self._socket
        opening = self._open(route)
        await asyncio.wait([opening])
        self._opening = None
        old, self._socket = self._socket, opening.result()
        if old is not None:
            self._later(old.aclose())
        return self._socket

    async def aclose(self) -> None:
        """Close everything. Idempotent."""
        opening, self._opening = self._opening, None
        if opening is not None:
            self._later(_dispose(opening[1]))
        old, self._socket = self._socket, None
        if old is not None:
            self._later(old.aclose())
        if self._closing:
            await asyncio.wait(self._closing)

    def _fits(self, socket: ContextSocket, route: Route) -> bool:
        return socket.route == route and socket.is_usable

    def _open(self, route: Route) -> asyncio.Task[ContextSocket]:
        """The opening of a socket that leads there, the one under way where it has not failed."""
        if self._opening is not None:
            there, opening = self._opening
            has_failed = opening.done() and (opening.cancelled() or opening.exception() is not None)
            if there == route and not has_failed:
                return opening
            self._later(_dispose(opening))
        opening = asyncio.create_task(self._connected(route), name=f"{self._provider.source.adapter} connects")
        self._opening = (route, opening)
        return opening

    async def _connected(self, route: Route) -> ContextSocket:
        socket = await self._provider.connect(route.path, dict(route.params))
        return ContextSocket(self._provider, socket, route, stays=self._stays)

    def _later(self, closing: Coroutine[Any, Any, None]) -> None:
        """Nobody waits for a goodbye but `aclose`."""
        task = asyncio.create_task(closing)
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


async def _dispose(opening: asyncio.Task[ContextSocket]) -> None:
    """End an opening, whatever has become of it."""
    opening.cancel()
    await asyncio.wait([opening])
    if not opening.cancelled() and opening.exception() is None:
        await opening.result().aclose()
