"""The exported heads of the looks that come with TTH, for clients that draw the person themselves.

Made when first asked for, by a process of its own that takes no time from conversations; kept on disk, packed as well.
Run as a program it makes one: `python -m tth.gateway.heads LOOK FILE`. Tests: tests/gateway/test_heads.py.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import hashlib
import logging
import os
import re
import sys
import time
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import grpc
import platformdirs

from tth.disk_cache import note_use, remove_unused, whole_file
from tth.face.look import list_looks, list_sculpted_looks, load_look
from tth.face.sculpt.store import cache_path
from tth.gateway.refusal import Refusal

log = logging.getLogger(__name__)

MADE_S = 120.0
"""For one head. About 2 s where the look has been drawn before, 10 s where it must be sculpted; slow machines too."""
MEDIA_TYPE = "model/gltf-binary"
_NAMES = re.compile(r"[a-z0-9_-]+-[0-9a-f]{24}\.glb(\.gz)?")
_NICENESS = 10


@dataclass(frozen=True, slots=True)
class Head:
    """A head on disk."""

    path: Path
    etag: str

    @property
    def packed(self) -> Path:
        """The same, compressed with gzip."""
        return self.path.with_suffix(".glb.gz")


class Heads:
    """Finds or makes the head of a look. One is made at a time."""

    def __init__(self, folder: Path | None = None) -> None:
        """folder: None = the system's place for caches."""
        self._folder = folder or Path(platformdirs.user_cache_dir("tth")) / "heads"
        self._making = asyncio.Lock()

    async def head_of(self, look: str) -> Head:
        """Raises Refusal: there is no such look, it is a portrait, or its head could not be made."""
        head = await asyncio.to_thread(self._place_of, look)
        if await asyncio.to_thread(head.packed.is_file):
            note_use(head.path)
            note_use(head.packed)
            return head
        try:
            async with asyncio.timeout(MADE_S), self._making:
                if not head.packed.is_file():
                    await self._make(look, head)
        except TimeoutError:
            raise _not_made("making the head takes too long; try again") from None
        return head

    def _place_of(self, look: str) -> Head:
        if look not in list_sculpted_looks():
            is_portrait = look in list_looks()
            why = "this look is a portrait, one picture: it has no head" if is_portrait else "no look has this name"
            raise Refusal(grpc.StatusCode.NOT_FOUND, "LOOK_NOT_FOUND", f"look: {why}")
        key = hashlib.sha256(cache_path(load_look(look), Path()).name.encode())
        for source in sorted(files("tth.face.gltf").iterdir(), key=lambda one: one.name):
            if source.name.endswith(".py"):
                key.update(source.read_bytes())
        name = key.hexdigest()[:24]
        return Head(self._folder / f"{look}-{name}.glb", f'"{name}"')

    async def _make(self, look: str, head: Head) -> None:
        began_s = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tth.gateway.heads", look, str(head.path), stdin=asyncio.subprocess.DEVNULL
        )
        try:
            code = await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if code != 0:
            raise _not_made("the head could not be made; the gateway's log says more")
        log.info("head made", extra={"look": look, "seconds": round(time.monotonic() - began_s, 1)})


def make(look: str, path: Path) -> None:
    """Export the head of a look into `path` and, compressed, beside it; that one last."""
    from tth.face.gltf.export import export_head
    from tth.face.sculpt.store import load_sculpture

    data = export_head(load_sculpture(load_look(look)), look)
    with whole_file(path) as file:
        file.write(data)
    with whole_file(path.with_suffix(".glb.gz")) as file:
        file.write(gzip.compress(data, 6, mtime=0))
    remove_unused(path.parent, _NAMES, time.time())


def _not_made(message: str) -> Refusal:
    return Refusal(grpc.StatusCode.UNAVAILABLE, "LOOK_NOT_READY", message, retry_after_ms=5000)


if __name__ == "__main__":
    with contextlib.suppress(OSError, AttributeError):  # AttributeError: not on Windows
        os.nice(_NICENESS)
    make(sys.argv[1], Path(sys.argv[2]))
