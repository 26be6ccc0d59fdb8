"""`tth serve --web` and `tth gateway` as processes."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import trustme
from websockets.sync.client import connect

from tth.cli.exits import CommandFailed
from tth.cli.gateway import web_settings

pytestmark = pytest.mark.e2e


@contextmanager
def program(folder: Path, *words: str, env: Mapping[str, str] | None = None) -> Iterator[tuple[httpx.URL, Path]]:
    """A `tth` that serves browsers: the address that it prints, and its log. It is ended with SIGTERM, and cleanly."""
    log = folder / f"{words[0]}.log"
    with log.open("w") as errors, subprocess.Popen(
        (sys.executable, "-m", "tth.cli.main", *words), cwd=folder, stdout=subprocess.PIPE, stderr=errors, text=True,
        env={**os.environ, **(env or {})},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            found = re.fullmatch(r"open (\S+) in a browser\n", line)
            assert found, (line, log.read_text())
            yield httpx.URL(found[1]), log
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0, log.read_text()


def talk(page: httpx.URL, context: ssl.SSLContext | None = None, token: str = "") -> None:
    """A session, a turn over WebSocket in JSON, its end."""
    headers = {"authorization": f"Bearer {token}"} if token else {}
    verify: ssl.SSLContext | bool = context or True
    session = httpx.post(page.join("/v1/sessions"), json={}, headers=headers, verify=verify).raise_for_status().json()
    path = f"/v1/sessions/{session['sessionId']}/stream"
    url = str(page.join(path)).replace("http", "ws", 1)
    with connect(url, subprotocols=["tth.v1.json"], ssl=context, additional_headers=headers, proxy=None) as line:  # type: ignore[list-item]
        text = {"text": "One two.", "mode": "TEXT_MODE_SAY"}
        line.send(json.dumps({"sessionId": session["sessionId"], "userText": text}))
        while "turnComplete" not in json.loads(line.recv(timeout=30)):
            pass


MOCK = ("--profile", "offline_mock")


def test_server_and_gateway_in_one_process(tmp_path: Path) -> None:
    """The page, a conversation, and an end in order."""
    with program(tmp_path, "serve", *MOCK, "--port", "0", "--web", "127.0.0.1:0") as (page, log):
        assert "<html" in httpx.get(page).text
        talk(page)
    assert "Traceback" not in log.read_text()


def test_a_gateway_before_a_server(tmp_path: Path, server: str) -> None:
    """Two programs; the gateway has a token of its own and a certificate."""
    authority = trustme.CA()
    authority.issue_cert("127.0.0.1").cert_chain_pems[0].write_to_path(tmp_path / "unused.pem")
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_and_cert_chain_pem.write_to_path(tmp_path / "both.pem")
    tls = ("--set", "gateway.tls_cert=both.pem", "--set", "gateway.tls_key=both.pem")
    env = {"TTH_GATEWAY_TOKENS": "sesame"}
    with program(tmp_path, "gateway", "--target", server, "--web", "0", *tls, env=env) as (page, log):
        assert page.scheme == "https"
        context = ssl.create_default_context()
        authority.configure_trust(context)
        talk(page, context, token="sesame")
        assert httpx.get(page.join("/v1/models"), verify=context).status_code == 401
    assert "sesame" not in log.read_text()


def test_a_server_that_wants_certificates_and_tokens(tmp_path: Path) -> None:
    """The gateway in its process needs no certificate of it; its callers need the server's token."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    authority.issue_cert("tth.example").private_key_and_cert_chain_pem.write_to_path(tmp_path / "both.pem")
    names = {"tls_cert": "both.pem", "tls_key": "both.pem", "tls_client_ca": "ca.pem"}
    tls = [word for name, value in names.items() for word in ("--set", f"server.{name}={value}")]
    env = {"TTH_SERVER_TOKENS": "sesame"}
    with program(tmp_path, "serve", *MOCK, "--port", "0", "--web", "0", *tls, env=env) as (page, _):
        assert httpx.get(page.join("/v1/models")).json()["reason"] == "UNAUTHENTICATED"
        talk(page, token="sesame")


@pytest.mark.parametrize("command", [("serve", *MOCK, "--port", "0"), ("gateway",)])
def test_a_taken_port_is_said_in_one_line(tmp_path: Path, command: tuple[str, ...]) -> None:
    """Code 1, no traceback, and what to change."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        words = (sys.executable, "-m", "tth.cli.main", *command, "--web", str(port))
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=50, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"cannot listen on 127.0.0.1:{port}" in done.stderr
    assert "--web" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("setting", ["gateway.tls_cert=none.pem", "gateway.target_ca=none.pem"])
def test_a_file_that_is_not_there_is_named(tmp_path: Path, setting: str) -> None:
    """In one line, before anything is served."""
    other = "gateway.tls_key=none.pem" if "tls_cert" in setting else "gateway.target_tls=true"
    words = (sys.executable, "-m", "tth.cli.main", "gateway", "--web", "0", "--set", setting, "--set", other)
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=50, check=False)
    assert done.returncode == 1
    assert "none.pem" in done.stderr
    assert setting.partition("=")[0] in done.stderr
    assert "Traceback" not in done.stderr


def test_without_web_nothing_of_it_is_loaded(tmp_path: Path) -> None:
    """`tth serve` starts as fast as before there was a gateway."""
    code = (
        "import sys, threading, os, signal; from tth.cli.main import main\n"
        "threading.Timer(3, lambda: os.kill(os.getpid(), signal.SIGTERM)).start()\n"
        "main(['serve', '--profile', 'offline_mock', '--port', '0'])\n"
        "print([name for name in ('starlette', 'uvicorn', 'tth.gateway') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("web", "host", "port"),
    [
        ("", None, None),
        ("8081", None, "8081"),
        ("0.0.0.0:80", "0.0.0.0", "80"),
        ("localhost", "localhost", None),
        ("[::1]:8080", "[::1]", "8080"),
        ("[::]", "[::]", None),
        (":8080", None, "8080"),
    ],
)
def test_the_address_in_one_word(web: str, host: str | None, port: str | None) -> None:
    """Host, port or both."""
    found = web_settings(web)
    assert (found.get("gateway.host"), found.get("gateway.port")) == (host, port)


def test_an_address_that_is_none() -> None:
    """Wrong usage."""
    with pytest.raises(CommandFailed, match="HOST:PORT"):
        web_settings("127.0.0.1:http")


def test_all_the_ways_of_a_machine_that_listens_on_ipv6(tmp_path: Path, server: str) -> None:
    """The address that is printed can be opened."""
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 here")
    with program(tmp_path, "gateway", "--target", server, "--web", "[::1]:0") as (page, _):
        assert page.host == "::1"
        assert httpx.get(page).status_code == 200
