"""Spectacles: two rims, a bridge and two arms that reach the ears. Lengths in millimetres.

The lenses are clear and not drawn; a thin glint along the rim tells that there is glass.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from tth.face.look import FaceShape, GlassesLook
from tth.face.sculpt.maths import Floats, bspline_paths, linear
from tth.face.sculpt.mesh import Part, grid_triangles, join, wound_like_normals
from tth.face.sculpt.scalp import Scalp
from tth.face.sculpt.tube import tube

RIM_POINTS = 40
FORWARD = np.array([0.0, 0.0, 1.0])
CLEARANCE = 2.2
"""Least distance between rim and skin."""
BEND = 0.0032
"""How the front bends back towards the temples: millimetres per square millimetre from the midline."""
GLINT = np.array([1.9, 2.0, 2.1])
"""Brighter than the skin can get, so that a line of half a pixel is still seen."""
SHADOW_SHIFT = (1.6, -4.4)
"""Where the key light throws the frame's shadow on the face, x and y."""
SHADOW_WINDOW = (-72, 72, -40, 40)
"""Left, right, bottom and top of the drawing of the shadow."""
SHADOW_TEXELS_PER_MM = 4.0


@dataclass(frozen=True)
class _Lens:
    """Outline of one lens, seen from the front."""

    half_width: float
    half_height: float
    power: float
    """2 = ellipse; larger is squarer."""
    drop: float
    """Its middle below the pupil."""


LENSES = {"round": _Lens(23.6, 22.2, 2.15, 2.2), "rectangular": _Lens(26.2, 18.0, 4.2, 2.0)}


def build_glasses(look: GlassesLook, shape: FaceShape, skin: Floats, scalp: Scalp) -> Part:
    """The glasses on a face whose skin has these points (n, 3); `tint` is linear colour. Empty without a frame."""
    if look.frame == "none":
        return empty_part()
    across, deep = look.thickness / 2, max(look.thickness * 0.42, 0.5)
    left, right = (_rim_path(look, shape, side) for side in (1, -1))
    lift = max(_lift(path, skin) for path in (left, right))
    parts = []
    for side, path in ((1, left), (-1, right)):
        path[:, 2] += lift
        parts.append(tube(path, across, deep, FORWARD, closed=True))
        parts.append(_arm(path, look, side, scalp))
    parts.append(_bridge(left, right, across, deep))
    frame = join(parts)
    frame = replace(frame, tint=np.ones((len(frame.points), 3)) * linear(look.colour), along=None)
    return join([wound_like_normals(frame), *(_glint(path, across) for path in (left, right))])


def empty_part() -> Part:
    """Nothing, with the fields of a worn thing."""
    nothing = np.zeros((0, 3))
    return Part(nothing, np.zeros((0, 3), int), normals=nothing, tint=nothing)


def _outline(look: GlassesLook, shape: FaceShape, side: int, count: int) -> Floats:
    """The rim seen from the front, (count, 2); starts at the outer end and runs over the top."""
    lens = LENSES[look.frame]
    angle = np.arange(count) / count * 2 * np.pi
    cos, sin = np.cos(angle), np.sin(angle)
    reach = (np.abs(cos) ** lens.power + np.abs(sin) ** lens.power) ** (-1 / lens.power)
    narrow = 1 + 0.05 * sin  # a little wider above
    x = shape.eye_spacing + 1.0 + lens.half_width * look.size * reach * cos * narrow
    y = shape.eye_height - lens.drop + lens.half_height * look.size * reach * sin
    return np.stack([side * x, y], 1)


def _rim_path(look: GlassesLook, shape: FaceShape, side: int) -> Floats:
    flat = _outline(look, shape, side, RIM_POINTS)
    z = 14.0 - BEND * flat[:, 0] ** 2 + 0.05 * (flat[:, 1] - shape.eye_height)
    return np.concatenate([flat, z[:, None]], 1)


def _lift(path: Floats, skin: Floats) -> float:
    """How far a rim must come forward to clear the skin."""
    front = skin[skin[:, 2] > -30]
    near = ((path[:, None, :2] - front[None, :, :2]) ** 2).sum(-1) < 9.0
    highest = np.where(near, front[None, :, 2], -99.0).max(1)
    return float(np.max(highest + CLEARANCE - path[:, 2]))


def _bridge(left: Floats, right: Floats, across: float, deep: float) -> Part:
    """A bow between the inner ends of the rims."""
    inner = RIM_POINTS // 2 - 4  # the inner side, above the middle
    a, b = right[inner], left[inner]
    k = np.linspace(0, 1, 9)[:, None]
    path = a * (1 - k) + b * k + np.array([0, 3.2, 1.6]) * np.sin(np.pi * k)
    return tube(path, max(across, 0.75), max(deep, 0.7), FORWARD)


def _arm(rim: Floats, look: GlassesLook, side: int, scalp: Scalp) -> Part:
    """From the rim's outer end back over the ear."""
    hinge = rim[2]
    way = np.array([
        hinge, hinge + np.array([side * 3.0, 0.8, -4.0]), [side * 66.0, 8.5, -30.0], [side * 72.0, 9.0, -60.0],
        [side * 74.0, 8.0, -84.0], [side * 72.0, -2.0, -98.0],
    ])  # fmt: skip
    way[2:] = scalp.push_out(way[2:], np.full(4, 2.0))
    path = bspline_paths(way[:, None], 14)[0]
    return tube(path, min(0.55 + 0.35 * look.thickness, 1.6), 0.7, np.array([float(side), 0.0, 0.0]), sides=5)


def _glint(rim: Floats, across: float) -> Part:
    """Two thin arcs of light inside the rim, on the side of the key light."""
    middle = rim.mean(0)
    parts = []
    for start, end, inset, width in ((0.66, 1.10, 1.7, 0.34), (0.74, 0.92, 3.1, 0.22)):
        angle = np.linspace(start, end, 9) * np.pi
        place = (angle / (2 * np.pi) * RIM_POINTS) % RIM_POINTS
        if middle[0] < 0:  # the right rim runs the other way round
            place = (RIM_POINTS / 2 - place) % RIM_POINTS
        i, f = place.astype(int), (place % 1)[:, None]
        edge = rim[i] * (1 - f) + rim[(i + 1) % RIM_POINTS] * f
        inward = middle - edge
        inward /= np.linalg.norm(inward, axis=1, keepdims=True)
        half = (width * np.sin(np.pi * np.linspace(0, 1, 9)))[:, None]
        line = edge + inward * (across + inset)
        points = np.stack([line + inward * half, line - inward * half], 1).reshape(-1, 3)
        normals = np.broadcast_to(FORWARD, points.shape)
        parts.append(Part(points, grid_triangles(9, 2), normals=normals, tint=np.ones((18, 3)) * GLINT))
    return wound_like_normals(join(parts))


def frame_shadow(look: GlassesLook, shape: FaceShape) -> NDArray[np.float32]:
    """Soft shadow 0..1 of the rims over SHADOW_WINDOW, seen from the front; row 0 is the top."""
    left, right, bottom, top = SHADOW_WINDOW
    scale = SHADOW_TEXELS_PER_MM
    picture = np.zeros((int((top - bottom) * scale), int((right - left) * scale)), np.float32)
    for side in (1, -1):
        flat = _outline(look, shape, side, 64) + np.array(SHADOW_SHIFT)
        pixels = np.stack([(flat[:, 0] - left) * scale, (top - flat[:, 1]) * scale], 1)
        width = max(round((look.thickness + 0.8) * scale), 1)
        cv2.polylines(picture, [np.round(pixels).astype(np.int32)], True, 1.0, width, cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 1.5 * scale), np.float32)


def shadow_at(picture: NDArray[np.float32], x: Floats, y: Floats) -> Floats:
    """The shadow at face positions (x, y), any shape; 0 outside the window."""
    left, _, _, top = SHADOW_WINDOW
    column, row = (x - left) * SHADOW_TEXELS_PER_MM, (top - y) * SHADOW_TEXELS_PER_MM
    sampled = cv2.remap(picture, column.astype(np.float32), row.astype(np.float32), cv2.INTER_LINEAR, borderValue=0)
    return np.asarray(sampled, float)
