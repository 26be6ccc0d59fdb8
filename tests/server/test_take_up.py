"""Two servers that share a store: a session of one is taken up by the other, and the first writes no more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import grpc
import pytest

from tests.server.caller import (
    LONG,
    SOUND_ONLY,
    TERMINAL,
    Caller,
    calling,
    check_alive,
    kind,
    resuming,
    run,
    with_model,
)
from tests.server.test_resume import session, told
from tth.server.app import TthServer
from tth.session.resumption import is_handle
from tth.session.snapshot import Snapshot, read_snapshot
from tth.session.snapshot_store import Kept, MemoryStore, StoreUnavailable, Writing
from tth.testing.harness import RunningServer, make_server, running_server
from tth.testing.scripted import ScriptedModel, every
from tth.testing.virtual_time import VirtualClock
from tth.v1 import media_pb2
from tth.v1.converse_pb2 import (
    TEXT_MODE_TALK,
    TURN_OUTCOME_FAILED,
    ConverseResponse,
    PlaybackPosition,
    TurnMetrics,
    TurnStopped,
)
from tth.v1.tth_service_pb2 import (
    HEALTH_STATUS_SERVING,
    OVERLAP_POLICY_QUEUE,
    CreateSessionRequest,
    EndSessionRequest,
    GetSessionRequest,
    HealthRequest,
)

pytestmark = pytest.mark.server


class Shared(MemoryStore):
    """A store that can be cut off from one server, or from all, and says what came in."""

    def __init__(self) -> None:
        super().__init__(VirtualClock())
        self.is_down = False
        self.takes_s = 0.0
        """For a write."""
        self.saved = asyncio.Event()
        self.epochs: list[int] = []

    async def save(self, session_id: str, epoch: int, data: bytes, ttl_s: float) -> Writing:
        self._check()
        await asyncio.sleep(self.takes_s)
        written = await super().save(session_id, epoch, data, ttl_s)
        if written is Writing.DONE:
            self.epochs.append(epoch)
            self.saved.set()
        return written

    async def load(self, session_id: str) -> Kept | None:
        self._check()
        return await super().load(session_id)

    async def renew(self, session_id: str, epoch: int, ttl_s: float) -> Writing:
        self._check()
        return await super().renew(session_id, epoch, ttl_s)

    def _check(self) -> None:
        if self.is_down:
            raise StoreUnavailable("down, for a test")


@dataclass
class Pair:
    """Two servers and their store."""

    store: Shared
    one: RunningServer
    two: RunningServer


def on_two(
    make: Callable[[Shared], TthServer] = lambda store: make_server(store=store),
) -> Callable[[Callable[[Pair], Awaitable[None]]], Callable[[], None]]:
    """Make a test of an async function that is given two running servers."""

    def decorate(test: Callable[[Pair], Awaitable[None]]) -> Callable[[], None]:
        async def main() -> None:
            store = Shared()
            async with running_server(make(store)) as one, running_server(make(store)) as two:
                await test(Pair(store, one, two))

        def test_function() -> None:
            run(main())

        test_function.__name__, test_function.__doc__ = test.__name__, test.__doc__
        return test_function

    return decorate


async def recorded(pair: Pair, session_id: str, wanted: Callable[[Snapshot], bool] = lambda snapshot: True) -> Kept:
    """Wait until the store has such a record of the session."""
    while True:
        pair.store.saved.clear()
        kept = None if pair.store.is_down else await pair.store.load(session_id)
        if kept is not None and wanted(read_snapshot(kept.data)):
            return kept
        await pair.store.saved.wait()


def is_quiet(snapshot: Snapshot) -> bool:
    """Its stream is gone and all is written down."""
    return not snapshot.is_attached and snapshot.replay.last_seq > 0


def has_words(count: int) -> Callable[[Snapshot], bool]:
    """A turn is on record with so many words."""
    return lambda snapshot: any(len(turn.points) >= count for turn in snapshot.turns)


@on_two()
async def test_a_detached_session_goes_on_elsewhere(pair: Pair) -> None:
    """What was missed comes again with its numbers, nothing is missing, and the first server knows it no more."""
    session_id, handle = await session(pair.one)
    async with calling(pair.one, session_id) as first:
        await first.text("One two three.", turn_id="a")
        await first.turn("a")
        sent = list(first.events)
    await recorded(pair, session_id, is_quiet)
    async with resuming(pair.two, session_id, handle, sent[1].seq) as second:
        state = (await second.next_of("session_state")).session_state
        assert state.resumed
        assert not state.gap
        again = [event for event in second.events if event.turn_id == "a"]
        assert again == told(sent[2:])
        await second.text("Four.", turn_id="a")
        assert (await second.refusal()).reason == "TURN_ID_USED"
        await check_alive(second)
        seqs = [event.seq for event in second.events]
        assert seqs == sorted(set(seqs))
    async with resuming(pair.one, session_id, "x") as thief:
        assert await thief.status() == (grpc.StatusCode.NOT_FOUND, "SESSION_NOT_FOUND")


@on_two()
async def test_the_server_that_was_only_slow_is_shut_out(pair: Pair) -> None:
    """Its stream ends as taken over, its turn is told as lost by the other, and it never writes again."""
    session_id, handle = await session(pair.one, media_pb2.VIDEO_CODEC_JPEG)
    async with calling(pair.one, session_id) as old:
        await old.text(LONG, turn_id="a")
        await old.next_of("word_timing")
        await recorded(pair, session_id, has_words(1))
        last_seq, pts_us = old.events[-1].seq, max(e.audio_chunk.pts_us for e in old.events)
        async with resuming(pair.two, session_id, handle, last_seq) as new:
            state = await new.next_of("session_state")
            assert state.session_state.gap  # the record may have been older than what was sent
            names = [kind(event) for event in new.events if event.turn_id == "a"]
            assert names[-3:] == ["error", "turn_metrics", "turn_stopped"]
            stopped = next(event.turn_stopped for event in new.events if kind(event) == "turn_stopped")
            assert (stopped.outcome, stopped.error_reason) == (TURN_OUTCOME_FAILED, "SERVER_LOST")
            assert new.events[0].seq > last_seq
            assert (await new.next_of("video_frame")).video_frame.pts_us > pts_us
            assert await old.status() == (grpc.StatusCode.ABORTED, "SESSION_TAKEN_OVER")
            await check_alive(new)
            first_of_two = pair.store.epochs.index(2)
            assert set(pair.store.epochs[first_of_two:]) == {2}
        with pytest.raises(grpc.aio.AioRpcError):
            await pair.one.stub.GetSession(GetSessionRequest(session_id=session_id))
        async with resuming(pair.one, session_id, state.session_state.resume_handle) as back:
            await back.next_of("session_state")
            await check_alive_again(back)


async def check_alive_again(caller: Caller) -> None:
    """It has come back to where it was, and goes on."""
    await caller.text("Home.", turn_id="home")
    assert (await caller.turn("home"))[-1].turn_complete.text == "Home."


COUNTING = "One two three four five six seven eight nine ten eleven twelve."


def counting(store: Shared) -> TthServer:
    return make_server(with_model(list(every(0, COUNTING)), list(every(0, "Yes."))).engine.adapters, store=store)


@on_two(counting)
async def test_what_the_client_heard_is_remembered_by_the_other(pair: Pair) -> None:
    """In mid-turn: the record holds the words that were placed, the client says where it stood."""
    session_id, handle = await session(pair.one)
    async with calling(pair.one, session_id) as old:
        await old.text("Count.", TEXT_MODE_TALK, turn_id="a")
        words = [(await old.next_of("word_timing")).word_timing for _ in range(5)]
        await recorded(pair, session_id, has_words(5))
        position = PlaybackPosition(audio_pts_us=words[4].pts_us + words[4].duration_us)
        async with resuming(pair.two, session_id, handle, old.events[-1].seq, position) as new:
            await new.text("Go on.", TEXT_MODE_TALK, turn_id="b")
            await new.turn("b")
    model = pair.two.server.engine.adapters.llm
    assert isinstance(model, ScriptedModel)
    history = model.player.calls[0].prompt.history  # type: ignore[union-attr]
    assert [utterance.text for utterance in history] == ["Count.", "One two three four five"]
    assert history[1].interrupted


def queueing() -> CreateSessionRequest:
    return CreateSessionRequest(media=SOUND_ONLY, overlap_policy=OVERLAP_POLICY_QUEUE)


@on_two()
async def test_what_a_client_is_told_is_on_record(pair: Pair) -> None:
    """The session when it is handed out, a handle when it is told, a turn's beginning and its end: whenever the server
    is lost, another one goes on from there. Media, text and words wait for nothing."""
    pair.store.takes_s = 0.05
    session_id, handle = await session(pair.one)
    assert await pair.store.load(session_id) is not None
    async with resuming(pair.one, session_id, handle) as caller:
        state = await caller.next_of("session_state")
        assert is_handle(state.session_state.resume_handle, (await snapshot_in(pair, session_id)).replay.handle_hashes)
        for turn_id in ("a", "b"):
            await caller.text("One two three.", turn_id=turn_id, client_seq=ord(turn_id))
            started = await caller.next_of("turn_started")
            snapshot = await snapshot_in(pair, session_id)
            assert turn_id in [turn.turn_id for turn in snapshot.turns]
            assert started.ack_client_seq <= snapshot.replay.client_seq
            end = (await caller.turn(turn_id))[-1]
            snapshot = await snapshot_in(pair, session_id)
            assert all(turn.outcome is not None for turn in snapshot.turns)
            assert end.seq in [seq for seq, _ in snapshot.replay.messages]
        assert end.ack_client_seq == ord("b")


async def snapshot_in(pair: Pair, session_id: str) -> Snapshot:
    """As it is kept at this moment."""
    kept = await pair.store.load(session_id)
    assert kept is not None
    return read_snapshot(kept.data)


@on_two()
async def test_what_a_lost_server_had_still_to_say_is_said_by_the_other(pair: Pair) -> None:
    """Turns that had begun and ended while their client did not read: each begins and ends once, numbered anew."""
    session_id, handle = await session(pair.one)
    conversation = pair.one.server.sessions.get(session_id)
    conversation.handover.unsent = lambda: [
        ("a", ConverseResponse(turn_id="a", turn_metrics=TurnMetrics()).SerializeToString()),
        ("a", ConverseResponse(turn_id="a", turn_stopped=TurnStopped()).SerializeToString()),
    ]
    conversation.on_change()
    await recorded(pair, session_id, lambda snapshot: len(snapshot.unsent) == 2)
    async with resuming(pair.two, session_id, handle, 3) as new:
        state = await new.next_of("session_state")
        metrics, stopped = new.events[:2]
        assert [kind(metrics), kind(stopped)] == ["turn_metrics", "turn_stopped"]
        assert metrics.seq < stopped.seq == stopped.turn_stopped.last_seq < state.seq
    async with resuming(pair.one, session_id, handle, 0) as back:
        state = await back.next_of("session_state")
        assert [kind(event) for event in back.events] == ["turn_metrics", "turn_stopped", "session_state"]
        assert [event.seq for event in back.events[:2]] == [metrics.seq, stopped.seq]


@on_two()
async def test_turns_that_waited_end_too(pair: Pair) -> None:
    """Each is seen to begin and to end once."""
    reply = await pair.one.stub.CreateSession(queueing())
    async with calling(pair.one, reply.session_id) as old:
        for turn_id in ("a", "b", "c"):
            await old.text(LONG, turn_id=turn_id)
        await recorded(pair, reply.session_id, lambda snapshot: len(snapshot.turns) == 3)
        async with resuming(pair.two, reply.session_id, reply.resume_handle) as new:
            await new.next_of("session_state")
            for turn_id in ("a", "b", "c"):
                names = [kind(event) for event in new.events if event.turn_id == turn_id]
                assert names[0] == "turn_started"
                assert [name for name in names if name in TERMINAL] == ["turn_stopped"]
                assert names[-1] == "turn_stopped"


@on_two()
async def test_a_wrong_handle_claims_nothing(pair: Pair) -> None:
    """The session stays where it is; nobody learns that it exists."""
    session_id, handle = await session(pair.one)
    async with calling(pair.one, session_id) as old:
        await recorded(pair, session_id)
        async with resuming(pair.two, session_id, handle + "x") as thief:
            assert await thief.status() == (grpc.StatusCode.NOT_FOUND, "SESSION_NOT_FOUND")
        await check_alive(old)
        assert (await recorded(pair, session_id)).epoch == 1


@on_two()
async def test_what_was_ended_is_nowhere(pair: Pair) -> None:
    """EndSession on one server ends it for all."""
    session_id, handle = await session(pair.one)
    await recorded(pair, session_id)
    await pair.one.stub.EndSession(EndSessionRequest(session_id=session_id))
    async with resuming(pair.two, session_id, handle) as late:
        assert await late.status() == (grpc.StatusCode.NOT_FOUND, "SESSION_NOT_FOUND")


@on_two()
async def test_a_store_that_is_down_costs_no_conversation(pair: Pair) -> None:
    """Turns go on, Health tells it, another server says that it cannot know; when it is back, so is everything."""
    session_id, handle = await session(pair.one)
    pair.store.is_down = True
    async with calling(pair.one, session_id) as caller:
        await check_alive(caller)
        async with resuming(pair.two, session_id, handle) as other:
            assert await other.status() == (grpc.StatusCode.UNAVAILABLE, "STORE_UNAVAILABLE")
        await healthy(pair.one, is_ok=False)
        async with resuming(pair.one, session_id, handle, caller.events[-1].seq) as again:
            assert (await again.next_of("session_state")).session_state.resumed
            pair.store.is_down = False
            await healthy(pair.one, is_ok=True)
            await again.text("Still here.", turn_id="b")
            assert (await again.turn("b"))[-1].turn_complete.text == "Still here."


async def healthy(server: RunningServer, *, is_ok: bool) -> None:
    """Wait until Health says so of the store, and of the whole."""
    while True:
        health = await server.stub.Health(HealthRequest(include_components=True))
        store = next(component for component in health.components if component.component == "store/memory")
        assert store.status == health.status
        if is_ok == (store.status == HEALTH_STATUS_SERVING):
            assert ("down" in store.detail) is not is_ok
            return


@asynccontextmanager
async def first_of_two(store: Shared) -> AsyncIterator[RunningServer]:
    async with running_server(make_server(store=store)) as server:
        yield server


def test_a_server_that_stops_leaves_its_sessions_to_others() -> None:
    """Clients are told to resume elsewhere; nothing is missing there, for everything was written at the end."""

    async def main() -> None:
        store = Shared()
        async with running_server(make_server(store=store)) as two:
            async with first_of_two(store) as one:
                session_id, handle = await session(one)
                caller = Caller(one.stub.Converse(), session_id)
                reader = asyncio.create_task(caller.read_all())
                await caller.text("One two three.", turn_id="a")
                await caller.turn("a")
                one.server.request_stop()
                away = (await caller.next_of("go_away")).go_away
                assert (away.action, away.reason) == (2, "DRAINING")
                assert (await caller.status())[0] is grpc.StatusCode.UNAVAILABLE
                await reader
            async with resuming(two, session_id, handle, caller.events[-1].seq) as second:
                state = await second.next_of("session_state")
                assert not state.session_state.gap
                await check_alive(second)

    run(main())
