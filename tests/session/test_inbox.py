"""What a session has been asked and not yet done."""

from __future__ import annotations

import asyncio

import pytest

from tth.model.commands import Ping
from tth.session.inbox import CAPACITY, Inbox

pytestmark = pytest.mark.unit


def ping(number: int) -> Ping:
    return Ping(number, 0)


def test_order_and_half_close() -> None:
    """First in, first out; what is queued at half-close is still given, then None."""

    async def main() -> None:
        inbox = Inbox()
        await inbox.put(ping(1))
        await inbox.put(ping(2))
        inbox.finish()
        assert [await inbox.get() for _ in range(4)] == [ping(1), ping(2), None, None]

    asyncio.run(main())


def test_end_forgets_what_is_queued() -> None:
    """The server wants no more: nothing is given and nothing is taken."""

    async def main() -> None:
        inbox = Inbox()
        await inbox.put(ping(1))
        inbox.end()
        await inbox.put(ping(2))
        assert await inbox.get() is None

    asyncio.run(main())


def test_a_full_inbox_makes_the_reader_wait() -> None:
    """Until there is room; nothing is lost and nothing changes places."""

    async def main() -> None:
        inbox = Inbox()
        for number in range(CAPACITY):
            await inbox.put(ping(number))
        waiting = asyncio.create_task(inbox.put(ping(CAPACITY)))
        await asyncio.sleep(0)
        assert not waiting.done()
        assert await inbox.get() == ping(0)
        await waiting
        inbox.finish()
        assert [await inbox.get() for _ in range(CAPACITY)] == [ping(n) for n in range(1, CAPACITY + 1)]

    asyncio.run(main())


@pytest.mark.parametrize("how", ["put", "finish", "end"])
def test_a_waiting_session_wakes(how: str) -> None:
    """For a command, for half-close and for the end."""

    async def main() -> None:
        inbox = Inbox()
        waiting = asyncio.create_task(inbox.get())
        await asyncio.sleep(0)
        match how:
            case "put":
                await inbox.put(ping(1))
            case "finish":
                inbox.finish()
            case _:
                inbox.end()
        assert await waiting == (ping(1) if how == "put" else None)

    asyncio.run(main())


def test_end_frees_a_reader_that_waits_for_room() -> None:
    """A full inbox of a session that is over holds nobody."""

    async def main() -> None:
        inbox = Inbox()
        for number in range(CAPACITY):
            await inbox.put(ping(number))
        waiting = asyncio.create_task(inbox.put(ping(99)))
        await asyncio.sleep(0)
        inbox.end()
        await waiting

    asyncio.run(main())
