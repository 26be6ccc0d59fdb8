"""A server of one's own for a command that was given none: a child process on a free loopback port.

Talked to over a real channel, as every client does. Tests: tests/cli/test_local_server.py.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import grpc

from tth.cli.exits import CommandFailed
from tth.cli.terminal import Progress
from tth.v1 import tth_service_pb2
from tth.v1.tth_service_pb2_grpc import TthServiceStub

if TYPE_CHECKING:
    from tth.v1.tth_service_pb2_grpc import TthServiceAsyncStub

READY_TIMEOUT_S = 600.0
"""The first start on a machine builds the default persona's head and compiles: about half a minute on two cores. Heads
that `preload` names are all built before the server is ready, 5 s and more each. Later starts take 1-3 s."""
STOP_TIMEOUT_S = 15.0
_FOR_US_ALONE = (
    "server.host=127.0.0.1",
    "server.tokens=null",
    "server.tls_cert=null",
    "server.tls_key=null",
    "server.tls_client_ca=null",
)
"""Whatever the configuration says of servers that others may call."""
_POLL_S = 0.02
_CHECK_DEADLINE_S = 5.0
_LOG_TAIL_LINES = 15
_READY = (tth_service_pb2.HEALTH_STATUS_SERVING, tth_service_pb2.HEALTH_STATUS_DEGRADED)


@asynccontextmanager
async def server_at(
    target: str | None,
    progress: Progress,
    profile: str = "offline",
    settings: Sequence[str] = (),
    variables: Mapping[str, str] | None = None,
) -> AsyncIterator[str]:
    """The address of a server: `target` as it is, or one that is started now, is ready, and is ended afterwards.

    settings, variables: KEY=VALUE each and environment variables beside our own, for one that is started. The child
    also ends when this process dies in any way. Raises CommandFailed, with the end of the child's log, when it does not
    become ready.
    """
    if target is not None:
        yield target
        return
    with tempfile.TemporaryDirectory(prefix="tth-") as folder:
        port_path, log_path = Path(folder, "port"), Path(folder, "log")
        progress.now("starting the server")
        process = await _start(profile, settings, variables or {}, port_path, log_path)
        try:
            yield await _ready(process, port_path, log_path, progress)
        finally:
            await _end(process)


async def _start(
    profile: str, settings: Sequence[str], variables: Mapping[str, str], port_path: Path, log_path: Path
) -> asyncio.subprocess.Process:
    artifacts = port_path.with_name("artifacts")
    arguments = ("serve", "--profile", profile, "--port", "0", "--port-file", str(port_path), "--until-stdin-closes")
    own = (f"server.artifact_dir={artifacts}", "server.drain_s=2", *_FOR_US_ALONE, *settings)
    with log_path.open("wb") as log:
        return await asyncio.create_subprocess_exec(
            *(
                sys.executable,
                "-m",
                "tth.cli.main",
                *arguments,
                *(part for setting in own for part in ("--set", setting)),
            ),
            stdin=asyncio.subprocess.PIPE,
            stdout=log,
            stderr=log,
            env={**os.environ, **variables},
            start_new_session=True,  # Ctrl-C is for us; we end the child in our own time
        )


async def _ready(process: asyncio.subprocess.Process, port_path: Path, log_path: Path, progress: Progress) -> str:
    """The address, once the server serves. Raises CommandFailed."""
    try:
        async with asyncio.timeout(READY_TIMEOUT_S):
            while (port := _port_in(port_path)) is None:
                _check_alive(process, log_path)
                await asyncio.sleep(_POLL_S)
            address = f"127.0.0.1:{port}"
            progress.now("loading the voice and the face")
            async with grpc.aio.insecure_channel(address) as channel:
                while (health := await _health(channel)) is None or health.status not in _READY:
                    _check_alive(process, log_path)
                    if health is not None and (doing := avatar_is_doing(health)):
                        progress.now(doing)
                    await asyncio.sleep(_POLL_S)
            return address
    except TimeoutError:
        raise CommandFailed(f"the server was not ready within {READY_TIMEOUT_S:g} s\n{_tail(log_path)}") from None


def avatar_is_doing(health: tth_service_pb2.HealthResponse) -> str:
    """What takes so long: what the avatar of a starting server says it is busy with; "" where it does not."""
    starting = tth_service_pb2.HEALTH_STATUS_STARTING
    loading = [part for part in health.components if part.status == starting and part.component.startswith("avatar/")]
    return ", ".join(part.detail for part in loading)


def _port_in(path: Path) -> int | None:
    return int(path.read_text()) if path.exists() else None


async def _health(channel: grpc.aio.Channel) -> tth_service_pb2.HealthResponse | None:
    request = tth_service_pb2.HealthRequest(include_components=True)
    stub: TthServiceAsyncStub = TthServiceStub(channel)
    try:
        return await stub.Health(request, timeout=_CHECK_DEADLINE_S, wait_for_ready=True)
    except grpc.aio.AioRpcError:
        return None


def _check_alive(process: asyncio.subprocess.Process, log_path: Path) -> None:
    if process.returncode is not None:
        raise CommandFailed(f"the server ended with code {process.returncode}\n{_tail(log_path)}")


def _tail(log_path: Path) -> str:
    lines = log_path.read_text(errors="replace").splitlines()
    return "\n".join(f"  | {line}" for line in lines[-_LOG_TAIL_LINES:])


async def _end(process: asyncio.subprocess.Process) -> None:
    """Ask it to stop, wait, and stop it."""
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(STOP_TIMEOUT_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
