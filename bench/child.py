"""A program in a process of its own: the measured server, or gRPC alone. It says "port N" and "ready", and ends when
its standard input closes, so that it never outlives the benchmark."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import psutil

READY_TIMEOUT_S = 150.0
"""A first start compiles the face's drawing code."""
STOP_TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class Child:
    """A running one."""

    address: str
    process: psutil.Process
    lines: asyncio.StreamReader
    """What it says from now on, if anything."""

    def cpu_s(self) -> float:
        """CPU time of the process and of the workers that it has started."""
        family = [self.process, *self.process.children(recursive=True)]
        return sum(times.user + times.system for times in (member.cpu_times() for member in family))


@asynccontextmanager
async def running(module: str, arguments: Sequence[str] = (), *, one_core: bool = False) -> AsyncIterator[Child]:
    """`python -m module arguments`, ready. one_core: it and its workers share the machine's last core.

    Raises RuntimeError when it does not become ready; its errors go to this program's.
    """
    pin = ["--core", str(max(_cores()))] if one_core and _cores() else []
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments, *pin, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(READY_TIMEOUT_S):
            port = await _line(process, "port")
            await _line(process, "ready")
        assert process.stdout is not None
        yield Child(f"127.0.0.1:{port}", psutil.Process(process.pid), process.stdout)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


async def _line(process: asyncio.subprocess.Process, word: str) -> str:
    assert process.stdout is not None
    while line := (await process.stdout.readline()).decode():
        first, _, rest = line.strip().partition(" ")
        if first == word:
            return rest
    raise RuntimeError(f'the child process ended before it said "{word}"')


def stay_on(core: int | None) -> None:
    """Keep this process on one core, where the system can. Call before threads are started."""
    if core is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})


def say(line: str) -> None:
    """Tell the parent."""
    print(line, flush=True)


async def parent_is_gone() -> None:
    """Return when standard input closes."""
    gone, loop = asyncio.Event(), asyncio.get_running_loop()

    def wait() -> None:
        while sys.stdin.buffer.read(4096):
            pass
        loop.call_soon_threadsafe(gone.set)

    threading.Thread(target=wait, name="stdin", daemon=True).start()
    await gone.wait()


def _cores() -> set[int]:
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
