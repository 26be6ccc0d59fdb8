"""Server-sent events of an emulator, with everything that can go wrong on their way.

Tests: tests/testing/emulators/test_event_stream.py.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import Any

from aiohttp import web

from tth.testing.emulators.faults import Fault, FaultKind
from tth.testing.emulators.server import Emulator, abort

HEADERS = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache"}
PIECE_BYTES = 3
"""Of an answer that comes in small pieces: cuts characters of more than one byte, line ends and blank lines."""


def event(data: Any, name: str = "") -> bytes:
    """One event on the wire. data: text as it stands, anything else as JSON."""
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return (f"event: {name}\n" if name else "").encode() + f"data: {text}\n\n".encode()


async def send_events(
    emulator: Emulator,
    request: web.Request,
    stream: AsyncIterator[bytes],
    fault: Fault | None,
    error: bytes,
    headers: Mapping[str, str] | None = None,
    piece_bytes: int = PIECE_BYTES,
) -> web.StreamResponse:
    """Answer with a stream of events, or as much of it as the fault leaves.

    error: what the protocol sends when something fails midway. `fault.after` counts events. Faults that are about the
    events themselves (wrong order, an empty answer) are the caller's business. A client that goes away ends the answer
    and is no error: nobody is left to hear of it.
    """
    kind = fault.kind if fault else None
    after = fault.after if fault else 0
    response = web.StreamResponse(headers={**HEADERS, **(headers or {})})
    delay_s = emulator.first_byte_s + (fault.delay_s if fault and kind is FaultKind.SLOW_FIRST_BYTE else 0.0)
    with suppress(ConnectionResetError):
        async with emulator.answering():
            if delay_s:
                await asyncio.sleep(delay_s)
            await response.prepare(request)
            number = 0
            async for wire in stream:
                if number == after and kind in _MIDWAY:
                    return await _fail(response, request, kind, wire, error)
                number += 1
                if kind is FaultKind.SPLIT_BYTES:
                    for begin in range(0, len(wire), piece_bytes):
                        await response.write(wire[begin : begin + piece_bytes])
                        await asyncio.sleep(0)
                else:
                    await response.write(wire)
            await response.write_eof()
    return response


_MIDWAY = frozenset(
    {
        FaultKind.SILENT_MIDWAY,
        FaultKind.ERROR_MIDWAY,
        FaultKind.GARBAGE,
        FaultKind.HALF_EVENT,
        FaultKind.DISCONNECT,
        FaultKind.EARLY_END,
    }
)


async def _fail(
    response: web.StreamResponse, request: web.Request, kind: FaultKind | None, wire: bytes, error: bytes
) -> web.StreamResponse:
    if kind is FaultKind.SILENT_MIDWAY:
        await asyncio.Event().wait()  # until the client goes away
    elif kind is FaultKind.ERROR_MIDWAY:
        await response.write(error)
    elif kind is FaultKind.GARBAGE:
        await response.write(b"data: {]\xff oops\n\n")
    elif kind is FaultKind.HALF_EVENT:
        await response.write(wire[: len(wire) // 2])
    elif kind is FaultKind.DISCONNECT:
        await asyncio.sleep(0.01)  # what was written before is on its way
        abort(request)
    if kind is not FaultKind.DISCONNECT:
        await response.write_eof()
    return response
