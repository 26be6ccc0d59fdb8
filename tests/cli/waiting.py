"""Waiting for another process: bounded, and without guessing how long it takes."""

from __future__ import annotations

import threading
from collections.abc import Callable

_TRIES = 600
_pause = threading.Event()


def until(condition: Callable[[], bool]) -> None:
    """Return when it is true; fail after about 30 s."""
    for _ in range(_TRIES):
        if condition():
            return
        _pause.wait(0.05)
    raise AssertionError("it did not become true")
