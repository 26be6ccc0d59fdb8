"""How a command reaches a server that is not open to everybody."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

import pytest
import trustme

from tth.cli.arguments import add_server_argument
from tth.cli.connection import client_of
from tth.cli.exits import USAGE, CommandFailed
from tth.client import TthRpcError
from tth.server.access import Tls
from tth.server.app import ServerOptions
from tth.testing.harness import make_server

pytestmark = pytest.mark.server

TOKEN = "only-this-one"


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_server_argument(parser, own=True)
    return parser.parse_args(words)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--tls",), "--server"),
        (("--ca", "ca.pem"), "--server"),
        (("--server", "h:1", "--cert", "mine.pem"), "--cert-key"),
        (("--server", "h:1", "--ca", "/nowhere/ca.pem"), "--ca /nowhere/ca.pem: cannot be read"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_tried(words: tuple[str, ...], named: str) -> None:
    with pytest.raises(CommandFailed, match=named) as caught:
        client_of(parsed(*words), "h:1")
    assert caught.value.code == USAGE


def test_mutual_tls_and_a_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With files for both sides and TTH_TOKEN it comes in; with another token the server says what is missing."""
    server_ca, client_ca = trustme.CA(), trustme.CA()
    made, mine = server_ca.issue_cert("127.0.0.1"), client_ca.issue_cert("client@example.com")
    for name, blob in {
        "ca": server_ca.cert_pem,
        "client-ca": client_ca.cert_pem,
        "cert": made.cert_chain_pems[0],
        "key": made.private_key_pem,
        "my-cert": mine.cert_chain_pems[0],
        "my-key": mine.private_key_pem,
    }.items():
        blob.write_to_path(tmp_path / name)

    async def main() -> None:
        tls = Tls(tmp_path / "cert", tmp_path / "key", tmp_path / "client-ca")
        server = make_server(options=ServerOptions(tls=tls, tokens=(TOKEN,)))
        await server.start()
        try:
            await server.load()
            target = f"127.0.0.1:{server.port}"
            mine = ("--cert", str(tmp_path / "my-cert"), "--cert-key", str(tmp_path / "my-key"))
            arguments = parsed("--server", target, "--ca", str(tmp_path / "ca"), *mine)
            monkeypatch.setenv("TTH_TOKEN", TOKEN)
            async with client_of(arguments, target) as client:
                assert (await client.health()).version
            monkeypatch.setenv("TTH_TOKEN", "another-one")
            async with client_of(arguments, target) as client:
                with pytest.raises(TthRpcError, match="UNAUTHENTICATED"):
                    await client.health()
        finally:
            await server.stop()

    asyncio.run(main())
