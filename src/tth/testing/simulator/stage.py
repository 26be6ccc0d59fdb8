"""Plays the conversation of a world with the real server, and gives back what came of it.

Tests: tests/testing/simulator/test_run.py.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from tth.errors import TTHError
from tth.testing.simulator.cast import Cast
from tth.testing.simulator.client import SimulatedClient
from tth.testing.simulator.recording import Recording
from tth.testing.simulator.servers import Servers
from tth.testing.simulator.world import World
from tth.testing.virtual_time import run_virtual

LIMIT_S = 3600.0
"""Virtual time after which a conversation is taken for endless; the longest has a few minutes."""


def play(world: World) -> Recording:
    """The whole conversation, from the first message to nothing being left of it.

    Raises Deadlock or Endless when it does not come to an end.
    """
    with _server_log() as bugs:
        recording = run_virtual(_play(world), limit_s=LIMIT_S)
    recording.bugs_logged = bugs
    return recording


async def _play(world: World) -> Recording:
    cast = Cast(Random(world.seed + 2), world.fault_rate)
    recording = Recording(cast)
    servers = Servers(world, cast, recording)
    await servers.start()
    client = SimulatedClient(servers, world, recording)
    try:
        await client.create()
        await client.act(world.steps)
        await client.finale()
    except TTHError as error:
        recording.complaints.append(f"no session was made: {error.reason}")
    await servers.finish(client.session_id)
    recording.tasks_left = sorted(task.get_name() for task in asyncio.all_tasks() - {asyncio.current_task()})
    return recording


class _Bugs(logging.Handler):
    """Keeps what a person would have to look at."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        self.found.append(f"{record.getMessage()}: {error!r}")


@contextmanager
def _server_log() -> Iterator[list[str]]:
    """The server's errors, while this lasts."""
    log, handler = logging.getLogger("tth"), _Bugs()
    was = log.propagate, log.level
    log.propagate = False
    log.setLevel(logging.ERROR)
    log.addHandler(handler)
    try:
        yield handler.found
    finally:
        log.removeHandler(handler)
        log.propagate = was[0]
        log.setLevel(was[1])
