"""An adapter under test, its provider's stand-in, and what must hold whenever it is used: nothing stays behind.

Tests: tests/testing/conformance/test_llm.py.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, TypeAlias, TypeVar

from tth.adapters.base import Adapter
from tth.errors import AdapterError
from tth.testing.emulators.faults import FaultKind
from tth.testing.emulators.server import Emulator

A = TypeVar("A", bound=Adapter)

PATIENCE_S = 5.0
"""For what happens at once: a check fails rather than waits for ever."""


class Ending(StrEnum):
    """What a fault leads to where it is no error."""

    WHOLE = "whole"
    """The answer is the same as ever."""
    EMPTY = "empty"
    """It ends well and says nothing."""
    SILENT = "silent"
    """Nothing comes any more; the deadline of whoever waits ends it."""


Outcome: TypeAlias = type[AdapterError] | Ending


@dataclass(frozen=True, slots=True)
class Subject(Generic[A]):
    """One adapter, ready to be put to the test."""

    name: str
    build: Callable[[Emulator | None], A]
    """The adapter for this stand-in; None where there is none."""
    emulator: Callable[[], Emulator] | None = None
    """Makes the provider's stand-in; None: the adapter needs nobody."""
    outcomes: Mapping[FaultKind, Outcome] = field(default_factory=dict)
    """What each fault leads to; one that is missing does not happen at this provider."""
    echoes: bool = True
    """It says back what it was told, word for word, so that its answer is known."""

    def __str__(self) -> str:
        return self.name


Check: TypeAlias = Callable[[Subject[A]], Coroutine[Any, Any, None]]


@asynccontextmanager
async def opened(subject: Subject[A]) -> AsyncIterator[tuple[A, Emulator | None]]:
    """The adapter, loaded and warm, with its provider. At the end everything is closed, and nothing may be left: no
    task, no answer in the making, no connection."""
    before = asyncio.all_tasks()
    emulator = subject.emulator() if subject.emulator is not None else None
    if emulator is not None:
        await emulator.start()
    adapter = subject.build(emulator)
    try:
        await adapter.load()
        await adapter.warmup()
        yield adapter, emulator
    finally:
        await adapter.aclose()
        await adapter.aclose()
        if emulator is not None:
            try:
                await eventually(lambda: emulator.active_count == 0, "the provider still works on an answer")
                await eventually(lambda: emulator.open_count == 0, "a connection was left open")
            finally:
                await emulator.aclose()
    await eventually(lambda: not asyncio.all_tasks() - before, "a task was left running")


def told(emulator: Emulator) -> str:
    """Everything that the provider was told since it forgot."""
    return json.dumps(emulator.told(), ensure_ascii=False)


@contextmanager
def logged() -> Iterator[list[str]]:
    """What is logged meanwhile, from DEBUG on."""
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


async def eventually(is_so: Callable[[], bool], otherwise: str) -> None:
    """Return once it is so. Raises AssertionError with `otherwise` when that takes longer than anybody should wait."""
    loop = asyncio.get_running_loop()
    until_s = loop.time() + PATIENCE_S
    while not is_so():
        assert loop.time() < until_s, otherwise
        await asyncio.sleep(0.001)
