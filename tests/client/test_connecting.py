"""Why there is no connection: real servers that are open, closed, or not there yet."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import grpc
import pytest

from clients.conformance.secure import Secure, secure_server
from tests.client.server import ScriptedService, serving
from tth.client import TthClient, TthRpcError

pytestmark = pytest.mark.server

LIMIT_S = 20.0


async def refusal(target: str, credentials: grpc.ChannelCredentials | None, timeout_s: float) -> TthRpcError:
    """What a client is told that cannot connect."""
    with pytest.raises(TthRpcError) as caught:
        async with asyncio.timeout(LIMIT_S), TthClient(target, credentials=credentials, connect_timeout_s=timeout_s):
            pass
    assert (caught.value.code, caught.value.reason) == (grpc.StatusCode.UNAVAILABLE, "UNREACHABLE")
    return caught.value


def trusting_another(secure: Secure) -> grpc.ChannelCredentials:
    return grpc.ssl_channel_credentials((secure.keys / "other-ca.pem").read_bytes())


def without_certificate(secure: Secure) -> grpc.ChannelCredentials:
    return grpc.ssl_channel_credentials((secure.keys / "ca.pem").read_bytes())


def test_a_certificate_that_is_not_trusted_is_told_at_once() -> None:
    """No waiting mends it."""

    async def run() -> None:
        async with secure_server() as secure:
            began_s = time.monotonic()
            error = await refusal(secure.target, trusting_another(secure), LIMIT_S)
            assert time.monotonic() - began_s < LIMIT_S / 2
            assert f"the certificate of {secure.target} is not trusted" in str(error)
            assert "CERTIFICATE_VERIFY_FAILED" in str(error)

    asyncio.run(run())


@pytest.mark.parametrize("credentials", [lambda _: None, without_certificate])
def test_a_server_that_hangs_up_may_want_more(
    credentials: Callable[[Secure], grpc.ChannelCredentials | None],
) -> None:
    """TLS, or a certificate; a server in TLS 1.3 does not say which."""

    async def run() -> None:
        async with secure_server() as secure:
            error = await refusal(secure.target, credentials(secure), 0.3)
            assert f"{secure.target} hangs up: does it want TLS, or a certificate of yours? (waited 0.3 s" in str(error)

    asyncio.run(run())


def test_tls_to_a_server_in_plain_text() -> None:
    """It does not understand us, and that is told."""

    async def run() -> None:
        async with serving(ScriptedService()) as target, secure_server() as secure:
            assert f"{target} speaks no TLS" in str(await refusal(target, secure.credentials, 0.3))

    asyncio.run(run())


def test_what_opens_the_server_opens_it() -> None:
    """CA, certificate and token together."""

    async def run() -> None:
        async with secure_server() as secure:
            token = (secure.keys / "token").read_text()
            async with TthClient(secure.target, credentials=secure.credentials, token=token) as client:
                assert (await client.create_session()).session_id

    asyncio.run(run())


def test_a_server_that_comes_late_is_waited_for() -> None:
    """Its port refuses at first."""

    async def run() -> None:
        async with serving(ScriptedService()) as target:
            pass  # so that the port is known, and free
        client = TthClient(target, connect_timeout_s=LIMIT_S)
        connecting = asyncio.create_task(client.__aenter__())
        await asyncio.sleep(0.2)
        assert not connecting.done()
        server = grpc.aio.server()
        assert server.add_insecure_port(target)
        await server.start()
        try:
            async with asyncio.timeout(LIMIT_S):
                await connecting
            await client.__aexit__(None, None, None)
        finally:
            await server.stop(None)

    asyncio.run(run())
