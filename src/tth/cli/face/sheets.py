"""What is on each test sheet. Tests: tests/cli/face/test_sheet.py."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tth.face.parameters import FaceState
from tth.face.shot import Shot
from tth.face.stills import VISEME_SOUNDS, emotion_face, mood_face, posed, viseme_face
from tth.media.sheet import Cell, Row, Sheet, rows_of
from tth.model.controls import Controls, EmotionLabel, Framing

if TYPE_CHECKING:
    from tth.cli.face.painters import Wardrobe
    from tth.cli.terminal import Progress
    from tth.face.shot import Painter

INTENSITIES = (0.3, 0.7, 1.0)
YAWS_DEG, PITCHES_DEG, ROLLS_DEG = (-30, -15, 0, 15, 30), (-20, -10, 0, 10, 20), (-20, -10, 0, 10, 20)
BACKGROUNDS = ("studio", "room", "#2f6f73", "green", "transparent")
LOOKS_PER_ROW, VISEMES_PER_ROW = 6, 5


def emotions_sheet(look: str, side_px: int, wardrobe: Wardrobe) -> Sheet:
    """A row for each intensity, a column for each emotion."""
    painter = wardrobe.painter(look, Shot(side_px, side_px, Framing.HEAD))
    rows = []
    for intensity in INTENSITIES:
        cells = tuple(Cell(_picture(painter, emotion_face(label, intensity))) for label in EmotionLabel)
        rows.append(Row(cells, f"{intensity:g}"))
    return Sheet(
        f"{_name(look)}: emotions",
        "emotion.label by emotion.intensity, everything else at its default",
        tuple(rows),
        tuple(EmotionLabel),
    )


def visemes_sheet(look: str, side_px: int, wardrobe: Wardrobe) -> Sheet:
    """Fifteen mouths."""
    painter = wardrobe.painter(look, Shot(side_px, side_px, Framing.HEAD))
    cells = [
        Cell(_picture(painter, viseme_face(viseme)), viseme, f"/{sound}/" if sound else "silence")
        for viseme, sound in _SHOWN_SOUNDS.items()
    ]
    return Sheet(
        f"{_name(look)}: visemes",
        "the middle of a long stressed sound, as the performer moves the mouth",
        rows_of(cells, VISEMES_PER_ROW),
    )


def poses_sheet(look: str, side_px: int, wardrobe: Wardrobe) -> Sheet:
    """Rows of yaw, pitch and roll; the eyes stay on the viewer."""
    painter = wardrobe.painter(look, Shot(side_px, side_px))
    rest = mood_face(Controls())
    rows = []
    for axis, angles in (("yaw", YAWS_DEG), ("pitch", PITCHES_DEG), ("roll", ROLLS_DEG)):
        cells = tuple(
            Cell(_picture(painter, posed(rest, **{f"{axis}_deg": angle})), f"{angle:+d}°" if angle else "0°")
            for angle in angles
        )
        rows.append(Row(cells, axis))
    return Sheet(f"{_name(look)}: poses", "degrees; the eyes stay on the viewer", tuple(rows))


def backgrounds_sheet(look: str, side_px: int, wardrobe: Wardrobe) -> Sheet:
    """A row for each framing, a column for each background."""
    rest = mood_face(Controls())
    rows = []
    for framing in (Framing.BUST, Framing.HEAD):
        shot = Shot(side_px, side_px, framing)
        cells = tuple(Cell(_picture(wardrobe.painter(look, shot, name), rest)) for name in BACKGROUNDS)
        rows.append(Row(cells, framing.value))
    return Sheet(
        f"{_name(look)}: backgrounds and framings", "render.background by render.framing", tuple(rows), BACKGROUNDS
    )


def looks_sheet(looks: Sequence[str], side_px: int, wardrobe: Wardrobe, progress: Progress) -> Sheet:
    """Everybody, in a friendly mood."""
    friendly = mood_face(Controls(emotion_label=EmotionLabel.HAPPY, emotion_intensity=0.35))
    cells = []
    for look in looks:
        progress.now(f"{look}: portrait")
        cells.append(Cell(_picture(wardrobe.painter(look, Shot(side_px, side_px)), friendly), _name(look)))
    return Sheet("Looks", "a little happy; who they are: tth face list", rows_of(cells, LOOKS_PER_ROW))


def _picture(painter: Painter, face: FaceState) -> NDArray[np.uint8]:
    return painter.paint(face).copy()


def _name(look: str) -> str:
    return Path(look).stem


_SHOWN_SOUNDS = {
    viseme: {"θ": "th", "tʃ": "ch", "ɹ": "r", "ɑː": "ah", "ɛ": "eh", "iː": "ee", "oʊ": "oh", "uː": "oo"}.get(
        sound, sound
    )
    for viseme, sound in VISEME_SOUNDS.items()
}
"""As English writes them: OpenCV's font has no phonetic letters."""
