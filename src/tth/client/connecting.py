"""Waiting for a connection, and finding out why there is none. Tests: tests/client/test_connecting.py."""

from __future__ import annotations

import asyncio
import time

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tth.client.errors import is_untrusted, unreachable

_LOOK_S = 0.005
_ASK_DEADLINE_S = 1.0


async def connected(channel: grpc.aio.Channel, target: str, limit_s: float) -> None:
    """Return when the channel has a connection.

    Raises TthRpcError with reason UNREACHABLE, and with what the transport says: after `limit_s`, or at once when the
    server's certificate is not trusted, which no waiting mends. Whoever cancels this closes the channel.
    """
    # Looked at time and again: waiting for a change of state leaves an operation behind when it is given up, which then
    # ends in a loop that is closed.
    cause, before, end_s = "", grpc.ChannelConnectivity.IDLE, time.monotonic() + limit_s
    while (state := channel.get_state(try_to_connect=True)) is not grpc.ChannelConnectivity.READY:
        if state is grpc.ChannelConnectivity.TRANSIENT_FAILURE and before is not state:
            cause = await _cause(channel) or cause
        if is_untrusted(cause) or time.monotonic() >= end_s:
            raise unreachable(target, limit_s, cause)
        before = state
        await asyncio.sleep(_LOOK_S)


async def _cause(channel: grpc.aio.Channel) -> str:
    """What a call fails with now; the state of a channel does not tell. Empty when the transport is not to blame."""
    try:
        await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=_ASK_DEADLINE_S)
    except grpc.aio.AioRpcError as error:
        if error.code() is grpc.StatusCode.UNAVAILABLE:
            return error.details() or ""
    return ""
