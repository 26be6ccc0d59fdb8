"""A provider's emulator in a process of its own, as `tth emulate` starts it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

KEY = "bench-key"


@dataclass(frozen=True, slots=True)
class Emulated:
    """A running emulator."""

    url: str

    def state(self) -> dict[str, int]:
        """What it tells of itself: requests, connections, answers in the making."""
        with urllib.request.urlopen(f"{self.url}/_emulator/state") as answer:
            found: dict[str, int] = json.loads(answer.read())
        return found


@contextmanager
def emulated(name: str, first_byte_ms: float, word_ms: float) -> Iterator[Emulated]:
    """Started, and stopped at the end. Raises RuntimeError when it does not start."""
    command = [sys.executable, "-m", "tth.cli.main", "emulate", name, "--port", "0", "--echo", "--key", KEY]
    command += ["--first-byte-ms", str(first_byte_ms), "--word-ms", str(word_ms)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            _, found, rest = process.stdout.readline().partition(" at ")
            if not found:
                raise RuntimeError(f"the emulator of {name} did not start")
            yield Emulated(rest.split(",")[0])
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=10)
