"""Somebody who opens a stream to a session without a right to it. Tests: tests/testing/simulator/test_run.py."""

from __future__ import annotations

import asyncio

from tth.errors import TTHError
from tth.server.app import TthServer
from tth.testing.simulator import wire
from tth.testing.simulator.recording import Intruder
from tth.testing.simulator.transport import Reading, SimulatedCall
from tth.v1.converse_pb2 import ConverseRequest, ConverseResponse

NEVER_GOOD = {"wrong": "a" * 32, "empty": "", "huge": "handle" * 100_000}
_ENDS_S = 10.0


def first_message(how: str, session_id: str, handle: str) -> ConverseRequest:
    """What it says. handle: one that is, or was, good."""
    if how == "unasked":
        return ConverseRequest(session_id=session_id)
    if how == "elsewhere":
        session_id = "s_somebody_elses"
    return wire.resume_session(session_id, NEVER_GOOD.get(how, handle), 0, None)


async def intrude(server: TthServer, how: str, first: ConverseRequest) -> Intruder:
    """Try it, and be gone."""
    loop = asyncio.get_running_loop()
    at_s = loop.time()
    came: list[ConverseResponse] = []
    call = SimulatedCall(Reading(), came.append)
    call.send(first)
    call.half_close()
    status, message = "OK", ""
    try:
        async with asyncio.timeout(_ENDS_S):
            await server.service.Converse(call, call)  # type: ignore[arg-type]
    except TTHError as error:
        status, message = error.reason, str(error)
    except TimeoutError:
        status = "NO_ANSWER"
    return Intruder(how, at_s, status, message, len(came))
