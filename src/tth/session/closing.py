"""Give back what adapters hold, whatever one of them does. Tests: tests/session/test_closing.py."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Protocol

log = logging.getLogger(__name__)


class Closable(Protocol):
    async def aclose(self) -> None: ...


async def close_all(things: Iterable[Closable | None]) -> None:
    """Close each. One that breaks is logged and costs the others nothing; cancellation passes through."""
    for thing in things:
        try:
            if thing is not None:
                await thing.aclose()
        except Exception:
            log.exception("could not be closed", extra={"adapter": type(thing).__name__})
