"""What uvicorn's protocols leave open: an end to every connection that says nothing or takes nothing.

Tests: tests/gateway/test_transport.py.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame

STALLED_S = 15.0
"""A client that takes nothing of an HTTP answer for so long is cut off."""
LINGER_S = 5.0
"""For what is still in the buffer of a WebSocket when its conversation is over; then the connection is cut."""
MAX_PARTS = 1024
"""Frames of one WebSocket message."""
UNSENT_BYTES = 128 * 1024
"""What the kernel may hold of a WebSocket beyond what is on its way. Its default of megabytes would be old news for a
client on a thin line, and would keep its answers to pings waiting behind them."""


class PatientHttp(H11Protocol):
    """HTTP with bounds: on connections in all, and on the time in which a request's head must arrive."""

    def __init__(self, *args: Any, max_connections: int, first_message_s: float, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._max_connections = max_connections
        self._first_message_s = first_message_s
        self._patience: asyncio.TimerHandle | None = None
        self._watch: asyncio.TimerHandle | None = None
        self._is_expired = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self._max_connections:
            transport.abort()
            return
        self._patience = self.loop.call_later(self._first_message_s, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        self.resume_writing()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """An answer waits for a client that reads slowly: from now on it must take something now and then."""
        self.flow.pause_writing()
        self._look_again(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        if self._watch is not None and not self._is_expired:
            self._watch.cancel()
            self._watch = None
        self.flow.resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        """No further request has come. To close while an answer is still being taken would wait for that for ever."""
        left_bytes = self.transport.get_write_buffer_size()
        if left_bytes:
            self._is_expired = True
            self._look_again(left_bytes)
        else:
            super().timeout_keep_alive_handler()

    def _look_again(self, left_bytes: int) -> None:
        """The buffer only shrinks while writing is paused, or the answer is complete."""
        if self._watch is not None:
            self._watch.cancel()
        self._watch = self.loop.call_later(STALLED_S, self._check_progress, left_bytes)

    def _check_progress(self, before_bytes: int) -> None:
        left_bytes = self.transport.get_write_buffer_size()
        if 0 < left_bytes < before_bytes:
            self._look_again(left_bytes)
        else:
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        before = self.scope
        super().data_received(data)
        if self.scope is not before:
            self._stop_waiting()
        elif self._patience is None and (self.cycle is None or self.cycle.response_complete):
            self._patience = self.loop.call_later(self._first_message_s, self._give_up)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _give_up(self) -> None:
        self._patience = None
        self.transport.abort()


class PatientWebSocket(WebSocketsSansIOProtocol):
    """A WebSocket whose connection ends at most LINGER_S after its conversation, whatever the client does."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        raw = transport.get_extra_info("socket")
        if raw is not None and hasattr(socket, "TCP_NOTSENT_LOWAT"):
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)

    def handle_cont(self, event: Frame) -> None:
        """A message in a million parts of one byte would weigh fifty times as much as in one."""
        if self.close_sent:
            return
        if len(self.frames) >= MAX_PARTS:
            self.conn.fail(CloseCode.MESSAGE_TOO_BIG, f"a message may have {MAX_PARTS} parts")
            self.handle_parser_exception()
            return
        super().handle_cont(event)

    async def run_asgi(self) -> None:
        try:
            await super().run_asgi()
        finally:
            self.loop.call_later(LINGER_S, self.transport.abort)


def http_with(max_connections: int, first_message_s: float) -> type[asyncio.Protocol]:
    """`PatientHttp` with these bounds, as uvicorn wants it: a class that it makes instances of."""

    class Bounded(PatientHttp):
        def __init__(self, config: Config, *args: Any, **kwargs: Any) -> None:
            super().__init__(config, *args, max_connections=max_connections, first_message_s=first_message_s, **kwargs)

    return Bounded
