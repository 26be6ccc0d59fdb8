"""The gateway's life: bind, serve, drain, stop. Tests: tests/gateway/test_life.py."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import socket
from collections.abc import Iterator

import uvicorn

from tth.config.schema import GatewaySettings, is_loopback
from tth.gateway.app import GatewayApp
from tth.gateway.target import Target
from tth.gateway.tls import Tls, tls_of
from tth.gateway.transport import PatientWebSocket, http_with

log = logging.getLogger(__name__)

STOP_S = 2.0
"""For requests that are being answered, when the gateway stops."""
RENEW_S = 30.0
"""How often the certificate is looked at."""
BACKLOG = 512


class Gateway:
    """One gateway. `bind`, then `serve`."""

    def __init__(self, settings: GatewaySettings) -> None:
        """Raises OSError when its certificate cannot be used."""
        self._settings = settings
        self._tls = tls_of(settings)
        self._socket: socket.socket | None = None
        self._stop = asyncio.Event()
        self._app: GatewayApp | None = None

    @property
    def conversation_count(self) -> int:
        """WebSockets that are open."""
        return self._app.conversation_count if self._app is not None else 0

    def bind(self) -> None:
        """Take the port. Raises OSError when it cannot be had."""
        host, port = self._settings.host.strip("[]"), self._settings.port
        try:
            family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
            self._socket = socket.create_server((host, port), family=family, backlog=BACKLOG)
        except OSError as error:
            reason = "is another program using the port? (gateway.port, --web)"
            raise OSError(f"cannot listen on {host}:{port}: {error.strerror or error}; {reason}") from None

    @property
    def address(self) -> str:
        """Where a browser finds it, once bound."""
        assert self._socket is not None, "not bound"
        host = reachable(self._settings.host)
        return f"{'https' if self._tls else 'http'}://{host}:{self._socket.getsockname()[1]}/"

    def request_stop(self) -> None:
        """Begin to drain. Idempotent; safe from a signal handler of the loop."""
        self._stop.set()

    async def serve(self, target: str | None = None) -> None:
        """Serve until `request_stop`; then let conversations end, and release everything.

        target: in place of the settings' own. Raises OSError when the certificates for it cannot be read.
        """
        assert self._socket is not None, "not bound"
        log.info("gateway listening", extra={"address": self.address, "target": target or self._settings.target})
        if self._settings.tokens is None and not is_loopback(self._settings.host):
            log.warning("whoever reaches this address may ask the server; TTH_GATEWAY_TOKENS lets in only who has one")
        server_side = Target(target or self._settings.target, self._settings)
        app = self._app = GatewayApp(self._settings, server_side)
        server = _QuietServer(self._uvicorn_of(app))
        try:
            async with asyncio.TaskGroup() as group:
                serving = group.create_task(server.serve(sockets=[self._socket]), name="gateway")
                renewing = group.create_task(_renew(self._tls))
                stopping = group.create_task(self._stop.wait())
                await asyncio.wait([serving, stopping], return_when=asyncio.FIRST_COMPLETED)
                stopping.cancel()
                renewing.cancel()
                await app.drain()
                server.should_exit = True
        finally:
            self._socket.close()
            await server_side.close()

    def _uvicorn_of(self, app: GatewayApp) -> uvicorn.Config:
        settings, tls = self._settings, self._tls
        return uvicorn.Config(
            app.asgi,
            http=http_with(2 * settings.max_connections, settings.first_message_s),
            ws=PatientWebSocket,
            ws_max_size=settings.max_request_bytes,
            ws_ping_interval=settings.ping_s,
            ws_ping_timeout=settings.ping_s,
            ws_per_message_deflate=False,  # sound and pictures are compressed already
            lifespan="off",
            log_config=None,
            log_level=logging.CRITICAL,  # we log what matters ourselves; its lines hold paths and addresses
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=int(STOP_S),
            ssl_context_factory=(lambda *_: tls.context) if tls is not None else None,
        )


async def _renew(tls: Tls | None) -> None:
    """Look for ever whether there is a new certificate."""
    while tls is not None:
        await asyncio.sleep(RENEW_S)
        await asyncio.to_thread(tls.renew)


class _QuietServer(uvicorn.Server):
    """Whoever started the program hears its signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def reachable(host: str) -> str:
    """The host for an URL or a gRPC target on this machine, of a program that listens on `host`."""
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return host
    if address.is_unspecified:
        return "127.0.0.1" if address.version == 4 else "[::1]"
    return str(address) if address.version == 4 else f"[{address}]"
