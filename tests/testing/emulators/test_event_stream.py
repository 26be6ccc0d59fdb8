"""Server-sent events on the wire."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import httpx
import pytest
from aiohttp import web

from tth.testing.emulators.event_stream import event, send_events
from tth.testing.emulators.server import Emulator, abort

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("data", "name", "wire"),
    [
        ({"a": 1}, "", b'data: {"a":1}\n\n'),
        ({"a": "\N{LATIN SMALL LETTER A WITH DIAERESIS}"}, "ping", b'event: ping\ndata: {"a":"\xc3\xa4"}\n\n'),
        ("[DONE]", "", b"data: [DONE]\n\n"),
    ],
)
def test_one_event(data: object, name: str, wire: bytes) -> None:
    """Text as it stands, else JSON; the name in front where there is one. Faults: test_openai_chat.py."""
    assert event(data, name) == wire


class _Left(Emulator):
    """Its client is gone behind the first event, in the same turn of the loop as the second one."""

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_get("/events", self._events)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        async def events() -> AsyncIterator[bytes]:
            yield event("first")
            abort(request)
            yield event("second")

        return await send_events(self, request, events(), None, b"")


def test_a_client_that_goes_away_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    """It is counted, and nothing is logged: `tth emulate` shows no traceback for it."""

    async def main() -> int:
        async with _Left().running() as emulator, httpx.AsyncClient() as client:
            with pytest.raises(httpx.HTTPError):
                await client.get(f"{emulator.url}/events")
            await emulator.cancelled()
            await asyncio.sleep(0)
            return emulator.cancelled_count

    with caplog.at_level(logging.WARNING):
        assert asyncio.run(main()) == 1
    assert not caplog.records
