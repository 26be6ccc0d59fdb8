"""The cache of prepared portraits on disk: a second of preparation becomes some milliseconds of reading.

A cached portrait is named by the content of the look's files and the version of the preparation; how it is kept:
face/array_record.py.
"""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

import platformdirs

from tth.face.array_record import cached
from tth.face.puppet.portrait import Portrait, frozen_portrait
from tth.face.puppet.portrait_look import LOOK_FILE, PortraitLook

log = logging.getLogger(__name__)

PREPARE_VERSION = 3
"""Raise it with every change of the preparation that changes its result."""


def default_cache_dir() -> Path:
    """Where prepared portraits are kept if nothing else is said."""
    return Path(platformdirs.user_cache_dir("tth")) / "portraits"


def cache_path(look: PortraitLook, cache_dir: Path) -> Path:
    """The file of one look, by what its own files hold."""
    digest = hashlib.sha256(str(PREPARE_VERSION).encode())
    files = [look.folder / LOOK_FILE, look.picture, *look.layers.values(), *look.folds.values()]
    for path in files:
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)} ".encode())
        digest.update(content)
    return cache_dir / f"{digest.hexdigest()[:24]}.npz"


def load_portrait(look: PortraitLook, cache_dir: Path | None = None) -> Portrait:
    """One person ready to be painted, from the cache or prepared and then cached.

    cache_dir: None = `default_cache_dir()`. Preparing takes about a second of CPU, reading some 20 ms: neither belongs
    on an event loop. A cache that cannot be read is made anew; one that cannot be written is done without.

    Raises LookError for a picture that cannot be decoded.
    """
    path = cache_path(look, cache_dir or default_cache_dir())

    def prepare() -> Portrait:
        from tth.face.puppet.prepare import prepare_portrait  # here, because a cached start needs none of its modules

        log.info("preparing a portrait; the next start reads it from the cache", extra={"cache": str(path.parent)})
        return prepare_portrait(look)

    return cached(path, frozen_portrait, prepare)
