"""One real server, started as a user would start it, for all tests of commands that talk to one."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator

import pytest

from tth.cli.local_server import server_at
from tth.cli.terminal import Progress


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """ "host:port" of a server with mock adapters. Its keeper lives in a thread: commands bring their own loop."""
    started, stop, found = threading.Event(), threading.Event(), list[str]()

    async def keep() -> None:
        with contextlib.suppress(Exception):
            async with server_at(None, Progress(lambda text: None, ""), "offline_mock") as target:
                found.append(target)
                started.set()
                await asyncio.to_thread(stop.wait)
        started.set()

    keeper = threading.Thread(target=lambda: asyncio.run(keep()))
    keeper.start()
    try:
        assert started.wait(50)
        assert found, "the server did not start; tests/cli/test_local_server.py says why"
        yield found[0]
    finally:
        stop.set()
        keeper.join()
