"""A server of one's own: started, ready, ended."""

from __future__ import annotations

import asyncio

import psutil
import pytest

from tth.cli.exits import CommandFailed
from tth.cli.local_server import avatar_is_doing, server_at
from tth.cli.terminal import Progress
from tth.client import TthClient, TthRpcError
from tth.v1 import tth_service_pb2

pytestmark = pytest.mark.e2e


def servers() -> list[psutil.Process]:
    return [child for child in psutil.Process().children(recursive=True) if "serve" in child.cmdline()]


def test_it_is_ready_when_it_is_given_and_gone_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    """With progress on the way, and nothing left running. That servers for others want a token is nothing to it."""
    monkeypatch.setenv("TTH_SERVER_TOKENS", "for-others")
    said: list[str] = []

    async def run() -> None:
        before = len(servers())
        async with server_at(None, Progress(said.append, ""), "offline_mock") as target:
            assert len(servers()) == before + 1
            async with TthClient(target) as client:
                assert (await client.health()).profile == "offline_mock"
        assert len(servers()) == before
        with pytest.raises(TthRpcError, match="UNREACHABLE"):
            async with TthClient(target, connect_timeout_s=0.05):
                pass

    asyncio.run(run())
    assert said == ["starting the server", "loading the voice and the face"]


def test_a_server_that_does_not_start_says_why() -> None:
    """With the end of its own words."""

    async def run() -> None:
        with pytest.raises(CommandFailed, match=r"(?s)ended with code 2.*no_such_profile"):
            async with server_at(None, Progress(lambda text: None, ""), "no_such_profile"):
                pass
        settings = ("adapters.avatar.embedded_face.look=nobody",)
        with pytest.raises(CommandFailed, match=r"(?s)ended with code 2.*embedded_face\.look.*nobody") as failed:
            async with server_at(None, Progress(lambda text: None, ""), settings=settings):
                pass
        assert "Fatal" not in str(failed.value)

    asyncio.run(run())


def test_what_takes_long_is_told_in_the_avatar_s_words() -> None:
    """While it loads, and only then; the other adapters are quick."""

    def told(status: tth_service_pb2.HealthStatus) -> str:
        health = tth_service_pb2.HealthResponse()
        health.components.add(component="tts/espeak", status=tth_service_pb2.HEALTH_STATUS_STARTING, detail="0 of 2")
        health.components.add(component="avatar/embedded_face", status=status, detail="building anna (1 of 3)")
        return avatar_is_doing(health)

    assert told(tth_service_pb2.HEALTH_STATUS_STARTING) == "building anna (1 of 3)"
    assert told(tth_service_pb2.HEALTH_STATUS_SERVING) == ""


def test_a_given_server_is_used_as_it_is() -> None:
    """Nothing is started or looked at."""

    async def run() -> None:
        before = len(servers())
        async with server_at("example:1", Progress(lambda text: None, "")) as target:
            assert target == "example:1"
            assert len(servers()) == before

    asyncio.run(run())
