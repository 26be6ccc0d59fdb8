"""What an error leaves behind when it was dealt with. Tests: tests/test_tracebacks.py."""

from __future__ import annotations

import traceback


def let_go(error: BaseException | None) -> None:
    """Empty the frames that an error came through, so that what they held is freed now.

    A frame and the error that passed through it often hold each other: `asyncio.TaskGroup` keeps the cancellation that
    it passes on in a local, a task keeps the error that it ended with. Such a ring waits for the collector of cycles,
    which counts objects and not bytes: a turn's few hundred, with a painter's 20 MB among them, may wait for an hour.
    Frames that still run are left alone.
    """
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        traceback.clear_frames(one.__traceback__)
        waiting += [one.__context__, one.__cause__]
        if isinstance(one, BaseExceptionGroup):
            waiting += one.exceptions
