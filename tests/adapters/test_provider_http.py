"""One provider over HTTP, against a real server on loopback."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from tth.adapters.provider_errors import ErrorNames, Source
from tth.adapters.provider_http import HttpProvider, HttpSettings, events, parsed, read_out
from tth.adapters.provider_key import ApiKey
from tth.errors import AdapterAuthFailed, AdapterError, AdapterProtocolError, AdapterRateLimited, AdapterUnavailable
from tth.model.secret import Secret
from tth.testing.emulators.faults import FaultKind
from tth.testing.emulators.server import Emulator, abort

pytestmark = pytest.mark.server

KEY = "sk-secret-key"
Handler = Callable[[web.Request], Coroutine[Any, Any, web.StreamResponse]]


class Once(Emulator):
    """One path that does what a test says."""

    handler: Handler

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_post("/v1/ask", self._ask)
        router.add_get("/v1/models", self._ask)

    async def _ask(self, request: web.Request) -> web.StreamResponse:
        await self.note(request)
        async with self.answering():
            return await self.handler(request)


@asynccontextmanager
async def provider(handler: Handler, key: str = KEY) -> AsyncIterator[tuple[HttpProvider, Once]]:
    """A provider whose server answers so."""
    server = Once(key=KEY)
    server.handler = handler
    async with server.running():
        settings = HttpSettings(f"{server.url}/v1", {"x-own": "1"}, ApiKey(Secret(key)))
        made = HttpProvider(Source("llm", "some_model"), settings, ErrorNames())
        try:
            yield made, server
        finally:
            await made.aclose()


def stream_of(*pieces: bytes, cut: bool = False, pause_s: float = 0.0) -> Handler:
    """An answer in these pieces. cut: the connection is gone behind them."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece)
            await asyncio.sleep(pause_s)
        if cut:
            abort(request)
        return response

    return answer


async def read(made: HttpProvider, seen: list[dict[str, Any]] | None = None) -> list[dict[str, Any]]:
    """All events of one request; `seen` gets each as it comes."""
    seen = [] if seen is None else seen
    async with made.request("POST", "ask", {"q": 1}) as response:
        async for event in events(response):
            seen.append(parsed(event, made))
    return seen


@pytest.mark.parametrize(
    "pieces",
    [
        (b'data: {"n": "\xc3\xa4"}\n\n', b'data: {"n": 2}\n\n'),
        (b'data: {"n": "\xc3', b'\xa4"}\r', b'\n\r\n: ping\r\n\r\ndata:{"n": 2}\r\n\r\n'),
        (b': hello\n\nevent: x\nid: 7\ndata: {"n":\ndata: "\xc3\xa4"}\n\n', b'data: {"n": 2}'),
        tuple(bytes([byte]) for byte in b'data: {"n": "\xc3\xa4"}\n\ndata: {"n": 2}\n'),
    ],
    ids=["plain", "split in a character and in CRLF", "comment, id, two data lines, no last blank line", "bytes"],
)
def test_events_come_whole(pieces: tuple[bytes, ...]) -> None:
    """However they are cut on their way."""

    async def main() -> list[dict[str, Any]]:
        async with provider(stream_of(*pieces)) as (made, _):
            return await read(made)

    assert asyncio.run(main()) == [{"n": "ä"}, {"n": 2}]


@pytest.mark.parametrize("end", [b'data: {"n": ', b"data: \xc3", b"da", b": ping"])
def test_half_an_event_is_none(end: bytes) -> None:
    """The end of an answer that was cut off there: whoever reads it sees that its own end is missing."""

    async def main() -> list[dict[str, Any]]:
        async with provider(stream_of(b'data: {"n": 1}\n\n', end)) as (made, _):
            return await read(made)

    assert asyncio.run(main()) == [{"n": 1}]


def test_what_is_no_json_fails_the_stream() -> None:
    """To skip it would lose text."""

    async def main() -> None:
        async with provider(stream_of(b"data: {oops\n\n")) as (made, _):
            with pytest.raises(AdapterProtocolError):
                await read(made)

    asyncio.run(main())


def test_a_cut_connection_is_an_error() -> None:
    """What came before it was given out."""
    seen: list[dict[str, Any]] = []

    async def main() -> None:
        async with provider(stream_of(b'data: {"n": 1}\n\n', cut=True, pause_s=0.05)) as (made, _):
            with pytest.raises(AdapterUnavailable) as broken:
                await read(made, seen)
            assert broken.value.retryable

    asyncio.run(main())
    assert seen == [{"n": 1}]


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, '{"error": {"code": "invalid_api_key", "message": "key sk-secret-key is bad"}}', AdapterAuthFailed),
        (429, "{}", AdapterRateLimited),
        (502, "<html>Bad gateway</html>", AdapterUnavailable),
    ],
)
def test_refusals(status: int, body: str, kind: type[AdapterError]) -> None:
    """A status is an error before a byte is read; neither key nor body stand in its message."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=body, headers={"retry-after": "3"})

    async def main() -> AdapterError:
        async with provider(answer) as (made, _):
            with pytest.raises(kind) as refused:
                await read(made)
            return refused.value

    error = asyncio.run(main())
    assert error.retry_after_ms == (3000 if error.retryable else None)
    assert KEY not in error.message
    assert "html" not in error.message


def test_a_refused_key_names_its_variable() -> None:
    """So that whoever starts the server knows what to look at."""

    async def main() -> None:
        async with provider(lambda request: refuse(request)) as (_, server):
            settings = HttpSettings(server.url, {}, ApiKey(Secret(KEY), "SOME_API_KEY"))
            made = HttpProvider(Source("llm", "some_model"), settings, ErrorNames())
            with pytest.raises(AdapterAuthFailed, match="SOME_API_KEY") as refused:
                await made.warm("v1/models")
            assert KEY not in refused.value.message
            await made.aclose()

    async def refuse(request: web.Request) -> web.StreamResponse:
        return web.json_response({"error": {"code": "invalid_api_key"}}, status=401)

    asyncio.run(main())


def test_an_answer_that_is_kept_open_is_not_waited_for() -> None:
    """Behind the last event there is nothing to wait for; one that ends gives its connection back."""

    async def keep_open(request: web.Request) -> web.StreamResponse:
        response = await stream_of(b'data: {"n": 1}\n\n')(request)
        await asyncio.sleep(60)
        return response

    async def read_one(made: HttpProvider) -> None:
        async with made.request("POST", "ask", {}) as response:
            stream = events(response)
            await anext(stream)
            await read_out(stream)

    async def main() -> tuple[int, int]:
        async with provider(stream_of(b'data: {"n": 1}\n\n')) as (made, server):
            await read_one(made)
            await read_one(made)
            kept = server.connection_count
            server.handler = keep_open
            async with asyncio.timeout(5):
                await read_one(made)
                await server.cancelled()
            return kept, server.cancelled_count

    assert asyncio.run(main()) == (1, 1)


def test_what_an_emulator_tells_of_itself() -> None:
    """How many asked over how many connections; its own pages are no requests."""

    async def main() -> dict[str, int]:
        async with provider(stream_of(b'data: {"n": 1}\n\n')) as (made, server):
            await read(made)
            await read(made)
            people = HttpProvider(Source("x", "curl"), HttpSettings(server.url, {}), ErrorNames())
            async with people.request("GET", "_emulator/state") as response:
                told: dict[str, int] = json.loads(await response.aread())
            await people.aclose()
            return told

    told = asyncio.run(main())
    assert (told["requests"], told["connections"], told["open"], told["active"]) == (2, 1, 2, 0)


def test_nobody_there() -> None:
    """A port where nobody listens."""

    async def main() -> None:
        settings = HttpSettings("http://127.0.0.1:9/v1", {})
        made = HttpProvider(Source("tts", "some_voice"), settings, ErrorNames())
        with pytest.raises(AdapterUnavailable, match="some_voice"):
            await made.warm("models")
        await made.aclose()

    asyncio.run(main())


def test_connections_are_kept() -> None:
    """Ten requests one after the other, warm-up included, need one connection; the key goes with each."""

    async def main() -> Once:
        async with provider(stream_of(b'data: {"n": 1}\n\n')) as (made, server):
            await made.warm("models")
            for _ in range(10):
                await read(made)
            return server

    server = asyncio.run(main())
    assert server.connection_count == 1
    assert len(server.seen) == 11
    assert {seen.headers["authorization"] for seen in server.seen} == {f"Bearer {KEY}"}
    assert server.seen[1].headers["x-own"] == "1"
    assert server.seen[1].body == {"q": 1}


def test_a_cancelled_request_ends_the_providers_work() -> None:
    """The connection is closed at once, so the provider stops."""

    async def main() -> Once:
        async with provider(stream_of(*[b'data: {"n": 1}\n\n'] * 1000, pause_s=0.01)) as (made, server):

            async def ask() -> None:
                async with made.request("POST", "ask", {}) as response:
                    async for _ in events(response):
                        started.set()

            started = asyncio.Event()
            asking = asyncio.create_task(ask())
            await started.wait()
            asking.cancel()
            await asyncio.wait([asking])
            async with asyncio.timeout(5):
                await server.cancelled()
            return server

    assert asyncio.run(main()).cancelled_count == 1


@pytest.mark.parametrize("reads", [True, False])
def test_stops_cost_no_connection(reads: bool) -> None:
    """Stopped at sixty different moments, reading or not: the one connection that is allowed can be had again."""

    async def main() -> None:
        handler = stream_of(*[b'data: {"n": 1}\n\n'] * 5, pause_s=0.001)
        async with provider(handler) as (_, server):
            settings = HttpSettings(f"{server.url}/v1", {}, ApiKey(Secret(KEY)), max_connections=1)
            made = HttpProvider(Source("llm", "some_model"), settings, ErrorNames())

            async def ask() -> None:
                async with made.request("POST", "ask", {}) as response:
                    async for event in events(response):
                        if not reads:
                            break
                        parsed(event, made)

            for number in range(60):
                asking = asyncio.create_task(ask())
                for _ in range(number):
                    await asyncio.sleep(0)
                await asyncio.sleep(0.0002 * (number % 7))
                asking.cancel()
                await asyncio.wait([asking])
            async with asyncio.timeout(4):  # less than what a request waits for a connection
                assert len(await read(made)) == 5
            await made.aclose()

    asyncio.run(main())


@pytest.mark.parametrize(("is_cancelled", "connections"), [(False, 1), (True, 2)])
def test_a_cancelled_end_is_no_end(is_cancelled: bool, connections: int) -> None:
    """A reader that was cancelled at the end of an answer, and gone on from: that connection is not used again."""

    async def main() -> int:
        async with provider(stream_of(b'data: {"n": 1}')) as (made, server):  # told behind the end of the answer
            for _ in range(2):
                async with made.request("POST", "ask", {}) as response:
                    stream = events(response)
                    await anext(stream)
                    assert response.is_closed
                    with pytest.raises(asyncio.CancelledError if is_cancelled else StopAsyncIteration):
                        await (stream.athrow(asyncio.CancelledError()) if is_cancelled else anext(stream))
            return server.connection_count

    assert asyncio.run(main()) == connections


def test_faults_are_taken_one_by_one() -> None:
    """The queue of an emulator, also filled over HTTP."""

    async def main() -> None:
        async with provider(stream_of()) as (_, server):
            server.faults.add(FaultKind.GARBAGE)
            settings = HttpSettings(server.url, {})
            people = HttpProvider(Source("x", "curl"), settings, ErrorNames())
            async with people.request("POST", "_emulator/faults", [{"kind": "expired", "after": 3}]) as response:
                assert await response.aread() == b'{"waiting": 2}'
            first, second = server.faults.take(), server.faults.take()
            assert first is not None
            assert second is not None
            assert (first.kind, second.kind, second.after) == (FaultKind.GARBAGE, "expired", 3)
            assert server.faults.take() is None
            await people.aclose()

    asyncio.run(main())
