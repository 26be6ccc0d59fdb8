"""A deadline on every wait for an adapter: first output within one budget, each next within another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TypeVar

from tth.errors import AdapterSilent, AdapterTimeout

T = TypeVar("T")


async def watched(stream: AsyncIterator[T], first_ms: int, silence_ms: int, role: str) -> AsyncIterator[T]:
    """Yield from `stream`; close it on the way out, whatever the way.

    Raises AdapterTimeout when nothing came within `first_ms`, AdapterSilent when it stopped for `silence_ms`.
    The time the consumer takes between two items is not counted.
    """
    budget_ms = first_ms
    try:
        while True:
            try:
                async with asyncio.timeout(budget_ms / 1000):
                    item = await anext(stream)
            except StopAsyncIteration:
                return
            except TimeoutError:
                error = AdapterTimeout if budget_ms == first_ms and first_ms != silence_ms else AdapterSilent
                raise error(f"{role} gave no output within {budget_ms} ms", role=role) from None
            budget_ms = silence_ms
            yield item
    finally:
        close = getattr(stream, "aclose", None)
        if close is not None:
            await close()
