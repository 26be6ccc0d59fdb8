"""The cache of built heads on disk: a few seconds of modelling become some milliseconds of reading.

A cached head is named by the content of its look and the version of the build; how it is kept: face/array_record.py.
"""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import asdict
from pathlib import Path

import platformdirs

from tth.face.array_record import cached
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

    def build() -> Sculpture:
        from tth.face.sculpt.build import build_sculpture  # here, because a cached start needs none of its modules

        log.info("sculpting a head; the next start reads it from the cache", extra={"cache": str(path.parent)})
        return build_sculpture(look)

    return cached(path, frozen_sculpture, build)
