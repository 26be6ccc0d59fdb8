"""Giving back what adapters hold."""

from __future__ import annotations

import asyncio
import logging

import pytest

from tth.session.closing import close_all

pytestmark = pytest.mark.unit


class Thing:
    """Notes that it was closed; may break at it."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error
        self.is_closed = False

    async def aclose(self) -> None:
        self.is_closed = True
        if self.error is not None:
            raise self.error


def test_one_that_breaks_costs_the_others_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """All are closed, the failure is logged once, and what is not there is passed over."""
    things = [Thing(), Thing(ValueError("x")), Thing()]
    with caplog.at_level(logging.ERROR):
        asyncio.run(close_all([things[0], None, things[1], things[2]]))
    assert all(thing.is_closed for thing in things)
    assert len(caplog.records) == 1


def test_cancellation_passes() -> None:
    """Who is cancelled while it closes stops closing."""
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(close_all([Thing(asyncio.CancelledError())]))
