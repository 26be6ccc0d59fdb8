"""Run every block of docs/shell.md and check what it prints: `make shell`.

A `sh` block must end with code 0, `sh fails` with another one; `sh server` is left running until the end, and the next
block runs when it is ready. A `text` block says what the block before it must have printed: its lines, in this order,
with anything between and around them; `…` is any text. Ports are replaced by free ones.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

DOCUMENT = Path(__file__).parents[1] / "docs" / "shell.md"
PORTS = ("50051", "50052", "50053")
BLOCK_LIMIT_S = 180.0
READY_LIMIT_S = 600.0
"""The first start on a machine builds a head."""
_BLOCK = re.compile(r"^```(?P<kind>sh|sh fails|sh server|text)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """Commands, and what they must print."""

    kind: str
    commands: str
    expected: tuple[str, ...]


def blocks(document: str) -> Iterator[Block]:
    """In their order."""
    found = [(match["kind"], match["text"]) for match in _BLOCK.finditer(document)]
    for index, (kind, text) in enumerate(found):
        if kind != "text":
            after = found[index + 1] if index + 1 < len(found) else ("", "")
            yield Block(kind, text, tuple(after[1].splitlines()) if after[0] == "text" else ())


def missing(expected: Sequence[str], printed: str) -> str | None:
    """The first expected line that was not printed behind the ones before it; None = all were."""
    position = 0
    for line in expected:
        pattern = r".*?".join(re.escape(part) for part in " ".join(line.split()).split("…"))
        match = re.compile(pattern).search(printed, position)
        if match is None:
            return line
        position = match.end()
    return None


def main() -> int:
    """0 when every block did what the document says."""
    document = DOCUMENT.read_text("utf-8")
    for port in PORTS:
        document = document.replace(port, str(_free_port()))
    servers: list[subprocess.Popen[bytes]] = []
    failures = count = 0
    with tempfile.TemporaryDirectory(prefix="tth-shell-") as folder:
        try:
            for block in blocks(document):
                count += 1
                sys.stdout.write(f"{count:3} {block.commands.splitlines()[0][:100]}\n")
                sys.stdout.flush()
                problem = _serve(block, Path(folder), servers) if block.kind == "sh server" else _run(block, folder)
                if problem:
                    failures += 1
                    sys.stdout.write(f"    FAILED: {problem}\n")
        finally:
            for server in servers:
                os.killpg(server.pid, signal.SIGTERM)
            for server in servers:
                server.wait(timeout=30)
    sys.stdout.write(f"{count - failures} of {count} blocks of {DOCUMENT.name} do what it says\n")
    return 1 if failures else 0


def _run(block: Block, folder: str) -> str:
    """What went wrong; "" = nothing."""
    command = ("bash", "-euo", "pipefail", "-c", block.commands)
    done = subprocess.run(  # noqa: S603  (our own document)
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=BLOCK_LIMIT_S,
        check=False,
    )
    printed = " ".join(done.stdout.decode(errors="replace").split())
    if (done.returncode != 0) != (block.kind == "sh fails"):
        return f"code {done.returncode}: {printed[-600:]}"
    line = missing(block.expected, printed)
    return f"not printed: {line}; printed was: {printed[-600:]}" if line is not None else ""


def _serve(block: Block, folder: Path, servers: list[subprocess.Popen[bytes]]) -> str:
    log = folder / f"server-{len(servers)}.log"
    with log.open("wb") as file:
        command = ("bash", "-c", block.commands)
        servers.append(
            subprocess.Popen(command, cwd=folder, stdout=file, stderr=file, start_new_session=True)  # noqa: S603
        )
    until_s = time.monotonic() + READY_LIMIT_S
    while "ready" not in (text := log.read_text(errors="replace")):
        if servers[-1].poll() is not None or time.monotonic() > until_s:
            return f"the server is not ready: {text[-600:]}"
        time.sleep(0.1)
    return ""


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
