"""Exit codes, and which failure has which. Tests: tests/cli/test_exits.py."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable

OK = 0
FAILED = 1
USAGE = 2
"""Also argparse's own."""
UNREACHABLE = 3
REFUSED = 4
INTERRUPTED = 130
"""128 + SIGINT, as shells report it."""

HELP = """\
exit codes:
  0  done
  1  failed
  2  wrong usage or configuration
  3  the server cannot be reached
  4  the server refused the input
  130  stopped by Ctrl-C"""


class CommandFailed(Exception):
    """A command ends with this message and code; everything else it knows has been printed."""

    def __init__(self, message: str, code: int = FAILED) -> None:
        super().__init__(message)
        self.code = code


def guarded(work: Callable[[], int]) -> int:
    """Run a command; print an expected failure to stderr as one message, without a traceback."""
    try:
        return work()
    except (KeyboardInterrupt, asyncio.CancelledError):
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone (`tth models | head`): that is no failure of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except Exception as error:
        code = code_of(error)
        if code is None:
            raise  # a bug: the traceback helps to find it
        print(f"tth: {error}", file=sys.stderr)
        return code


def code_of(error: Exception) -> int | None:
    """The exit code of an expected failure; None for a bug."""
    from tth.client.errors import UNREACHABLE as NOBODY_ANSWERS
    from tth.client.errors import TthRpcError
    from tth.errors import ConfigError, TTHError
    from tth.face.look import LookError

    if isinstance(error, CommandFailed):
        return error.code
    if isinstance(error, TthRpcError):
        if error.reason == NOBODY_ANSWERS:
            return UNREACHABLE
        return REFUSED if error.refused_input else FAILED
    if isinstance(error, ConfigError | LookError):
        return USAGE
    return FAILED if isinstance(error, TTHError | OSError) else None
