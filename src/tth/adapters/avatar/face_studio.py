"""The heads and portraits of the embedded avatar in memory, and painters for them. All of it is slow: for drawing
threads.

Importing this imports the compiled renderer. Tests: tests/adapters/avatar/test_face_studio.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from types import MappingProxyType

from tth.face.backdrop import Backdrop, Clear, studio_backdrop
from tth.face.catalogue import open_look
from tth.face.painter import SculptedPainter
from tth.face.puppet import store as portraits
from tth.face.puppet.painter import PuppetPainter
from tth.face.puppet.portrait import Portrait
from tth.face.puppet.portrait_look import PortraitLook
from tth.face.scenery import Scenery
from tth.face.sculpt.sculpture import Sculpture
from tth.face.sculpt.store import cache_path, default_cache_dir, load_sculpture
from tth.face.shot import Painter, Shot
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
        self._portrait_cache_dir = cache_dir or portraits.default_cache_dir()
        self._scenery = Scenery(pictures, blur_level)
        self._heads: dict[str, Sculpture | Portrait] = {}
        self._locks: dict[str, Lock] = {}
        self._lock = Lock()

    def painter(self, look: str, shot: Shot, background: str) -> Painter:
        """A fresh painter. Raises LookError for a bad look, KeyError for an unknown background.

        The first use of a look on a machine takes some seconds, its first use in a process some 20 ms. A portrait that
        cannot be cut out keeps its own background.
        """
        head = self._head(look)
        if isinstance(head, Sculpture):
            return SculptedPainter(head, shot, self._backdrop(look, head, shot, background))
        own = background == STUDIO or not head.has_matte
        return PuppetPainter(head, shot, None if own else self._scenery.behind(background, shot))

    def is_built(self, look: str) -> bool:
        """Its head is in memory or in the cache. Raises LookError for a bad look."""
        if look in self._heads:
            return True
        opened = open_look(look)
        if isinstance(opened, PortraitLook):
            return portraits.cache_path(opened, self._portrait_cache_dir).exists()
        return cache_path(opened, self._cache_dir).exists()

    def _backdrop(self, look: str, head: Sculpture, shot: Shot, background: str) -> Backdrop | Clear:
        if background == STUDIO:
            return self._scenery.kept(look, shot, lambda: studio_backdrop(head.backdrop, shot))
        return self._scenery.behind(background, shot)

    def _head(self, look: str) -> Sculpture | Portrait:
        """Built or prepared once, even if many ask at the same time; different looks do not wait for each other."""
        with self._lock:
            lock = self._locks.setdefault(look, Lock())
        with lock:
            if look not in self._heads:
                opened = open_look(look)
                if isinstance(opened, PortraitLook):
                    self._heads[look] = portraits.load_portrait(opened, self._portrait_cache_dir)
                else:
                    self._heads[look] = load_sculpture(opened, self._cache_dir)
            return self._heads[look]
