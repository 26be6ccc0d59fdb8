"""Two servers: how one is lost, what the other knows, and that broken ones are found."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import islice

import pytest

from tests.testing.simulator import scenes
from tth.pipeline.turn_record import TurnRecord
from tth.server import stream
from tth.session.keeper import Keeper
from tth.session.resumption import Resumption
from tth.session.snapshot_store import MemoryStore, StoreUnavailable, Writing
from tth.testing.simulator.checks import breaches
from tth.testing.simulator.recording import Recording
from tth.testing.simulator.servers import StoreLink
from tth.testing.simulator.stage import play
from tth.testing.simulator.steps import Await, Reopen, Rest, Resume, Say, Step, Until
from tth.testing.simulator.world import World, draw_world
from tth.testing.virtual_time import VirtualClock, run_virtual

pytestmark = [pytest.mark.pipeline, pytest.mark.timeout(600)]  # as in test_run.py

_SPEAKING: tuple[Step, ...] = (Say((scenes.LONG,), "say"), Await(Until.SOUND, 5_000), Rest(1_500))
_ASKED: tuple[Step, ...] = (Say(("How are you?",), "talk"), Await(Until.END, 20_000), Rest(2_000))


@cache
def moved(how: str, rest_ms: int = 300, store_ms: int = 1) -> tuple[Recording, World]:
    """In the middle of a turn, to the other server, and a question there."""
    steps = (*_ASKED, *_SPEAKING, Reopen(how, rest_ms, Resume()), Rest(300), *_ASKED)
    world = scenes.world(steps=steps, store_ms=store_ms)
    return play(world), world


@pytest.mark.parametrize(
    ("how", "ends", "is_lost"),
    [
        ("killed", "CANCELLED", True),
        ("unreachable", "SESSION_TAKEN_OVER", True),
        ("elsewhere", "SESSION_TAKEN_OVER", True),
        ("stopped", "DRAINING", False),
    ],
)
@pytest.mark.parametrize("store_ms", [0, 1, 40])
def test_a_conversation_goes_on_with_the_other_server(how: str, ends: str, is_lost: bool, store_ms: int) -> None:
    """Its turn ends once, with the server or in its time; what was heard is remembered; the first one lets go."""
    recording, world = moved(how, 300 if is_lost else 8_000, store_ms)
    assert [str(breach) for breach in breaches(recording, world)] == []
    assert [log.server for log in recording.streams] == [0, 1, 1]
    assert recording.streams[0].status == ends
    (fork,) = recording.forks
    assert (fork.server, fork.stream) == (1, 1)
    reasons = [one.body.error_reason for one in recording.of_kind["turn_stopped"]]
    assert reasons == (["SERVER_LOST"] if is_lost else reasons)
    assert recording.states[1].body.gap == is_lost
    assert [one.turn_id for one in recording.cast.asked] == ["t_1", "t_3", "t_4"]
    assert len(recording.cast.asked[1].history) == 3


def test_what_the_first_server_goes_on_with_never_happened() -> None:
    """It speaks into the void until it knows: nobody took that, and it does not count."""
    recording, _ = moved("unreachable", 300, 1)
    assert recording.void
    taken = {one.seq for one in recording.got}
    assert all(one.seq > recording.forks[0].last_seq for one in recording.void)
    assert all(one.stream == 0 for one in recording.void)
    assert {one.seq for one in recording.void} & taken  # their numbers are another's


def test_a_link_that_is_cut_loses_what_is_on_its_way() -> None:
    """What had not arrived never does; of what had, nobody hears."""

    async def main() -> None:
        store, claims = MemoryStore(VirtualClock()), list[bytes]()
        link = StoreLink(store, 0.02, claims.append)
        assert await link.save("s_1", 1, b"x", 60) is Writing.DONE
        assert await link.claim("s_1", 1) == b"x"
        assert claims == [b"x"]
        link.is_cut = True
        for call in (link.save("s_1", 2, b"y", 60), link.load("s_1"), link.ping()):
            with pytest.raises(StoreUnavailable):
                await call
        kept = await store.load("s_1")
        assert kept is not None
        assert kept.data == b"x"

    run_virtual(main())


# ---- servers that are broken on purpose


def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is told waits for no record."""

    async def at_once(self: Keeper, keeping: object) -> None:
        """Nobody waits."""

    monkeypatch.setattr(Keeper, "_on_record", at_once)


def deaf(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server never learns that another one has its session."""
    monkeypatch.setattr(Keeper, "_superseded", lambda self, keeping: None)


def careless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any server may write."""

    async def save(self: MemoryStore, session_id: str, epoch: int, data: bytes, ttl_s: float) -> Writing:
        found = self._found(session_id)
        return await plain(self, session_id, max(epoch, found.epoch if found else 0), data, ttl_s)

    plain = MemoryStore.save
    monkeypatch.setattr(MemoryStore, "save", save)


def boastful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages are acknowledged that another server will know nothing of."""
    monkeypatch.setattr(Resumption, "acknowledge", lambda self: self.taken_client_seq)


def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits to be sent is not written down."""
    monkeypatch.setattr(stream, "_unsent", lambda conversation, outbox: [])


def amnesiac(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a turn that another server spoke nothing was heard."""
    monkeypatch.setattr(TurnRecord, "heard_until", lambda self, sample: "")


def certain(monkeypatch: pytest.MonkeyPatch) -> None:
    """The record of a server that is gone is taken for the whole truth."""
    restore = Resumption.restore

    def surely(self: Resumption, *known: object, is_uncertain: bool) -> None:
        restore(self, *known, is_uncertain=False)  # type: ignore[arg-type]

    monkeypatch.setattr(Resumption, "restore", surely)


BROKEN_SERVERS: list[tuple[Callable[[pytest.MonkeyPatch], None], str]] = [
    (hasty, "nothing of a turn behind its end, nothing older behind a newer one"),
    (deaf, "who takes a session over has it alone"),
    (careless, "who takes a session over has it alone"),
    (boastful, "acknowledgements rise and never run ahead"),
    (forgetful, "one terminal event for each turn"),
    (amnesiac, "memory is mended to what a client had heard"),
    (certain, "nothing but media is lost, or a gap is told"),
]


@cache
def with_two_servers() -> tuple[World, ...]:
    worlds = (world for world in map(draw_world, range(1, 5_000)) if world.store_ms is not None)
    return tuple(islice(worlds, 200))


@pytest.mark.parametrize(("breaks", "invariant"), BROKEN_SERVERS)
def test_a_broken_server_is_found(
    monkeypatch: pytest.MonkeyPatch, breaks: Callable[[pytest.MonkeyPatch], None], invariant: str
) -> None:
    """By chance, within two hundred conversations that have two."""
    breaks(monkeypatch)
    for world in with_two_servers():
        try:
            found = {breach.invariant for breach in breaches(play(world), world)}
        except AssertionError:
            continue  # it does not even come to an end
        if invariant in found:
            return
    pytest.fail(f"nobody noticed: {invariant}")
