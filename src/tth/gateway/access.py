"""Who may come in: which page a browser shows, and which token a caller holds. Pure.

A page of another site that somebody visits could use a gateway on their own machine. Browsers name the page in
`Origin` and nothing else does, so what has none is no browser and is let through; tokens are another matter.
Tests: tests/gateway/test_access.py.
"""

from __future__ import annotations

import hmac
import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

import grpc

from tth.config.schema import GatewaySettings, is_loopback, tokens_in
from tth.gateway.refusal import Refusal
from tth.gateway.target import Metadata

ANY = "*"


@dataclass(frozen=True, slots=True)
class Access:
    """The rules of one gateway."""

    tokens: tuple[str, ...] = ()
    origins: frozenset[str] = frozenset()
    target_token: str | None = None
    is_loopback: bool = True
    """Nobody but this machine is meant to reach it."""

    @classmethod
    def of(cls, settings: GatewaySettings) -> Access:
        """As configured."""
        return cls(
            tokens_in(settings.tokens) if settings.tokens else (),
            frozenset(origin.rstrip("/").lower() for origin in settings.allowed_origins),
            settings.target_token.reveal() if settings.target_token else None,
            is_loopback(settings.host),
        )

    def check_origin(self, origin: str | None, host: str | None) -> bool:
        """origin, host: these headers. True: the page is of another site, which is allowed. Raises Refusal.

        The gateway's own page comes from the address that it asks. On a gateway for this machine alone that must be
        an IP address or localhost: a foreign name that was made to point here (DNS rebinding) would look the same.
        """
        if origin is None:
            return False
        origin, address = origin.lower(), urlsplit(origin.lower()).netloc
        if address and host is not None and address == host.lower():
            if not self.is_loopback or _is_own_name(urlsplit(f"//{address}").hostname or "") or self._lists(origin):
                return False
        elif self._lists(origin):
            return True
        message = "the page's address is not in gateway.allowed_origins of this gateway"
        raise Refusal(grpc.StatusCode.PERMISSION_DENIED, "ORIGIN_NOT_ALLOWED", message)

    def metadata(self, token: str | None) -> Metadata:
        """token: what the caller showed; None = nothing. What is shown to the server. Raises Refusal."""
        if self.tokens and not (token and self._knows(token)):
            message = "a token of this gateway is needed: Authorization: Bearer, or in a WebSocket's first message"
            raise Refusal(grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED", message)
        shown = self.target_token or (token if not self.tokens else None)
        return (("authorization", f"Bearer {shown}"),) if shown else ()

    def _knows(self, token: str) -> bool:
        """Takes as long for each wrong token."""
        matches = [hmac.compare_digest(token.encode(), known.encode()) for known in self.tokens]
        return any(matches)

    def _lists(self, origin: str) -> bool:
        return ANY in self.origins or origin in self.origins


def _is_own_name(host: str) -> bool:
    """An IP address or localhost: no name that somebody else could point here."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
