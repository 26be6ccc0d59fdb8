"""Who may come in: origins and tokens."""

from __future__ import annotations

import pytest

from tth.config.schema import GatewaySettings, is_loopback
from tth.gateway.access import Access
from tth.gateway.refusal import Refusal
from tth.model.secret import Secret

pytestmark = pytest.mark.unit


def allowed(access: Access, origin: str | None, host: str | None = "127.0.0.1:8080") -> bool | None:
    """Whether the page is another site's; None: refused."""
    try:
        return access.check_origin(origin, host)
    except Refusal:
        return None


HERE, OPEN = Access(), Access(is_loopback=False)
LISTED = Access(origins=frozenset({"https://app.example"}))


@pytest.mark.parametrize(
    ("access", "origin", "host", "found"),
    [
        (HERE, None, "evil.example", False),
        (HERE, "http://127.0.0.1:8080", "127.0.0.1:8080", False),
        (HERE, "http://localhost:8080", "localhost:8080", False),
        (HERE, "http://tth.localhost:8080", "tth.localhost:8080", False),
        (HERE, "http://[::1]:8080", "[::1]:8080", False),
        (HERE, "HTTP://LOCALHOST:8080", "localhost:8080", False),
        (HERE, "https://127.0.0.1:8080", "127.0.0.1:8080", False),
        (HERE, "http://127.0.0.1:8081", "127.0.0.1:8080", None),
        (HERE, "http://127.0.0.1", "127.0.0.1:8080", None),
        (HERE, "http://evil.example:8080", "evil.example:8080", None),
        (HERE, "http://evil.example", "127.0.0.1:8080", None),
        (HERE, "null", "127.0.0.1:8080", None),
        (HERE, "", "127.0.0.1:8080", None),
        (HERE, "http://127.0.0.1:8080", None, None),
        (OPEN, "http://tth.example", "tth.example", False),
        (OPEN, "http://evil.example", "tth.example", None),
        (LISTED, "https://app.example", "127.0.0.1:8080", True),
        (LISTED, "https://app.example", "app.example", False),
        (LISTED, "http://app.example", "127.0.0.1:8080", None),
        (LISTED, "https://app.example.evil", "127.0.0.1:8080", None),
        (Access(origins=frozenset({"*"})), "https://any.example", "127.0.0.1:8080", True),
    ],
)
def test_origins(access: Access, origin: str | None, host: str | None, *, found: bool | None) -> None:
    """The own page, listed ones, and nobody else; behind a proxy the own one under its listed name."""
    assert allowed(access, origin, host) is found


def test_what_the_server_is_shown() -> None:
    """The gateway's own token; else, where callers need none here, theirs; else nothing."""
    shown = (("authorization", "Bearer a"),)
    assert Access().metadata(None) == ()
    assert Access().metadata("a") == shown
    assert Access(target_token="a").metadata("b") == shown
    assert Access(tokens=("b",)).metadata("b") == ()
    assert Access(tokens=("b",), target_token="a").metadata("b") == shown
    for wrong in (None, "", "c", "b,", "bb"):
        with pytest.raises(Refusal) as refused:
            Access(tokens=("b", "d")).metadata(wrong)
        assert refused.value.reason == "UNAUTHENTICATED"


def test_as_configured() -> None:
    """Tokens are separated by commas; an origin's slash and capitals mean nothing."""
    settings = GatewaySettings(
        host="0.0.0.0", tokens=Secret("a, b"), allowed_origins=("https://App.example/",), target_token=Secret("c")
    )
    wanted = Access(("a", "b"), frozenset({"https://app.example"}), "c", is_loopback=False)
    assert Access.of(settings) == wanted


@pytest.mark.parametrize("host", ["127.0.0.1", "127.3.2.1", "::1", "[::1]", "localhost"])
def test_this_machine_alone(host: str) -> None:
    """Nobody else reaches these."""
    assert is_loopback(host)
    assert not is_loopback("0.0.0.0")
    assert not is_loopback("tth.example")
