"""Server reflection in both versions: v1 (newer grpcurl, buf curl) and v1alpha (older tools).

grpcio-reflection serves v1alpha only; the messages of v1 are the same bytes, so one servicer answers both.
Tests: tests/server/test_reflection.py.
"""

from __future__ import annotations

from typing import Any

import grpc
from google.protobuf import descriptor_pool
from grpc_reflection.v1alpha import reflection, reflection_pb2, reflection_pb2_grpc

V1 = "grpc.reflection.v1.ServerReflection"


class SymbolPool:
    """The default pool of descriptors, which also finds the file of a method.

    The protocol allows `package.Service.Method` as a symbol, and ghz and `grpcurl describe` ask so; the pool knows
    methods by another call only.
    """

    def __init__(self) -> None:
        self._pool: Any = descriptor_pool.Default()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool, name)

    def FindFileContainingSymbol(self, symbol: str) -> Any:  # noqa: N802  (the pool's name for it)
        """Raises KeyError when there is no such symbol."""
        try:
            return self._pool.FindFileContainingSymbol(symbol)
        except KeyError:
            return self._pool.FindMethodByName(symbol).containing_service.file


def add_reflection(server: grpc.aio.Server, service_names: tuple[str, ...]) -> None:
    """Let anybody ask what `service_names` look like."""
    names = (*service_names, reflection.SERVICE_NAME, V1)
    servicer = reflection.aio.ReflectionServicer(names, SymbolPool())
    reflection_pb2_grpc.add_ServerReflectionServicer_to_server(servicer, server)
    method = grpc.stream_stream_rpc_method_handler(
        servicer.ServerReflectionInfo,
        request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
        response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(V1, {"ServerReflectionInfo": method}),))
