"""Painters for the verbs of `tth face`: one way to open a look, with a word where it takes time.

Tests: tests/cli/face/test_sheet.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tth.cli.terminal import Progress
    from tth.face.sculpt.sculpture import Sculpture
    from tth.face.shot import Painter, Shot


class Wardrobe:
    """Opens painters; a look that was opened once is kept in memory."""

    def __init__(self, progress: Progress) -> None:
        """progress: told what takes time."""
        self._progress = progress
        self._heads: dict[str, Sculpture] = {}

    def painter(self, look: str, shot: Shot, background: str = "studio") -> Painter:
        """A painter of this look. background: as in `render.background`. Raises LookError for a bad look."""
        from tth.face.backdrop import CLEAR, plain_backdrop
        from tth.face.painter import SculptedPainter

        if background == "transparent":
            return SculptedPainter(self._head(look), shot, CLEAR)
        if background == "green":
            background = "#00b140"
        if background.startswith("#"):
            red, green, blue = (int(background[at : at + 2], 16) for at in (1, 3, 5))
            return SculptedPainter(self._head(look), shot, plain_backdrop((red, green, blue), shot))
        return SculptedPainter(self._head(look), shot)

    def _head(self, look: str) -> Sculpture:
        from tth.face.look import load_look
        from tth.face.sculpt.store import cache_path, default_cache_dir, load_sculpture

        if look not in self._heads:
            known = load_look(look)
            if not cache_path(known, default_cache_dir()).exists():
                self._progress.now(f"{look}: sculpting, some seconds, the first time on this machine")
            self._heads[look] = load_sculpture(known)
        return self._heads[look]
