"""The servers of one conversation: one alone, or two that share a store, of which each can be lost.

A server is the real one without gRPC. One that is killed is cut off from its store and its clients first and taken down
then: nothing that it does after that moment can be seen by anybody, as if the process were gone.
Tests: tests/testing/simulator/test_servers.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from tth.adapters.base import AdapterSpec, Persona
from tth.adapters.registry import Adapters
from tth.control.personas import PersonaConfig
from tth.core.replay import ReplayLimits
from tth.media.encode import EncodedPicture
from tth.model.controls import LatencyMode
from tth.server.app import ServerOptions, TthServer
from tth.server.models import ModelCatalogue
from tth.session.engine import Engine
from tth.session.snapshot import read_snapshot
from tth.session.snapshot_store import Kept, MemoryStore, SessionStore, StoreUnavailable, Writing
from tth.session.store import SessionLimits
from tth.testing.simulator.adapters import SimulatedModel, SimulatedRealtime, SimulatedVoice
from tth.testing.simulator.avatar import SimulatedAvatar
from tth.testing.simulator.cast import Cast
from tth.testing.simulator.checks.resumed import LETS_GO_S
from tth.testing.simulator.packets import SimulatedPackers
from tth.testing.simulator.recording import Fork, Recording
from tth.testing.simulator.script import PERSONAS
from tth.testing.simulator.world import DRAIN_S, World
from tth.testing.virtual_time import VirtualClock


def make_server(world: World, cast: Cast, store: SessionStore | None = None) -> TthServer:
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
    return TthServer(engine, options, ModelCatalogue("simulated", known, engine.personas), store)


async def _inline(work: Callable[[], EncodedPicture], /) -> EncodedPicture:
    """Encode at once: virtual time has no threads."""
    return work()


class StoreLink:
    """Implements `SessionStore`: one server's way to the store that it shares. A message takes half of the time each
    way; those that are on their way when it is cut are lost."""

    name = "memory"

    def __init__(self, store: MemoryStore, takes_s: float, on_claim: Callable[[bytes], None]) -> None:
        self._store = store
        self._takes_s = takes_s
        self._on_claim = on_claim
        self.is_cut = False

    async def _go(self) -> None:
        if self._takes_s:
            await asyncio.sleep(self._takes_s / 2)
        if self.is_cut:
            raise StoreUnavailable("the simulated server is gone")

    async def save(self, session_id: str, epoch: int, data: bytes, ttl_s: float) -> Writing:
        """See `SessionStore`."""
        await self._go()
        written = await self._store.save(session_id, epoch, data, ttl_s)
        await self._go()
        return written

    async def renew(self, session_id: str, epoch: int, ttl_s: float) -> Writing:
        """See `SessionStore`."""
        await self._go()
        written = await self._store.renew(session_id, epoch, ttl_s)
        await self._go()
        return written

    async def load(self, session_id: str) -> Kept | None:
        """See `SessionStore`."""
        await self._go()
        kept = await self._store.load(session_id)
        await self._go()
        return kept

    async def claim(self, session_id: str, epoch: int) -> bytes | None:
        """See `SessionStore`."""
        await self._go()
        data = await self._store.claim(session_id, epoch)
        if data is not None:
            self._on_claim(data)
        await self._go()
        return data

    async def delete(self, session_id: str, epoch: int) -> Writing:
        """See `SessionStore`."""
        await self._go()
        written = await self._store.delete(session_id, epoch)
        await self._go()
        return written

    async def ping(self) -> None:
        """See `SessionStore`."""
        await self._go()

    async def aclose(self) -> None:
        """Nothing to let go of."""


@dataclass(slots=True, eq=False)
class _Process:
    """A server that runs."""

    number: int
    server: TthServer
    link: StoreLink | None
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def end(self) -> None:
        for task in self.tasks:
            task.cancel()
        if self.tasks:
            await asyncio.wait(self.tasks)
        await self.server.stop()


class Servers:
    """Those of one conversation."""

    def __init__(self, world: World, cast: Cast, recording: Recording) -> None:
        self._world = world
        self._cast = cast
        self._recording = recording
        self._store = MemoryStore(VirtualClock()) if world.store_ms is not None else None
        self._current: _Process | None = None
        self._living: list[_Process] = []
        self._count = 0

    @property
    def here(self) -> TthServer:
        """The one that the client uses."""
        return self._used.server

    @property
    def number(self) -> int:
        """Which of all that there have been, from 0."""
        return self._used.number

    @property
    def _used(self) -> _Process:
        assert self._current is not None
        return self._current

    async def start(self) -> None:
        """One more, which the client uses from now on."""
        link = None
        if self._store is not None:
            number = self._count
            link = StoreLink(self._store, (self._world.store_ms or 0) / 1000, lambda data: self._note(data, number))
        process = _Process(self._count, make_server(self._world, self._cast, link), link)
        self._current = process
        self._living.append(process)
        self._count += 1
        await process.server.load()
        if not self._world.limits.are_usual:
            process.tasks.append(asyncio.create_task(process.server.sweep(), name="sweep"))
        if link is not None:
            process.tasks.append(asyncio.create_task(process.server.keep_sessions(), name="keeper"))
            await asyncio.sleep(0)  # it listens when everything of it runs

    def _note(self, data: bytes, number: int) -> None:
        snapshot, streams = read_snapshot(data), self._recording.streams
        stream = max(at for at, log in enumerate(streams) if log.server == number)
        at_s = asyncio.get_running_loop().time()
        self._recording.forks.append(Fork(number, stream, snapshot.replay.last_seq, at_s, snapshot.is_attached))

    def cut_off(self) -> None:
        """This one is gone, and does not know it: nothing of what it still does is seen by anybody."""
        link = self._used.link
        assert link is not None
        link.is_cut = True

    async def bury(self) -> None:
        """Take down the one that was cut off."""
        self._living.remove(self._used)
        await self._used.end()

    async def stop_here(self) -> None:
        """Stop this one as a signal would."""
        self._recording.stopped.add(self.number)
        await self.here.drain()
        await self.bury()

    async def move(self) -> None:
        """Use another one: the one that is left, or a new one."""
        others = [process for process in self._living if process is not self._used]
        if others:
            self._current = others[0]
        else:
            await self.start()

    async def finish(self, session_id: str) -> None:
        """The conversation is over, and only the server that the client used last may still know of it."""
        if len(self._living) > 1:
            await asyncio.sleep(LETS_GO_S)
        for process in self._living:
            if process is not self._used and process.server.sessions.find(session_id) is not None:
                self._recording.complaints.append(f"server {process.number} has not let its session go")
        for process in self._living:
            await process.end()
