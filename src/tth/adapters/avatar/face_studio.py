"""The heads of the embedded avatar in memory, and painters for them. Everything here is slow: for drawing threads.

Importing this imports the compiled renderer. Tests: tests/adapters/avatar/test_face_studio.py.
"""

from __future__ import annotations

from pathlib import Path
from threading import Lock

from tth.face.backdrop import plain_backdrop
from tth.face.look import load_look
from tth.face.painter import SculptedPainter
from tth.face.sculpt.sculpture import Sculpture
from tth.face.sculpt.store import load_sculpture
from tth.face.shot import Shot
from tth.model.controls import Resolution

STUDIO = "studio"
"""The background that a look brings along."""


class Studio:
    """One head per look, shared by all sessions. May be used by many threads at once."""

    def __init__(self, cache_dir: Path | None) -> None:
        """cache_dir: None = the system's place for caches."""
        self._cache_dir = cache_dir
        self._heads: dict[str, Sculpture] = {}
        self._locks: dict[str, Lock] = {}
        self._lock = Lock()

    def painter(self, look: str, size: Resolution, background: str) -> SculptedPainter:
        """A fresh painter. background: "studio" or "#rrggbb". Raises LookError for a bad look.

        The first use of a look on a machine takes some seconds, its first use in a process some 20 ms.
        """
        shot = Shot(size.width_px, size.height_px)
        red, green, blue = (int(background[at : at + 2], 16) for at in (1, 3, 5)) if background != STUDIO else (0, 0, 0)
        wall = None if background == STUDIO else plain_backdrop((red, green, blue), shot)
        return SculptedPainter(self._head(look), shot, wall)

    def _head(self, look: str) -> Sculpture:
        """Built once, even if many ask at the same time; different looks do not wait for each other."""
        with self._lock:
            lock = self._locks.setdefault(look, Lock())
        with lock:
            if look not in self._heads:
                self._heads[look] = load_sculpture(load_look(look), self._cache_dir)
            return self._heads[look]
