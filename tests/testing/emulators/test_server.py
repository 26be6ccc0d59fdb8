"""What every emulator does."""

from __future__ import annotations

import asyncio
import socket

import pytest

from tth.testing.emulators.openai import OpenAiEmulator

pytestmark = pytest.mark.server


@pytest.mark.parametrize("turns", range(6))
def test_whoever_knocks_while_it_closes_is_sent_away(turns: int) -> None:
    """However far the loop has come with the new connection: it does not stay open."""

    async def main() -> bytes:
        emulator = await OpenAiEmulator().start()
        with socket.create_connection(("127.0.0.1", emulator.port)) as knocking:
            for _ in range(turns):
                await asyncio.sleep(0)
            await emulator.aclose()
            knocking.settimeout(5.0)
            try:
                return await asyncio.to_thread(knocking.recv, 1)
            except ConnectionResetError:
                return b""

    assert asyncio.run(main()) == b""
