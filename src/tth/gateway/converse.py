"""One WebSocket and one Converse stream, joined: what comes in at one end goes out at the other, message by message.

Nothing waits here but one message each way. A browser that reads slowly stops the reading of the stream; the server
then sees a slow reader and does what it does for one (docs/conversation.md). Tests: tests/gateway/test_converse.py.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from tth.client.errors import from_grpc
from tth.gateway.dialect import Dialect, Frame
from tth.gateway.refusal import GOING_AWAY, OK, End, Refusal, end_of, invalid, of_rpc

if TYPE_CHECKING:
    from tth.gateway.target import BytesStream

STALLED_S = 15.0
"""A client that takes nothing for so long while something waits for it is given up; as the server does."""
LAST_S = 5.0
"""For the status of a stream that has broken while it was written to."""
CLOSE_S = 2.0
"""For a close frame to be taken by the transport."""
_GONE = End(0)
"""The client has left: there is nobody to tell anything."""


@dataclass(slots=True)
class Traffic:
    """What went through, for the log."""

    up_count: int = 0
    down_count: int = 0
    down_bytes: int = 0


class Bridge:
    """One conversation over one WebSocket. `run` once."""

    def __init__(
        self, socket: WebSocket, dialect: Dialect, session_id: str, leaving: asyncio.Event, drain_s: float
    ) -> None:
        """socket: accepted. leaving: set when the gateway goes away; running turns have `drain_s` then."""
        self._socket = socket
        self._dialect = dialect
        self._session_id = session_id
        self._leaving = leaving
        self._drain_s = drain_s
        self._writing = asyncio.Lock()
        self._send_began_s: float | None = None
        self.traffic = Traffic()

    async def run(self, first: Frame, call: BytesStream) -> End:
        """Carry messages until one end is over; how the WebSocket was closed. The call is ended on every path."""
        up = asyncio.create_task(self._up(first, call), name="gateway-up")
        down = asyncio.create_task(self._down(call), name="gateway-down")
        stalled = asyncio.create_task(self._stalled(), name="gateway-stalled")
        leaving = asyncio.create_task(self._leaving.wait(), name="gateway-leaving")
        tasks = (up, down, stalled, leaving)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if up.done() and (said := up.result()) is not None:
                end = said
            elif up.done() or down.done():
                end = await _within(down, LAST_S) or _lost()
            elif stalled.done():
                end = end_of(_slow())
            else:
                end = await self._drained(up, down, call)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            call.cancel()
        if end is not _GONE:
            await close(self._socket, end)
        return end

    async def _drained(self, up: asyncio.Task[End | None], down: asyncio.Task[End], call: BytesStream) -> End:
        """Say to the server that nothing more will come, so that it ends the running turn and then the stream. What
        the client says meanwhile could not be told any more: it is sent away at once and says it elsewhere."""
        going = End(GOING_AWAY, "DRAINING: the gateway is going away; connect again and resume")
        finishing = asyncio.create_task(self._finish(call), name="gateway-finish")
        try:
            await asyncio.wait([up, down], timeout=self._drain_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            finishing.cancel()
            await asyncio.wait([finishing])
        told = next((task.result() for task in (down, up) if task.done()), None)
        return told if told is not None and told.code not in (OK, GOING_AWAY) else going

    async def _finish(self, call: BytesStream) -> None:
        async with self._writing:  # grpc.aio takes one write at a time
            with suppress(grpc.aio.AioRpcError, grpc.aio.InternalError, asyncio.InvalidStateError):
                await call.done_writing()

    async def _up(self, first: Frame, call: BytesStream) -> End | None:
        """From the client to the server. None: the stream has ended and its status tells how."""
        frame: Frame | None = first
        try:
            while frame is not None:
                message, data = self._dialect.read(frame)
                if message.session_id not in ("", self._session_id):
                    raise invalid("session_id", "empty or the one of the WebSocket's path")
                async with self._writing:
                    if self._leaving.is_set():
                        return End(GOING_AWAY)
                    await call.write(data)
                self.traffic.up_count += 1
                frame = await received(self._socket)
        except Refusal as refusal:
            return end_of(refusal)
        except (grpc.aio.AioRpcError, grpc.aio.InternalError, asyncio.InvalidStateError):
            return None
        return _GONE

    async def _down(self, call: BytesStream) -> End:
        """From the server to the client."""
        try:
            async for data in call:
                await self._send(self._dialect.write(data))
                self.traffic.down_count += 1
                self.traffic.down_bytes += len(data)
        except grpc.aio.AioRpcError as error:
            return end_of(of_rpc(from_grpc(error)))
        except grpc.aio.InternalError:  # the transport failed under a read
            return _lost()
        except (WebSocketDisconnect, RuntimeError):  # RuntimeError: it has been closed meanwhile
            return _GONE
        return End(OK)

    async def _send(self, frame: Frame) -> None:
        self._send_began_s = asyncio.get_running_loop().time()
        if isinstance(frame, bytes):
            await self._socket.send_bytes(frame)
        else:
            await self._socket.send_text(frame)
        self._send_began_s = None

    async def _stalled(self) -> None:
        """Return when the client has taken nothing for too long while something waits for it. One look now and then
        instead of a time-out around each of some hundred messages a second."""
        loop = asyncio.get_running_loop()
        while True:
            began_s, now_s = self._send_began_s, loop.time()
            left_s = STALLED_S if began_s is None else began_s + STALLED_S - now_s
            if left_s <= 0:
                return
            await asyncio.sleep(left_s)


async def received(socket: WebSocket) -> Frame | None:
    """The next message; None when the client has left."""
    if socket.client_state is not WebSocketState.CONNECTED:
        return None
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        return None
    data = message.get("bytes")
    frame: Frame = data if data is not None else message["text"]
    return frame


async def close(socket: WebSocket, end: End) -> None:
    """Send the close frame, if anybody still takes it."""
    with suppress(TimeoutError, RuntimeError, WebSocketDisconnect):
        async with asyncio.timeout(CLOSE_S):
            await socket.close(end.code, end.reason)


async def _within(task: asyncio.Task[End], limit_s: float) -> End | None:
    await asyncio.wait([task], timeout=limit_s)
    return task.result() if task.done() else None


def _slow() -> Refusal:
    message = "the client does not read; its stream was ended"
    return Refusal(grpc.StatusCode.RESOURCE_EXHAUSTED, "SLOW_CONSUMER", message)


def _lost() -> End:
    return end_of(Refusal(grpc.StatusCode.UNAVAILABLE, "UNREACHABLE", "the server behind the gateway was lost"))
