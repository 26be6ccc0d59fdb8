"""Running a program: one case against one server, with a limit of time, and what came of it.

Tests: tests/clients/test_tampered.py.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from clients.conformance.cases import CHUNKS_BEFORE_STOP, Evidence, judge
from clients.conformance.secure import Secure
from clients.conformance.wire import Wire, recording

CASE_LIMIT_S = 60.0
_SHOWN_CHARACTERS = 3_000


async def run_case(
    run: Sequence[str], folder: Path, case: str, target: str | Secure, limit_s: float = CASE_LIMIT_S
) -> list[str]:
    """Let a program do one case against the server at `target`; what is wrong with what it did."""
    with tempfile.TemporaryDirectory(prefix="tth-conformance-") as name:
        found = await observed(run, folder, case, target, Path(name), limit_s)
        return [found] if isinstance(found, str) else judge(case, found)


async def observed(
    run: Sequence[str], folder: Path, case: str, target: str | Secure, output: Path, limit_s: float = CASE_LIMIT_S
) -> Evidence | str:
    """What a program said and did in one case, or why there is nothing to judge."""
    wire = Wire()
    if isinstance(target, Secure):
        target.give(output)
    cut_after_chunks = CHUNKS_BEFORE_STOP if case == "lost" else None
    async with recording(target, wire, cut_after_chunks=cut_after_chunks) as address:
        options = (case, "--target", address, "--output", str(output))
        code, out, err = await command((*run, *options), folder, limit_s)
    if code != 0:
        return f"the program failed ({ending(code)}): {shortened(err) or 'it said nothing on standard error'}"
    answer = _last_line(out)
    if answer is None:
        return f"the last line of standard output is no JSON object: {shortened(out)!r}"
    return Evidence(answer, wire, output)


async def command(command: Sequence[str], folder: Path, limit_s: float) -> tuple[int | None, str, str]:
    """Exit code (None: it took too long, and was ended), standard output, standard error."""
    own = {"python": sys.executable}
    program = own.get(command[0], command[0] if "/" not in command[0] else str((folder / command[0]).absolute()))
    try:
        process = await asyncio.create_subprocess_exec(
            program,
            *command[1:],
            cwd=folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        return 127, "", f"{command[0]}: {error.strerror}"
    try:
        async with asyncio.timeout(limit_s):
            out, err = await process.communicate()
            return process.returncode, out.decode(errors="replace"), err.decode(errors="replace")
    except TimeoutError:
        return None, "", f"it was ended after {limit_s:.0f} s"
    finally:
        if process.returncode is None:  # with all that it started
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


def _last_line(text: str) -> dict[str, Any] | None:
    lines = text.strip().splitlines()
    try:
        value = json.loads(lines[-1]) if lines else None
    except json.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def ending(code: int | None) -> str:
    """An exit code in words."""
    return "time" if code is None else f"exit code {code}"


def shortened(text: str) -> str:
    """What was printed; of much, the beginning and the end."""
    text, half = text.strip(), _SHOWN_CHARACTERS // 2
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:half]}\n...\n{text[-half:]}"
