"""Saving sessions: how often, how much, and what a store that fails costs. Virtual time."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from tests.session.scene import attach, engine, new_conversation
from tth.model.commands import Ping, UpdateControls
from tth.model.controls import ControlPatch
from tth.session.conversation import Conversation
from tth.session.keeper import AHEAD_S, CHECKPOINT_S, RENEW_S, RETRY_S, SPACING_S, Keeper
from tth.session.record import restored, snapshot_of
from tth.session.snapshot import Snapshot, read_snapshot
from tth.session.snapshot_store import Kept, MemoryStore, StoreUnavailable, Writing
from tth.testing.virtual_time import VirtualClock, run_virtual

pytestmark = pytest.mark.pipeline

TTL_S = 60.0


class Watched(MemoryStore):
    """Counts, and fails or dawdles when told to."""

    def __init__(self) -> None:
        super().__init__(VirtualClock())
        self.is_down = False
        self.takes_s = 0.0
        self.saves: list[float] = []
        self.renewals: list[float] = []
        self.tries = 0

    async def save(self, session_id: str, epoch: int, data: bytes, ttl_s: float) -> Writing:
        await self._answer()
        self.saves.append(asyncio.get_running_loop().time())
        return await super().save(session_id, epoch, data, ttl_s)

    async def renew(self, session_id: str, epoch: int, ttl_s: float) -> Writing:
        await self._answer()
        self.renewals.append(asyncio.get_running_loop().time())
        return await super().renew(session_id, epoch, ttl_s)

    async def _answer(self) -> None:
        self.tries += 1
        await asyncio.sleep(self.takes_s)
        if self.is_down:
            raise StoreUnavailable("for a test")


@dataclass
class Keeping:
    store: Watched
    keeper: Keeper
    conversation: Conversation
    superseded: list[Conversation] = field(default_factory=list)

    async def kept(self) -> Kept:
        found = await self.store.load(self.conversation.session_id)
        assert found is not None
        return found


@asynccontextmanager
async def keeping(ttl_s: float = TTL_S) -> AsyncIterator[Keeping]:
    """One session that is kept, without a stream."""
    store, superseded = Watched(), list[Conversation]()
    keeper = Keeper(store, lambda conversation: ttl_s, superseded.append)
    running = asyncio.create_task(keeper.run())
    conversation = new_conversation(engine())
    keeper.keep(conversation)
    await asyncio.sleep(2 * SPACING_S)
    try:
        yield Keeping(store, keeper, conversation, superseded)
    finally:
        running.cancel()
        await asyncio.wait([running])
        await conversation.aclose()
        assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []


def test_what_does_not_change_is_only_renewed() -> None:
    """It is written once, and then told to live on; pings and positions are no change."""

    async def main() -> None:
        async with keeping() as scene:
            stream = attach(scene.conversation)
            for _ in range(30):
                await stream.send(Ping(1, 2))
                await asyncio.sleep(1)
            assert len(scene.store.saves) == 1
            assert len(scene.store.renewals) == pytest.approx(30 / (RENEW_S + SPACING_S), abs=1)
            await stream.finish()

    run_virtual(main())


def test_a_flood_of_changes_is_few_writes() -> None:
    """The latest wins; nothing older is ever written after it."""

    async def main() -> None:
        async with keeping() as scene:
            scene.store.takes_s = 0.2
            stream = attach(scene.conversation)
            for number in range(200):
                await stream.send(UpdateControls(ControlPatch(expressivity=number / 200)))
                await asyncio.sleep(0.01)
            await asyncio.sleep(1)
            assert len(scene.store.saves) <= 2 + 2 / (0.2 + SPACING_S) + 2
            snapshot = read_snapshot((await scene.kept()).data)
            assert snapshot.updated_controls == ControlPatch(expressivity=199 / 200)
            await stream.finish()

    run_virtual(main())


def test_a_running_turn_is_written_down_every_second() -> None:
    """And at its beginning and its end."""

    async def main() -> None:
        async with keeping() as scene:
            stream = attach(scene.conversation)
            began = len(scene.store.saves)
            await stream.say("one. " * 40)
            await stream.sink.ends(1)
            await asyncio.sleep(1)
            saves = scene.store.saves[began:]
            assert saves[0] == pytest.approx(2 * SPACING_S, abs=SPACING_S)
            gaps = [later - earlier for earlier, later in itertools.pairwise(saves)]
            assert max(gaps) <= CHECKPOINT_S + SPACING_S
            assert read_snapshot((await scene.kept()).data).turn_count == 1
            await stream.finish()

    run_virtual(main())


def is_well(keeper: Keeper) -> bool:
    """As Health tells it."""
    return keeper.health.ok


def test_a_store_that_is_gone_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    """Not with every try; tries are spaced; the latest state is there when it is back."""

    async def main() -> None:
        async with keeping() as scene:
            assert is_well(scene.keeper)
            scene.store.is_down = True
            before = scene.store.tries
            stream = attach(scene.conversation)
            await stream.say("Hello.")
            await stream.sink.ends(1)
            await asyncio.sleep(20)
            assert not is_well(scene.keeper)
            assert scene.store.tries - before <= 20 / RETRY_S + 3
            scene.store.is_down = False
            await asyncio.sleep(2 * RETRY_S)
            assert is_well(scene.keeper)
            assert read_snapshot((await scene.kept()).data).turn_count == 1
            await stream.finish()

    with caplog.at_level(logging.WARNING, "tth.session.keeper"):
        run_virtual(main())
    assert [record.getMessage() for record in caplog.records] == [
        "store of sessions is gone; they go on in memory",
        "store of sessions is back",
    ]


def test_a_store_that_has_lost_it_gets_it_again() -> None:
    """With the next renewal."""

    async def main() -> None:
        async with keeping(ttl_s=1.0) as scene:
            await asyncio.sleep(2)
            assert await scene.store.load(scene.conversation.session_id) is None
            await asyncio.sleep(RENEW_S - 1.5)
            assert (await scene.kept()).epoch == 1

    run_virtual(main())


def test_who_is_superseded_lets_go_by_itself() -> None:
    """Within the time of a renewal: no write, no stream, nothing held."""

    async def main() -> None:
        async with keeping() as scene:
            stream = attach(scene.conversation)
            assert await scene.store.claim(scene.conversation.session_id, 1)
            await asyncio.sleep(RENEW_S + 1)
            assert scene.superseded == [scene.conversation]
            assert stream.running.done()
            assert scene.conversation.end_error is not None
            assert scene.conversation.end_error.reason == "SESSION_TAKEN_OVER"
            tries = scene.store.tries
            await asyncio.sleep(20)
            assert scene.store.tries == tries
            assert not await scene.keeper.is_ours(scene.conversation)

    run_virtual(main())


def test_a_session_that_is_over_is_forgotten() -> None:
    """At once, and for good; twice does no harm."""

    async def main() -> None:
        async with keeping() as scene:
            for _ in range(2):
                await scene.keeper.forget(scene.conversation)
            assert await scene.store.load(scene.conversation.session_id) is None
            saves = len(scene.store.saves)
            await asyncio.sleep(20)
            assert len(scene.store.saves) == saves

    run_virtual(main())


def test_a_server_that_stops_writes_everything_once_more() -> None:
    """Also what has not been written for the spacing; a store that hangs does not hold it up."""

    async def main(takes_s: float) -> float:
        async with keeping() as scene:
            stream = attach(scene.conversation)
            await stream.send(UpdateControls(ControlPatch(expressivity=0.25)))
            await stream.finish()
            scene.store.takes_s = takes_s
        stopped_s = asyncio.get_running_loop().time()
        scene.store.takes_s = 0.0
        if not takes_s:
            assert read_snapshot((await scene.kept()).data).updated_controls == ControlPatch(expressivity=0.25)
        return stopped_s

    run_virtual(main(0.0))
    assert run_virtual(main(1000.0)) < 3.0


async def recorded(scene: Keeping) -> float:
    """How long what says that the session has changed waits for its record."""
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    await scene.conversation.handover.on_record()
    return loop.time() - began_s


def test_what_is_told_when_it_is_on_record_waits_for_a_write_and_not_for_its_turn() -> None:
    """Also right behind another write, where a mere change would wait; the record holds what was so by then."""

    async def main() -> None:
        async with keeping() as scene:
            scene.store.takes_s = 0.003
            stream = attach(scene.conversation)
            for number in range(3):
                await stream.send(UpdateControls(ControlPatch(expressivity=number / 10)))
                assert await recorded(scene) <= 2 * 0.003 + 1e-6
                snapshot = read_snapshot((await scene.kept()).data)
                assert snapshot.updated_controls == ControlPatch(expressivity=number / 10)
            await stream.finish()

    run_virtual(main())


def test_a_store_that_dawdles_holds_up_nobody_for_long() -> None:
    """One that is gone not at all."""

    async def main() -> None:
        async with keeping() as scene:
            scene.store.takes_s = 1.0
            assert await recorded(scene) == pytest.approx(AHEAD_S)
            await asyncio.sleep(3)
            scene.store.takes_s, scene.store.is_down = 0.0, True
            scene.conversation.on_change()
            await asyncio.sleep(2 * RETRY_S)
            assert await recorded(scene) == 0.0

    run_virtual(main())


def test_who_finds_itself_superseded_says_nothing_more() -> None:
    """Whoever waits for the record is let go, and the stream is cut off at once: its client is another server's."""

    async def main() -> None:
        async with keeping() as scene:
            stream = attach(scene.conversation)
            await asyncio.sleep(1)
            assert await scene.store.claim(scene.conversation.session_id, 1) is not None
            assert await recorded(scene) < AHEAD_S
            assert scene.conversation.is_severed
            await asyncio.wait([stream.running])

    run_virtual(main())


def test_a_session_is_taken_up_as_it_was_written_down_last() -> None:
    """Also what was written between the look at it and the claim; what was built of the older record is closed."""

    class Overtaken(Watched):
        async def load(self, session_id: str) -> Kept | None:
            kept = await super().load(session_id)
            if self.last is not None:
                await MemoryStore.save(self, session_id, 1, self.last, TTL_S)
            return kept

        last: bytes | None = None

    async def main() -> None:
        store = Overtaken()
        first, built = new_conversation(engine()), list[Conversation]()
        older = snapshot_of(first).to_json()
        first.turns.count = 7
        store.last = snapshot_of(first).to_json()
        await store.save(first.session_id, 1, older, TTL_S)
        keeper = Keeper(store, lambda conversation: TTL_S, lambda conversation: None)

        def build(snapshot: Snapshot) -> Conversation:
            built.append(restored(snapshot, engine()))
            return built[-1]

        taken = await keeper.take_up(first.session_id, lambda snapshot: None, build)
        assert [one.turns.count for one in built] == [0, 7]
        assert taken is built[-1]
        for one in (first, taken):
            await one.aclose()

    run_virtual(main())
