"""Clients that stop reading, vanish, flood or send too much: ended with a reason, at nobody else's cost."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import grpc
import pytest

from tests.server.caller import (
    LONG,
    Caller,
    calling,
    check_alive,
    check_order,
    conversation,
    kind,
    media,
    new_session,
    reason_of,
    served,
)
from tth.adapters.registry import Adapters
from tth.adapters.tts import mock_tts
from tth.server.app import ServerOptions, TthServer
from tth.session.store import SessionLimits
from tth.testing.harness import RunningServer, make_server
from tth.testing.scripted import ScriptedAvatar, ScriptedVoice, hang
from tth.v1 import media_pb2
from tth.v1.controls_pb2 import Controls, Render, Resolution
from tth.v1.converse_pb2 import GO_AWAY_ACTION_DISCONNECT, ConverseRequest, Ping, UserText
from tth.v1.tth_service_pb2 import CreateSessionRequest, GetSessionRequest, HealthRequest
from tth.v1.tth_service_pb2_grpc import TthServiceStub

pytestmark = pytest.mark.server

BIG = Controls(render=Render(resolution=Resolution(width_px=512, height_px=512)))
"""Raw frames of this size fill the transport's window within half a second of media."""


def impatient() -> TthServer:
    """Gives a client up after four seconds without a read."""
    options = ServerOptions(outbox_events=64, outbox_stalled_s=4.0)
    return make_server(Adapters(tts=mock_tts.build(mock_tts.Settings(20)), avatar=ScriptedAvatar()), options)


async def big_session(server: RunningServer) -> str:
    return await new_session(server, media=media(media_pb2.VIDEO_CODEC_RAW_RGB24), controls=BIG)


async def detached(server: RunningServer, session_id: str) -> None:
    """Wait until the session has no stream."""
    await server.server.sessions.get(session_id).detached()


@served(impatient)
async def test_a_client_that_stops_reading(server: RunningServer) -> None:
    """It is given up, its session takes another stream, others hear nothing of it; the reason waits for it."""
    session_id = await big_session(server)
    call = server.stub.Converse()
    await call.write(ConverseRequest(session_id=session_id, user_text=UserText(text=LONG, mode="TEXT_MODE_SAY")))
    await call.read()
    async with conversation(server) as neighbour:
        await neighbour.text("one two three four five six.")
        await detached(server, session_id)
        assert kind((await neighbour.turn())[-1]) == "turn_complete"
        check_order(neighbour.events)
    async with calling(server, session_id) as again:
        await check_alive(again)
    late = Caller(call, session_id)
    await late.read_all()
    assert await late.status() == (grpc.StatusCode.RESOURCE_EXHAUSTED, "SLOW_CONSUMER")
    assert late.events
    assert server.server.sessions.get(session_id).resumption.last_seq >= late.events[-1].seq


@served(impatient)
async def test_a_client_that_never_reads_again_holds_nothing(server: RunningServer) -> None:
    """The status cannot be delivered either: the server does not wait for it for ever, and stops without it."""
    session_id = await big_session(server)
    call = server.stub.Converse()
    await call.write(ConverseRequest(session_id=session_id))
    await call.read()
    await detached(server, session_id)
    await server.server.stop()
    call.cancel()


@served(impatient)
async def test_half_close_and_never_read(server: RunningServer) -> None:
    """What is left for a client that has finished and does not read is not kept for ever."""
    session_id = await big_session(server)
    call = server.stub.Converse()
    await call.write(ConverseRequest(session_id=session_id, user_text=UserText(text=LONG, mode="TEXT_MODE_SAY")))
    await call.done_writing()
    await call.read()
    await detached(server, session_id)
    call.cancel()


@served(impatient)
async def test_a_flood_of_pings_that_nobody_reads(server: RunningServer) -> None:
    """A client that asks without reading is slowed down by its own transport, then given up; memory is bounded."""
    session_id = await new_session(server)
    options = (("grpc.http2.bdp_probe", 0), ("grpc.http2.lookahead_bytes", 16_384))  # a small window
    async with grpc.aio.insecure_channel(server.target, options=options) as channel:
        call = TthServiceStub(channel).Converse()
        flood = asyncio.create_task(ping_for_ever(call, session_id))
        await call.read()
        await detached(server, session_id)
        late = Caller(call, session_id)
        await late.read_all()
        await flood
    assert late.error is not None  # its code is the client library's own: a write was still on its way
    assert 0 < sum(kind(event) == "pong" for event in late.events) < 2000


async def ping_for_ever(call: Any, session_id: str) -> None:
    """Until the stream has been ended."""
    with suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
        while True:
            await call.write(ConverseRequest(session_id=session_id, ping=Ping(client_time_ms=1)))


@served()
async def test_a_client_that_vanishes_in_mid_turn(server: RunningServer) -> None:
    """The call is cancelled while media flow: the turn is taken down, the session waits for another stream."""
    session_id = await new_session(server, media=media(media_pb2.VIDEO_CODEC_H264))
    async with calling(server, session_id) as caller:
        await caller.text(LONG)
        await caller.next_of("audio_chunk")
    await detached(server, session_id)
    session = await server.stub.GetSession(GetSessionRequest(session_id=session_id))
    assert (session.state, session.attached) == ("idle", False)
    async with calling(server, session_id) as caller:
        await check_alive(caller)


@served(impatient)
async def test_a_client_that_vanishes_in_mid_write(server: RunningServer) -> None:
    """The same while the writer waits for a window that nobody opens."""
    session_id = await big_session(server)
    call = server.stub.Converse()
    await call.write(ConverseRequest(session_id=session_id))
    for _ in range(5):
        await call.read()
    call.cancel()
    await detached(server, session_id)


@served()
async def test_a_channel_that_closes(server: RunningServer) -> None:
    """The whole connection goes away under a running turn."""
    session_id = await new_session(server)
    async with grpc.aio.insecure_channel(server.target) as channel:
        call: Any = channel.stream_stream(
            "/tth.v1.TthService/Converse", request_serializer=ConverseRequest.SerializeToString
        )()
        message = ConverseRequest(session_id=session_id, user_text=UserText(text=LONG, mode="TEXT_MODE_SAY"))
        await call.write(message)
        await call.read()
    await detached(server, session_id)
    async with calling(server, session_id) as caller:
        await check_alive(caller)


@served()
async def test_a_deadline_on_the_stream(server: RunningServer) -> None:
    """A client's own deadline ends its stream and its turn, not the session."""
    session_id = await new_session(server)
    call = server.stub.Converse(timeout=0.2)
    caller = Caller(call, session_id)
    await caller.text(LONG)
    await caller.read_all()
    assert caller.error is not None
    assert caller.error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    await detached(server, session_id)
    async with calling(server, session_id) as again:
        await check_alive(again)


@served(lambda: make_server(options=ServerOptions(max_request_bytes=65_536)))
async def test_an_oversized_message(server: RunningServer) -> None:
    """The transport refuses it and ends the stream; the session takes another one."""
    async with conversation(server) as caller:
        await caller.next_of("session_state")
        await caller.text("x" * 70_000)
        assert (await caller.status())[0] is grpc.StatusCode.RESOURCE_EXHAUSTED
        await detached(server, caller.session_id)
        async with calling(server, caller.session_id) as again:
            await check_alive(again)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await server.stub.CreateSession(CreateSessionRequest(language_code="x" * 70_000))
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


def forgetful() -> TthServer:
    return make_server(options=ServerOptions(limits=SessionLimits(idle_s=2.0, lifetime_s=1000.0)))


@served(forgetful)
async def test_a_session_that_nobody_uses_ends(server: RunningServer) -> None:
    """Its stream is told why and ends with OK; afterwards the session is unknown."""
    async with conversation(server) as caller:
        away = (await caller.next_of("go_away")).go_away
        assert (away.reason, away.action, away.time_left_ms) == ("SESSION_IDLE", GO_AWAY_ACTION_DISCONNECT, 0)
        assert await caller.status() == (grpc.StatusCode.OK, "")
        with pytest.raises(grpc.aio.AioRpcError) as unknown:
            await server.stub.GetSession(GetSessionRequest(session_id=caller.session_id))
        assert reason_of(unknown.value) == "SESSION_NOT_FOUND"
        assert len(server.server.sessions) == 0


LIFETIME_S = 8.0
"""A second of real time: enough to connect and begin on a machine that is busy."""


def short_lived(drain_s: float) -> TthServer:
    return make_server(options=ServerOptions(limits=SessionLimits(lifetime_s=LIFETIME_S), drain_s=drain_s))


@served(lambda: short_lived(drain_s=30.0))
async def test_a_session_that_is_too_old_ends_behind_its_turn(server: RunningServer) -> None:
    """It is told how long it has, begins nothing more, and ends with OK when the turn has ended."""
    async with conversation(server) as caller:
        await caller.text("one two three four five six seven eight nine ten. " * 12, turn_id="last")  # 12 s
        away = (await caller.next_of("go_away")).go_away
        assert (away.reason, away.action) == ("SESSION_LIFETIME", GO_AWAY_ACTION_DISCONNECT)
        assert away.time_left_ms == 30_000
        await caller.text("And one more.")
        refused = await caller.refusal()
        assert (refused.reason, refused.retryable) == ("SESSION_LIFETIME", False)
        assert kind((await caller.turn("last"))[-1]) == "turn_complete"
        assert await caller.status() == (grpc.StatusCode.OK, "")
        assert sum(kind(event) == "go_away" for event in caller.events) == 1


@served(lambda: short_lived(drain_s=1.0))
async def test_a_turn_that_takes_too_long_is_cut_with_its_session(server: RunningServer) -> None:
    """The running turn ends as EXPIRED when its time is over."""
    async with conversation(server) as caller:
        await caller.text(LONG)
        stopped = (await caller.turn())[-1].turn_stopped
        assert stopped.outcome == 7
        assert await caller.status() == (grpc.StatusCode.OK, "")


@served(lambda: make_server(max_turns=1))
async def test_a_session_ends_behind_its_last_turn(server: RunningServer) -> None:
    """Told when the turn has been made, though a notice may pass what of it still waits to be written."""
    async with conversation(server) as caller:
        await caller.text("The only one.")
        assert kind((await caller.turn())[-1]) == "turn_complete"
        assert await caller.status() == (grpc.StatusCode.OK, "")
        (away,) = [event.go_away for event in caller.events if kind(event) == "go_away"]
        assert (away.reason, away.time_left_ms) == ("SESSION_TURNS", 0)


@served(lambda: make_server(options=ServerOptions(limits=SessionLimits(grace_s=2.0))))
async def test_a_session_that_nobody_comes_back_to_is_forgotten(server: RunningServer) -> None:
    """After the grace, with all it holds."""
    async with conversation(server) as caller:
        await caller.next_of("session_state")
    await until_empty(server)
    async with calling(server, caller.session_id) as late:
        assert await late.status() == (grpc.StatusCode.NOT_FOUND, "SESSION_NOT_FOUND")


async def until_empty(server: RunningServer) -> None:
    """The server has no session; bounded by the test's own limit."""
    while len(server.server.sessions):
        await server.stub.Health(HealthRequest())


def stuck() -> TthServer:
    """A voice that gives no sign of life."""
    voice = ScriptedVoice([hang()], repeat=True)
    return make_server(Adapters(tts=voice))


@served(stuck)
async def test_many_that_vanish_leave_nothing(server: RunningServer) -> None:
    """Forty clients connect, speak and are gone: every voice stream is taken down again."""
    voice = server.server.engine.adapters.tts
    assert isinstance(voice, ScriptedVoice)
    session_id = await new_session(server)
    for _ in range(40):
        async with calling(server, session_id) as caller:
            await caller.text("Hello.")
            await caller.next_of("text_delta")
        await detached(server, session_id)
    assert voice.player.stopped == len(voice.player.calls)
    assert voice.player.open_sessions == 1
