"""Connections whose other end is slow, silent or gone: each comes to an end."""

from __future__ import annotations

import asyncio
import contextlib
import socket

import pytest
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn import Config, Server

from tests.server.caller import run
from tth.gateway.transport import PatientWebSocket, http_with

pytestmark = pytest.mark.server

LARGE = bytes(8_000_000)
"""More than the buffers of both ends hold."""
REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


async def talkative(scope: Scope, receive: Receive, send: Send) -> None:
    """Says more than a client takes that does not read, and is given up in the middle of it."""
    await receive()
    await send({"type": "websocket.accept"})
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(4.0):
            while True:
                await send({"type": "websocket.send", "bytes": LARGE[:100_000]})


async def large(scope: Scope, receive: Receive, send: Send) -> None:
    await Response(LARGE)(scope, receive, send)


class Quiet(Server):
    """On a free port, without a log, until `close`."""

    def __init__(self, first_message_s: float = 60.0, keep_alive_s: int = 60, app: ASGIApp = large) -> None:
        http = http_with(100, first_message_s)
        self.socket = socket.create_server(("127.0.0.1", 0))
        super().__init__(
            Config(
                app, http=http, ws=PatientWebSocket, ws_ping_interval=None,
                lifespan="off", log_config=None, log_level=50,
                timeout_keep_alive=keep_alive_s, timeout_graceful_shutdown=1,
            )
        )  # fmt: skip

    def ask(self, request: bytes = REQUEST) -> socket.socket:
        """A connection with a small buffer, and the request on its way."""
        made = socket.socket()
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        made.connect(self.socket.getsockname())
        made.sendall(request)
        made.setblocking(False)
        return made

    async def empty(self) -> None:
        """Wait until no connection is left."""
        while True:
            if not self.server_state.connections:
                return
            await asyncio.sleep(0.2)


async def serve(server: Quiet, then: asyncio.Task[None]) -> None:
    serving = asyncio.create_task(server._serve([server.socket]))
    await then
    server.should_exit = True
    await serving


def served(server: Quiet, test: object) -> None:
    async def main() -> None:
        await serve(server, asyncio.create_task(test()))  # type: ignore[operator]

    run(main())


def test_an_answer_that_nobody_takes() -> None:
    """The connection is cut."""
    server = Quiet()

    async def test() -> None:
        asked = server.ask()
        await asyncio.sleep(2.0)
        assert server.server_state.connections
        await server.empty()
        asked.close()

    served(server, test)


def test_an_answer_that_nobody_takes_when_the_time_for_another_request_is_over() -> None:
    """Also then."""
    server = Quiet(keep_alive_s=1)

    async def test() -> None:
        asked = server.ask()
        await server.empty()
        asked.close()

    served(server, test)


def test_a_websocket_that_nobody_reads() -> None:
    """When its conversation is over, the connection is too, whatever still waits in it."""
    server = Quiet(app=talkative)

    async def test() -> None:
        asked = server.ask(UPGRADE)
        await asyncio.sleep(2.0)
        assert server.server_state.tasks
        await server.empty()
        asked.close()

    served(server, test)


def test_an_answer_that_is_taken_slowly() -> None:
    """It comes whole, though it takes longer than a client may rest."""
    server = Quiet(keep_alive_s=1)

    async def test() -> None:
        reader, writer = await asyncio.open_connection(sock=server.ask(), limit=65_536)
        count, began_s = 0, asyncio.get_running_loop().time()
        while part := await reader.read(200_000):
            count += len(part)
            if count > len(LARGE):
                break
            await asyncio.sleep(0.8)
        assert count > len(LARGE)
        assert asyncio.get_running_loop().time() - began_s > 30.0
        writer.close()

    served(server, test)


def test_a_connection_that_is_kept_and_then_says_half_a_request() -> None:
    """It has as long for its second request as for the first."""
    server = Quiet(first_message_s=2.0)

    async def test() -> None:
        reader, writer = await asyncio.open_connection(sock=server.ask())
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200")
        await reader.readexactly(len(LARGE))
        writer.write(b"GET / HT")
        with contextlib.suppress(ConnectionResetError):  # an end is as good as a reset
            assert await reader.read() == b""
        writer.close()

    served(server, test)
