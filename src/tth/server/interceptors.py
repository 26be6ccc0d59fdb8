"""The edge of every call: errors become statuses, bugs become an incident id, nobody is left hanging.

A CancelledError that is not the call's own would make grpc.aio send no status at all and leave the client waiting for
ever, so it is turned into INTERNAL. Bytes that are no message of the contract are the client's mistake and not ours.
Tests: tests/server/test_interceptors.py.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

import grpc
from google.protobuf.message import DecodeError

from tth.errors import InternalError, InvalidRequest, TTHError
from tth.server.status import to_status
from tth.tracebacks import let_go

log = logging.getLogger(__name__)

STATUS_S = 5.0
"""How long a status may take to leave. A client that does not read blocks it in the transport behind its messages; it
finds the status there whenever it reads on."""

Handler = Callable[[Any, Any], Awaitable[Any]]
Deserializer = Callable[[bytes], Any]


class ErrorGuard(grpc.aio.ServerInterceptor):
    """Wraps every handler of the server, unary and streaming, of either style."""

    def __init__(self, status_s: float = STATUS_S) -> None:
        self._status_s = status_s
        self._running: set[asyncio.Task[Any]] = set()

    async def intercept_service(self, continuation: Any, handler_call_details: Any) -> Any:
        """Wrap whatever handler the call is for; None (no such method) passes."""
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        method = str(handler_call_details.method)
        if handler.response_streaming:
            inner = _as_coroutine(handler.stream_stream or handler.unary_stream)
            both, one = grpc.stream_stream_rpc_method_handler, grpc.unary_stream_rpc_method_handler
        else:
            inner = handler.stream_unary or handler.unary_unary
            both, one = grpc.stream_unary_rpc_method_handler, grpc.unary_unary_rpc_method_handler
        make: Any = both if handler.request_streaming else one
        checked = _checked_stream(inner) if handler.request_streaming else _checked(inner)
        guarded = self._guarded(checked, method)
        return make(guarded, _tolerant(handler.request_deserializer), handler.response_serializer)

    async def finished(self) -> None:
        """Wait until no handler runs. Bounded by the server's stop, which cancels them."""
        while self._running:
            await asyncio.wait(self._running)

    def _guarded(self, handler: Handler, method: str) -> Handler:
        async def run(request: Any, context: Any) -> Any:
            task = asyncio.current_task()
            assert task is not None
            self._running.add(task)
            task.add_done_callback(self._running.discard)
            try:
                return await handler(request, context)
            except asyncio.CancelledError as error:
                let_go(error)
                if task.cancelling():
                    raise  # the client's or the server's own
                status = _incident(method)
            except grpc.aio.AbortError:
                raise  # already a status
            except grpc.aio.InternalError:
                log.info("the peer is gone", extra={"method": method})
                return None
            except TTHError as error:
                status = to_status(error)
            except ExceptionGroup as group:
                ours = only_ours(group)
                status = to_status(ours) if ours is not None else _incident(method)
            except Exception:
                status = _incident(method)
            return await self._end(context, status, method)

        return run

    async def _end(self, context: Any, status: grpc.Status, method: str) -> None:
        try:
            async with asyncio.timeout(self._status_s):
                await context.abort_with_status(status)
        except TimeoutError:
            log.info("status not delivered: the client does not read", extra={"method": method})
        except grpc.aio.InternalError:
            log.info("status not delivered: the peer is gone", extra={"method": method})


class _Unreadable:
    """Stands for bytes that are no message."""


def _tolerant(deserialize: Deserializer | None) -> Deserializer | None:
    """Without this grpc would answer UNKNOWN with the parser's own words."""
    if deserialize is None:
        return None

    def read(data: bytes) -> Any:
        try:
            return deserialize(data)
        except DecodeError:
            return _Unreadable()

    return read


def _checked(handler: Handler) -> Handler:
    """A handler that gets one request. Raises InvalidRequest when it could not be read."""

    async def run(request: Any, context: Any) -> Any:
        return await handler(_readable(request), context)

    return run


def _checked_stream(handler: Handler) -> Handler:
    """A handler that gets a stream of requests; the stream raises InvalidRequest at one that could not be read."""

    async def read(requests: AsyncIterator[Any]) -> AsyncGenerator[Any, None]:
        async for request in requests:
            yield _readable(request)

    async def run(requests: AsyncIterator[Any], context: Any) -> Any:
        async with aclosing(read(requests)) as readable:
            return await handler(readable, context)

    return run


def _readable(request: Any) -> Any:
    if isinstance(request, _Unreadable):
        raise InvalidRequest("the message is not of the contract, or a text in it is not UTF-8", "MESSAGE_UNREADABLE")
    return request


def _as_coroutine(handler: Any) -> Handler:
    """A streaming handler in coroutine style, whatever style it has."""
    if not inspect.isasyncgenfunction(handler):
        return handler  # type: ignore[no-any-return]

    async def run(request: Any, context: Any) -> None:
        async with aclosing(handler(request, context)) as messages:
            async for message in messages:
                await context.write(message)

    return run


def only_ours(group: ExceptionGroup[Exception]) -> TTHError | None:
    """The first TTHError of a task group, however deep it lies; None when there is anything else, for that is a bug."""
    ours, others = group.split(TTHError)
    first: Exception | None = ours
    while isinstance(first, ExceptionGroup):
        first = first.exceptions[0]
    return first if isinstance(first, TTHError) and others is None else None


def _incident(method: str) -> grpc.Status:
    """Log the exception being handled, once; what goes out is an id and nothing of its text."""
    error = InternalError()
    log.exception("call failed", extra={"method": method, "incident": error.metadata["incident"]})
    return to_status(error)
