"""`tth serve` as a process."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
import trustme

from tests.cli.waiting import until
from tth.cli.main import main

pytestmark = pytest.mark.e2e


def serve(folder: Path, *words: str, **variables: str) -> subprocess.Popen[str]:
    command = (sys.executable, "-m", "tth.cli.main", "serve", "--profile", "offline_mock", *words)
    pipe, environment = subprocess.PIPE, {**os.environ, **variables}
    return subprocess.Popen(command, cwd=folder, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=environment)


def test_it_writes_its_port_and_ends_cleanly_on_sigterm(tmp_path: Path) -> None:
    """Code 0, with a line for each step on stderr and nothing on stdout."""
    port_path = tmp_path / "port"
    with serve(tmp_path, "--port", "0", "--port-file", str(port_path)) as process:
        until(port_path.exists)
        port = int(port_path.read_text())
        until(lambda: main(["health", "--server", f"127.0.0.1:{port}"]) == 0)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (0, "")
    assert f"listening host=127.0.0.1 port={port}" in err
    assert "ready" in err


def test_it_ends_when_the_other_end_of_its_stdin_has_gone(tmp_path: Path) -> None:
    """What the kernel does for a parent that was killed."""
    port_path = tmp_path / "port"
    with serve(tmp_path, "--port", "0", "--port-file", str(port_path), "--until-stdin-closes") as process:
        until(port_path.exists)
        process.communicate(timeout=30)  # closes stdin
    assert process.returncode == 0


def test_a_taken_port_is_said_in_one_line(tmp_path: Path) -> None:
    """Code 1, no traceback."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with serve(tmp_path, "--port", str(taken.getsockname()[1])) as process:
            out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (1, "")
    assert "tth: cannot listen on" in err
    assert "Traceback" not in err


def test_a_wrong_configuration_is_code_2(tmp_path: Path) -> None:
    """All problems at once, and the server does not start."""
    with serve(tmp_path, "--set", "server.prot=1", "--set", "server.drain_s=-1") as process:
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (2, "")
    assert "server.prot" in err
    assert "server.drain_s" in err


def test_the_gateway_reaches_a_server_that_wants_certificates_of_everybody_else(tmp_path: Path) -> None:
    """With --web they talk over a socket of their own; tokens hold there as well."""
    ca, client_ca = trustme.CA(), trustme.CA()
    made = ca.issue_cert("127.0.0.1")
    made.private_key_pem.write_to_path(tmp_path / "key")
    made.cert_chain_pems[0].write_to_path(tmp_path / "cert")
    client_ca.cert_pem.write_to_path(tmp_path / "client-ca")
    tls = ("tls_cert=cert", "tls_key=key", "tls_client_ca=client-ca")
    port_path, settings = tmp_path / "port", [word for one in tls for word in ("--set", f"server.{one}")]
    words = ("--port", "0", "--port-file", str(port_path), "--web", "127.0.0.1:0", *settings)
    with serve(tmp_path, *words, TTH_SERVER_TOKENS="secret") as process:
        assert process.stdout is not None
        address = process.stdout.readline().split()[1]
        until(lambda: _health(address, "secret") == "HEALTH_STATUS_SERVING")
        assert _health(address, "another") == "UNAUTHENTICATED"
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "Traceback" not in err


def _health(address: str, token: str) -> object:
    """What the gateway's health says, or why not."""
    said = httpx.get(f"{address}v1/health", headers={"authorization": f"Bearer {token}"}).json()
    return said.get("status", said.get("reason"))
