"""The cache of built heads on disk: a few seconds of modelling become some milliseconds of reading.

A cached head is one uncompressed .npz (never a pickle), named by the content of its look and the version of the
build. It is written to a temporary file and renamed, so readers see all or nothing; anything unreadable is rebuilt.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import tempfile
import zipfile
from dataclasses import asdict, fields
from pathlib import Path

import numpy as np
import platformdirs

from tth.face.look import Look
from tth.face.sculpt.sculpture import Sculpture, frozen_sculpture

log = logging.getLogger(__name__)

BAKE_VERSION = 26
"""Raise it with every change of the build that changes its result."""


def default_cache_dir() -> Path:
    """Where built heads are kept if nothing else is said."""
    return Path(platformdirs.user_cache_dir("tth")) / "faces"


def cache_path(look: Look, cache_dir: Path) -> Path:
    """The file of one look."""
    content = json.dumps([BAKE_VERSION, asdict(look)], sort_keys=True)
    return cache_dir / f"{hashlib.sha256(content.encode()).hexdigest()[:24]}.npz"


def load_sculpture(look: Look, cache_dir: Path | None = None) -> Sculpture:
    """The head of one person, from the cache or built and then cached.

    cache_dir: None = `default_cache_dir()`. Building takes a few seconds of CPU, reading some 20 ms: neither belongs
    on an event loop. A cache that cannot be read is rebuilt; one that cannot be written is done without.
    """
    path = cache_path(look, cache_dir or default_cache_dir())
    cached = _read(path)
    if cached is not None:
        return cached
    from tth.face.sculpt.build import build_sculpture  # here, because a cached start needs none of its modules

    log.info("sculpting a head; the next start reads it from the cache", extra={"cache": str(path.parent)})
    sculpture = build_sculpture(look)
    with contextlib.suppress(OSError):
        _write(path, sculpture)
    return sculpture


def _read(path: Path) -> Sculpture | None:
    """The cached head, or None if there is none or it cannot be trusted."""
    try:
        # opened here, because numpy leaves the file open when it is not an archive
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return frozen_sculpture({name: archive[name] for name in archive.files})
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
        return None


def _write(path: Path, sculpture: Sculpture) -> None:
    """Write all arrays under a temporary name, then rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.stem, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, **{item.name: getattr(sculpture, item.name) for item in fields(Sculpture)})
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
