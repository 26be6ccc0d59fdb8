"""The wire without gRPC."""

from __future__ import annotations

import asyncio

import grpc
import pytest

from tth.testing.simulator.transport import Reading, Reads, SimulatedCall
from tth.testing.virtual_time import run_virtual
from tth.v1.converse_pb2 import ConverseRequest, ConverseResponse

pytestmark = pytest.mark.pipeline


def written(reading: Reading, count: int, seconds: float) -> tuple[int, list[float]]:
    """How many of so many writes returned in time, and when the client took each message."""

    async def main() -> tuple[int, list[float]]:
        taken: list[float] = []
        loop, done = asyncio.get_running_loop(), 0
        call = SimulatedCall(reading, lambda message: taken.append(loop.time()))
        reader = asyncio.create_task(call.read())

        async def write() -> None:
            nonlocal done
            for number in range(count):
                await call.write(ConverseResponse(seq=number + 1))
                done += 1

        writer = asyncio.create_task(write())
        await asyncio.wait([writer], timeout=seconds)
        for task in (reader, writer):
            task.cancel()
        await asyncio.wait([reader, writer])
        return done, taken

    return run_virtual(main())


@pytest.mark.parametrize("reads", [Reads.QUICK, Reads.YIELDING])
def test_a_quick_client_takes_everything_at_once(reads: Reads) -> None:
    assert written(Reading(reads), 10, 1) == (10, [0.0] * 10)


def test_a_client_that_never_reads_fills_its_window() -> None:
    """And then a write does not return."""
    assert written(Reading(Reads.NEVER, window=8), 100, 60) == (8, [])


def test_a_slow_client_takes_its_time() -> None:
    """The window is full behind it, so writes go at its pace."""
    done, taken = written(Reading(Reads.SLOW, message_ms=100, window=2), 10, 60)
    assert done == 10
    assert taken[:3] == pytest.approx([0.1, 0.2, 0.3])


def test_a_client_that_stalls_reads_in_between() -> None:
    """A second of nothing after each half second."""
    _, taken = written(Reading(Reads.STALLS, stall_ms=1000, every_ms=500, window=1), 3, 60)
    assert taken == [0.0, 0.0, 0.0]


def test_requests_come_in_order_and_end_with_the_half_close() -> None:
    """What was sent before it still comes."""

    async def main() -> list[int]:
        call = SimulatedCall(Reading(), lambda message: None)
        for number in (1, 2):
            call.send(ConverseRequest(client_seq=number))
        call.half_close()
        return [request.client_seq async for request in call]

    assert run_virtual(main()) == [1, 2]


def test_writes_to_a_peer_that_is_gone_fail() -> None:
    """As grpc.aio's do before it cancels the call."""

    async def main() -> None:
        call = SimulatedCall(Reading(), lambda message: None)
        call.is_gone = True
        with pytest.raises(grpc.aio.InternalError):
            await call.write(ConverseResponse())

    run_virtual(main())


def test_a_silent_peer_loses_both_directions() -> None:
    """Writes succeed as long as the transport takes them, nothing arrives, and what was lost is known."""

    async def main() -> None:
        taken: list[int] = []
        for reads in (Reads.QUICK, Reads.YIELDING):
            call = SimulatedCall(Reading(reads), lambda message: taken.append(message.seq))
            await call.write(ConverseResponse(seq=1))
            call.is_silent = True
            await call.write(ConverseResponse(seq=2))
            call.send(ConverseRequest())
            call.half_close()
            request = asyncio.create_task(anext(call))
            await asyncio.wait([request], timeout=10)
            assert not request.done()
            request.cancel()
            assert [message.seq for _, message in call.lost] == [2]
        assert taken == [1, 1]

    run_virtual(main())


def test_what_a_window_holds_can_be_lost() -> None:
    """Also the message whose write was cancelled: it has its number."""

    async def main() -> list[int]:
        call = SimulatedCall(Reading(Reads.NEVER, window=2), lambda message: None)
        for number in (1, 2):
            await call.write(ConverseResponse(seq=number))
        blocked = asyncio.create_task(call.write(ConverseResponse(seq=3)))
        await asyncio.wait([blocked], timeout=1)
        blocked.cancel()
        await asyncio.wait([blocked])
        call.give_up()
        return sorted(message.seq for _, message in call.lost)

    assert run_virtual(main()) == [1, 2, 3]
