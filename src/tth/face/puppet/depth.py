"""How far each part of a picture stands forward, which part turns with the head, and from where it is lit.

A turning head is a shift of every pixel by its depth, so the depth must be smooth where the picture is one surface and
must not tear it: gaps are closed, hair is blurred, and the silhouette lies at the turning axis, so that the face slides
across it. All maps are small: one eye distance is CELLS_PER_EYE_DISTANCE cells.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tth.face.puppet.landmarks import FaceFrame, Floats, Points

F32 = NDArray[np.float32]

CELLS_PER_EYE_DISTANCE = 40.0
PIVOT_DEPTH = -0.20
"""Depth of the axis about which the head turns: the generic head's, in eye distances before the plane of its ears."""
RIM_DEPTH = -0.15
EYE_DEPTH = 0.62
"""Depth of the eyes' corners; depth maps are moved so that theirs are here."""


@dataclass(frozen=True, slots=True)
class Relief:
    """Maps over the whole picture, (h, w) float32 each."""

    depth: F32
    """Eye distances towards the viewer."""
    head: F32
    """Share of the head's turn, 0..1."""


class DepthGrid:
    """Face coordinates of the cells of a map over a picture."""

    def __init__(self, frame: FaceFrame, points: Points, width_px: int, height_px: int) -> None:
        scale = CELLS_PER_EYE_DISTANCE / frame.eye_distance_px
        self.size = max(round(width_px * scale), 8), max(round(height_px * scale), 8)
        row, column = np.mgrid[0 : self.size[1], 0 : self.size[0]]
        pixels = np.stack([(column + 0.5) * width_px / self.size[0], (row + 0.5) * height_px / self.size[1]], -1)
        at = frame.of(pixels)
        self.x, self.y = at[..., 0], at[..., 1]
        self.points = {name: frame.of(point) for name, point in points.items()}
        left, right = self.points["left_temple"], self.points["right_temple"]
        self.middle_x, self.half_width = float(left[0] + right[0]) / 2, float(left[0] - right[0]) / 2
        self.chin_y, self.top_y = float(self.points["chin"][1]), float(self.points["hairline"][1])

    def fit(self, image: NDArray[np.generic]) -> F32:
        """A map over the picture in this grid's cells."""
        return np.asarray(cv2.resize(image.astype(np.float32), self.size, interpolation=cv2.INTER_AREA), np.float32)

    def share(self, image: NDArray[np.generic]) -> F32:
        """The same for 0..255, as 0..1."""
        return self.fit(image) / np.float32(255)


def build_relief(grid: DepthGrid, depth: F32 | None, head: F32 | None, matte: F32 | None) -> Relief:
    """What a turn needs, from what the look brings; None = made from the landmarks.

    depth: NaN where nothing is there; head, matte: 0..1. All in the grid's cells.
    """
    weight = _generic_head(grid, matte) if head is None else head
    body = weight > 0.5
    if depth is None:
        surface = _generic_depth(grid)
    else:
        body &= np.isfinite(depth)
        surface = np.nan_to_num(depth - _at_eyes(grid, depth) + EYE_DEPTH, nan=-1.0)
    return Relief(_turnable(grid, surface.astype(np.float32), body), _wide(weight))


def light_of(grid: DepthGrid, depth: F32, luminance: F32) -> Floats:
    """How brightness depends on the direction of the skin: (constant, x, y, z), the least-squares fit over the face.

    A surface of one colour under any far lights is so described to first order (Ramamoorthi & Hanrahan 2001).
    luminance: linear light 0..1 in the grid's cells.
    """
    face = _inside_face(grid, 0.85) > 0.5
    normal = normals(depth)
    rows = np.concatenate([np.ones((int(face.sum()), 1)), normal[face]], 1)
    values = luminance[face] / max(float(np.median(luminance[face])), 1e-3)
    usual = np.abs(np.log(np.maximum(values, 1e-2))) < 0.7  # not brows, nostrils, eyes, highlights
    rows, values = rows[usual], values[usual]
    tame = 0.02 * len(rows) * np.diag([0, 1, 1, 1])
    return np.asarray(np.linalg.solve(rows.T @ rows + tame, rows.T @ values), float)


def normals(depth: F32) -> Floats:
    """Unit normals of a depth map, (h, w, 3): x right, y down, z to the viewer."""
    smooth = cv2.GaussianBlur(depth, (0, 0), 0.06 * CELLS_PER_EYE_DISTANCE)
    down, right = np.gradient(smooth * CELLS_PER_EYE_DISTANCE)
    normal = np.stack([-right, -down, np.ones_like(right)], -1)
    return np.asarray(normal / np.linalg.norm(normal, axis=-1, keepdims=True))


def _at_eyes(grid: DepthGrid, depth: F32) -> float:
    """Median depth around the eyes' corners."""
    spots = []
    for name in ("left_eye_inner", "left_eye_outer", "right_eye_inner", "right_eye_outer"):
        x, y = grid.points[name]
        spots.append(depth[np.hypot(grid.x - x, grid.y - y) < 0.12])
    values = np.concatenate(spots)
    values = values[np.isfinite(values)]
    return float(np.median(values)) if len(values) else 0.0


def _generic_depth(grid: DepthGrid) -> Floats:
    """An ellipsoid with a nose and lips."""
    at, x, y = grid.points, grid.x, grid.y
    radius_x, radius_y = grid.half_width * 1.12, (grid.chin_y - grid.top_y) / 2 * 1.30
    round_ = 1 - ((x - grid.middle_x) / radius_x) ** 2 - ((y - (grid.chin_y + grid.top_y) / 2) / radius_y) ** 2
    depth = 1.05 * np.sqrt(np.clip(round_, 0, 1)) + RIM_DEPTH
    tip_x, tip_y = at["nose_tip"]
    along = np.clip(y / max(tip_y, 0.1), 0, 1.25)
    ridge = np.where(along <= 1, along, np.clip(1 - (along - 1) / 0.22, 0, 1))
    depth = depth + 0.30 * ridge * np.exp(-(((x - tip_x) / 0.16) ** 2))
    lips = ((x - grid.middle_x) / 0.3) ** 2 + ((y - at["lip_seam"][1]) / 0.2) ** 2
    return np.asarray(depth + 0.08 * np.exp(-lips))


def _generic_head(grid: DepthGrid, matte: F32 | None) -> F32:
    """Head and hair: an ellipse about the face; below the chin the weight fades into the neck."""
    top = grid.top_y - 0.55
    middle_y, radius_y = (top + grid.chin_y) / 2, (grid.chin_y - top) / 2
    away = np.hypot((grid.x - grid.middle_x) / (grid.half_width * 1.25), (grid.y - middle_y) / (radius_y * 1.05))
    weight = np.clip((1.55 - away) / 0.55, 0, 1)
    if matte is not None:
        hair = np.clip((grid.chin_y + 0.1 - grid.y) / 0.5, 0, 1)
        weight = np.maximum(weight, hair) * (matte > 0.5)
    return weight.astype(np.float32)


def _inside_face(grid: DepthGrid, share: float) -> F32:
    """1 in an ellipse inside the outline of the face, softly 0 outside."""
    middle_y, half_height = (grid.chin_y + grid.top_y) / 2, (grid.chin_y - grid.top_y) / 2
    away = np.hypot((grid.x - grid.middle_x) / (share * grid.half_width), (grid.y - middle_y) / (share * half_height))
    return _blur(np.clip((1.0 - away) / 0.3, 0, 1).astype(np.float32), 0.05)


def _turnable(grid: DepthGrid, surface: F32, body: NDArray[np.bool_]) -> F32:
    """Close gaps, smooth (hair much, the face little), bring the silhouette to the axis, carry the rim outwards."""
    filled = _closed(np.where(body, surface, -9).astype(np.float32), 0.8)
    is_there = (filled > -8).astype(np.float32)
    filled = np.where(is_there > 0, filled, 0).astype(np.float32)
    face = _inside_face(grid, 0.97)
    depth = _spread(filled, is_there, 0.32) * (1 - face) + _spread(filled, is_there, 0.06) * face
    inside = np.clip(_distance_to_rim(body) / (0.60 * CELLS_PER_EYE_DISTANCE), 0, 1)
    depth = RIM_DEPTH + (depth - RIM_DEPTH) * (0.12 + 0.88 * inside * inside * (3 - 2 * inside))
    outside = _spread(depth.astype(np.float32), is_there, 0.5)
    return _blur(np.where(is_there > 0, depth, outside).astype(np.float32), 0.05)


def _distance_to_rim(body: NDArray[np.bool_]) -> F32:
    """Cells to the silhouette; the neck does not end where the head's weight does."""
    solid = body.astype(np.uint8)
    rows = np.flatnonzero(body.any(1))
    if len(rows):
        last = max(int(rows[-1]) - 2, 0)
        solid[last:] = solid[last]
    solid = np.pad(solid, 1)
    solid[-1] = solid[-2]
    return np.asarray(cv2.distanceTransform(solid, cv2.DIST_L2, 5)[1:-1, 1:-1], np.float32)


def _wide(weight: F32) -> F32:
    """The head's weight reaches well past the silhouette, so that what is behind it stretches instead of tearing."""
    return _blur(np.asarray(cv2.dilate(weight, _disc(0.55)), np.float32), 0.26)


def _closed(image: F32, radius: float) -> F32:
    return np.asarray(cv2.erode(cv2.dilate(image, _disc(radius)), _disc(radius)), np.float32)


def _disc(diameter: float) -> NDArray[np.uint8]:
    cells = int(diameter * CELLS_PER_EYE_DISTANCE) | 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (cells, cells)), np.uint8)


def _blur(image: F32, sigma: float) -> F32:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma * CELLS_PER_EYE_DISTANCE), np.float32)


def _spread(image: F32, is_there: F32, sigma: float) -> F32:
    """A blur that takes only from where something is."""
    return np.asarray(_blur(image * is_there, sigma) / np.maximum(_blur(is_there, sigma), 1e-3), np.float32)
