"""One provider over WebSockets, against a real server on loopback."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import WSMsgType, web

from tth.adapters.provider_errors import ErrorNames, Source
from tth.adapters.provider_key import ApiKey
from tth.adapters.provider_socket import NO_CLOSE_FRAME, SocketProvider, SocketSettings
from tth.errors import (
    AdapterAuthFailed,
    AdapterError,
    AdapterProtocolError,
    AdapterQuotaExceeded,
    AdapterRateLimited,
    AdapterRejected,
    AdapterTimeout,
    AdapterUnavailable,
)
from tth.model.secret import Secret
from tth.testing.emulators.server import Emulator, abort

pytestmark = pytest.mark.server

KEY = "sk-secret-key"
NAMES = ErrorNames(quota=frozenset({"insufficient_quota"}), auth=frozenset({"invalid_api_key"}))
Handler = Callable[[web.Request, web.WebSocketResponse], Coroutine[Any, Any, None]]


class Once(Emulator):
    """One socket that does what a test says."""

    handler: Handler

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_get("/v1/talk", self._talk)
        router.add_get("/v1/refused", self._refuse)

    async def _talk(self, request: web.Request) -> web.WebSocketResponse:
        await self.note(request)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await self.handler(request, socket)
        return socket

    async def _refuse(self, request: web.Request) -> web.Response:
        return web.Response(status=429, text='{"error": {"code": "slow"}}', headers={"retry-after": "3"})


def source() -> Source:
    return Source("realtime", "some_model")


@asynccontextmanager
async def provider(handler: Handler) -> AsyncIterator[tuple[SocketProvider, Once]]:
    """A provider whose server answers so."""
    server = Once(key=KEY)
    server.handler = handler
    async with server.running():
        settings = SocketSettings(f"{server.url}/v1/", {"x-own": "1"}, ApiKey(Secret(KEY), "SOME_KEY"))
        yield SocketProvider(source(), settings, NAMES, {3000: AdapterAuthFailed}), server


async def echo(request: web.Request, socket: web.WebSocketResponse) -> None:
    async for message in socket:
        await socket.send_str(message.data)


def test_frames_both_ways() -> None:
    """What was posted arrives in order, whole also above a mebibyte; the key goes in a header, never in the URL."""

    async def main() -> Once:
        async with provider(echo) as (made, server):
            socket = await made.connect("talk", {"model": "a b"})
            for number in range(100):
                socket.post({"n": number, "text": "ä"})
            socket.post({"big": "x" * 2_000_000})
            assert [(await socket.receive())["n"] for _ in range(100)] == list(range(100))
            assert len((await socket.receive())["big"]) == 2_000_000
            await socket.aclose()
            await socket.aclose()
            return server

    seen = asyncio.run(main()).seen[0]
    assert seen.path == "/v1/talk?model=a+b"
    assert (seen.headers["authorization"], seen.headers["x-own"]) == (f"Bearer {KEY}", "1")


def test_nothing_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Not even when everything is: the library would log headers, and so the key, and what is said."""
    caplog.set_level(logging.DEBUG)

    async def main() -> None:
        async with provider(echo) as (made, _):
            socket = await made.connect("talk")
            socket.post({"text": "between us"})
            await socket.receive()
            await socket.aclose()

    asyncio.run(main())
    assert KEY not in caplog.text
    assert "between us" not in caplog.text


def test_closing_sends_what_was_posted_and_leaves_no_task() -> None:
    """A message posted in a clean-up is not lost by closing right behind it."""
    got: list[str] = []
    codes: list[int | None] = []
    over = asyncio.Event()

    async def listen(request: web.Request, socket: web.WebSocketResponse) -> None:
        async for message in socket:
            got.append(json.loads(message.data)["bye"])
        codes.append(socket.close_code)
        over.set()

    async def main() -> None:
        async with provider(listen) as (made, _):
            before = asyncio.all_tasks()
            socket = await made.connect("talk")
            socket.post({"bye": "now"})
            await socket.aclose()
            async with asyncio.timeout(5):
                await over.wait()
            mine = {task for task in asyncio.all_tasks() - before if "writes" in task.get_name()}
            assert mine == set()

    asyncio.run(main())
    assert (got, codes) == (["now"], [1000])


@pytest.mark.parametrize(
    ("code", "reason", "kind", "retryable"),
    [
        (1011, "", AdapterUnavailable, True),
        (1001, "Your session hit the maximum duration of 60 minutes.", AdapterUnavailable, True),
        (1013, "insufficient_quota.insufficient_quota", AdapterQuotaExceeded, False),
        (3000, "invalid_request_error.invalid_api_key", AdapterAuthFailed, False),
        (3000, "invalid_request_error", AdapterAuthFailed, False),
    ],
)
def test_closes(code: int, reason: str, kind: type[AdapterError], retryable: bool) -> None:
    """Names in the reason are believed before the code; its prose is not repeated."""

    async def close(request: web.Request, socket: web.WebSocketResponse) -> None:
        await socket.close(code=code, message=reason.encode())

    async def main() -> AdapterError:
        async with provider(close) as (made, _):
            socket = await made.connect("talk")
            with pytest.raises(AdapterError) as closed:
                await socket.receive()
            await socket.aclose()
            return closed.value

    error = asyncio.run(main())
    assert (type(error), error.retryable) == (kind, retryable)
    assert (error.role, error.adapter) == ("realtime", "some_model")
    assert str(code) in error.message
    assert "minutes" not in error.message
    assert ("SOME_KEY" in error.message) == (kind is AdapterAuthFailed)


def test_a_broken_connection() -> None:
    """No goodbye: what came before is given out, then it is told."""

    async def break_off(request: web.Request, socket: web.WebSocketResponse) -> None:
        await socket.send_str('{"n": 1}')
        await asyncio.sleep(0.05)
        abort(request)

    async def main() -> None:
        async with provider(break_off) as (made, _):
            socket = await made.connect("talk")
            assert await socket.receive() == {"n": 1}
            with pytest.raises(AdapterUnavailable, match=str(NO_CLOSE_FRAME)):
                await socket.receive()
            socket.post({"lost": True})
            await socket.aclose()

    asyncio.run(main())


@pytest.mark.parametrize("frame", ["{oops", "[1]", b'{"n": 1}'], ids=["no JSON", "no object", "binary"])
def test_garbage(frame: str | bytes) -> None:
    """To skip a frame would lose words."""

    async def send(request: web.Request, socket: web.WebSocketResponse) -> None:
        await (socket.send_str(frame) if isinstance(frame, str) else socket.send_bytes(frame))
        await socket.receive()

    async def main() -> None:
        async with provider(send) as (made, _):
            socket = await made.connect("talk")
            with pytest.raises(AdapterProtocolError) as broken:
                await socket.receive()
            assert "oops" not in broken.value.message
            await socket.aclose()

    asyncio.run(main())


def test_a_refused_upgrade() -> None:
    """Its status is the error."""

    async def main() -> AdapterRateLimited:
        async with provider(echo) as (made, _):
            with pytest.raises(AdapterRateLimited) as refused:
                await made.connect("refused")
            with pytest.raises(AdapterRejected):
                await made.connect("nowhere")
            return refused.value

    assert asyncio.run(main()).retry_after_ms == 3000


async def _mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes everything and says nothing."""
    await reader.read()
    writer.close()


def test_nobody_there() -> None:
    """A port where nobody listens, and one where nobody answers: both within the deadline."""

    async def main() -> None:
        with pytest.raises(AdapterUnavailable, match="some_model"):
            await SocketProvider(source(), SocketSettings("http://127.0.0.1:9"), NAMES).connect("talk")
        async with await asyncio.start_server(_mute, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            settings = SocketSettings(f"ws://127.0.0.1:{port}", connect_s=0.05)
            with pytest.raises(AdapterTimeout):
                await SocketProvider(source(), settings, NAMES).connect("talk")
            await asyncio.sleep(0.05)  # the server's side closes as well

    asyncio.run(main())


def test_a_cancelled_wait_loses_nothing() -> None:
    """The next one gets the message."""
    go = asyncio.Event()

    async def late(request: web.Request, socket: web.WebSocketResponse) -> None:
        await go.wait()
        await socket.send_str('{"n": 1}')
        assert (await socket.receive()).type in (WSMsgType.CLOSE, WSMsgType.CLOSED)

    async def main() -> None:
        async with provider(late) as (made, _):
            socket = await made.connect("talk")
            waiting = asyncio.create_task(socket.receive())
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.wait([waiting])
            go.set()
            assert await socket.receive() == {"n": 1}
            await socket.aclose()

    asyncio.run(main())
