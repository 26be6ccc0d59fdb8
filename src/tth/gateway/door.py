"""What holds for every request: where it may come from, and what a browser is told to be careful of.

Tests: tests/gateway/test_page.py, test_bad_http.py.
"""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from tth.gateway.access import Access
from tth.gateway.refusal import Refusal, body_of, headers_of, http_status_of

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "worker-src 'self' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "font-src 'self'",
        "connect-src 'self' blob: data:",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
"""Scripts, AudioWorklets and connections of the page's own address only; no eval, no WebAssembly. blob: and data: are
what three.js reads a model's textures from; styles may stand in the page, because dials set their own."""
_SAFETY = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
_PREFLIGHT = {
    "access-control-allow-methods": "GET, POST, DELETE",
    "access-control-allow-headers": "authorization, content-type",
    "access-control-max-age": "600",
}
_SHOWN = "etag, retry-after, content-range, accept-ranges"


class Door:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        try:
            is_foreign = self._access.check_origin(origin, headers.get("host"))
        except Refusal as refusal:
            answer = Response(body_of(refusal), http_status_of(refusal), headers_of(refusal), "application/json")
            if scope["type"] == "websocket":
                await WebSocket(scope, receive, send).send_denial_response(answer)
            else:
                await answer(scope, receive, send)
            return
        allowed = origin if is_foreign else None

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                _mark(MutableHeaders(scope=message), allowed)
            await send(message)

        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
        elif allowed and Request(scope).method == "OPTIONS":
            await Response(status_code=204, headers=_PREFLIGHT)(scope, receive, send_on)
        else:
            await self._app(scope, receive, send_on)


def _mark(headers: MutableHeaders, allowed: str | None) -> None:
    for name, value in _SAFETY.items():
        headers.setdefault(name, value)
    headers.add_vary_header("Origin")
    if allowed is not None:
        headers["access-control-allow-origin"] = allowed
        headers["access-control-expose-headers"] = _SHOWN
