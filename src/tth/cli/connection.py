"""A client of the server that a command was told of: in plain text or TLS, with a certificate and a token.

Tests: tests/cli/test_connection.py.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from tth.cli.exits import USAGE, CommandFailed

if TYPE_CHECKING:
    import grpc

    from tth.client import TthClient

CONNECT_TIMEOUT_S = 5.0


def add_tls_arguments(parser: argparse.ArgumentParser) -> None:
    """How to reach a server that is not open to everybody. Its token comes from the environment alone."""
    group = parser.add_argument_group("a closed server", "its token, where it wants one, is taken from TTH_TOKEN")
    group.add_argument("--tls", action="store_true", help="speak TLS with it")
    group.add_argument(
        "--ca", type=Path, metavar="FILE", help="PEM: who signed its certificate; without it a known one"
    )
    group.add_argument("--cert", type=Path, metavar="FILE", help="PEM: our certificate, where it wants to see one")
    group.add_argument("--cert-key", type=Path, metavar="FILE", help="PEM: the key of our certificate")


def client_of(arguments: argparse.Namespace, target: str) -> TthClient:
    """A client of `target`, not connected yet; a server of one's own has no secrets. Raises CommandFailed."""
    from tth.client import TthClient
    from tth.config.load import client_token

    if arguments.server is None:
        if arguments.tls or arguments.ca or arguments.cert or arguments.cert_key:
            raise CommandFailed("--tls, --ca, --cert and --cert-key are for a server that --server names", USAGE)
        return TthClient(target, connect_timeout_s=CONNECT_TIMEOUT_S)
    token = client_token()
    return TthClient(target, credentials=_credentials(arguments), token=token, connect_timeout_s=CONNECT_TIMEOUT_S)


def _credentials(arguments: argparse.Namespace) -> grpc.ChannelCredentials | None:
    if (arguments.cert is None) != (arguments.cert_key is None):
        raise CommandFailed("--cert and --cert-key: give both or none", USAGE)
    if not (arguments.tls or arguments.ca or arguments.cert):
        return None
    import grpc

    return grpc.ssl_channel_credentials(
        root_certificates=_read("--ca", arguments.ca),
        private_key=_read("--cert-key", arguments.cert_key),
        certificate_chain=_read("--cert", arguments.cert),
    )


def _read(flag: str, path: Path | None) -> bytes | None:
    try:
        return None if path is None else path.read_bytes()
    except OSError as error:
        raise CommandFailed(f"{flag} {path}: cannot be read: {error.strerror}", USAGE) from None
