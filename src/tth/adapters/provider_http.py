"""One provider over HTTP: its pool of connections, its streams of events, and its way of failing.

Shared by the adapters whose provider speaks HTTP. Deadlines belong to the pipeline (`pipeline/deadline.py`); only
connecting has one here. Proxies and a CA of one's own come from the usual variables (HTTPS_PROXY, NO_PROXY,
SSL_CERT_FILE, SSL_CERT_DIR). Tests: tests/adapters/test_provider_http.py.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx
from httpx_sse import EventSource, ServerSentEvent

from tth.adapters.provider_errors import (
    ErrorNames,
    Source,
    error_names,
    names_in,
    provider_error,
    retry_after_ms,
    status_in,
)
from tth.adapters.provider_key import ApiKey
from tth.adapters.provider_lanes import Lanes
from tth.errors import AdapterError, AdapterProtocolError, AdapterTimeout, AdapterUnavailable

E = TypeVar("E", bound=AdapterError)

CONNECT_S = 5.0
"""TCP and TLS; the providers' own clients use the same."""
POOL_S = 5.0
"""For a free connection."""
WRITE_S = 10.0
KEEP_ALIVE_S = 60.0
"""An idle connection is kept for the next turn."""
READ_OUT_S = 0.2
"""How long to wait for the end of an answer of which everything is known."""
MAX_ERROR_BYTES = 65_536
"""Of an error body that are read."""


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """How to reach one provider."""

    base_url: str
    headers: Mapping[str, str]
    """Without the key."""
    key: ApiKey = field(default_factory=ApiKey)
    max_connections: int = 100
    """Each has one request at a time."""
    connect_s: float = CONNECT_S


class HttpProvider:
    """One per adapter, made in its constructor; connections are opened when they are needed."""

    def __init__(self, source: Source, settings: HttpSettings, names: ErrorNames) -> None:
        self.source = source
        self._settings = settings
        self._names = names
        self._lanes = Lanes(self._client, settings.max_connections, KEEP_ALIVE_S)
        self._tls: ssl.SSLContext | None = None

    @asynccontextmanager
    async def request(
        self, method: str, path: str, body: Any = None, params: Mapping[str, str] | None = None
    ) -> AsyncIterator[httpx.Response]:
        """Send a request; gives the answer's head at once, its body as it is read. Leaving it before its
        end, also by being cancelled, closes the connection: a provider that is still working notices and stops.

        Raises AdapterError for every status from 400 on and for a connection that cannot be had or breaks, also
        inside the `async with` block.
        """
        try:
            async with (
                self._lanes.lane(POOL_S) as lane,
                lane.client.stream(method, path.lstrip("/"), json=body, params=params) as response,
            ):
                try:
                    if response.status_code >= 400:
                        raise await self._error_of(response)
                    yield response
                except Exception:
                    lane.is_reusable = response.is_closed
                    raise
                lane.is_reusable = response.is_closed  # so far only the end of the answer has closed it
        except httpx.TimeoutException as error:
            raise self._broken(AdapterTimeout, f"did not answer in time ({type(error).__name__})") from None
        except httpx.HTTPError as error:
            raise self._broken(AdapterUnavailable, f"the connection failed ({type(error).__name__})") from None

    async def warm(self, path: str) -> None:
        """Open a connection and have the key checked. Raises AdapterError as `request` does."""
        async with self.request("GET", path) as response:
            await response.aread()

    async def aclose(self) -> None:
        """Close all connections. Idempotent."""
        await self._lanes.aclose()

    def in_stream(self, body: Any) -> AdapterError:
        """The error that a frame of a stream tells, whose HTTP status was good. A number in it counts as the status."""
        return provider_error(self.source, status_in(body), names_in(body), self._names)

    def protocol_error(self, what: str) -> AdapterProtocolError:
        """The provider broke its own rules; `what` holds nothing of the user's."""
        return AdapterProtocolError(f"{self.source.adapter} {what}", role=self.source.role, adapter=self.source.adapter)

    def cut_off(self) -> AdapterUnavailable:
        """The stream ended before its end."""
        return self._broken(AdapterUnavailable, "ended its stream too early")

    def _client(self) -> httpx.AsyncClient:
        """A client for one connection."""
        settings = self._settings
        if self._tls is None:
            self._tls = httpx.create_ssl_context()  # takes 40 ms: once for all
        return httpx.AsyncClient(
            base_url=settings.base_url.rstrip("/") + "/",
            headers={**settings.headers, **settings.key.headers},
            http2=True,
            verify=self._tls,
            timeout=httpx.Timeout(None, connect=settings.connect_s, pool=POOL_S, write=WRITE_S),
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=KEEP_ALIVE_S),
        )

    async def _error_of(self, response: httpx.Response) -> AdapterError:
        body = b""
        async for piece in response.aiter_bytes():
            body += piece
            if len(body) > MAX_ERROR_BYTES:
                break
        error = provider_error(
            self.source, response.status_code, error_names(body), self._names, dict(response.headers)
        )
        if error.retryable and error.retry_after_ms is None:
            error.retry_after_ms = retry_after_ms(response.headers, time.time())
        self._settings.key.explain(error)
        return error

    def _broken(self, kind: type[E], what: str) -> E:
        return kind(f"{self.source.adapter}: {what}", role=self.source.role, adapter=self.source.adapter)


async def events(response: httpx.Response) -> AsyncGenerator[ServerSentEvent, None]:
    """The answer's server-sent events that carry data. One whose closing blank line is missing at the very end counts
    if it is whole (JSON, or "[DONE]"); half an event does not: the answer was cut off.

    The content type is not looked at. Raises what reading raises.
    """
    closed = _Closed(response)
    try:
        async for event in EventSource(closed).aiter_sse():  # type: ignore[arg-type]
            if event.data and (not closed.is_over or event.data.startswith("[DONE]") or _json(event.data) is not None):
                yield event
    except asyncio.CancelledError:
        response.is_closed = False  # cancelled while it closed: not to be trusted with another request
        raise


async def read_out(stream: AsyncGenerator[ServerSentEvent, None]) -> None:
    """Behind the provider's own end: read on to the end of the answer, so that its connection can be used again.

    That end is usually there already; a server that keeps the answer open is not waited for.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(READ_OUT_S):
            async for _ in stream:
                pass


def parsed(event: ServerSentEvent, provider: HttpProvider) -> dict[str, Any]:
    """The event's JSON object. Raises AdapterProtocolError: to skip a frame would lose text."""
    found = _json(event.data)
    if not isinstance(found, dict):
        raise provider.protocol_error("sent an event that is no JSON object")
    return found


def _json(text: str) -> Any:
    """The value; None when it is no JSON."""
    try:
        return json.loads(text)
    except ValueError:
        return None


class _Closed:
    """A response whose text ends with a blank line, so that the last event is complete."""

    headers = {"content-type": "text/event-stream"}  # noqa: RUF012  (what EventSource looks at)

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        self.is_over = False
        """Everything has come."""

    async def aiter_text(self) -> AsyncGenerator[str, None]:
        async for text in self._response.aiter_text():
            yield text
        self.is_over = True
        yield "\n\n"
