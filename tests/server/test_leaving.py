"""Streams that come behind a `go_away`: they learn at once that it is too late, and take nothing from anybody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import grpc
import pytest

from tests.server.caller import SOUND_ONLY, calling, kind, resuming, served
from tests.server.test_resume import session
from tth.errors import TTHError
from tth.server.app import ServerOptions, TthServer
from tth.session.snapshot_store import MemoryStore
from tth.session.store import SessionLimits
from tth.testing.harness import RunningServer, make_server
from tth.testing.simulator.transport import Reading, SimulatedCall
from tth.testing.virtual_time import VirtualClock, run_virtual
from tth.v1.converse_pb2 import ConverseRequest, ConverseResponse, Resume
from tth.v1.tth_service_pb2 import CreateSessionRequest

pytestmark = pytest.mark.server

LIFETIME_S = 8.0
TWELVE_SECONDS = "one two three four five six seven eight nine ten. " * 12


def short_lived() -> TthServer:
    return make_server(options=ServerOptions(limits=SessionLimits(lifetime_s=LIFETIME_S), drain_s=30.0))


@served(short_lived)
async def test_the_last_turn_is_not_disturbed_by_who_comes_too_late(server: RunningServer) -> None:
    """Neither a stream that resumes, which could have taken it over before, nor a plain one: the session is over for
    both, and the one that is there hears its turn to the end."""
    session_id, handle = await session(server)
    async with calling(server, session_id) as caller:
        await caller.text(TWELVE_SECONDS, turn_id="last")
        await caller.next_of("go_away")
        async with resuming(server, session_id, handle) as late:
            assert await late.status() == (grpc.StatusCode.NOT_FOUND, "SESSION_NOT_FOUND")
        async with calling(server, session_id) as late:
            assert await late.status() == (grpc.StatusCode.NOT_FOUND, "SESSION_NOT_FOUND")
        assert kind((await caller.turn("last"))[-1]) == "turn_complete"
        assert await caller.status() == (grpc.StatusCode.OK, "")


@asynccontextmanager
async def waiting_server(*, has_store: bool) -> AsyncIterator[TthServer]:
    """One that is ready and listens nowhere: calls are made to its service, on virtual time."""
    server = make_server(store=MemoryStore(VirtualClock()) if has_store else None)
    await server.load()
    try:
        yield server
    finally:
        await server.stop()


class Stream:
    """A call without a transport."""

    def __init__(self, server: TthServer) -> None:
        self.events: list[ConverseResponse] = []
        self.call = SimulatedCall(Reading(), self.events.append)
        self._task = asyncio.create_task(self._serve(server))

    async def _serve(self, server: TthServer) -> TTHError | None:
        try:
            await server.service.Converse(self.call, self.call)  # type: ignore[arg-type]
        except TTHError as error:
            return error
        return None

    async def end(self) -> TTHError | None:
        """How it ends."""
        async with asyncio.timeout(30):
            return await self._task


def plain(session_id: str, handle: str) -> ConverseRequest:
    return ConverseRequest(session_id=session_id)


def resumed(session_id: str, handle: str) -> ConverseRequest:
    return ConverseRequest(session_id=session_id, resume=Resume(resume_handle=handle))


@pytest.mark.parametrize("has_store", [False, True])
@pytest.mark.parametrize("first_message", [plain, resumed])
def test_a_stream_that_says_whose_it_is_when_the_server_goes_is_sent_elsewhere(
    first_message: Callable[[str, str], ConverseRequest], has_store: bool
) -> None:
    """It was opened before the drain, so it was not refused then; it is now, as a later one is, and may try again:
    the session is not over."""

    async def main() -> None:
        async with waiting_server(has_store=has_store) as server:
            created = await server.service.CreateSession(CreateSessionRequest(media=SOUND_ONLY), None)  # type: ignore[arg-type]
            late = Stream(server)
            await asyncio.sleep(1)
            draining = asyncio.create_task(server.drain())
            await asyncio.sleep(0.01)
            late.call.send(first_message(created.session_id, created.resume_handle))
            error = await late.end()
            assert error is not None
            assert (error.reason, error.retryable, error.retry_after_ms) == ("DRAINING", True, 1000)
            assert late.events == []
            await draining

    run_virtual(main())
