"""The standard probes: grpc.health.v1 before, while and after the server is ready."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.server.caller import run, served
from tth.adapters.registry import Adapters
from tth.adapters.tts import mock_tts
from tth.testing.harness import RunningServer, make_server
from tth.v1.tth_service_pb2 import HEALTH_STATUS_STARTING, CreateSessionRequest, HealthRequest
from tth.v1.tth_service_pb2_grpc import TthServiceStub

pytestmark = pytest.mark.server

SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING
NAMES = ("", "tth.v1.TthService", "readiness")


class SlowVoice(mock_tts.MockVoice):
    """Is not warm before it is told to be."""

    def __init__(self) -> None:
        super().__init__(mock_tts.Settings())
        self.may_warm_up = asyncio.Event()

    async def warmup(self) -> None:
        await self.may_warm_up.wait()


async def checked(stub: Any, *names: str) -> list[int]:
    """The status of each name."""
    return [(await stub.Check(health_pb2.HealthCheckRequest(service=name))).status for name in names]


@served()
async def test_every_name_is_serving_when_ready(server: RunningServer) -> None:
    """The whole, the service, readiness and liveness; an unknown name is NOT_FOUND."""
    stub = health_pb2_grpc.HealthStub(server.channel)
    assert await checked(stub, *NAMES, "liveness") == [SERVING] * 4
    with pytest.raises(grpc.aio.AioRpcError) as unknown:
        await checked(stub, "nothing")
    assert unknown.value.code() is grpc.StatusCode.NOT_FOUND


@served()
async def test_list_names_them_all(server: RunningServer) -> None:
    """List (gRFC A90) gives every name with its status."""
    stub = health_pb2_grpc.HealthStub(server.channel)
    listed = await stub.List(health_pb2.HealthListRequest())
    assert {name: reply.status for name, reply in listed.statuses.items()} == dict.fromkeys(
        (*NAMES, "liveness"), SERVING
    )


def test_ready_means_warm_and_not_draining() -> None:
    """NOT_SERVING until the last adapter is warm and again from the drain on; alive throughout; Watch tells each."""

    async def main() -> None:
        voice = SlowVoice()
        server = make_server(Adapters(tts=voice))
        listening, ready = asyncio.Event(), asyncio.Event()
        running = asyncio.create_task(server.run(lambda port: listening.set(), ready.set))
        await listening.wait()
        async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
            stub = health_pb2_grpc.HealthStub(channel)
            assert await checked(stub, *NAMES, "liveness") == [NOT_SERVING] * 3 + [SERVING]
            service = TthServiceStub(channel)
            health = await service.Health(HealthRequest(include_components=True))
            assert health.status == health.components[0].status == HEALTH_STATUS_STARTING
            with pytest.raises(grpc.aio.AioRpcError) as early:
                await service.CreateSession(CreateSessionRequest())
            assert early.value.code() is grpc.StatusCode.UNAVAILABLE
            watch = stub.Watch(health_pb2.HealthCheckRequest(service="readiness"))
            seen = [(await watch.read()).status]
            voice.may_warm_up.set()
            await ready.wait()
            seen.append((await watch.read()).status)
            assert await checked(stub, *NAMES) == [SERVING] * 3
            server.request_stop()
            seen.append((await watch.read()).status)
            assert seen == [NOT_SERVING, SERVING, NOT_SERVING]
            await running

    run(main())
