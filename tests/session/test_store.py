"""The sessions of a server: found, bounded, forgotten."""

from __future__ import annotations

import asyncio

import pytest

from tests.session.scene import SOUND_ONLY, attach, engine
from tth.errors import LimitExceeded, SessionNotFound
from tth.model.commands import Ping, UserText
from tth.model.controls import ControlPatch
from tth.model.events import TextMode, TurnStarted
from tth.model.ids import SessionId
from tth.session.conversation import Conversation
from tth.session.engine import Engine
from tth.session.store import MemorySessions, SessionLimits
from tth.session.terms import SessionTerms
from tth.testing.virtual_time import WALL_START_MS, VirtualClock, run_virtual

pytestmark = pytest.mark.pipeline

LIMITS = SessionLimits(max_sessions=2, idle_s=10.0, lifetime_s=100.0)


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
            sessions.remove(SessionId("s_1"))
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


def test_an_unused_session_expires_and_a_used_one_does_not() -> None:
    """Any message counts as use; a running turn too, however long it takes."""

    async def main() -> None:
        shared, sessions = engine(), MemorySessions(LIMITS, VirtualClock())
        quiet, busy = made(shared, "s_1"), made(shared, "s_2")
        sessions.add(quiet, "")
        sessions.add(busy, "")
        stream = attach(busy)
        assert sessions.times_ms(SessionId("s_1")) == (WALL_START_MS, WALL_START_MS + 10_000)
        await asyncio.sleep(8)
        await stream.send(Ping(1, 2))
        await asyncio.sleep(8)
        assert sessions.expired() == [quiet]
        await stream.send(UserText("Still typing, ", TextMode.SAY, partial=True))
        await stream.sink.until(TurnStarted)
        await asyncio.sleep(20)
        assert sessions.expired() == [quiet]
        await stream.finish()
        await asyncio.sleep(11)
        assert sessions.expired() == [quiet, busy]

    run_virtual(main())


def test_nothing_lives_for_ever() -> None:
    """Not even a session that is used."""

    async def main() -> None:
        shared, sessions = engine(), MemorySessions(LIMITS, VirtualClock())
        busy = made(shared, "s_1")
        sessions.add(busy, "")
        stream = attach(busy)
        for _ in range(21):
            await stream.send(Ping(1, 2))
            await asyncio.sleep(5)
        assert sessions.expired() == [busy]
        await stream.finish()

    run_virtual(main())
