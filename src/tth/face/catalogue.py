"""Which people there are and how each is made: the one place that knows both kinds of look.

Tests: tests/face/test_catalogue.py.
"""

from __future__ import annotations

from pathlib import Path

from tth.face.look import LOOKS_DIR, Look, list_looks, load_look
from tth.face.puppet.portrait_look import LOOK_FILE, PortraitLook, is_portrait, load_portrait_look


def open_look(name_or_path: str | Path) -> Look | PortraitLook:
    """Read one look, sculpted or a portrait.

    name_or_path: a name from `list_looks()`; the path of a sculpted look's YAML file; or the path of a portrait's
    folder or of the look.yaml in it.

    Raises LookError as `load_look` and `load_portrait_look` do.
    """
    if isinstance(name_or_path, str) and name_or_path in list_looks():
        folder = LOOKS_DIR / name_or_path
        return load_portrait_look(folder) if (folder / LOOK_FILE).is_file() else load_look(name_or_path)
    return load_portrait_look(name_or_path) if is_portrait(name_or_path) else load_look(name_or_path)
