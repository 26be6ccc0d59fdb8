"""The gateway's own life."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace

import httpx
import pytest

from tests.gateway.house import SETTINGS, gateway_before
from tests.server.caller import run
from tth.gateway.life import Gateway, reachable

pytestmark = pytest.mark.server


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("0.0.0.0", "127.0.0.1"),
        ("[::]", "[::1]"),
        ("::", "[::1]"),
        ("::1", "[::1]"),
        ("[::1]", "[::1]"),
        ("tth.example", "tth.example"),
    ],
)
def test_where_a_browser_of_this_machine_finds_it(host: str, shown: str) -> None:
    """An address that can be opened, whatever is listened on."""
    assert reachable(host) == shown


def test_a_taken_port() -> None:
    """OSError that says what to change."""

    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            gateway = Gateway(replace(SETTINGS, port=taken.getsockname()[1]))
            with pytest.raises(OSError, match=r"cannot listen on 127\.0\.0\.1:\d+: .*gateway\.port"):
                gateway.bind()
        with pytest.raises(OSError, match="cannot listen on no such host"):
            Gateway(replace(SETTINGS, host="no such host")).bind()

    run(main())


def test_it_stops_at_once_when_nobody_is_there() -> None:
    """Also when it was asked to before it began."""

    async def main() -> None:
        gateway = Gateway(SETTINGS)
        gateway.bind()
        gateway.request_stop()
        gateway.request_stop()
        began_s = asyncio.get_running_loop().time()
        await gateway.serve()
        assert asyncio.get_running_loop().time() - began_s < 8.0

    run(main())


def test_a_gateway_that_goes_away_takes_no_new_conversation() -> None:
    """Its port is closed when it has stopped."""

    async def main() -> None:
        async with gateway_before("127.0.0.1:1") as gateway:
            address = gateway.address
            async with httpx.AsyncClient(timeout=None) as http:
                assert (await http.get(address)).status_code == 200
        async with httpx.AsyncClient(timeout=None) as http:
            with pytest.raises(httpx.ConnectError):
                await http.get(address)

    run(main())
