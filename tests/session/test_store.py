"""The sessions of a server: found, bounded, forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.session.scene import SOUND_ONLY, Scene, attach, engine
from tth.errors import LimitExceeded, SessionNotFound
from tth.model.commands import Interrupt, Ping, UserText
from tth.model.controls import ControlPatch
from tth.model.events import GoAway, TextMode, TurnStarted
from tth.model.ids import SessionId
from tth.session.conversation import Conversation
from tth.session.engine import Engine
from tth.session.store import ABANDONED, IDLE, LIFETIME, TURNS, MemorySessions, SessionLimits
from tth.session.terms import SessionTerms
from tth.testing.virtual_time import WALL_START_MS, VirtualClock, run_virtual

pytestmark = pytest.mark.pipeline

LIMITS = SessionLimits(max_sessions=2, idle_s=10.0, lifetime_s=100.0, grace_s=30.0)


def made(shared: Engine, name: str) -> Conversation:
    return Conversation(SessionTerms(SessionId(name), "en", SOUND_ONLY), shared, ControlPatch())


def test_found_by_id_and_by_request() -> None:
    """And no more once it is removed; removing twice does no harm."""

    async def main() -> None:
        shared, sessions = engine(), MemorySessions(LIMITS, VirtualClock())
        one = made(shared, "s_1")
        sessions.add(one, "request")
        assert sessions.get("s_1") is one
        assert sessions.of_request("request") is one
        assert sessions.of_request("another") is None
        assert (len(sessions), sessions.all()) == (1, [one])
        for _ in range(2):
            sessions.remove(one)
        assert sessions.of_request("request") is None
        with pytest.raises(SessionNotFound) as unknown:
            sessions.get("s_1")
        assert "s_1" not in unknown.value.message

    run_virtual(main())


def test_no_more_than_the_limit() -> None:
    """One more is refused, with the time to wait."""

    async def main() -> None:
        shared, sessions = engine(), MemorySessions(LIMITS, VirtualClock())
        for name in ("s_1", "s_2"):
            sessions.check_room()
            sessions.add(made(shared, name), "")
        with pytest.raises(LimitExceeded) as full:
            sessions.check_room()
        assert (full.value.reason, full.value.retryable, full.value.retry_after_ms) == ("CAPACITY", True, 1000)

    run_virtual(main())


@asynccontextmanager
async def served(conversation: Conversation) -> AsyncIterator[Scene]:
    """A stream to a session, as the server attaches it."""
    with conversation.attached():
        scene = attach(conversation)
        try:
            yield scene
        finally:
            await scene.finish()


def test_a_client_that_asks_for_nothing_is_idle() -> None:
    """Any message counts as use; a running turn too, however long it takes."""

    async def main() -> None:
        shared, sessions = engine(), MemorySessions(LIMITS, VirtualClock())
        busy = made(shared, "s_1")
        sessions.add(busy)
        async with served(busy) as stream:
            await asyncio.sleep(8)
            await stream.send(Ping(1, 2))
            await asyncio.sleep(8)
            assert sessions.over() == []
            await stream.send(UserText("Still typing, ", TextMode.SAY, partial=True))
            await stream.sink.until(TurnStarted)
            await asyncio.sleep(20)
            assert sessions.over() == []
            await stream.send(Interrupt())
            await asyncio.sleep(9)
            assert sessions.over() == []
            await asyncio.sleep(2)
            assert sessions.over() == [(busy, IDLE)]
            busy.go_away(GoAway("disconnect", 0, IDLE))
            assert sessions.over() == []  # it is told once

    run_virtual(main())


def test_a_session_without_a_stream_lives_for_the_grace() -> None:
    """From its beginning, and anew from the end of each stream."""

    async def main() -> None:
        shared, sessions = engine(), MemorySessions(LIMITS, VirtualClock())
        quiet, visited = made(shared, "s_1"), made(shared, "s_2")
        sessions.add(quiet)
        sessions.add(visited)
        assert sessions.expires_ms(quiet) == WALL_START_MS + 30_000
        await asyncio.sleep(25)
        async with served(visited):
            assert sessions.left_s(visited) == 10.0
            assert sessions.left_if_lost_s(visited) == 30.0
            await asyncio.sleep(5)
        assert sessions.left_s(visited) == sessions.left_if_lost_s(visited) == 30.0
        await asyncio.sleep(1)
        assert sessions.over() == [(quiet, ABANDONED)]
        await asyncio.sleep(30)
        assert sessions.over() == [(quiet, ABANDONED), (visited, ABANDONED)]

    run_virtual(main())


def test_nothing_lives_for_ever() -> None:
    """Not even a session that is used; the age of one that another server began counts from there."""

    async def main() -> None:
        shared, sessions = engine(), MemorySessions(LIMITS, VirtualClock())
        busy, older = made(shared, "s_1"), made(shared, "s_2")
        sessions.add(busy)
        older.created_s -= 99
        sessions.add(older)
        assert sessions.left_s(older) == 1.0
        async with served(busy) as stream:
            for _ in range(21):
                await stream.send(Ping(1, 2))
                await asyncio.sleep(5)
            assert sessions.over() == [(busy, LIFETIME), (older, LIFETIME)]

    run_virtual(main())


def test_turns_are_used_up_when_the_last_one_has_ended() -> None:
    """A further one is refused at once."""

    async def main() -> None:
        shared, sessions = engine(max_turns=2), MemorySessions(LIMITS, VirtualClock())
        talkative = made(shared, "s_1")
        sessions.add(talkative)
        async with served(talkative) as stream:
            await stream.say("One.")
            await stream.sink.ends(1)
            await asyncio.sleep(1)
            assert sessions.over() == []
            await stream.say("Two.")
            await stream.sink.until(TurnStarted, 2)
            assert sessions.over() == []
            await stream.say("Three.")
            await stream.sink.ends(2)
            await asyncio.sleep(1)
            assert stream.sink.reasons == ["SESSION_TURNS"]
            assert sessions.over() == [(talkative, TURNS)]

    run_virtual(main())


def test_a_session_of_another_server_has_the_same_limits() -> None:
    """Its age, and the grace where it is known since when it had no stream."""

    async def main() -> None:
        sessions = MemorySessions(LIMITS, VirtualClock())
        await asyncio.sleep(200)
        now_ms = WALL_START_MS + 200_000
        assert not sessions.is_over_elsewhere(now_ms - 99_000, None)
        assert sessions.is_over_elsewhere(now_ms - 101_000, None)
        assert not sessions.is_over_elsewhere(now_ms - 50_000, now_ms - 29_000)
        assert sessions.is_over_elsewhere(now_ms - 50_000, now_ms - 31_000)

    run_virtual(main())
