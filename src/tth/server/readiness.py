"""One state of the server's health, read by the probes (grpc.health.v1) and by `Health`.

Liveness: the event loop answers. Readiness: every adapter of the profile is loaded and warm, and the server is not
draining. Tests: tests/server/test_health.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

SERVICE = "tth.v1.TthService"
LIVENESS, READINESS = "liveness", "readiness"
NAMES = ("", SERVICE, READINESS)
"""Names whose status follows readiness; LIVENESS is always SERVING."""


class Status(StrEnum):
    STARTING = "starting"
    SERVING = "serving"
    DEGRADED = "degraded"
    DRAINING = "draining"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ComponentStatus:
    """One adapter."""

    component: str
    """ "role/name"."""
    status: Status
    detail: str = ""
    load_ms: float = 0.0


class HealthService(health.aio.HealthServicer):  # type: ignore[misc]
    """grpc.health.v1 with `List`, which the stock servicer lacks; NOT_SERVING until told otherwise."""

    def __init__(self) -> None:
        super().__init__()
        self._server_status.clear()

    async def List(  # noqa: N802  (the name on the wire)
        self, request: health_pb2.HealthListRequest, context: Any
    ) -> object:
        """Every name and its status."""
        statuses = {name: health_pb2.HealthCheckResponse(status=status) for name, status in self._server_status.items()}
        return health_pb2.HealthListResponse(statuses=statuses)


class Readiness:
    """Set by the server's start and end; read by everybody."""

    def __init__(self) -> None:
        self.status = Status.STARTING
        self.components: dict[str, ComponentStatus] = {}
        self.servicer = HealthService()

    async def begin(self) -> None:
        """Alive, not ready."""
        for name in NAMES:
            await self.servicer.set(name, health_pb2.HealthCheckResponse.NOT_SERVING)
        await self.servicer.set(LIVENESS, health_pb2.HealthCheckResponse.SERVING)

    async def ready(self) -> None:
        """Everything is loaded and warm."""
        self.status = Status.SERVING
        for name in NAMES:
            await self.servicer.set(name, health_pb2.HealthCheckResponse.SERVING)

    async def drain(self) -> None:
        """No new work. There is no way back."""
        self.status = Status.DRAINING
        for name in NAMES:
            await self.servicer.set(name, health_pb2.HealthCheckResponse.NOT_SERVING)

    def add_to(self, server: grpc.aio.Server) -> None:
        """Serve the probes."""
        health_pb2_grpc.add_HealthServicer_to_server(self.servicer, server)
