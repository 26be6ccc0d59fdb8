"""Backgrounds by name: what stands behind the person for each thing that `render.background` can say.

What every background costs is paid once per size: the pictures are kept. Tests: tests/face/test_scenery.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from threading import Lock

import cv2
import numpy as np

from tth.errors import ConfigProblem
from tth.face.backdrop import CLEAR, Backdrop, Clear, picture_backdrop, plain_backdrop
from tth.face.room import room_backdrop, room_picture
from tth.face.shot import Detail, Shot
from tth.model.controls import BACKGROUNDS, GREEN, GREEN_RGB, ROOM, TRANSPARENT
from tth.model.media import Picture

KEPT = 24
"""Backdrops kept, most recently used: at most 3 MB each (1024x1024), 0.8 MB at 512x512."""
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")


def check_pictures(pictures: Mapping[str, Path], key: str) -> list[ConfigProblem]:
    """What is wrong with these pictures, each with its key below `key`: names, and files that OpenCV cannot read.

    Reads the beginning of each file only.
    """
    problems: list[ConfigProblem] = []
    for name, path in pictures.items():
        if name in BACKGROUNDS:
            problems.append(ConfigProblem("", f"{key}.{name}", "this name has a meaning already; choose another one"))
        elif not _NAME.fullmatch(name):
            problems.append(ConfigProblem("", f"{key}.{name}", "a name has 1..32 of a-z, 0-9, _ and -, first a letter"))
        elif not path.is_file():
            problems.append(ConfigProblem("", f"{key}.{name}", f"there is no file {path}"))
        elif not cv2.haveImageReader(str(path)):
            problems.append(ConfigProblem("", f"{key}.{name}", f"{path} is not a picture; use PNG, JPEG or WebP"))
    return problems


class Scenery:
    """All backgrounds of a server. May be used by many threads at once."""

    def __init__(self, pictures: Mapping[str, Path], blur_level: float = 0.0) -> None:
        """pictures: by name. blur_level: 0..1, how far they are out of focus. Raises OSError."""
        self._pictures = {name: _read(path) for name, path in pictures.items()}
        self._blur_level = blur_level
        self._kept: dict[tuple[str, Shot], Backdrop] = {}
        self._lock = Lock()

    def behind(self, background: str, shot: Shot) -> Backdrop | Clear:
        """The picture of this background, read-only; CLEAR for "transparent". Raises KeyError for an unknown name."""
        if background == TRANSPARENT:
            return CLEAR
        return self.kept(background, shot, lambda: self._make(background, shot))

    def kept(self, name: str, shot: Shot, make: Callable[[], Backdrop]) -> Backdrop:
        """What was kept under this name for this shot; made, and kept, the first time. Read-only."""
        key = name, replace(shot, detail=Detail.FULL)
        with self._lock:
            backdrop = self._kept.pop(key, None)
            if backdrop is None:
                backdrop = make()
                backdrop.flags.writeable = False
            self._kept[key] = backdrop
            if len(self._kept) > KEPT:
                del self._kept[next(iter(self._kept))]
        return backdrop

    def _make(self, background: str, shot: Shot) -> Backdrop:
        if background == ROOM:
            if ROOM not in self._pictures:
                self._pictures[ROOM] = room_picture()
            return room_backdrop(shot, self._pictures[ROOM])
        if background == GREEN:
            return plain_backdrop(GREEN_RGB, shot)
        if background.startswith("#"):
            red, green, blue = bytes.fromhex(background[1:])
            return plain_backdrop((red, green, blue), shot)
        return picture_backdrop(self._pictures[background], shot, self._blur_level)


def _read(path: Path) -> Picture:
    """RGB. Raises OSError."""
    found = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR_RGB)
    if found is None:
        raise OSError(f"{path} is not a picture")
    return np.asarray(found, np.uint8)
