"""Who may call: real TLS and mutual TLS connections with certificates made for the test, and tokens."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest
import trustme
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.server.caller import reason_of, run
from tth.client import TthClient, TthRpcError
from tth.server.access import Tls
from tth.server.app import ServerOptions, TthServer
from tth.testing.harness import make_server
from tth.v1.tth_service_pb2_grpc import TthServiceStub

pytestmark = pytest.mark.server

GOOD, OTHER = "first-token", "second-token"


@dataclass(frozen=True, slots=True)
class Files:
    """A server's certificate with its key, and somebody who signs clients' certificates."""

    folder: Path
    server_ca: trustme.CA
    client_ca: trustme.CA

    @property
    def tls(self) -> Tls:
        return Tls(self.folder / "cert.pem", self.folder / "key.pem")

    @property
    def mutual_tls(self) -> Tls:
        return Tls(self.tls.cert, self.tls.key, self.folder / "client-ca.pem")

    def write_server_certificate(self, ca: trustme.CA) -> None:
        made = ca.issue_cert("127.0.0.1")
        made.private_key_pem.write_to_path(self.tls.key)
        self.tls.cert.write_bytes(b"".join(blob.bytes() for blob in made.cert_chain_pems))

    def credentials(self, ca: trustme.CA | None = None, signer: trustme.CA | None = None) -> grpc.ChannelCredentials:
        """A client's that trusts `ca` (the server's) and shows a certificate of `signer` (none)."""
        roots = (ca or self.server_ca).cert_pem.bytes()
        if signer is None:
            return grpc.ssl_channel_credentials(roots)
        shown = signer.issue_cert("client@example.com")
        return grpc.ssl_channel_credentials(roots, shown.private_key_pem.bytes(), shown.cert_chain_pems[0].bytes())


@pytest.fixture
def files(tmp_path: Path) -> Files:
    made = Files(tmp_path, trustme.CA(), trustme.CA())
    made.write_server_certificate(made.server_ca)
    made.client_ca.cert_pem.write_to_path(tmp_path / "client-ca.pem")
    return made


@asynccontextmanager
async def serving(options: ServerOptions) -> AsyncIterator[TthServer]:
    """Without the harness, which talks to its server in plain text."""
    server = make_server(options=options)
    await server.start()
    try:
        await server.load()
        yield server
    finally:
        await server.stop()


def client(
    server: TthServer,
    credentials: grpc.ChannelCredentials | None = None,
    token: str | None = None,
    connect_timeout_s: float = 40,
) -> TthClient:
    target = f"127.0.0.1:{server.port}"
    return TthClient(target, credentials=credentials, token=token, connect_timeout_s=connect_timeout_s)


async def check_comes_in(server: TthServer, credentials: grpc.ChannelCredentials) -> None:
    async with client(server, credentials) as one:
        assert (await one.create_session()).session_id


async def check_stays_out(server: TthServer, credentials: grpc.ChannelCredentials | None) -> None:
    """Nobody answers: the connection does not come about, and the server lives on."""
    with pytest.raises(TthRpcError) as caught:
        async with client(server, credentials, connect_timeout_s=8) as one:
            await one.health()
    assert caught.value.code == grpc.StatusCode.UNAVAILABLE


def test_tls(files: Files) -> None:
    """Who trusts the server's certificate comes in; who does not, or speaks plain text, does not."""

    async def main() -> None:
        async with serving(ServerOptions(tls=files.tls)) as server:
            await check_comes_in(server, files.credentials())
            await check_stays_out(server, files.credentials(files.client_ca))
            await check_stays_out(server, None)
            await check_comes_in(server, files.credentials())

    run(main())


def test_mutual_tls(files: Files) -> None:
    """A client shows a certificate that the right one has signed, or stays out."""

    async def main() -> None:
        async with serving(ServerOptions(tls=files.mutual_tls)) as server:
            await check_comes_in(server, files.credentials(signer=files.client_ca))
            await check_stays_out(server, files.credentials())
            await check_stays_out(server, files.credentials(signer=files.server_ca))

    run(main())


def test_renewed_certificates_need_no_restart(files: Files) -> None:
    """A half-written renewal changes nothing; a whole one holds for new connections."""
    renewed = trustme.CA()

    async def main() -> None:
        async with serving(ServerOptions(tls=files.tls)) as server:
            await check_comes_in(server, files.credentials())
            files.tls.key.write_text("half of a k")
            await check_comes_in(server, files.credentials())
            files.write_server_certificate(renewed)
            os.utime(files.tls.key, (1, 1))  # whatever the resolution of the file system's clock
            await check_comes_in(server, files.credentials(renewed))
            await check_stays_out(server, files.credentials())

    run(main())


def of_another_pair(files: Files) -> None:
    files.server_ca.issue_cert("127.0.0.1").private_key_pem.write_to_path(files.tls.key)


def no_pem(files: Files) -> None:
    files.tls.cert.write_text("no certificate")


def no_file(files: Files) -> None:
    files.tls.key.unlink()


def no_signer(files: Files) -> None:
    assert files.mutual_tls.client_ca is not None
    files.mutual_tls.client_ca.write_text("nobody")


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (of_another_pair, "server.tls_key"),
        (no_pem, "server.tls_cert"),
        (no_file, "server.tls_key: cannot read"),
        (no_signer, "server.tls_client_ca"),
    ],
)
def test_wrong_files_are_named_at_the_start(files: Files, spoil: Callable[[Files], None], named: str) -> None:
    spoil(files)
    with pytest.raises(OSError, match=named):
        files.mutual_tls.credentials()


def test_a_call_needs_one_of_the_tokens() -> None:
    """Every call but the probes'; what is refused is told with a reason, and nobody else is harmed."""

    async def main() -> None:
        async with serving(ServerOptions(tokens=(GOOD, OTHER))) as server:
            for token in (GOOD, OTHER):
                async with client(server, token=token) as one:
                    made = await one.create_session()
                    async with one.converse(made.session_id) as conversation:
                        await conversation.end_turn(await conversation.say("One."))
            for wrong in (None, "third-token", GOOD[:-1], GOOD + "x", ""):
                async with client(server, token=wrong) as one:
                    with pytest.raises(TthRpcError) as caught:
                        await one.create_session()
                    assert (caught.value.code, caught.value.reason) == (
                        grpc.StatusCode.UNAUTHENTICATED,
                        "UNAUTHENTICATED",
                    )
                    assert wrong is None or not wrong or wrong not in str(caught.value)

    run(main())


@pytest.mark.parametrize("shown", ["Basic first-token", "first-token", "Bearer", "Bearer  ", "bearer second token"])
def test_another_scheme_is_no_token(shown: str) -> None:
    async def main() -> None:
        async with serving(ServerOptions(tokens=(GOOD, OTHER))) as server, client(server) as one:
            call = TthServiceStub(one.channel).Converse(metadata=(("authorization", shown),))
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await call.read()
            assert reason_of(caught.value) == "UNAUTHENTICATED"

    run(main())


def test_probes_need_no_token() -> None:
    """An orchestrator asks whether the server serves and learns nothing else."""

    async def main() -> None:
        async with serving(ServerOptions(tokens=(GOOD,))) as server, client(server) as one:
            stub = health_pb2_grpc.HealthStub(one.channel)
            answer = await stub.Check(health_pb2.HealthCheckRequest(service="tth.v1.TthService"))
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
            with pytest.raises(TthRpcError, match="UNAUTHENTICATED"):
                await one.health()

    run(main())
