"""The parts of a bent picture that are drawn anew in every frame: both eyes, and the mouth."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tth.face.parameters import FaceState
from tth.face.puppet import kernels_eye, kernels_mouth
from tth.face.puppet.bending import BentGrid, Rig
from tth.face.puppet.eyes import EyeShape
from tth.face.puppet.gestures import EYEBALL_TO_IRIS, eye_move, light_in_mouth, tongue_move
from tth.face.puppet.kernels import invert, pack
from tth.face.puppet.landmarks import Floats
from tth.face.puppet.mouth import SPRITE_SCALE, teeth, tongue
from tth.face.puppet.portrait import Portrait
from tth.face.puppet.portrait_look import SIDES
from tth.face.puppet.view import View

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]
U64 = NDArray[np.uint64]
U8 = NDArray[np.uint8]

REFERENCE_PX = 107.0
"""Eye distance at which lengths of the mouth's shading were chosen, in pixels."""
LIP_BAND = 0.15
"""How far from the line between the lips they are drawn anew, in eye distances."""
MOUTH_REACH = (0.62, 0.40, 0.78)
"""To the sides, up and down from the middle of the mouth, in eye distances: no opening goes further."""
ANCHOR_REACH = 0.05
"""Between the places by which the turn of the teeth is measured, in eye distances."""
STILL_PX = 0.1
"""Lids that move less keep the skin around them as it is; a little below the kernel's own limit."""
TEETH_DEPTH = -0.06
"""Behind the lips, in eye distances."""


class HeadPoint:
    """A place of the portrait that turns with the head."""

    def __init__(self, portrait: Portrait, view: View, at: Floats, behind: float = 0.0) -> None:
        self._x, self._y = float(at[0]), float(at[1])
        place = np.asarray(at, float)[None, None]
        width = portrait.picture.shape[1]
        depth, self._head = (float(view.sample(m, place, width)[0, 0]) for m in (portrait.depth, portrait.head))
        self._depth = depth + behind

    def turned(self, pose: Sequence[float]) -> tuple[float, float]:
        """Where it is in this frame; the same as kernels.bend_nodes without expression and breath."""
        unit, camera = pose[12], pose[13]
        x, y, z = (self._x - pose[9]) / unit, (self._y - pose[10]) / unit, self._depth - pose[11]
        nearer = (camera - z) / (camera - (pose[6] * x + pose[7] * y + pose[8] * z)) * unit
        turned_x = pose[9] + (pose[0] * x + pose[1] * y + pose[2] * z) * nearer + pose[14]
        turned_y = pose[10] + (pose[3] * x + pose[4] * y + pose[5] * z) * nearer + pose[15]
        return self._x + self._head * (turned_x - self._x), self._y + self._head * (turned_y - self._y)


def planes(image: U8) -> U8:
    """A plate (h, w, 3 or 4) as four planes (4, h, w); without alpha it is opaque."""
    if image.shape[2] == 3:
        image = np.dstack([image, np.full(image.shape[:2], 255, np.uint8)])
    return np.ascontiguousarray(image.transpose(2, 0, 1))


def packed(plain: U8) -> U64:
    """Planes with the channels in the lanes of a uint64."""
    out = np.zeros(plain.shape[1:], np.uint64)
    pack(plain, out)
    return out


class EyePart:
    """One eye of one painter."""

    def __init__(self, portrait: Portrait, view: View, number: int, shut: U64, balls: U64) -> None:
        self._side, self._view, self._plates = SIDES[number], view, (shut, balls)
        eye = portrait.eye(number)
        corner, k = view.shot(eye.corner), view.scale
        self._upper, self._lower = (eye.upper * k).astype(np.float32), (eye.lower * k).astype(np.float32)
        self._reach = (eye.room_above * k - float(self._upper.min()), eye.room_below * k + float(self._lower.max()))
        self._shape = np.array(
            [*corner, *eye.axis, eye.length * k, eye.room_above * k, eye.room_below * k, portrait.lash_length[0],
             *view.shot(eye.iris), eye.iris_radius * k, _skin_light(portrait, eye)],
            np.float32,
        )  # fmt: skip
        self._height = -float(self._upper.min()), float(self._lower.max())
        ends = (corner, corner + eye.axis * eye.length * k)
        self._ends = [HeadPoint(portrait, view, end) for end in ends]
        self._shadow = 0.30 if portrait.lash_length[0] > 0.1 else 0.15
        self._move = np.zeros(kernels_eye.MOVE_VALUES, np.float32)
        self._line = kernels_eye.Line(*np.zeros((len(kernels_eye.Line._fields), view.width_px), np.float32))

    def draw(self, state: FaceState, pose: Sequence[float], source: F32, step: int, lit: U64, out: U8) -> None:
        """Draw it into `out`, which holds the bent picture."""
        move, length = eye_move(state, self._side), float(self._shape[kernels_eye.LENGTH])
        ball = EYEBALL_TO_IRIS * float(self._shape[kernels_eye.IRIS_RADIUS])
        most = 0.30 * length
        self._move[:] = (
            move.upper, move.lower, min(max(move.right * ball, -most), most), move.down * ball, self._shadow,
        )  # fmt: skip
        (ax, ay), (bx, by) = (end.turned(pose) for end in self._ends)
        pad = (0.25 if move.upper > 0.25 else 0.17) * length + 2
        slack = 0.06 * self._view.unit_px + 2
        opening = self._height[0] + self._height[1]
        above = self._reach[0] if abs(move.upper) * opening > STILL_PX else self._height[0]
        below = self._reach[1] if (abs(move.lower) + max(move.upper, 0.0)) * opening > STILL_PX else self._height[1]
        box = _box(min(ax, bx) - pad, min(ay, by) - above - slack, max(ax, bx) + pad, max(ay, by) + below + slack, out)
        kernels_eye.draw_eye(
            box, source, step, self._view.margin_px, lit, *self._plates, self._upper, self._lower,
            self._shape, self._move, self._line, out,
        )  # fmt: skip


def _skin_light(portrait: Portrait, eye: EyeShape) -> float:
    """How light the shut lid is, 0..255."""
    patch, unit = portrait.shut_eyes, portrait.frame.eye_distance_px
    x, y = eye.corner + eye.axis * eye.length / 2 - portrait.eye_patch[:2]
    reach = max(int(0.06 * unit), 1)
    part = patch[max(int(y) - 2 * reach, 0) : int(y) + 1, max(int(x) - reach, 0) : int(x) + reach]
    lights = np.sort(part.mean(-1), axis=None)  # their median: np.median would import numpy.ma, a tenth of a start
    return float(lights[(len(lights) - 1) // 2] + lights[len(lights) // 2]) / 2 if len(lights) else 128.0


class MouthPart:
    """The mouth of one painter."""

    def __init__(self, portrait: Portrait, view: View, rig: Rig) -> None:
        self._view, self._rig = view, rig
        unit = view.unit_px
        self._teeth = [teeth(unit, portrait.tooth_tone, is_upper) for is_upper in (True, False)]
        self._tongue = tongue(unit, portrait.tooth_tone)
        points = portrait.points
        right, left = view.shot(points["right_mouth_corner"]), view.shot(points["left_mouth_corner"])
        length = float(np.hypot(*(left - right)))
        axis = (left - right) / length
        seam = view.shot(portrait.seam)
        along, down = (seam - right) @ axis / length, (seam - right) @ np.array([-axis[1], axis[0]])
        self._seam = np.interp(np.linspace(0, 1, 64), along, down).astype(np.float32)
        middle = seam[len(seam) // 2]
        place = [middle, *(middle + view.frame.vectors(d) for d in np.eye(2) * ANCHOR_REACH)]
        self._anchors = [HeadPoint(portrait, view, at, TEETH_DEPTH) for at in place]
        self._middle = HeadPoint(portrait, view, middle)
        self._numbers = np.zeros(kernels_mouth.MOUTH_VALUES, np.float32)
        band, pixel = LIP_BAND * unit, unit / REFERENCE_PX
        self._numbers[: kernels_mouth.SKULL] = (*right, *axis, length, band, pixel)
        step = rig.above_lips.step
        self._size = [int(reach * unit / step) + 1 for reach in (2 * MOUTH_REACH[0], MOUTH_REACH[1] + MOUTH_REACH[2])]
        self._inverse = [np.zeros((self._size[1], self._size[0], 2), np.float32) for _ in range(2)]
        self._away = np.zeros(self._size[0], np.float32)
        self._line = kernels_mouth.Line(*np.zeros((len(kernels_mouth.Line._fields), self._size[0] * step), np.float32))

    def draw(self, state: FaceState, pose: Sequence[float], fields: tuple[F32, F32], lit: U64, out: U8) -> None:
        """Draw it into `out`; fields: where the nodes of the rig's two mouth grids go."""
        unit, grid = self._view.unit_px, self._rig.above_lips
        x, y = self._middle.turned(pose)
        left, top = math.floor(x - MOUTH_REACH[0] * unit), math.floor(y - MOUTH_REACH[1] * unit)
        for field, inverse in zip(fields, self._inverse, strict=True):
            invert(field, grid.left, grid.top, left, top, grid.step, self._away, inverse)
        self._place(state, pose)
        columns, rows = ((size - 1) * grid.step - 1 for size in self._size)
        right, bottom = left + columns - 1, min(math.ceil(y + _mouth_reach_down(state) * unit), top + rows - 1)
        kernels_mouth.draw_mouth(
            _box(left, top, right, bottom, out), self._inverse[0], self._inverse[1], left, top, grid.step,
            self._view.margin_px, lit, self._seam, self._numbers, self._teeth[0], self._teeth[1], self._tongue,
            self._line, out,
        )  # fmt: skip

    def _place(self, state: FaceState, pose: Sequence[float]) -> None:
        """Teeth ride on the skull and the jaw: turned anchors and the turn of the plane they lie in."""
        unit, numbers, k = self._view.unit_px, self._numbers, kernels_mouth
        (cx, cy), (rx, ry), (dx, dy) = (anchor.turned(pose) for anchor in self._anchors)
        reach = ANCHOR_REACH * unit
        a, b, c, d = (rx - cx) / reach, (dx - cx) / reach, (ry - cy) / reach, (dy - cy) / reach
        determinant = a * d - b * c
        if abs(determinant) < 1e-3:
            a, b, c, d, determinant = 1.0, 0.0, 0.0, 1.0, 1.0
        numbers[k.SKULL : k.SKULL + 4] = d / determinant, -b / determinant, -c / determinant, a / determinant
        move, jaw = tongue_move(state), min(max(state.weight("jawOpen"), 0.0), 1.3)
        side = 0.12 * (state.weight("jawLeft") - state.weight("jawRight"))
        tongue_y = (0.045 + 0.17 * jaw) * (1 - move.lift) + move.lift * (0.018 + 0.04 * jaw)
        upper_y = 0.042 - self._teeth[0].shape[0] / SPRITE_SCALE / unit
        for at, x, y in (
            (k.UPPER_AT, 0.0, upper_y),
            (k.LOWER_AT, side, 0.016 + 0.43 * jaw),
            (k.TONGUE_AT, side, tongue_y),
        ):
            numbers[at] = cx + (a * x + b * y) * unit
            numbers[at + 1] = cy + (c * x + d * y) * unit
        numbers[k.LIGHT :] = 1.08 * light_in_mouth(state), 0.80 + 0.30 * move.lift, move.lift, move.out


def _mouth_reach_down(state: FaceState) -> float:
    """How far below its middle the mouth is drawn anew, in eye distances: no further than this face needs."""
    w = state.weight
    lowered = w("mouthFunnel") + w("mouthFrownLeft") + w("mouthFrownRight") + w("mouthLowerDownLeft")
    lowered += w("mouthLowerDownRight") + w("mouthStretchLeft") + w("mouthPucker")
    return min(0.30 + 0.52 * w("jawOpen") + 0.10 * lowered + 0.35 * w("tongueOut"), MOUTH_REACH[2])


def _box(left: float, top: float, right: float, bottom: float, out: U8) -> I32:
    """Whole pixels inside the picture."""
    height, width = out.shape[:2]
    return np.array(
        [max(int(left), 0), max(int(top), 0), min(int(right) + 1, width), min(int(bottom) + 1, height)], np.int32
    )


def moved(grid: BentGrid) -> F32:
    """Room for where a grid's nodes go."""
    return np.zeros((grid.height * grid.width, 2), np.float32)
