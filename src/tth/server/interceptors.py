"""The edge of every call: errors become statuses, bugs become an incident id, nobody is left hanging.

A CancelledError that is not the call's own would make grpc.aio send no status at all and leave the client waiting for
ever, so it is turned into INTERNAL. Tests: tests/server/test_interceptors.py.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import grpc

from tth.errors import InternalError, TTHError
from tth.server.status import to_status

log = logging.getLogger(__name__)

Handler = Callable[[Any, Any], Awaitable[Any]]


class ErrorGuard(grpc.aio.ServerInterceptor):
    """Wraps every handler of the server, unary and streaming, of either style."""

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
        return make(_guarded(inner, method), handler.request_deserializer, handler.response_serializer)


def _as_coroutine(handler: Any) -> Handler:
    """A streaming handler in coroutine style, whatever style it has."""
    if not inspect.isasyncgenfunction(handler):
        return handler  # type: ignore[no-any-return]

    async def run(request: Any, context: Any) -> None:
        async for message in handler(request, context):
            await context.write(message)

    return run


def _guarded(handler: Handler, method: str) -> Handler:
    async def run(request: Any, context: Any) -> Any:
        try:
            return await handler(request, context)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise  # the client's or the server's own
            await context.abort_with_status(_incident(method))
        except (grpc.aio.AbortError, grpc.aio.InternalError):
            raise  # already a status, or the peer is gone
        except TTHError as error:
            await context.abort_with_status(to_status(error))
        except ExceptionGroup as group:
            ours = first_of_ours(group)
            await context.abort_with_status(to_status(ours) if ours is not None else _incident(method))
        except Exception:
            await context.abort_with_status(_incident(method))
        return None

    return run


def first_of_ours(group: BaseExceptionGroup[BaseException]) -> TTHError | None:
    """The error of a task group, when everything in it is TTH's own or one TTHError leads."""
    for inner in group.exceptions:
        found = first_of_ours(inner) if isinstance(inner, BaseExceptionGroup) else inner
        if isinstance(found, TTHError):
            return found
    return None


def _incident(method: str) -> grpc.Status:
    """Log the exception being handled, once; what goes out is an id and nothing of its text."""
    error = InternalError()
    log.exception("call failed", extra={"method": method, "incident": error.metadata["incident"]})
    return to_status(error)
