"""Who can reach an address."""

from __future__ import annotations

import pytest

from tth.config.schema import is_loopback

pytestmark = pytest.mark.unit

OPEN_TO_OTHERS = ("0.0.0.0", "[::]", "192.0.2.7", "tth.example")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.9.9.9", *OPEN_TO_OTHERS])
def test_who_can_reach_an_address(host: str) -> None:
    """A server that others can reach and that lets everybody in says so at its start."""
    assert is_loopback(host) is (host not in OPEN_TO_OTHERS)
