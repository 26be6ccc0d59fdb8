"""The heads of the embedded avatar in memory, and painters for them. Everything here is slow: for drawing threads.

Importing this imports the compiled renderer. Tests: tests/adapters/avatar/test_face_studio.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from types import MappingProxyType

from tth.face.backdrop import Backdrop, Clear, studio_backdrop
from tth.face.look import load_look
from tth.face.painter import SculptedPainter
from tth.face.scenery import Scenery
from tth.face.sculpt.sculpture import Sculpture
from tth.face.sculpt.store import cache_path, default_cache_dir, load_sculpture
from tth.face.shot import Shot
from tth.model.controls import STUDIO

_NO_PICTURES: Mapping[str, Path] = MappingProxyType({})


class Studio:
    """One head per look and one picture per background and size, shared by all sessions. For many threads at once."""

    def __init__(
        self,
        cache_dir: Path | None,
        pictures: Mapping[str, Path] = _NO_PICTURES,
        blur_level: float = 0.0,
    ) -> None:
        """cache_dir: None = the system's place for caches. pictures: backgrounds by name, out of focus by blur_level.

        Raises OSError for a picture that cannot be read.
        """
        self._cache_dir = cache_dir or default_cache_dir()
        self._scenery = Scenery(pictures, blur_level)
        self._heads: dict[str, Sculpture] = {}
        self._locks: dict[str, Lock] = {}
        self._lock = Lock()

    def painter(self, look: str, shot: Shot, background: str) -> SculptedPainter:
        """A fresh painter. Raises LookError for a bad look, KeyError for an unknown background.

        The first use of a look on a machine takes some seconds, its first use in a process some 20 ms.
        """
        head = self._head(look)
        return SculptedPainter(head, shot, self._backdrop(look, head, shot, background))

    def is_built(self, look: str) -> bool:
        """Its head is in memory or in the cache. Raises LookError for a bad look."""
        return look in self._heads or cache_path(load_look(look), self._cache_dir).exists()

    def _backdrop(self, look: str, head: Sculpture, shot: Shot, background: str) -> Backdrop | Clear:
        if background == STUDIO:
            return self._scenery.kept(look, shot, lambda: studio_backdrop(head.backdrop, shot))
        return self._scenery.behind(background, shot)

    def _head(self, look: str) -> Sculpture:
        """Built once, even if many ask at the same time; different looks do not wait for each other."""
        with self._lock:
            lock = self._locks.setdefault(look, Lock())
        with lock:
            if look not in self._heads:
                self._heads[look] = load_sculpture(load_look(look), self._cache_dir)
            return self._heads[look]
