"""Records whose fields are all arrays, as heads and portraits are: made read-only, and kept in a cache on disk.

A cached record is one uncompressed .npz (never a pickle); what cannot be read is made anew, and whoever writes one
removes those that nobody has used for long (disk_cache.py). Tests: tests/face/test_array_record.py.
"""

from __future__ import annotations

import contextlib
import re
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from tth.disk_cache import note_use, remove_unused, whole_file

Arrays = Mapping[str, NDArray[np.generic]]
"""Arrays by field name."""
CACHE_NAME = re.compile(r"[0-9a-f]{24}(\.npz|\w*\.tmp)")
"""Names of records in a cache: a digest, and what an interrupted write leaves."""
Record = TypeVar("Record")


def frozen(kind: type[Record], arrays: Arrays) -> Record:
    """A `kind`, a dataclass of arrays, from arrays by field name, which become read-only.

    Raises ValueError naming the fields that are missing.
    """
    names = [item.name for item in fields(kind)]  # type: ignore[arg-type]  # a dataclass, says the contract
    missing = [name for name in names if name not in arrays]
    if missing:
        raise ValueError(f"{kind.__name__.lower()} lacks {', '.join(missing)}")
    for name in names:
        arrays[name].setflags(write=False)
    return kind(**{name: arrays[name] for name in names})


def cached(path: Path, checked: Callable[[dict[str, NDArray[Any]]], Record], make: Callable[[], Record]) -> Record:
    """The record in the file `path`, or a new one, which is then written there.

    checked: makes the record from arrays and raises ValueError if they do not fit. A file that cannot be read or
    trusted is made anew; one that cannot be written is done without. Reading takes some 20 ms, making seconds: not for
    an event loop.
    """
    found = _read(path, checked)
    if found is not None:
        note_use(path)
        return found
    made = make()
    with contextlib.suppress(OSError):
        _write(path, made)
        remove_unused(path.parent, CACHE_NAME, time.time())
    return made


def _read(path: Path, checked: Callable[[dict[str, NDArray[Any]]], Record]) -> Record | None:
    """The record, or None if there is none or it cannot be trusted."""
    try:
        # opened here, because numpy leaves the file open when it is not an archive
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return checked({name: archive[name] for name in archive.files})
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
        return None


def _write(path: Path, record: object) -> None:
    names = [item.name for item in fields(record)]  # type: ignore[arg-type]  # a dataclass, as above
    with whole_file(path) as file:
        np.savez(file, **{item: getattr(record, item) for item in names})
