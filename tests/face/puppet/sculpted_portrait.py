"""A portrait whose points are known: a picture of the sculpted head, with landmarks taken from its mesh."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml
from numpy.typing import NDArray

from tth.face.backdrop import CLEAR, plain_backdrop
from tth.face.look import FaceShape, Look
from tth.face.painter import SculptedPainter
from tth.face.parameters import FaceState
from tth.face.sculpt.lips import lip_curves
from tth.face.sculpt.proportions import eye_centre, mouth_line
from tth.face.sculpt.sculpture import Sculpture, Section
from tth.face.shot import Shot

SIDE_PX = 1024
WALL = (120, 132, 150)


class _Skin:
    """Places of the head's skin in its picture."""

    def __init__(self, painter: SculptedPainter) -> None:
        skin = painter.sculpture.range_of(Section.SKIN)
        self.points = painter.sculpture.points[skin]
        self.screen = painter._canvas.screen[: len(self.points), :2] + 0.5
        self.front = np.flatnonzero(self.points[:, 2] > -60)

    def near(self, x: float, y: float) -> list[float]:
        """Where the skin at (x, y), in millimetres from the front, is seen."""
        away = np.hypot(self.points[self.front, 0] - x, self.points[self.front, 1] - y)
        best = self.front[np.argsort(away + 0.01 * (self.points[self.front, 2].max() - self.points[self.front, 2]))[:1]]
        return [float(v) for v in self.screen[best].mean(0)]

    def vertex(self, number: int) -> list[float]:
        return [float(v) for v in self.screen[number]]

    def edge(self, side: int, y: float) -> list[float]:
        """The outline of the face at a height."""
        row = self.front[np.abs(self.points[self.front, 1] - y) < 2.5]
        return self.vertex(int(row[np.argmax(side * self.points[row, 0])]))


def sculpted_points(painter: SculptedPainter, look: Look) -> dict[str, list[float]]:
    """The 29 points of the head that `painter` has just painted at rest, in pixels."""
    shape, skin, s = look.shape, _Skin(painter), painter.sculpture
    line = mouth_line(shape)
    upper, lower, contact = (float(curve) for curve in lip_curves(shape, 0.0))
    corner_contact = float(lip_curves(shape, 1.0)[2])
    tip = int(s.points[s.range_of(Section.SKIN), 2].argmax())
    nose_y = float(s.points[tip, 1])
    points = {
        "nose_tip": skin.vertex(tip),
        "nose_base": skin.near(0, nose_y - 9),
        "upper_lip_top": skin.near(0, line + upper),
        "lip_seam": skin.near(0, line + contact),
        "lower_lip_bottom": skin.near(0, line + lower),
        "hairline": skin.near(0, 62),
        "chin": skin.near(0, _chin_y(s, line)),
    }
    for name, side, eye in (("left", 1, 0), ("right", -1, 1)):
        points |= {
            f"{name}_{key}": at for key, at in _side(skin, s, shape, side, eye, nose_y, line + corner_contact).items()
        }
    return points


def _side(
    skin: _Skin, s: Sculpture, shape: FaceShape, side: int, eye: int, nose_y: float, corner_y: float
) -> dict[str, list[float]]:
    upper, lower = s.margin_upper[eye], s.margin_lower[eye]
    ends = (int(upper[0]), int(upper[-1])) if side > 0 else (int(upper[-1]), int(upper[0]))
    y = float(eye_centre(shape, side)[1])
    return {
        "eye_inner": skin.vertex(ends[0]),
        "eye_outer": skin.vertex(ends[1]),
        "eye_top": skin.vertex(int(upper[len(upper) // 2])),
        "eye_bottom": skin.vertex(int(lower[len(lower) // 2])),
        "brow_inner": skin.near(side * 11, y + 17),
        "brow_middle": skin.near(side * 36, y + 23),
        "brow_outer": skin.near(side * 54, y + 17),
        "nostril": skin.near(side * shape.nose_half_width, nose_y - 3),
        "mouth_corner": skin.near(side * shape.mouth_half_width, corner_y),
        "jaw": skin.edge(side, corner_y),
        "temple": skin.edge(side, y),
    }


def _chin_y(s: Sculpture, line: float) -> float:
    """Where the front of the chin turns under."""
    skin = s.points[s.range_of(Section.SKIN)]
    middle = skin[(np.abs(skin[:, 0]) < 3) & (skin[:, 1] < line - 12) & (skin[:, 1] > line - 60)]
    front = middle[middle[:, 2] > middle[:, 2].max() - 9]
    return float(front[:, 1].min())


def write_sculpted_look(folder: Path, sculpture: Sculpture, look: Look, **more: Any) -> Path:
    """A look folder with the head's picture, points and matte; `more` is added to its look.yaml."""
    folder.mkdir(parents=True, exist_ok=True)
    shot = Shot(SIDE_PX, SIDE_PX)
    painter = SculptedPainter(sculpture, shot, plain_backdrop(WALL, shot))
    _write(folder / "portrait.png", painter.paint(FaceState()))
    _write(folder / "matte.png", SculptedPainter(sculpture, shot, CLEAR).paint(FaceState())[..., 3])
    content = {
        "kind": "portrait",
        "picture": "portrait.png",
        "consent": {"shown": "a sculpted head", "synthetic": True},
        "landmarks": sculpted_points(painter, look),
        "layers": {"matte": "matte.png"},
    }
    (folder / "look.yaml").write_text(yaml.safe_dump(content | more), encoding="utf-8")
    return folder


def _write(path: Path, picture: NDArray[np.uint8]) -> None:
    cv2.imwrite(str(path), picture[..., ::-1] if picture.ndim == 3 else picture)
