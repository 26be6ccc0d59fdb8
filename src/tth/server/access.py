"""Who may call: certificates of the connection and tokens of the calls. Tests: tests/server/test_access.py."""

from __future__ import annotations

import hashlib
import hmac
import logging
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc

from tth.errors import Unauthenticated

log = logging.getLogger(__name__)

OPEN_PREFIX = "/grpc.health.v1."
"""Probes of orchestrators have no token; what they learn is whether the server serves."""
_SCHEME = "bearer"


@dataclass(frozen=True, slots=True)
class Tls:
    """The server's certificate, and whose certificates a client must show."""

    cert: Path
    """Certificate chain, PEM, the server's own first."""
    key: Path
    """Its private key, PEM, not encrypted."""
    client_ca: Path | None = None
    """PEM; a client must show a certificate that one of these has signed. None = clients show none."""

    def credentials(self) -> grpc.ServerCredentials:
        """For `add_secure_port`. A new connection gets the files as they are then: renewed ones need no restart.

        Raises OSError naming the setting, when a file cannot be read or is not what it should be.
        """
        first, seen = self._configuration(), self._stamp()

        def renewed() -> grpc.ServerCertificateConfiguration | None:
            nonlocal seen
            try:
                if (stamp := self._stamp()) == seen:
                    return None
                configuration = self._configuration()
            except OSError as error:  # half written, for example: the next connection looks again
                log.warning("certificates not renewed", extra={"problem": str(error)})
                return None
            seen = stamp
            log.info("certificates renewed")
            return configuration

        credentials: grpc.ServerCredentials = grpc.dynamic_ssl_server_credentials(
            first,
            renewed,  # type: ignore[arg-type]  # None is allowed: nothing has changed
            require_client_authentication=self.client_ca is not None,
        )
        return credentials

    def _configuration(self) -> grpc.ServerCertificateConfiguration:
        key, cert = _read("server.tls_key", self.key), _read("server.tls_cert", self.cert)
        roots = None if self.client_ca is None else _read("server.tls_client_ca", self.client_ca)
        self._check()
        configuration: grpc.ServerCertificateConfiguration = grpc.ssl_server_certificate_configuration(
            [(key, cert)], root_certificates=roots
        )
        return configuration

    def _check(self) -> None:
        """grpc would take anything and fail at each connection."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            context.load_cert_chain(self.cert, self.key, password=lambda: "")
        except (ssl.SSLError, ValueError):
            raise OSError(
                f"server.tls_cert {self.cert}, server.tls_key {self.key}: must be a certificate and its own key, both "
                "PEM, the key not encrypted"
            ) from None
        if self.client_ca is not None:
            try:
                context.load_verify_locations(self.client_ca)
            except ssl.SSLError:
                raise OSError(f"server.tls_client_ca: {self.client_ca} must hold certificates in PEM") from None

    def _stamp(self) -> tuple[int, ...]:
        paths = [path for path in (self.cert, self.key, self.client_ca) if path is not None]
        return tuple(path.stat().st_mtime_ns for path in paths)


def _read(setting: str, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise OSError(f"{setting}: cannot read {path}: {error.strerror}") from None


class TokenCheck(grpc.aio.ServerInterceptor):
    """Lets a call through that shows one of the tokens: metadata `authorization: Bearer TOKEN`."""

    def __init__(self, tokens: Sequence[str]) -> None:
        """tokens: several while one is being replaced by another."""
        self._known = [_digest(token) for token in tokens]

    async def intercept_service(self, continuation: Any, handler_call_details: Any) -> Any:
        """The handler of the call, or one that raises Unauthenticated in its place."""
        handler = await continuation(handler_call_details)
        if handler is None or handler_call_details.method.startswith(OPEN_PREFIX):
            return handler
        shown = [value for name, value in handler_call_details.invocation_metadata or () if name == "authorization"]
        refusal = self._refusal(shown)
        if refusal is None:
            return handler

        async def refuse(request: Any, context: Any) -> None:
            raise refusal

        return grpc.stream_stream_rpc_method_handler(refuse)

    def _refusal(self, shown: Sequence[str]) -> Unauthenticated | None:
        if not shown:
            return Unauthenticated('a token is needed here; send it as metadata "authorization: Bearer TOKEN"')
        scheme, _, token = shown[0].partition(" ")
        digest = _digest(token.strip())
        matches = [hmac.compare_digest(digest, one) for one in self._known]  # all of them: time tells nothing
        if scheme.lower() == _SCHEME and any(matches):
            return None
        return Unauthenticated("the token is not one that this server knows")


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
