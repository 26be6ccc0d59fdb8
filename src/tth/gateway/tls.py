"""The gateway's own certificate, read again when it has changed. Tests: tests/gateway/test_tls.py."""

from __future__ import annotations

import logging
import ssl
from pathlib import Path

from tth.config.schema import GatewaySettings

log = logging.getLogger(__name__)


class Tls:
    """`context` serves new connections with the certificate as it was read last."""

    def __init__(self, cert: Path, key: Path) -> None:
        """cert: chain, PEM. key: its key, PEM, not encrypted. Raises OSError naming the settings."""
        self._cert, self._key = cert, key
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.context.set_alpn_protocols(["http/1.1"])
        self._seen = self._stamp()
        self._load(self.context)

    def renew(self) -> None:
        """Read both files again if they have changed; what cannot be used is left alone until it changes again."""
        try:
            if (stamp := self._stamp()) == self._seen:
                return
            self._seen = stamp
            self._load(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))  # one that does not fit must not spoil the one in use
            self._load(self.context)
        except OSError as error:
            log.warning("certificate not renewed", extra={"problem": str(error)})
        else:
            log.info("certificate renewed")

    def _load(self, context: ssl.SSLContext) -> None:
        try:
            context.load_cert_chain(self._cert, self._key, password=lambda: "")
        except (ssl.SSLError, ValueError):
            raise OSError(
                f"gateway.tls_cert {self._cert}, gateway.tls_key {self._key}: must be a certificate and its own key, "
                "both PEM, the key not encrypted"
            ) from None

    def _stamp(self) -> tuple[int, int]:
        try:
            return self._cert.stat().st_mtime_ns, self._key.stat().st_mtime_ns
        except OSError as error:
            raise OSError(
                f"gateway.tls_cert, gateway.tls_key: cannot read {error.filename}: {error.strerror}"
            ) from None


def tls_of(settings: GatewaySettings) -> Tls | None:
    """None: plain http. Raises OSError when certificate and key cannot be used."""
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    return Tls(settings.tls_cert, settings.tls_key)
