"""What clothes have around the neck besides their edge: shirt collars, the roll of a hood, strings. Millimetres."""

from __future__ import annotations

import numpy as np

from tth.face.look import ClothStyle, FaceShape
from tth.face.sculpt.maths import Floats, Indices, bspline_paths, smoothstep
from tth.face.sculpt.mesh import Part, grid_triangles
from tth.face.sculpt.proportions import shoulder_lift
from tth.face.sculpt.torso import Torso
from tth.face.sculpt.tube import tube

EDGE_STRIP, SHIRT_STRIP = 0.962, 0.988
"""Heights on the cloth texture of the strips with the garment's edge and with the shirt below."""
CENTRE_Z = -86.0
LEAF_COLUMNS, LEAF_ROWS = 22, 6


def build_collar(shape: FaceShape, style: ClothStyle, torso: Torso) -> list[Part]:
    """Extra parts that lie on the garment `torso`, with uv, tint (a brightness) and two_sided."""
    wide, lift = 1 + shape.neck_width / 60, shoulder_lift(shape)
    if style in ("shirt", "collared"):
        return [_leaf(side, wide, lift, style == "shirt", torso) for side in (1, -1)]
    if style == "hoodie":
        return [_hood(wide, lift), *(_string(side, wide, lift, torso) for side in (1, -1))]
    return []


def _cloth(part_points: Floats, triangles: Indices, strip: float, tint: Floats) -> Part:
    u = 0.5 + 0.2 * np.sin(part_points[:, 0] * 0.02)
    uv = np.stack([u, np.full(len(part_points), strip)], 1)
    return Part(part_points, triangles, uv=uv, tint=tint, two_sided=np.ones(len(triangles)))


def _leaf(side: int, wide: float, lift: float, open_at_neck: bool, torso: Torso) -> Part:
    """Half of a turned-down collar: from the middle of the neck's back to its point in front."""
    first = 9.0 if open_at_neck else 3.0
    angle = np.radians(np.linspace(first, 180, LEAF_COLUMNS))
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    down = np.linspace(0, 1, LEAF_ROWS)[None]
    front = smoothstep(0.25, 1.0, cos)
    point = smoothstep(0.72, 1.0, cos)
    fold = 5.0 * np.sin(np.pi * np.minimum(down * 1.9, 1.0))  # turned over at the top
    reach = 1.5 + 13.0 * down + (4.0 + 6.0 * point) * down**2
    half_width, half_depth = 51.0 * wide + reach, 45.5 * wide + reach * (1 + 0.45 * front)
    x = half_width * sin + point * down * 13.0
    z = CENTRE_Z + half_depth * cos + 2.0 * front
    top = lift - 145.0 - 27.0 * smoothstep(-0.2, 1, cos)
    y = top + fold - (25.0 + 15.0 * point) * down
    grid = np.stack(np.broadcast_arrays(side * x, y, z), -1)
    lying = np.broadcast_to(smoothstep(0.15, 0.5, down)[..., None], (*x.shape, 1))
    points = (grid + (torso.push_out(grid, 3.2) - grid) * lying).reshape(-1, 3)
    shade = np.broadcast_to(0.92 + 0.10 * smoothstep(0, 0.3, down) - 0.10 * (down > 0.9), x.shape)
    return _cloth(points, grid_triangles(LEAF_COLUMNS, LEAF_ROWS, flip=side > 0), SHIRT_STRIP, shade.ravel())


def _hood(wide: float, lift: float) -> Part:
    """The hood lying around the neck, thick behind and closed in front."""
    angle = np.arange(44) / 44 * 2 * np.pi
    cos, sin = np.cos(angle), np.sin(angle)
    back = smoothstep(0.5, -1, cos)
    y = lift - 160.0 - 33 * smoothstep(-0.2, 1, cos) + 10 * back
    path = np.stack([(60 * wide + 8 * back) * sin, y, CENTRE_Z + (52 * wide + 8 * back) * cos], 1)
    outward = np.stack([sin, 0.9 + 0 * sin, cos], 1)
    roll = tube(path, 13 + 7 * back, 8 + 8 * back, outward, sides=12, closed=True)
    shade = 0.97 + 0.03 * np.cos(9 * angle)
    return _cloth(roll.points, roll.triangles, EDGE_STRIP, np.repeat(shade, 12))


def _string(side: int, wide: float, lift: float, torso: Torso) -> Part:
    """A cord that hangs from the hood."""
    way = np.array([[11.0, -181, -24], [14, -188, -17], [16, -204, -16], [17, -226, -14], [18, -246, -12]])
    way[:, 0] *= side * wide
    way[:, 1] += lift - 13
    path = torso.push_out(bspline_paths(way[:, None], 12)[0], 2.5)
    cord = tube(path, 1.9, 1.9, np.array([0, 0, 1.0]), sides=6)
    return _cloth(cord.points, cord.triangles, SHIRT_STRIP, np.full(len(cord.points), 0.95))
