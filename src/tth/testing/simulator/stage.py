"""Plays the conversation of a world with the real server, and gives back what came of it.

Tests: tests/testing/simulator/test_run.py.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random

from tth.adapters.base import AdapterSpec, Persona
from tth.adapters.registry import Adapters
from tth.control.personas import PersonaConfig
from tth.core.replay import ReplayLimits
from tth.errors import TTHError
from tth.media.encode import EncodedPicture
from tth.model.controls import LatencyMode
from tth.server.app import ServerOptions, TthServer
from tth.server.models import ModelCatalogue
from tth.session.engine import Engine
from tth.session.store import SessionLimits
from tth.testing.simulator.adapters import SimulatedModel, SimulatedRealtime, SimulatedVoice
from tth.testing.simulator.avatar import SimulatedAvatar
from tth.testing.simulator.cast import Cast
from tth.testing.simulator.client import SimulatedClient
from tth.testing.simulator.packets import SimulatedPackers
from tth.testing.simulator.recording import Recording
from tth.testing.simulator.script import PERSONAS
from tth.testing.simulator.world import DRAIN_S, World
from tth.testing.virtual_time import VirtualClock, run_virtual

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
    server = make_server(world, cast)
    await server.load()
    client = SimulatedClient(server, world, recording)
    sweep = None if world.limits.are_usual else asyncio.create_task(server.sweep(), name="sweep")
    try:
        await client.create()
        await client.act(world.steps)
        await client.finale()
    except TTHError as error:
        recording.complaints.append(f"no session was made: {error.reason}")
    if sweep is not None:
        sweep.cancel()
        await asyncio.wait([sweep])
    await server.stop()
    recording.tasks_left = sorted(task.get_name() for task in asyncio.all_tasks() - {asyncio.current_task()})
    return recording


def make_server(world: World, cast: Cast) -> TthServer:
    """A server as the world wants it; it listens nowhere."""
    adapters = Adapters(
        llm=SimulatedModel(cast, world.model),
        tts=SimulatedVoice(cast, world.voice),
        realtime=SimulatedRealtime(cast, world.model, world.voice) if world.realtime else None,
        avatar=SimulatedAvatar(cast, world.avatar) if world.avatar is not None else None,
    )
    engine = Engine(
        adapters=adapters,
        personas={name: PersonaConfig(Persona(name, look=name)) for name in PERSONAS},
        clock=VirtualClock(),
        encode_offload=_inline,
        base_controls=world.controls,
        budgets=world.budgets,
        max_ahead_ms=dict.fromkeys(LatencyMode, world.max_ahead_ms),
        max_turns=world.limits.turns,
        replay=ReplayLimits(max_count=world.told_again),
        make_packer=SimulatedPackers(),
    )
    limits = world.limits
    options = ServerOptions(
        limits=SessionLimits(idle_s=limits.idle_s, lifetime_s=limits.lifetime_s, grace_s=limits.grace_s),
        drain_s=DRAIN_S,
        outbox_events=world.outbox_events,
        outbox_stalled_s=world.stalled_ms / 1000,
        first_message_s=2.0,
    )
    known = tuple((AdapterSpec(a.role, a.name, "", ""), a.capabilities, True) for a in adapters)
    return TthServer(engine, options, ModelCatalogue("simulated", known, engine.personas))


async def _inline(work: Callable[[], EncodedPicture], /) -> EncodedPicture:
    """Encode at once: virtual time has no threads."""
    return work()


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
