"""What lies in the caches on disk: written whole or not at all, and removed when nobody has used it for long.

Heads, portraits and machine code are named by what they are made from, so an update of TTH leaves the old ones behind.
A program of another version may still run on this machine: not the version decides what goes, but the last use, which
is kept as an entry's time of modification. Tests: tests/test_disk_cache.py.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

UNUSED_DAYS = 30
_DAY_S = 86400.0


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write into under a temporary name, in a folder that is made where it must be. It gets its own name when
    the block ends, so that readers see all or nothing; where the block fails nothing is left. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.stem, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def note_use(entry: Path) -> None:
    """This file or folder was used now. Where that cannot be noted, or it is not there, nothing happens."""
    with contextlib.suppress(OSError):
        os.utime(entry)


def unused(used_s: Mapping[str, float], now_s: float) -> list[str]:
    """Which of these entries, with the time of their last use, are old enough to go. Both in seconds of one clock."""
    return [name for name, last_s in used_s.items() if now_s - last_s > UNUSED_DAYS * _DAY_S]


def remove_unused(folder: Path, names: re.Pattern[str], now_s: float) -> None:
    """Remove files and folders in `folder` that nobody used for UNUSED_DAYS, if `names` matches their whole name: in a
    folder that a user chose may lie other things.

    now_s: seconds since 1970. What cannot be removed stays; who misses what was removed makes it anew.
    """
    used_s = {}
    with contextlib.suppress(OSError):
        for entry in folder.iterdir():
            if names.fullmatch(entry.name):
                with contextlib.suppress(OSError):  # gone meanwhile
                    used_s[entry.name] = entry.stat().st_mtime
    for name in unused(used_s, now_s):
        path = folder / name
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                path.unlink()
