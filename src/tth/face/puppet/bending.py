"""The grids of nodes that a shot's picture hangs on, with what every shape does to each node.

There are three movements: of the whole picture, and, finer and around the mouth only, of the skin above the lips and
of the skin below. All pixels are those of the shot.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tth.face.puppet.control_points import ControlPoints, control_points
from tth.face.puppet.landmarks import Floats
from tth.face.puppet.portrait import Portrait
from tth.face.puppet.shapes import displacements
from tth.face.puppet.spline import product, thin_plate
from tth.face.puppet.view import View

F32 = NDArray[np.float32]

CELLS_PER_EYE_DISTANCE = 11
MOUTH_CELLS_PER_EYE_DISTANCE = 22
MOUTH_REACH = (1.05, 0.80)
"""Half width and height of the mouth's grids in eye distances."""
FACE_CENTRE_Y = 0.45
FACE_RADII = (1.55, 1.75)
"""Expressions die away outside this ellipse, in eye distances."""


@dataclass(frozen=True, slots=True)
class BentGrid:
    """Nodes at rest, and what moves them."""

    left: int
    top: int
    step: int
    width: int
    height: int
    nodes: F32
    """(height * width, 2)"""
    basis: F32
    """Pixels at weight 1 of each shape, (shapes, height * width * 2)."""
    depth: F32
    head: F32
    chest: F32
    """Share of the breath, (height * width,)."""


@dataclass(frozen=True, slots=True)
class Rig:
    """Everything that bends one portrait in one shot."""

    picture: BentGrid
    above_lips: BentGrid
    below_lips: BentGrid


def build_rig(portrait: Portrait, view: View) -> Rig:
    """Some 50 ms of CPU at 512x512."""
    at = {name: view.frame.of(view.shot(point)) for name, point in portrait.points.items()}
    seam = view.frame.of(view.shot(portrait.seam))
    points = control_points(at, seam)
    moves = displacements(points)
    maker = _GridMaker(portrait, view, points, moves, seam)
    step = step_of(view)
    margin = -(-view.margin_px // step) * step
    columns, rows = (-(-(size + 2 * margin) // step) + 1 for size in (view.width_px, view.height_px))
    picture = maker.grid(-margin, -margin, step, columns, rows, "both")
    fine = max(int(view.unit_px / MOUTH_CELLS_PER_EYE_DISTANCE), 1)
    centre = view.frame.pixels(points.mouth_centre)
    reach_x, reach_y = (int(reach * view.unit_px / fine) + 1 for reach in MOUTH_REACH)
    left, top = int(centre[0]) - reach_x * fine, int(centre[1]) - reach_y * fine
    above, below = (maker.grid(left, top, fine, 2 * reach_x + 1, 2 * reach_y + 1, skin) for skin in ("above", "below"))
    return Rig(picture, above, below)


def step_of(view: View) -> int:
    """Pixels between the nodes of the whole picture's grid."""
    return max(int(view.unit_px / CELLS_PER_EYE_DISTANCE), 2)


class _GridMaker:
    """Evaluates the splines of one face on grids."""

    def __init__(self, portrait: Portrait, view: View, points: ControlPoints, moves: Floats, seam: Floats) -> None:
        self.portrait, self.view, self.points, self.moves, self.seam = portrait, view, points, moves, seam
        self.chin_y = float(view.frame.of(view.shot(portrait.points["chin"]))[1])

    def grid(self, left: int, top: int, step: int, columns: int, rows: int, skin: str) -> BentGrid:
        """One grid for the whole picture (skin "both") or the skin "above" or "below" the lips."""
        row, column = np.mgrid[0:rows, 0:columns]
        nodes = np.stack([left + column * step, top + row * step], -1).reshape(-1, 2).astype(float)
        at = self.view.frame.of(nodes)
        if skin == "both":
            lower = self._below_share(at)[:, None]
            basis = (1 - lower) * self._basis(at, self.points.is_upper) + lower * self._basis(at, self.points.is_lower)
        else:
            basis = self._basis(at, self.points.is_upper if skin == "above" else self.points.is_lower)
        width = self.portrait.picture.shape[1]
        depth, head = (self.view.sample(m, nodes[None], width)[0] for m in (self.portrait.depth, self.portrait.head))
        chest = np.clip((at[:, 1] - self.chin_y - 0.05) / 0.7, 0, 1) * (1 - np.clip(head, 0, 1))
        flat = np.ascontiguousarray(basis, np.float32).reshape(len(basis), -1)
        rest = nodes.astype(np.float32)
        return BentGrid(left, top, step, columns, rows, rest, flat, depth, head, chest.astype(np.float32))

    def _basis(self, at: Floats, chosen: NDArray[np.bool_]) -> Floats:
        """What every shape does at places `at`, (shapes, n, 2) in pixels."""
        away = np.hypot(at[:, 0] / FACE_RADII[0], (at[:, 1] - FACE_CENTRE_Y) / FACE_RADII[1])
        fade = np.clip((1.25 - away) / 0.35, 0, 1)
        near = fade > 0
        spline = thin_plate(self.points.positions[chosen], at[near]) * fade[near, None]
        out = np.zeros((len(self.moves), len(at), 2))
        moves = self.moves[:, chosen].transpose(1, 0, 2)
        moved = product(spline, moves.reshape(len(moves), -1)).reshape(-1, *moves.shape[1:])
        out[:, near] = self.view.frame.vectors(moved.transpose(1, 0, 2))
        return out

    def _below_share(self, at: Floats) -> Floats:
        """1 for skin that follows the lower lip, 0 for the upper: a step at the lips, a ramp beyond the corners."""
        x, y = (at - self.points.mouth_centre).T
        line = self.seam - self.points.mouth_centre
        half = self.points.mouth_half_width
        beyond = np.clip((np.abs(x) - half * 0.9) / (half * 1.2), 0, 1)
        share = np.clip(0.5 + 0.5 * (y - np.interp(x, line[:, 0], line[:, 1])) / (0.02 + 0.42 * beyond), 0, 1)
        return np.asarray(share * share * (3 - 2 * share))
