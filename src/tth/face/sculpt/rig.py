"""What moves in the face: sparse blendshapes, lids that turn on the eyeballs, and a few helpers of the painter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tth.face.look import FaceShape
from tth.face.sculpt.assemble import SIDES, Mesh, upper_margin
from tth.face.sculpt.lids import lid_curve
from tth.face.sculpt.maths import Floats, Indices, smoothstep
from tth.face.sculpt.proportions import eye_centre, mouth_line
from tth.face.sculpt.sculpture import (
    DRAPES,
    F32,
    I32,
    JAW_FULL_RAD,
    JAW_PIVOT,
    SHAPES,
    Section,
)
from tth.face.sculpt.shape_space import ShapeSpace
from tth.face.sculpt.shapes_mouth import jaw_oval, mouth_shapes
from tth.face.sculpt.shapes_upper import upper_face_shapes
from tth.face.sculpt.skin import Skin

SMALLEST_MOVE_MM = 0.02
"""Shapes leave out points that move less."""
CLOSED_AT_JAW_OPEN = 0.45
"""mouthClose seals the lips exactly at this jawOpen, and nearly so elsewhere."""


@dataclass(frozen=True)
class SparseShapes:
    """All SHAPES, packed; fields as in Sculpture."""

    start: I32
    index: I32
    offset: F32


@dataclass(frozen=True)
class Lids:
    """Turning lids of both eyes; fields as in Sculpture."""

    start: I32
    index: I32
    upper: F32
    lower: F32
    margin_upper: I32
    margin_lower: I32


def skin_shapes(skin: Skin, shape: FaceShape, jaw_weight: Floats) -> dict[str, Floats]:
    """Displacements (n, 3) of the skin by ARKit name; shapes that only turn lids or eyes have none."""
    space = ShapeSpace(skin, shape)
    shapes = mouth_shapes(space) | upper_face_shapes(space)
    shapes["jawOpen"] = jaw_oval(space)
    shapes["jawForward"] = jaw_weight[:, None] * np.array([0, 0, 6.0])
    shapes["jawLeft"] = jaw_weight[:, None] * np.array([6.0, 0, 0])
    shapes["jawRight"] = -shapes["jawLeft"]
    shapes["mouthClose"] = _mouth_close(skin, shape, jaw_weight)
    return shapes


def _mouth_close(skin: Skin, shape: FaceShape, weight: Floats) -> Floats:
    """Lips that stay together on an open jaw: undo the jaw around the mouth."""
    points = skin.points
    angle = weight * JAW_FULL_RAD * CLOSED_AT_JAW_OPEN
    cos, sin = np.cos(angle), np.sin(angle)
    meeting = np.array([0, -np.sin(JAW_FULL_RAD * CLOSED_AT_JAW_OPEN) * 30, -1.5])
    y = points[:, 1] + meeting[1] - JAW_PIVOT[1] + 1.5 * CLOSED_AT_JAW_OPEN * weight
    z = points[:, 2] + meeting[2] - JAW_PIVOT[2] + 2.0 * CLOSED_AT_JAW_OPEN * weight
    dy = cos * y + sin * z + JAW_PIVOT[1] - points[:, 1]
    dz = -sin * y + cos * z + JAW_PIVOT[2] - points[:, 2]
    move = np.stack([0 * dy, dy, dz], 1) / CLOSED_AT_JAW_OPEN
    across, above = points[:, 0] / (shape.mouth_half_width + 2), (points[:, 1] - mouth_line(shape)) / 10.5
    outside = np.maximum(np.sqrt(across**2 + above**2) - 1, 0)
    near = np.exp(-(outside**2) * 0.8) * (points[:, 2] > -40) * (skin.lip_at < 1.75)
    return np.asarray(move * near[:, None])


def _jaw_slide_of_teeth(mesh: Mesh, direction: tuple[float, float, float]) -> tuple[Indices, Floats]:
    """Lower teeth and tongue follow the slides of the jaw."""
    index = np.r_[mesh.sections[Section.TEETH_LOWER], mesh.sections[Section.TONGUE]]
    return index, mesh.jaw_weight[index][:, None] * np.array(direction)


def pack_shapes(skin_moves: dict[str, Floats], mesh: Mesh) -> SparseShapes:
    """All SHAPES in their order, with what tongue, teeth and clothes do in them."""
    moves: dict[str, list[tuple[Indices, Floats]]] = {name: [] for name in SHAPES}
    for name, move in skin_moves.items():
        index = np.nonzero(np.abs(move).max(1) > SMALLEST_MOVE_MM)[0]
        moves[name].append((index, move[index]))
        moves[name].append((mesh.beard_index, move[mesh.beard_anchor]))
    for name, direction in (("jawForward", (0, 0, 6.0)), ("jawLeft", (6.0, 0, 0)), ("jawRight", (-6.0, 0, 0))):
        moves[name].append(_jaw_slide_of_teeth(mesh, direction))
    moves["tongueOut"].append(_tongue_out(mesh))
    moves["tongueLift"].append(_tongue_lift(mesh))
    moves["teethBack"].append(_teeth_back(mesh))
    moves["breath"].append(_breath(mesh))
    for number, name in enumerate(DRAPES):
        moves[name].append((mesh.drape_index, mesh.drape[:, number]))
    joined = [pair for name in SHAPES for pair in moves[name]]
    counts = [sum(len(index) for index, _ in moves[name]) for name in SHAPES]
    return SparseShapes(
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int32),
        np.concatenate([index for index, _ in joined]).astype(np.int32),
        np.ascontiguousarray(np.concatenate([move for _, move in joined]), np.float32),
    )


def renumbered(shapes: SparseShapes, number: I32) -> SparseShapes:
    """The shapes after vertices have been left out; number: new number of each vertex, -1 where it is gone."""
    moves = np.linalg.norm(shapes.offset, axis=1) > SMALLEST_MOVE_MM
    keep = (number[shapes.index] >= 0) & moves
    start = np.concatenate([[0], np.cumsum(keep)])[shapes.start]
    index = number[shapes.index[keep]].astype(np.int32)
    return SparseShapes(start.astype(np.int32), index, np.ascontiguousarray(shapes.offset[keep]))


def _indices(part: slice) -> Indices:
    return np.arange(part.start, part.stop)


def _tongue_out(mesh: Mesh) -> tuple[Indices, Floats]:
    along, index = mesh.tongue_along, _indices(mesh.sections[Section.TONGUE])
    k = smoothstep(0.25, 1, along)
    rise = 6.6 * smoothstep(0.3, 0.75, along) - 4.0 * smoothstep(0.75, 1, along)
    return index, np.stack([-mesh.points[index, 0] * 0.1 * k, rise, 30.0 * k], 1)


def _tongue_lift(mesh: Mesh) -> tuple[Indices, Floats]:
    """The tip rises behind the upper teeth."""
    along = mesh.tongue_along
    k = smoothstep(0.25, 1, along)
    move = np.stack([0 * along, 11 * smoothstep(0.45, 0.95, along) + 3 * k, -1.5 * k], 1)
    return _indices(mesh.sections[Section.TONGUE]), move


def _teeth_back(mesh: Mesh) -> tuple[Indices, Floats]:
    """Lower teeth out of the way of rolled-in lips while the mouth is shut."""
    index = _indices(mesh.sections[Section.TEETH_LOWER])
    return index, np.tile(np.array([0, -1.0, -6.5]), (len(index), 1))


def _breath(mesh: Mesh) -> tuple[Indices, Floats]:
    """The chest rises and widens."""
    index = _indices(mesh.sections[Section.CLOTH])
    x, z = mesh.points[index, 0].astype(float), mesh.points[index, 2]
    return index, np.stack([0.01 * x, np.full(len(index), 1.6), 1.8 * smoothstep(-100, -30, z)], 1)


def build_lids(skin: Skin, shape: FaceShape, mesh: Mesh) -> Lids:
    """Turning angles of lids and lashes, and the margins that shade the eyeballs."""
    index, upper, lower, margins = [], [], [], []
    for side, (_, lash_section, _) in SIDES.items():
        lid, close_upper, close_lower = _lid_angles(skin, shape, side)
        by_vertex = np.zeros((2, len(skin.points)))
        by_vertex[:, lid] = close_upper, close_lower
        margin = upper_margin(skin, side)
        steps = np.linalg.norm(np.diff(skin.points[margin], axis=0), axis=1)
        along = np.concatenate([[0], np.cumsum(steps)]) / steps.sum()
        lash_turns = [np.interp(mesh.lash_places[lash_section], along, turns[margin]) for turns in by_vertex]
        index.append(np.concatenate([lid, _indices(mesh.sections[lash_section])]))
        upper.append(np.concatenate([close_upper, lash_turns[0]]))
        lower.append(np.concatenate([close_lower, lash_turns[1]]))
        margins.append(_margins_by_x(skin, side))
    return Lids(
        np.array([0, len(index[0]), len(index[0]) + len(index[1])], np.int32),
        np.concatenate(index).astype(np.int32),
        np.concatenate(upper).astype(np.float32),
        np.concatenate(lower).astype(np.float32),
        np.array([pair[0] for pair in margins], np.int32),
        np.array([pair[1] for pair in margins], np.int32),
    )


def _lid_angles(skin: Skin, shape: FaceShape, side: int) -> tuple[Indices, Floats, Floats]:
    """Lid vertices of one eye and the turns (radians) that close its upper and its lower lid."""
    index = np.nonzero((skin.eye_side == side) & (skin.lid_at > -0.9))[0]
    at, angle = skin.lid_at[index], skin.lid_angle[index]
    is_upper = np.sin(angle) >= 0
    x, y = lid_curve(shape, angle)
    _, opposite = lid_curve(shape, -angle)
    top, bottom = np.where(is_upper, y, opposite), np.where(is_upper, opposite, y)
    meeting = bottom + 0.16 * (top - bottom)  # lids meet near the lower one
    radius = shape.eye_radius + 1.5

    def elevation(height: Floats) -> Floats:
        reach = np.sqrt(np.clip(radius**2 - x**2, 25, None))
        return np.asarray(np.arcsin(np.clip(height / reach, -1, 1)))

    drop = elevation(meeting - 0.15) - elevation(top)
    rise = elevation(meeting + 0.1) - elevation(bottom)
    weight = np.where(at > 0, np.clip(at, 0, 1), 0) * 0.86 + 0.14 * smoothstep(-0.6, 0.3, at)
    weight = np.where(at >= 1, 1.0, weight)
    # turning by +angle about x moves y by -z * angle, hence the signs
    return index, np.where(is_upper, -drop * weight, 0.0), np.where(is_upper, 0.0, -rise * weight)


def _margins_by_x(skin: Skin, side: int) -> tuple[Indices, Indices]:
    """Vertices of the upper and lower margin of one eye, from left to right in the picture."""
    margin = np.nonzero((skin.eye_side == side) & (np.abs(skin.lid_at - 1.0) < 1e-6))[0]
    height = np.sin(skin.lid_angle[margin])
    upper, lower = margin[height >= -1e-9], margin[height <= 1e-9]
    x = skin.points[:, 0]
    return upper[np.argsort(x[upper])], lower[np.argsort(x[lower])]


def eye_spheres(shape: FaceShape) -> F32:
    """Centre and radius of the left and right eyeball, (2, 4)."""
    return np.array([[*eye_centre(shape, side), shape.eye_radius] for side in SIDES], np.float32)
