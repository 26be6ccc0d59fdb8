"""TCP connections that can be cut: what a lost network looks like to a program.

Tests: tests/clients/test_tampered.py.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress
from types import TracebackType
from typing import Self

_READ_BYTES = 64 * 1024
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER of no time: closing sends RST in place of FIN."""


class Relay:
    """Listens on a free port of the loopback, and passes each connection on to `port_behind`. Async context manager."""

    def __init__(self) -> None:
        self.port = 0
        self.port_behind = 0
        self.count = 0
        """Connections so far."""
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        await self._server.wait_closed()

    def cut(self) -> None:
        """Reset every connection; new ones are taken."""
        for writer in tuple(self._open):
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.count += 1
        reader_behind, writer_behind = await asyncio.open_connection("127.0.0.1", self.port_behind)
        ends = {writer, writer_behind}
        self._open |= ends
        try:
            await asyncio.gather(_pump(reader, writer_behind), _pump(reader_behind, writer))
        finally:
            self._open -= ends
            for end in ends:
                end.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(_READ_BYTES):
            writer.write(data)
            await writer.drain()
    writer.close()
