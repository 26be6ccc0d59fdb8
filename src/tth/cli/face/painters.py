"""Painters for the verbs of `tth face`: one way to open a look, with a word where it takes time.

Tests: tests/cli/face/test_sheet.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tth.cli.terminal import Progress
    from tth.face.shot import Painter, Shot


class Wardrobe:
    """Opens painters; a look that was opened once is kept in memory."""

    def __init__(self, progress: Progress) -> None:
        """progress: told what takes time."""
        from tth.adapters.avatar.face_studio import Studio

        self._progress = progress
        self._studio = Studio(None)

    def painter(self, look: str, shot: Shot, background: str = "studio") -> Painter:
        """A painter of this look. background: as in `render.background`. Raises LookError for a bad look."""
        if not self._studio.is_built(look):
            self._progress.now(f"{look}: building, some seconds, the first time on this machine")
        return self._studio.painter(look, shot, background)
