"""The server's life: listening before it is ready, refusing to start, draining, stopping."""

from __future__ import annotations

import asyncio
import os
import signal

import grpc
import pytest

from tests.server.caller import LONG, calling, check_turn, conversation, kind, new_session, reason_of, run
from tth.adapters.registry import Adapters
from tth.adapters.tts import mock_tts
from tth.errors import AdapterTimeout, AdapterUnavailable
from tth.server.app import ServerOptions, TthServer
from tth.testing.harness import RunningServer, make_server, running_server
from tth.testing.scripted import ScriptedAvatar, ScriptedVoice, hang
from tth.v1.converse_pb2 import GO_AWAY_ACTION_RECONNECT, TURN_OUTCOME_DRAINED
from tth.v1.tth_service_pb2 import HEALTH_STATUS_DRAINING, CreateSessionRequest, HealthRequest

pytestmark = pytest.mark.server


def nothing(port: int = 0) -> None:
    """Who is told does not care."""


def test_drain_lets_the_running_turn_end() -> None:
    """go_away with the time left, then the whole turn, then UNAVAILABLE; no new turn, session or stream meanwhile."""

    async def main() -> None:
        async with (
            running_server(make_server(options=ServerOptions(drain_s=60.0)), drains=False) as server,
            conversation(server) as caller,
        ):
            idle_id = await new_session(server)
            await caller.text("One two three. And", partial=True, turn_id="growing")
            await caller.next_of("audio_chunk")
            server.server.request_stop()
            away = (await caller.next_of("go_away")).go_away
            assert (away.action, away.time_left_ms, away.reason) == (GO_AWAY_ACTION_RECONNECT, 60_000, "DRAINING")
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await server.stub.CreateSession(CreateSessionRequest())
            assert reason_of(refused.value) == "DRAINING"
            async with calling(server, idle_id) as late:
                assert await late.status() == (grpc.StatusCode.UNAVAILABLE, "DRAINING")
            assert (await server.stub.Health(HealthRequest())).status == HEALTH_STATUS_DRAINING
            await caller.text("And another one.", turn_id="another")
            assert (await caller.refusal()).reason == "DRAINING"
            await caller.end_turn()
            assert (await caller.turn())[-1].turn_complete.text == "One two three. And"
            assert await caller.status() == (grpc.StatusCode.UNAVAILABLE, "DRAINING")

    run(main())


def test_drain_stops_what_takes_too_long() -> None:
    """After the grace the turn ends as DRAINED, whole, and only then the stream."""

    async def main() -> None:
        async with (
            running_server(make_server(options=ServerOptions(drain_s=1.0)), drains=False) as server,
            conversation(server) as caller,
        ):
            await caller.text(LONG)
            await caller.next_of("audio_chunk")
            server.server.request_stop()
            turn = await caller.turn()
            assert turn[-1].turn_stopped.outcome == TURN_OUTCOME_DRAINED
            check_turn([kind(event) for event in turn])
            assert await caller.status() == (grpc.StatusCode.UNAVAILABLE, "DRAINING")

    run(main())


def test_sigterm_drains() -> None:
    """The signal does what `request_stop` does; afterwards the loop's handlers are gone."""

    async def main() -> None:
        async with running_server(drains=False) as server, conversation(server) as caller:
            await caller.next_of("session_state")
            os.kill(os.getpid(), signal.SIGTERM)
            assert (await caller.next_of("go_away")).go_away.reason == "DRAINING"
            assert await caller.status() == (grpc.StatusCode.UNAVAILABLE, "DRAINING")
        assert not asyncio.get_running_loop().remove_signal_handler(signal.SIGTERM)

    run(main())


def test_stop_releases_everything() -> None:
    """Adapters are closed, with all that a session held of them, also after an end in mid-turn."""
    adapters = Adapters(tts=ScriptedVoice([hang()], repeat=True), avatar=ScriptedAvatar())

    async def main() -> RunningServer:
        async with running_server(make_server(adapters, ServerOptions(drain_s=0.0))) as server:
            async with conversation(server) as caller:
                await caller.text("Hello.")
                await caller.next_of("text_delta")
            await new_session(server)
        return server

    server = run(main())
    assert isinstance(adapters.tts, ScriptedVoice)
    assert isinstance(adapters.avatar, ScriptedAvatar)
    assert adapters.tts.is_closed
    assert adapters.avatar.is_closed
    assert adapters.tts.player.open_sessions == adapters.avatar.player.open_sessions == 0
    assert len(server.server.sessions) == 0


class StubbornVoice(ScriptedVoice):
    """Breaks when it is closed."""

    async def aclose(self) -> None:
        raise RuntimeError("no")


def test_an_adapter_that_cannot_be_closed_costs_the_others_nothing() -> None:
    """The server stops all the same; the failure is logged once."""
    avatar = ScriptedAvatar()

    async def main() -> None:
        async with running_server(make_server(Adapters(tts=StubbornVoice(), avatar=avatar))):
            pass

    run(main(), errors=1)
    assert avatar.is_closed


def test_a_port_in_use_is_said_so() -> None:
    """OSError with the address, and nothing is left running."""

    async def main() -> None:
        async with running_server() as server:
            second = make_server(options=ServerOptions(port=server.server.port))
            with pytest.raises(OSError, match=rf"127\.0\.0\.1:{server.server.port}.*another program"):
                await second.run(nothing, nothing)

    run(main())


def test_an_adapter_that_does_not_load_stops_the_start() -> None:
    """Its own error comes out; the other adapters are closed again and nobody was told that the server is ready."""
    avatar = ScriptedAvatar()
    broken = ScriptedVoice(load_error=AdapterUnavailable("no such model", role="tts"))
    told: list[str] = []

    async def main() -> None:
        server = make_server(Adapters(tts=broken, avatar=avatar))
        with pytest.raises(AdapterUnavailable, match="no such model"):
            await server.run(lambda port: told.append("listening"), lambda: told.append("ready"))
        assert server.readiness.components["tts/scripted"].detail == "no such model"

    run(main())
    assert told == ["listening"]
    assert avatar.is_closed


def test_a_bug_in_an_adapters_load_is_named() -> None:
    """Whatever it raises, the server says which adapter it was."""

    async def main() -> None:
        server = make_server(Adapters(tts=ScriptedVoice(load_error=ZeroDivisionError("x"))))
        with pytest.raises(AdapterUnavailable, match="tts/scripted could not be loaded: ZeroDivisionError"):
            await server.run(nothing, nothing)

    run(main())


class EndlessVoice(mock_tts.MockVoice):
    """Never gets warm."""

    async def warmup(self) -> None:
        await asyncio.get_running_loop().create_future()


def endless() -> TthServer:
    return make_server(Adapters(tts=EndlessVoice(mock_tts.Settings())), ServerOptions(adapter_load_ms=500))


def test_loading_has_a_deadline() -> None:
    """An adapter that is never warm stops the start after its budget."""

    async def main() -> None:
        with pytest.raises(AdapterTimeout, match="tts/mock_tts was not loaded within 500 ms"):
            await endless().run(nothing, nothing)

    run(main())


def test_a_stop_while_loading() -> None:
    """Nobody waits for an adapter that is not needed any more."""

    async def main() -> None:
        server = make_server(Adapters(tts=EndlessVoice(mock_tts.Settings())))
        await server.run(lambda port: server.request_stop(), lambda: pytest.fail("never ready"))

    run(main())
