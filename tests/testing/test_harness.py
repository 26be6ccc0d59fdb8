"""A whole server in process: from adapters, from a configuration, or a given one."""

from __future__ import annotations

import asyncio

import pytest

from tth.adapters.registry import Adapters
from tth.config.load import load_config
from tth.config.wiring import full_registry
from tth.errors import AdapterUnavailable
from tth.testing.fast_time import run_fast
from tth.testing.harness import make_server, mock_adapters, running_server
from tth.testing.scripted import ScriptedVoice
from tth.v1.tth_service_pb2 import HEALTH_STATUS_SERVING, HealthRequest

pytestmark = pytest.mark.server


def test_a_server_of_given_adapters() -> None:
    """Ready inside, stopped behind."""

    async def main() -> None:
        async with running_server(mock_adapters()) as server:
            assert (await server.stub.Health(HealthRequest())).status == HEALTH_STATUS_SERVING
            assert server.target == f"127.0.0.1:{server.server.port}"

    run_fast(main())


def test_what_the_start_raises_comes_out() -> None:
    """The context is not entered."""

    async def main() -> None:
        broken = Adapters(tts=ScriptedVoice(load_error=AdapterUnavailable("no")))
        with pytest.raises(AdapterUnavailable):
            async with running_server(make_server(broken)):
                pytest.fail("entered")

    run_fast(main())


def test_a_server_of_a_configuration() -> None:
    """The profile's adapters, on a free port of this machine."""
    registry = full_registry()
    config = load_config(registry, environ={"TTH_PROFILE": "offline_mock"})

    async def main() -> None:
        async with running_server(config) as server:
            health = await server.stub.Health(HealthRequest(include_components=True))
            assert health.profile == "offline_mock"
            assert len(health.components) == 3

    asyncio.run(main())
