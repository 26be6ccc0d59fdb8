"""The case `secure`: a server that only those reach who have a certificate and a token, and the files for it.

Tests: tests/clients/test_tampered.py.
"""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import grpc
import trustme
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from tth.config.load import load_config
from tth.config.wiring import full_registry
from tth.server.access import Tls
from tth.testing.harness import running_server

_HOST = "127.0.0.1"
_FOR_THE_PROGRAM = ("ca.pem", "other-ca.pem", "client.pem", "client.key", "token")


@dataclass(frozen=True, slots=True)
class Secure:
    """A closed server, and what opens it."""

    target: str
    keys: Path
    """A folder with the files that a program is given, and with the server's own."""

    @property
    def tls(self) -> Tls:
        """What a server shows and demands that stands in front of this one."""
        return Tls(self.keys / "server.pem", self.keys / "server.key", self.keys / "client-ca.pem")

    @property
    def credentials(self) -> grpc.ChannelCredentials:
        """A client's."""
        ca, key, cert = ((self.keys / name).read_bytes() for name in ("ca.pem", "client.key", "client.pem"))
        return grpc.ssl_channel_credentials(ca, key, cert)

    def give(self, folder: Path) -> None:
        """Copy what a program needs."""
        for name in _FOR_THE_PROGRAM:
            shutil.copy(self.keys / name, folder)


@asynccontextmanager
async def secure_server() -> AsyncIterator[Secure]:
    """A server in this process, with TLS, mutual TLS and a token. Its adapters are the mock ones: only the way to it is
    judged."""
    with tempfile.TemporaryDirectory(prefix="tth-secure-") as name:
        keys = Path(name)
        _issue(keys)
        variables = {"TTH_SERVER_TOKENS": (keys / "token").read_text()}
        config = load_config(full_registry(), profile="offline_mock", environ=variables)
        closed = replace(
            config.server,
            tls_cert=keys / "server.pem",
            tls_key=keys / "server.key",
            tls_client_ca=keys / "client-ca.pem",
        )
        async with running_server(replace(config, server=closed)) as server:
            yield Secure(server.target, keys)


def _issue(folder: Path) -> None:
    """Certificates of a server and of a client, by two hands; a third hand that has signed neither; a token."""
    server_ca, client_ca = trustme.CA(), trustme.CA()
    for issued, stem in ((server_ca.issue_cert(_HOST), "server"), (client_ca.issue_cert("client.test"), "client")):
        key = load_pem_private_key(issued.private_key_pem.bytes(), None)
        # PKCS #8, which all libraries read; Java's does not know the older form that trustme writes.
        (folder / f"{stem}.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        issued.cert_chain_pems[0].write_to_path(folder / f"{stem}.pem")
    server_ca.cert_pem.write_to_path(folder / "ca.pem")
    client_ca.cert_pem.write_to_path(folder / "client-ca.pem")
    trustme.CA().cert_pem.write_to_path(folder / "other-ca.pem")
    (folder / "token").write_text(secrets.token_urlsafe(16))
