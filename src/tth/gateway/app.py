"""The gateway's paths, and what a WebSocket goes through before its conversation begins. Tests: tests/gateway/."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping

import grpc
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket

from tth.config.schema import GatewaySettings
from tth.gateway import refusal as refusals
from tth.gateway.access import Access
from tth.gateway.converse import Bridge, close, received
from tth.gateway.dialect import Frame, bearer_of, dialect_of, token_in
from tth.gateway.door import Door
from tth.gateway.downloads import artifact, head_response
from tth.gateway.heads import Heads
from tth.gateway.page import INDEX, StaticFile, load_openapi, load_page
from tth.gateway.refusal import OWN_CODES, End, Refusal, end_of
from tth.gateway.rest import Rest
from tth.gateway.routes import ARTIFACT_PATH, LOOK_PATH, OPENAPI_PATH, ROUTES, STREAM_PATH
from tth.gateway.routes import Route as Call
from tth.gateway.target import Metadata, Target

log = logging.getLogger(__name__)

Handler = Callable[[Request], Awaitable[Response]]


class GatewayApp:
    """Everything behind the port, as an ASGI application: `asgi`."""

    def __init__(self, settings: GatewaySettings, target: Target) -> None:
        self._settings = settings
        self._target = target
        self._access = Access.of(settings)
        self._rest = Rest(target, self._access, settings.max_request_bytes, settings.first_message_s)
        self._heads = Heads()
        self._leaving = asyncio.Event()
        self._conversations: set[asyncio.Task[object]] = set()
        app = Starlette(
            routes=self._routes(),
            exception_handlers={Refusal: _refused, HTTPException: _no_such_thing, Exception: _bug},  # type: ignore[dict-item]  # one for both kinds
        )
        self.asgi: ASGIApp = Door(app, self._access)

    @property
    def conversation_count(self) -> int:
        """WebSockets that are open."""
        return len(self._conversations)

    async def drain(self) -> None:
        """Take no new conversation; end those that are there, each when its turn has ended or has had its time."""
        self._leaving.set()
        if self._conversations:
            await asyncio.wait(self._conversations, timeout=self._settings.drain_s + refusals.CLOSE_SPARE_S)

    def _routes(self) -> list[BaseRoute]:
        page = load_page()
        verbs: dict[str, dict[str, Call]] = {}
        for call in ROUTES:
            verbs.setdefault(call.path, {})[call.verb] = call
        return [
            WebSocketRoute(STREAM_PATH, self._converse),
            WebSocketRoute("/{path:path}", _no_conversation),
            *(Route(path, self._answer(calls), methods=list(calls)) for path, calls in verbs.items()),
            Route(ARTIFACT_PATH, self._artifact, methods=["GET"]),
            Route(LOOK_PATH, self._head, methods=["GET"]),
            Route(OPENAPI_PATH, _static(load_openapi()), methods=["GET"]),
            Route("/", _static(page[INDEX]), methods=["GET"]),
            *(Route(f"/{name}", _static(file), methods=["GET"]) for name, file in page.items()),
        ]

    def _answer(self, calls: Mapping[str, Call]) -> Handler:
        """One path's calls by their verb. HEAD is GET whose body the transport leaves out."""

        async def answer(request: Request) -> Response:
            return await self._rest.answer(calls.get(request.method) or calls["GET"], request)

        return answer

    async def _artifact(self, request: Request) -> Response:
        metadata = self._rest.metadata(request)
        return await artifact(self._target, request.path_params["job_id"], request, metadata)

    async def _head(self, request: Request) -> Response:
        return head_response(await self._heads.head_of(request.path_params["look"]), request)

    # ---- conversations

    async def _converse(self, socket: WebSocket) -> None:
        self._check_room()
        dialect = dialect_of(list(socket.scope.get("subprotocols", ())))
        task = asyncio.current_task()
        assert task is not None
        self._conversations.add(task)
        try:
            await socket.accept(dialect.name if socket.scope.get("subprotocols") else None)
            session_id, began_s = str(socket.path_params["session_id"]), time.monotonic()
            bridge = Bridge(socket, dialect, session_id, self._leaving, self._settings.drain_s)
            end = await self._serve(socket, bridge)
            log.info(
                "conversation over",
                extra={
                    "session": session_id[:8],
                    "subprotocol": dialect.name,
                    "close": end.code or "by the client",
                    "seconds": round(time.monotonic() - began_s, 1),
                    "up": bridge.traffic.up_count,
                    "down": bridge.traffic.down_count,
                    "bytes": bridge.traffic.down_bytes,
                },
            )
        finally:
            self._conversations.discard(task)

    async def _serve(self, socket: WebSocket, bridge: Bridge) -> End:
        """From the first message to the close frame."""
        try:
            opened = await self._opening(socket)
            if opened is None:
                return End(0)
            first, metadata = opened
            return await bridge.run(first, self._target.converse(metadata))
        except Refusal as refusal:
            end = end_of(refusal)
        except Exception:
            end = End(OWN_CODES + grpc.StatusCode.INTERNAL.value[0], f"INTERNAL: incident {_incident()}")
        await close(socket, end)
        return end

    async def _opening(self, socket: WebSocket) -> tuple[Frame, Metadata] | None:
        """The first message that is for the server, and what the caller may show there. None: the client has left
        again. Raises Refusal."""
        token = bearer_of(socket.headers.get("authorization", ""))
        first = await self._first(socket, "no first message")
        shown = token_in(first) if first is not None else None
        if shown is not None:
            token, first = shown, None
        metadata = self._access.metadata(token)
        if shown is not None:
            first = await self._first(socket, "nothing came behind the token")
        return None if first is None else (first, metadata)

    async def _first(self, socket: WebSocket, missing: str) -> Frame | None:
        limit_s = self._settings.first_message_s
        try:
            async with asyncio.timeout(limit_s):
                return await received(socket)
        except TimeoutError:
            message = f"{missing} within {limit_s:g} s"
            raise Refusal(grpc.StatusCode.INVALID_ARGUMENT, "FIRST_MESSAGE_MISSING", message) from None

    def _check_room(self) -> None:
        if self._leaving.is_set():
            message = "the gateway is going away"
            raise Refusal(grpc.StatusCode.UNAVAILABLE, refusals.DRAINING, message, retry_after_ms=1000)
        if len(self._conversations) >= self._settings.max_connections:
            message = f"{self._settings.max_connections} conversations are open here already"
            raise Refusal(grpc.StatusCode.RESOURCE_EXHAUSTED, "LIMIT_EXCEEDED", message, retry_after_ms=1000)


async def _no_conversation(socket: WebSocket) -> None:
    raise _nothing_here()


def _static(file: StaticFile) -> Handler:
    async def answer(request: Request) -> Response:
        return file.response(request)

    return answer


# ---- what is said where something cannot be done


def response_of(refusal: Refusal) -> Response:
    """The refusal as an HTTP answer."""
    return Response(
        refusals.body_of(refusal),
        refusals.http_status_of(refusal),
        refusals.headers_of(refusal),
        media_type="application/json",
    )


async def _refused(request: Request | WebSocket, error: Exception) -> Response | None:
    assert isinstance(error, Refusal)
    if isinstance(request, WebSocket):  # before the WebSocket was accepted: the handshake is answered
        await request.send_denial_response(response_of(error))
        return None
    return response_of(error)


async def _no_such_thing(request: Request | WebSocket, error: Exception) -> Response | None:
    """No such path, or not with this method."""
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "")
        message = f"this path takes {allowed}"
        refusal = Refusal(grpc.StatusCode.UNIMPLEMENTED, "METHOD_NOT_ALLOWED", message, http_status=405)
    else:
        refusal = _nothing_here()
    response = response_of(refusal)
    response.headers.update(error.headers or {})
    return response


def _nothing_here() -> Refusal:
    return Refusal(grpc.StatusCode.NOT_FOUND, "PATH_NOT_FOUND", "no such path; /openapi.json lists them")


async def _bug(request: Request, error: Exception) -> Response:
    incident = _incident(error)
    return response_of(Refusal(grpc.StatusCode.INTERNAL, "INTERNAL", f"incident {incident}"))


def _incident(error: Exception | None = None) -> str:
    """Log the exception being handled, once; what goes out is an id and nothing of its text."""
    incident = secrets.token_hex(6)
    log.error("call failed", exc_info=error or True, extra={"incident": incident})
    return incident
