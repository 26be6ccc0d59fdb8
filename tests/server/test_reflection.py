"""grpcurl works with no file: reflection in both versions lists the services and describes every method."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import grpc
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool
from grpc_reflection.v1alpha import reflection_pb2

from tests.server.caller import served
from tth.server.app import ServerOptions
from tth.testing.harness import RunningServer, make_server
from tth.v1 import tth_service_pb2

pytestmark = pytest.mark.server

VERSIONS = ("grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection")


async def ask(server: RunningServer, version: str, requests: Iterable[Any]) -> list[Any]:
    """The answers to some requests, all on one stream."""
    call = server.channel.stream_stream(
        f"/{version}/ServerReflectionInfo",
        request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
    )(iter(requests))
    return [answer async for answer in call]


@pytest.mark.parametrize("version", VERSIONS)
def test_reflection_lists_and_describes(version: str) -> None:
    """Services by name; the file of ours and all that it imports, from which every method can be rebuilt."""

    @served()
    async def check(server: RunningServer) -> None:
        request = reflection_pb2.ServerReflectionRequest
        listed, described = await ask(
            server,
            version,
            [request(list_services=""), request(file_containing_symbol="tth.v1.TthService")],
        )
        names = {service.name for service in listed.list_services_response.service}
        assert {"tth.v1.TthService", "grpc.health.v1.Health", *VERSIONS} <= names
        found = descriptor_pb2.FileDescriptorProto.FromString(
            described.file_descriptor_response.file_descriptor_proto[0]
        )
        ours = descriptor_pool.Default().FindServiceByName("tth.v1.TthService")
        assert tth_service_pb2.DESCRIPTOR.name == found.name
        assert [method.name for method in found.service[0].method] == [method.name for method in ours.methods]

    check()


@pytest.mark.parametrize("version", VERSIONS)
def test_every_kind_of_symbol_is_found(version: str) -> None:
    """A service, its method, a message, its field, an enum and its value; one that is not there is NOT_FOUND."""
    names = ["tth.v1.TthService", "tth.v1.TthService.Converse", "grpc.health.v1.Health.Watch", "tth.v1.UserText"]
    names += ["tth.v1.UserText.text", "tth.v1.TextMode", "tth.v1.TEXT_MODE_SAY", "tth.v1.Speaking.Phase"]

    @served()
    async def check(server: RunningServer) -> None:
        wanted = [*names, "tth.v1.TthService.Nothing", "tth.v1.Nothing"]
        requests = [reflection_pb2.ServerReflectionRequest(file_containing_symbol=name) for name in wanted]
        answers = await ask(server, version, requests)
        found = [answer.HasField("file_descriptor_response") for answer in answers]
        assert found == [True] * len(names) + [False, False]
        assert answers[-1].error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]

    check()


@served(lambda: make_server(options=ServerOptions(reflection=False)))
async def test_reflection_can_be_switched_off(server: RunningServer) -> None:
    """Then nobody is told."""
    for version in VERSIONS:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await ask(server, version, [reflection_pb2.ServerReflectionRequest(list_services="")])
        assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED
