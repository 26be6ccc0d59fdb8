"""The gateway's certificate, and what happens when it is renewed."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

import pytest
import trustme

from tth.config.schema import GatewaySettings
from tth.gateway.tls import Tls, tls_of

pytestmark = pytest.mark.unit


def write(folder: Path, *, age_s: int = 0) -> trustme.CA:
    """A certificate with its key, of an authority of its own."""
    authority = trustme.CA()
    made = authority.issue_cert("127.0.0.1")
    made.private_key_pem.write_to_path(folder / "key.pem")
    made.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    for name in ("key.pem", "cert.pem"):
        stamp = (folder / name).stat().st_mtime - age_s
        os.utime(folder / name, (stamp, stamp))
    return authority


def trusts(tls: Tls, authority: trustme.CA) -> bool:
    """A client of this authority gets through the handshake."""
    client_context = ssl.create_default_context()
    authority.configure_trust(client_context)
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(down, up, server_hostname="127.0.0.1")
    server = tls.context.wrap_bio(up, down, server_side=True)
    for _ in range(4):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLError:
                return False
    return True


def test_a_renewed_certificate_is_taken_up(tmp_path: Path) -> None:
    """By new connections, once somebody has looked; half written ones leave the old in place."""
    old = write(tmp_path, age_s=100)
    tls = Tls(tmp_path / "cert.pem", tmp_path / "key.pem")
    assert trusts(tls, old)
    (tmp_path / "cert.pem").write_text("half")
    tls.renew()
    assert trusts(tls, old)
    new = write(tmp_path)
    tls.renew()
    assert trusts(tls, new)
    assert not trusts(tls, old)
    (tmp_path / "key.pem").unlink()
    tls.renew()
    assert trusts(tls, new)


def test_what_cannot_be_used_is_named(tmp_path: Path) -> None:
    """A file that is not there, and a key of another certificate."""
    with pytest.raises(OSError, match=r"gateway\.tls_cert.*cert\.pem"):
        Tls(tmp_path / "cert.pem", tmp_path / "key.pem")
    write(tmp_path)
    trustme.CA().issue_cert("x").private_key_pem.write_to_path(tmp_path / "key.pem")
    with pytest.raises(OSError, match=r"gateway\.tls_key.*its own key"):
        Tls(tmp_path / "cert.pem", tmp_path / "key.pem")


def test_without_files_there_is_none() -> None:
    """Plain http."""
    assert tls_of(GatewaySettings()) is None
