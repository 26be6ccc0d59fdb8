"""A real Redis server as a process of its own, for tests; skipped where the program is not installed."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.waiting import until
from tth.model.secret import Secret


@dataclass(frozen=True)
class RedisProcess:
    """One server, empty at first, that writes nothing to disk."""

    process: subprocess.Popen[bytes]
    socket_path: Path

    @property
    def url(self) -> str:
        return f"unix://{self.socket_path}"

    @property
    def secret_url(self) -> Secret:
        return Secret(self.url)

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """It is there and answers nothing."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """It is gone, and with it what it held."""
        self.process.kill()
        self.process.wait()


@contextmanager
def running_redis() -> Iterator[RedisProcess]:
    """Start one and end it with the context."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("the program redis-server is not installed")
    with tempfile.TemporaryDirectory(prefix="tth-redis-") as folder:  # a socket's path has at most 107 characters
        path = Path(folder) / "redis.sock"
        command = (program, "--port", "0", "--unixsocket", str(path), "--save", "", "--appendonly", "no")
        with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL) as process:
            try:
                until(lambda: _answers(path))
                yield RedisProcess(process, path)
            finally:
                process.send_signal(signal.SIGCONT)
                process.kill()


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(path))
        except OSError:
            return False
        client.sendall(b"PING\r\n")
        return client.recv(5) == b"+PONG"
