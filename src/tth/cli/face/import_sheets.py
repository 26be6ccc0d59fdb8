"""Pictures by which an import is judged: the points over the picture, and the person doing everything.

Tests: tests/cli/face/test_import_picture.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from tth.face.look import LookError
from tth.face.parameters import INDEX, FaceState, neutral_weights
from tth.face.shot import Shot
from tth.face.stills import emotion_face, mood_face, posed, viseme_face
from tth.media.png import save_small_png
from tth.media.sheet import Cell, Row, Sheet, draw_sheet
from tth.model.controls import Controls, EmotionLabel, Framing

if TYPE_CHECKING:
    from tth.cli.terminal import Progress
    from tth.face.puppet.import_look import Imported
    from tth.face.shot import Painter

SIDE_PX = 224
POINT, MOVED, IRIS = (60, 255, 90), (255, 90, 60), (90, 190, 255)
OVERLAY_MOST_PX = 1200


def save_overlay(done: Imported, path: Path) -> None:
    """The points as they are used (green), with a red line from where they were placed, and the irises (blue)."""
    picture = done.picture.copy()
    scale = min(OVERLAY_MOST_PX / max(picture.shape[:2]), 2.0)
    canvas = np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    thick = max(round(max(canvas.shape[:2]) / 500), 1)

    def pixel(at: NDArray[np.float64]) -> tuple[int, int]:
        return round(float(at[0]) * scale), round(float(at[1]) * scale)

    for x, y, radius in done.snapped.irises.values():
        cv2.circle(canvas, pixel(np.array([x, y])), round(radius * scale), IRIS, thick, cv2.LINE_AA)
    for name, at in done.snapped.points.items():
        cv2.line(canvas, pixel(done.placed[name]), pixel(at), MOVED, thick, cv2.LINE_AA)
        cv2.circle(canvas, pixel(at), 2 * thick, POINT, -1, cv2.LINE_AA)
    save_small_png(canvas, path)


def save_test_sheet(folder: Path, path: Path, progress: Progress) -> None:
    """Emotions, mouths, eyes and poses of the new look. Raises LookError if the folder holds no portrait."""
    from tth.face.puppet.painter import load_puppet_painter

    progress.now("preparing the portrait")
    try:
        head, bust = (
            load_puppet_painter(folder, Shot(SIDE_PX, SIDE_PX, framing)) for framing in (Framing.HEAD, Framing.BUST)
        )
    except LookError as error:
        raise LookError(error.key, error.problem, str(folder)) from None
    progress.now("drawing the test sheet")
    rest = mood_face(Controls())
    emotions = [(label.value, emotion_face(label, 0.7)) for label in EmotionLabel]
    mouths = [(viseme, viseme_face(viseme)) for viseme in ("PP", "FF", "aa", "E", "I", "O", "U")]
    eyes = [
        ("half shut", _with(eyeBlink=0.5)), ("shut", _with(eyeBlink=1.0)), ("wink", _with(eyeBlinkLeft=1.0)),
        ("wide", _with(eyeWide=1.0)), ("looks right", _with(eyeLookOutLeft=0.6, eyeLookInRight=0.6)),
        ("looks left", _with(eyeLookInLeft=0.6, eyeLookOutRight=0.6)), ("looks down", _with(eyeLookDown=0.6)),
    ]  # fmt: skip
    poses = [
        (
            f"yaw {yaw:+d}°" if yaw else f"pitch {pitch:+d}°" if pitch else f"roll {roll:+d}°",
            posed(rest, yaw, pitch, roll),
        )
        for yaw, pitch, roll in ((-15, 0, 0), (-8, 0, 0), (8, 0, 0), (15, 0, 0), (0, 10, 0), (0, -10, 0), (0, 0, 10))
    ]
    shown = (("emotions", head, emotions), ("mouth", head, mouths), ("eyes", head, eyes), ("head", bust, poses))
    rows = tuple(
        Row(tuple(Cell(_picture(painter, face), label) for label, face in faces), heading)
        for heading, painter, faces in shown
    )
    save_small_png(draw_sheet(Sheet(folder.name, "a test of an imported look", rows)), path)


def _picture(painter: Painter, face: FaceState) -> NDArray[np.uint8]:
    return painter.paint(face).copy()


def _with(**shapes: float) -> FaceState:
    """A neutral face with these shapes; a name without a side sets both."""
    weights = neutral_weights()
    for name, weight in shapes.items():
        for key in (name,) if name in INDEX else (f"{name}Left", f"{name}Right"):
            weights[INDEX[key]] = weight
    return FaceState(weights)
