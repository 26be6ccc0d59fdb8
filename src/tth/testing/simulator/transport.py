"""The wire between a simulated client and the real server, without gRPC: a window, a delay, and a reader by chance.

`SimulatedCall` is what the server sees of a call: its requests and its context. The rules are those of grpc.aio: a
write returns when the transport has taken the message, and waits while the window is full of unread ones.
Tests: tests/testing/simulator/test_transport.py.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import grpc

from tth.v1.converse_pb2 import ConverseRequest, ConverseResponse


class Reads(StrEnum):
    """How a client reads."""

    QUICK = "quick"
    """Takes each message in the moment in which it is written."""
    YIELDING = "yielding"
    """The same, but a write gives way to others, as real ones do."""
    SLOW = "slow"
    STALLS = "stalls"
    """Reads nothing for a while, now and then."""
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Reading:
    """How one client reads."""

    reads: Reads = Reads.QUICK
    message_ms: float = 0.0
    """SLOW: for each."""
    bytes_per_s: float = 0.0
    """SLOW: on top; 0 = no limit."""
    stall_ms: int = 0
    every_ms: int = 0
    """STALLS: reads for so long, then for `stall_ms` not."""
    window: int = 64
    """Messages that the transport holds for it."""


class SimulatedCall:
    """Implements what the server uses of `ServicerContext`, and its request iterator."""

    def __init__(self, reading: Reading, take: Callable[[ConverseResponse], None]) -> None:
        """take: the client gets a message."""
        self._reading = reading
        self._take = take
        self._requests: deque[ConverseRequest] = deque()
        self._asked = asyncio.Event()
        self._half_closed = False
        self._window: deque[ConverseResponse] = deque()
        self._moved = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._opened_s = self._loop.time()
        self.is_gone = False
        """The peer is gone: writes fail, as they may before the call is cancelled."""
        self.is_silent = False
        """The peer is gone and nobody has noticed: whatever is sent, either way, vanishes."""
        self.lost: list[tuple[float, ConverseResponse]] = []
        """What the server wrote and the client will never take, and when."""

    # ---- the client's side

    def send(self, message: ConverseRequest) -> None:
        """One message to the server."""
        if not self.is_silent:
            self._requests.append(message)
            self._asked.set()

    def half_close(self) -> None:
        """No more messages to the server."""
        if not self.is_silent:
            self._half_closed = True
            self._asked.set()

    def give_up(self) -> None:
        """Whatever the transport still holds for the client will never arrive."""
        self.is_silent = True
        while self._window:
            self._lose(self._window.popleft())

    def _lose(self, message: ConverseResponse) -> None:
        self.lost.append((self._loop.time(), message))

    async def read(self) -> None:
        """Take messages at the client's own pace until cancelled; for those that do not take them at once."""
        reading = self._reading
        if reading.reads in (Reads.QUICK, Reads.YIELDING):
            return
        if reading.reads is Reads.NEVER:
            await self._loop.create_future()
        while True:
            while not self._window:
                self._moved.clear()
                await self._moved.wait()
            await self._rest(self._window[0])
            if self.is_silent:
                return
            message = self._window.popleft()
            self._moved.set()
            self._take(message)

    def read_rest(self) -> None:
        """Take at once what the transport still holds: the server's end comes behind it."""
        if self._reading.reads is not Reads.NEVER and not self.is_silent:
            while self._window:
                self._take(self._window.popleft())

    async def _rest(self, message: ConverseResponse) -> None:
        reading = self._reading
        if reading.reads is Reads.SLOW:
            size_s = message.ByteSize() / reading.bytes_per_s if reading.bytes_per_s else 0.0
            await asyncio.sleep(reading.message_ms / 1000 + size_s)
        elif reading.reads is Reads.STALLS:
            cycle_s = (reading.every_ms + reading.stall_ms) / 1000
            into_s = (self._loop.time() - self._opened_s) % cycle_s
            if into_s > reading.every_ms / 1000:
                await asyncio.sleep(cycle_s - into_s)

    # ---- the server's side

    async def write(self, message: ConverseResponse) -> None:
        """See `grpc.aio.ServicerContext.write`."""
        if self.is_gone:
            self._lose(message)
            raise grpc.aio.InternalError("the simulated peer is gone")
        if self._reading.reads in (Reads.QUICK, Reads.YIELDING):
            await self._hand_over(message)
            return
        try:
            while len(self._window) >= self._reading.window:
                self._moved.clear()
                await self._moved.wait()
        except asyncio.CancelledError:  # it has its number, and will never arrive
            self._lose(message)
            raise
        self._window.append(message)
        self._moved.set()
        await asyncio.sleep(0)

    async def _hand_over(self, message: ConverseResponse) -> None:
        """To a client that takes everything at once."""
        try:
            if self._reading.reads is Reads.YIELDING:
                await asyncio.sleep(0)
        except asyncio.CancelledError:
            self._lose(message)
            raise
        if self.is_silent:
            self._lose(message)
        else:
            self._take(message)

    def __aiter__(self) -> SimulatedCall:
        return self

    async def __anext__(self) -> ConverseRequest:
        while True:
            if self._requests:
                return self._requests.popleft()
            if self._half_closed:
                raise StopAsyncIteration
            self._asked.clear()
            await self._asked.wait()
