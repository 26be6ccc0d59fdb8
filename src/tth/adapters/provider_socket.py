"""One provider over WebSockets: connecting with a deadline, JSON frames both ways, and its way of failing.

Shared by the adapters whose provider speaks WebSocket; `provider_http.py` is its sibling. PING and PONG, fragments and
the closing handshake are the library's. Proxies and a CA of one's own come from the usual variables (HTTPS_PROXY,
NO_PROXY, SSL_CERT_FILE, SSL_CERT_DIR). Tests: tests/adapters/test_provider_socket.py.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import ssl
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlencode

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from tth.adapters.provider_errors import ErrorNames, Source, error_names, provider_error, retry_after_ms
from tth.adapters.provider_key import ApiKey
from tth.errors import AdapterError, AdapterProtocolError, AdapterTimeout, AdapterUnavailable

E = TypeVar("E", bound=AdapterError)

CONNECT_S = 10.0
"""TCP, TLS and upgrade; 0.8-2.1 s were seen with a good network."""
MAX_MESSAGE_BYTES = 16 * 1024 * 1024
"""Of one message that is accepted: sound in base64 exceeds the library's 1 MiB at times."""
CLOSE_S = 1.0
"""For the other side's half of the closing handshake."""
NO_CLOSE_FRAME = 1006
"""What RFC 6455 calls a connection that broke without a goodbye."""

_NAME = re.compile(r"[a-z][a-z0-9_]{1,63}")


@dataclass(frozen=True, slots=True)
class SocketSettings:
    """How to reach one provider."""

    base_url: str
    """ "https://host/v1" and "wss://host/v1" are the same."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Without the key."""
    key: ApiKey = field(default_factory=ApiKey)
    connect_s: float = CONNECT_S


class SocketProvider:
    """One per adapter, made in its constructor; gives connections."""

    def __init__(
        self,
        source: Source,
        settings: SocketSettings,
        names: ErrorNames,
        codes: Mapping[int, type[AdapterError]] | None = None,
    ) -> None:
        """codes: what the provider means by closing with them, where the reason's own names do not say it."""
        self.source = source
        self._settings = settings
        self._names = names
        self._codes = dict(codes or {})
        self._tls: ssl.SSLContext | None = None
        # The library logs headers and frames when it is asked for DEBUG: the key and what the user said.
        self._mute = logging.Logger("mute", level=logging.CRITICAL + 1)

    async def connect(self, path: str, params: Mapping[str, str] | None = None) -> Socket:
        """Open a connection. Cancelled, nothing of it is left.

        Raises AdapterTimeout, AdapterUnavailable for a network that does not let us through, and what the status of a
        refused upgrade means.
        """
        settings = self._settings
        url = re.sub(r"^http", "ws", settings.base_url.rstrip("/")) + "/" + path.lstrip("/")
        if params:
            url += "?" + urlencode(params)
        try:
            connection = await connect(
                url,
                additional_headers={**settings.headers, **settings.key.headers},
                compression=None,  # base64 of sound hardly shrinks, and it costs both sides time
                max_size=MAX_MESSAGE_BYTES,
                logger=self._mute,
                open_timeout=settings.connect_s,
                close_timeout=CLOSE_S,
                ssl=self._context() if url.startswith("wss:") else None,
            )
        except TimeoutError:
            raise self.error(AdapterTimeout, f"no connection within {settings.connect_s:g} s") from None
        except InvalidStatus as refused:
            raise self._refused(refused) from None
        except (
            OSError,
            EOFError,
            WebSocketException,
            ImportError,
        ) as error:  # ImportError: a SOCKS proxy is configured
            raise self.error(AdapterUnavailable, f"the connection failed ({type(error).__name__})") from None
        return Socket(self, connection)

    def error(self, kind: type[E], what: str) -> E:
        """An error of this provider; `what` holds nothing of the user's."""
        return kind(f"{self.source.adapter}: {what}", role=self.source.role, adapter=self.source.adapter)

    def told(self, *names: str) -> AdapterError:
        """What the provider calls an error in one of its frames, most telling name first."""
        return self._with_variable(provider_error(self.source, None, names, self._names))

    def closed(self, code: int, reason: str) -> AdapterError:
        """What it means that the other side closed so. Names in the reason ("type.code") are believed before the code;
        nothing else of it is passed on."""
        names = tuple(name for name in reversed(reason.split(".")) if _NAME.fullmatch(name))
        error = provider_error(self.source, None, names, self._names)
        if type(error) is AdapterUnavailable:
            error = self.error(self._codes.get(code, AdapterUnavailable), "")
        named = f" ({names[0]})" if names else ""
        error.message = f"{self.source.adapter}: the connection was closed with code {code}{named}"
        return self._with_variable(error)

    def _refused(self, refused: InvalidStatus) -> AdapterError:
        response = refused.response
        headers = {name.lower(): value for name, value in response.headers.raw_items()}
        error = provider_error(
            self.source, response.status_code, error_names(bytes(response.body or b"")), self._names, headers
        )
        if error.retryable and error.retry_after_ms is None:
            error.retry_after_ms = retry_after_ms(headers, time.time())
        return self._with_variable(error)

    def _with_variable(self, error: AdapterError) -> AdapterError:
        self._settings.key.explain(error)
        return error

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = httpx.create_ssl_context()  # the same authorities as over HTTP
        return self._tls


class Socket:
    """One open connection. Sending never waits; one task receives."""

    def __init__(self, provider: SocketProvider, connection: ClientConnection) -> None:
        self._provider = provider
        self._connection = connection
        self._waiting: asyncio.Queue[str] = asyncio.Queue()
        self._writer = asyncio.create_task(self._write(), name=f"{provider.source.adapter} writes")

    def post(self, message: Mapping[str, Any]) -> None:
        """Send behind all that were posted before. Never waits and never raises, so that it can stand in any clean-up;
        on a broken connection the message is lost, and `receive` says so."""
        self._waiting.put_nowait(json.dumps(message, ensure_ascii=False, separators=(",", ":")))

    async def receive(self) -> dict[str, Any]:
        """The next message. A cancelled wait loses none.

        Raises what the close code means once the other side has closed, AdapterUnavailable when the connection broke,
        AdapterProtocolError for a frame that is no JSON object.
        """
        try:
            frame = await self._connection.recv()
        except ConnectionClosed as closed:
            received = closed.rcvd
            code, reason = (received.code, received.reason) if received else (NO_CLOSE_FRAME, "")
            raise self._provider.closed(code, reason) from None
        try:
            message = json.loads(frame) if isinstance(frame, str) else None
        except ValueError:
            message = None
        if not isinstance(message, dict):
            raise self._provider.error(AdapterProtocolError, "sent a frame that is no JSON object")
        return message

    async def aclose(self) -> None:
        """Send what was posted and say goodbye, for `CLOSE_S` each at most; gone then, also when cancelled.

        Idempotent.
        """
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_S):
                    await self._waiting.join()
            await self._connection.close()
        finally:
            self._writer.cancel()
            self._connection.transport.abort()
            await asyncio.wait([self._writer])

    async def _write(self) -> None:
        while True:
            text = await self._waiting.get()
            with suppress(ConnectionClosed):  # `receive` tells
                await self._connection.send(text)
            self._waiting.task_done()
