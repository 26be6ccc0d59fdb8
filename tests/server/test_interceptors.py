"""The edge of every call: what becomes of an error, a bug and a cancellation, for all four kinds of handlers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest

from tests.server.caller import details_of, reason_of, run
from tth.errors import Conflict, LimitExceeded, TTHError, invalid_field
from tth.server.interceptors import ErrorGuard, only_ours

pytestmark = pytest.mark.server

SECRET = "SECRETWORD"
Body = Callable[[], Awaitable[None]]


async def bug() -> None:
    raise ValueError(SECRET)


async def ours() -> None:
    raise invalid_field("text", "shorter")


async def grouped() -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(full())


async def full() -> None:
    raise LimitExceeded("too many", "CAPACITY", retry_after_ms=1500)


async def mixed() -> None:
    raise ExceptionGroup("x", [Conflict("a"), ValueError(SECRET)])


async def foreign_cancellation() -> None:
    """A task that this one waits for was cancelled by somebody: not the call's own cancellation."""
    inner = asyncio.create_task(asyncio.sleep(60))
    await asyncio.sleep(0)
    inner.cancel()
    await inner


BODIES = [
    (bug, grpc.StatusCode.INTERNAL, "INTERNAL", 1),
    (ours, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST", 0),
    (full, grpc.StatusCode.RESOURCE_EXHAUSTED, "CAPACITY", 0),
    (grouped, grpc.StatusCode.RESOURCE_EXHAUSTED, "CAPACITY", 0),
    (mixed, grpc.StatusCode.INTERNAL, "INTERNAL", 1),
    (foreign_cancellation, grpc.StatusCode.INTERNAL, "INTERNAL", 1),
]


def handlers(body: Body) -> dict[str, grpc.RpcMethodHandler[Any, Any]]:
    """One method of each kind and style; each ends as `body` does."""

    async def unary(request: bytes, context: Any) -> bytes:
        await body()
        return b"done"

    async def collect(requests: AsyncIterator[bytes], context: Any) -> bytes:
        async for _ in requests:
            pass
        await body()
        return b"done"

    async def generate(request: bytes, context: Any) -> AsyncIterator[bytes]:
        yield b"one"
        await body()

    async def write(request: bytes, context: Any) -> None:
        await context.write(b"one")
        await body()

    async def generate_both(requests: AsyncIterator[bytes], context: Any) -> AsyncIterator[bytes]:
        async for request in requests:
            yield request
        await body()

    async def write_both(requests: AsyncIterator[bytes], context: Any) -> None:
        async for request in requests:
            await context.write(request)
        await body()

    return {
        "unary_unary": grpc.unary_unary_rpc_method_handler(unary),
        "stream_unary": grpc.stream_unary_rpc_method_handler(collect),
        "unary_stream_generator": grpc.unary_stream_rpc_method_handler(generate),
        "unary_stream_coroutine": grpc.unary_stream_rpc_method_handler(write),
        "stream_stream_generator": grpc.stream_stream_rpc_method_handler(generate_both),
        "stream_stream_coroutine": grpc.stream_stream_rpc_method_handler(write_both),
    }


@asynccontextmanager
async def guarded(body: Body, guard: ErrorGuard | None = None) -> AsyncIterator[Any]:
    """A server of these handlers behind the guard, and a channel to it."""
    server = grpc.aio.server(interceptors=[guard or ErrorGuard()])
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("t.S", handlers(body)),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield channel
    finally:
        await server.stop(0)


KINDS = tuple(handlers(bug))


async def call(channel: Any, kind: str) -> list[bytes]:
    """Call one of them; everything it gave. Raises AioRpcError."""
    path = f"/t.S/{kind}"
    requests = iter([b"a", b"b"])
    if kind == "unary_unary":
        return [await channel.unary_unary(path)(b"a")]
    if kind == "stream_unary":
        return [await channel.stream_unary(path)(requests)]
    stream: Any = (
        channel.unary_stream(path)(b"a") if kind.startswith("unary") else channel.stream_stream(path)(requests)
    )
    return [message async for message in stream]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("body", "code", "reason", "errors"), BODIES, ids=[body[0].__name__ for body in BODIES])
def test_every_end_becomes_a_status(kind: str, body: Body, code: grpc.StatusCode, reason: str, errors: int) -> None:
    """With a reason, without the exception's text; bugs and stray cancellations are logged under an incident id."""

    async def main() -> None:
        async with guarded(body) as channel:
            with pytest.raises(grpc.aio.AioRpcError) as ended:
                await call(channel, kind)
            assert ended.value.code() is code
            assert reason_of(ended.value) == reason
            assert SECRET not in str(ended.value)
            if reason == "INTERNAL":
                assert details_of(ended.value)[0].metadata["incident"]

    run(main(), errors=errors)


@pytest.mark.parametrize("kind", KINDS)
def test_what_goes_well_passes(kind: str) -> None:
    """Nothing is added, nothing is lost."""

    async def fine() -> None:
        return None

    async def main() -> list[bytes]:
        async with guarded(fine) as channel:
            return await call(channel, kind)

    expected = {"unary_unary": [b"done"], "stream_unary": [b"done"]}
    both = [b"a", b"b"] if kind.startswith("stream") else [b"one"]
    assert run(main()) == expected.get(kind, both)


def test_a_client_that_cancels_is_let_go() -> None:
    """Its own cancellation passes through the handler and is no error; the guard knows when nobody is left."""
    seen = asyncio.Event()
    ended: list[str] = []

    async def waits() -> None:
        seen.set()
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    async def main() -> None:
        guard = ErrorGuard()
        async with guarded(waits, guard) as channel:
            call = channel.unary_unary("/t.S/unary_unary")(b"a")
            await seen.wait()
            call.cancel()
            await guard.finished()
        assert ended == ["cancelled"]

    run(main())


def test_details_carry_fields_and_the_time_to_wait() -> None:
    """google.rpc.BadRequest and RetryInfo, for clients of any language."""

    async def main() -> None:
        async with guarded(full) as channel:
            with pytest.raises(grpc.aio.AioRpcError) as ended:
                await call(channel, "unary_unary")
        assert details_of(ended.value)[1].retry_delay.ToMilliseconds() == 1500
        assert details_of(ended.value)[0].domain == "tth"
        assert ended.value.details() == "CAPACITY: too many"

    run(main())


def test_only_ours() -> None:
    """The first TTHError however deep it lies, and none where anything else is among them."""
    first, second = Conflict("a"), LimitExceeded("b")
    deep = ExceptionGroup("x", [ExceptionGroup("y", [first]), second])
    assert only_ours(deep) is first
    assert only_ours(ExceptionGroup("x", [first, ValueError()])) is None
    assert isinstance(first, TTHError)
