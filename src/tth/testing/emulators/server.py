"""What every emulator is: a web server on this machine with a key, faults to come, and a memory of what was asked.

HTTP and WebSocket on one port (aiohttp, extra `tth[emulate]`). Tests: tests/testing/emulators/test_server.py.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web

from tth.testing.emulators.faults import Fault, FaultKind, FaultQueue
from tth.testing.emulators.speech import Speech, ToneSpeech

DEFAULT_KEY = "test-key"
MAX_SEEN = 1000
"""Requests that are remembered."""
ACCEPTING_TURNS = 5
"""Of the loop, until asyncio has made a connection of whoever knocked last: a server closed before leaves it open."""
MAX_REQUEST_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it came. Kept for tests, in memory only."""

    method: str
    path: str
    headers: Mapping[str, str]
    """Lower-case names."""
    body: Any = None
    """Parsed JSON; None where there was none."""
    connection: int = 0
    """The same number for requests over one connection."""


@dataclass
class Emulator:
    """One provider's stand-in. Subclasses add their routes in `add_routes`."""

    key: str = DEFAULT_KEY
    """The only key that is accepted."""
    speech: Speech = field(default_factory=ToneSpeech)
    first_byte_s: float = 0.0
    """How long the provider thinks before its first event: its own timing, against which adapters are measured."""
    faults: FaultQueue = field(default_factory=FaultQueue)
    seen: deque[Seen] = field(default_factory=lambda: deque(maxlen=MAX_SEEN))

    name = "emulator"

    def __post_init__(self) -> None:
        self._runner: web.AppRunner | None = None
        self._connections: dict[object, int] = {}
        self.active_count = 0
        """Answers that are being worked on."""
        self.cancelled_count = 0
        """Requests whose client went away before the end."""
        self._cancelled = asyncio.Event()
        self.port = 0

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """The provider's paths."""

    async def load(self) -> None:
        """Get ready what answers are made of."""
        await self.speech.load()

    async def release(self) -> None:
        """The opposite of `load`; idempotent."""
        await self.speech.aclose()

    @property
    def url(self) -> str:
        """ "http://127.0.0.1:port", once started."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def connection_count(self) -> int:
        """How many connections requests have come over."""
        return len(self._connections)

    @property
    def open_count(self) -> int:
        """How many connections are open now."""
        server = self._runner.server if self._runner is not None else None
        return len(server.connections) if server is not None else 0

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> Self:
        """Listen. Raises OSError when the port cannot be had."""
        await self.load()
        app = web.Application(client_max_size=MAX_REQUEST_BYTES)
        self.add_routes(app.router)
        app.router.add_post("/_emulator/faults", self._add_faults)
        app.router.add_get("/_emulator/state", self._state)
        # handler_cancellation: a client that goes away ends the work, as at a provider that then stops billing.
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=1.0, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def aclose(self) -> None:
        """Stop; open connections are closed. Idempotent."""
        runner, self._runner = self._runner, None
        if runner is not None:
            for _ in range(ACCEPTING_TURNS):
                await asyncio.sleep(0)
            await runner.cleanup()
            await self.release()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Started, and stopped at the end."""
        await self.start()
        try:
            yield self
        finally:
            await self.aclose()

    async def note(
        self, request: web.Request, only: Collection[FaultKind] = tuple(FaultKind)
    ) -> tuple[Seen, Fault | None]:
        """Remember a request with its JSON body, and say what goes wrong with it: a fault of `only`."""
        peer = request.transport.get_extra_info("peername") if request.transport is not None else None
        number = self._connections.setdefault(peer, len(self._connections) + 1)
        body = None
        if request.can_read_body:
            try:
                body = json.loads(await request.read())
            except ValueError:
                body = None
        headers = {name.lower(): value for name, value in request.headers.items()}
        seen = Seen(request.method, request.path_qs, headers, body, number)
        self.seen.append(seen)
        return seen, self.faults.take(only)

    @asynccontextmanager
    async def answering(self) -> AsyncIterator[None]:
        """Around the work on one answer: counts those whose client went away."""
        self.active_count += 1
        try:
            yield
        except (asyncio.CancelledError, ConnectionResetError):
            self.note_cancelled()
            raise
        finally:
            self.active_count -= 1

    def told(self) -> list[Any]:
        """Everything that clients sent as JSON, oldest first; of HTTP the bodies."""
        return [seen.body for seen in self.seen if seen.body is not None]

    def forget(self) -> None:
        """Forget what was asked so far."""
        self.seen.clear()

    def note_cancelled(self) -> None:
        """A client does not want the rest of an answer."""
        self.cancelled_count += 1
        self._cancelled.set()

    async def cancelled(self) -> None:
        """Wait until some client has gone away before the end of its answer."""
        await self._cancelled.wait()

    async def _state(self, request: web.Request) -> web.Response:
        """GET /_emulator/state: what has happened so far. The connection that asks counts as one that is open."""
        return web.json_response(
            {
                "requests": len(self.seen),
                "connections": self.connection_count,
                "open": self.open_count,
                "active": self.active_count,
                "cancelled": self.cancelled_count,
                "faults_waiting": len(self.faults),
            }
        )

    async def _add_faults(self, request: web.Request) -> web.Response:
        """POST /_emulator/faults [{"kind": "rate_limited", "retry_after_s": 1}, ...]: for people with curl."""
        try:
            faults = [Fault(**fault) for fault in json.loads(await request.read())]
        except (TypeError, ValueError) as error:
            return web.json_response({"error": f"a list of faults: {error}"}, status=400)
        self.faults.add(*faults)
        return web.json_response({"waiting": len(self.faults)})


def abort(request: web.Request) -> None:
    """Cut the connection without a goodbye."""
    if request.transport is not None:
        request.transport.abort()
