"""Beards: short locks rooted on the skin, which follow it wherever jaw and lips take it. Millimetres.

Where a beard grows is decided here for both the locks and the painted ground below them (skin_paint.py).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import cKDTree

from tth.face.look import BeardLook, BeardStyle, FaceShape
from tth.face.raster.deform import vertex_normals
from tth.face.sculpt.grow import strewn
from tth.face.sculpt.locks import greyed, ribbon
from tth.face.sculpt.maths import Floats, Indices, Randoms, bell, smoothstep, unit
from tth.face.sculpt.mesh import Part, join
from tth.face.sculpt.proportions import on_average
from tth.face.sculpt.skin import Skin

LEAST_AMOUNT = 0.25
"""Where less beard grows, there are no locks, only painted hairs."""
STEPS = np.array([0.0, 0.38, 0.72, 1.0])
"""Where a lock has its points, from root to tip."""
# The upper border beside and below the mouth: distance from the midline, height on the average face.
BORDER = ((0, 5, 9, 17, 23, 28, 38, 50, 60, 68), (-81, -83, -86, -84, -76, -54, -54, -44, -26, -8))


@dataclass(frozen=True)
class _Cut:
    """How one style is cut."""

    spacing: float
    """Distance of neighbouring locks."""
    length: float
    """Length on the cheek."""
    chin: float
    """What the chin's hairs are longer."""
    rise: float
    """How far the hairs stand off."""
    half_width: float


CUTS: dict[BeardStyle, _Cut] = {
    "moustache": _Cut(2.5, 8.0, 0.0, 1.6, 1.5),
    "goatee": _Cut(2.8, 7.0, 7.0, 1.8, 1.6),
    "short": _Cut(3.9, 8.5, 2.0, 1.0, 1.1),
    "full": _Cut(3.8, 17.0, 11.0, 4.0, 1.8),
}


@dataclass(frozen=True)
class Beard:
    """The locks, and the skin they grow from."""

    part: Part
    """Normals, tangents, uv; `tint` is linear colour."""
    anchor: Indices
    """Skin vertex that each of the part's vertices follows, (n,)."""


def beard_area(style: BeardStyle, mouth_height: float, x: Floats, y: Floats, z: Floats) -> Floats:
    """How much beard grows at points of the average face, 0..1; x = distance from the midline."""
    moustache = (
        bell(y - mouth_height - 13.6 + 0.009 * x * x, 5.6) ** 0.7 * smoothstep(33, 27, x) * smoothstep(-20, 0, z)
    )
    moustache = moustache * (0.35 + 0.65 * smoothstep(1.0, 4.5, x))  # thin below the nose
    if style == "moustache":
        return moustache
    border = np.interp(x, *BORDER)
    jaw = smoothstep(4, -5, y - border) * smoothstep(-126, -113, y + 0.10 * (z + 20)) * smoothstep(-90, -76, z)
    if style == "goatee":
        jaw = jaw * smoothstep(33, 24, x)
    return np.maximum(jaw, moustache)


def build_beard(look: BeardLook, shape: FaceShape, skin: Skin, rng: Randoms) -> Beard | None:
    """The locks of one person's beard; None where there is none."""
    if look.style == "none":
        return None
    cut = CUTS[look.style]
    roots, normals, corners, amount = _roots(look.style, shape, skin, cut.spacing, rng)
    above_lip = on_average(shape, roots[:, 1]) > shape.mouth_height
    above_lip &= np.abs(roots[:, 0]) < 30
    locks = [
        _lock(look, cut, shape, roots[i], normals[i], bool(above_lip[i]), float(amount[i]), rng)
        for i in range(len(roots))
    ]
    part = join(locks)
    anchor = np.repeat(corners, len(STEPS) * 2)
    near_lip = np.repeat(above_lip, len(STEPS) * 2)  # these follow the skin that they lie on, not only their root's
    around = np.nonzero((skin.lip_at < 0.2) & (skin.points[:, 2] > -30))[0]
    anchor[near_lip] = around[cKDTree(skin.points[around]).query(part.points[near_lip])[1]]
    return Beard(part, anchor)


def _roots(
    style: BeardStyle, shape: FaceShape, skin: Skin, spacing: float, rng: Randoms
) -> tuple[Floats, Floats, Indices, Floats]:
    """Evenly strewn roots with their normals, nearest skin vertices and amounts of beard."""
    faces = skin.triangles[(skin.lip_at[skin.triangles] < -0.35).all(1)]
    corners = skin.points[faces]
    middle = corners.mean(1)
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) / 2
    weight = area * _amount(style, shape, middle)
    count = int(6 * weight.sum() / spacing**2)
    face = rng.choice(len(faces), count, p=weight / weight.sum())
    share = rng.dirichlet((1, 1, 1), count)
    points = (corners[face] * share[..., None]).sum(1)
    amount = _amount(style, shape, points)
    enough = np.flatnonzero(amount >= LEAST_AMOUNT)
    keep = enough[strewn(points[enough], spacing)]
    normals = np.zeros(skin.points.shape, np.float32)
    vertex_normals(skin.points.astype(np.float32), skin.triangles.astype(np.int32), normals)
    face, share = face[keep], share[keep]
    blended = unit((normals[faces[face]].astype(float) * share[..., None]).sum(1))
    return points[keep], blended, faces[face, share.argmax(1)], amount[keep]


def _amount(style: BeardStyle, shape: FaceShape, points: Floats) -> Floats:
    x, y, z = points.T
    return beard_area(style, shape.mouth_height, np.abs(x), on_average(shape, y), z)


def _lock(
    look: BeardLook, cut: _Cut, shape: FaceShape, root: Floats, normal: Floats, above_lip: bool, amount: float,
    rng: Randoms,
) -> Part:  # fmt: skip
    """One lock: leaves the skin, then bends down."""
    side, x = np.sign(root[0]), abs(root[0])
    y = float(on_average(shape, root[1]))
    chin = float(smoothstep(34, 14, x) * smoothstep(-84, -98, y))
    length = (cut.length + cut.chin * chin) * look.length * (0.8 + 0.4 * rng.uniform()) * (0.55 + 0.45 * amount)
    if above_lip:
        down = np.array([side * min(0.35 + x / 14, 1.5), -1.0, 0.15])
        # the tips end at the border of the lip's red
        room = (y - shape.mouth_height - shape.lip_upper * (1 - 0.5 * min(x / shape.mouth_half_width, 1.0))) * 1.15
        length = min(length, max(room * np.hypot(1.0, down[0]), 2.0))
        rise = min(cut.rise, 1.8)
    else:
        down = np.array([-side * 0.10, -1.0, 0.22])
        rise = cut.rise * look.length * (0.35 + 0.65 * amount)
    along = unit(down - normal * (normal @ down) * (1.0 if above_lip else 0.8))
    along = unit(along + 0.10 * rng.normal(size=3))
    t = STEPS[:, None]
    path = root - normal * 0.4 + along * (length * t) + normal * (rise * np.sin(1.9 * t))
    if not above_lip:
        path = path + np.array([0, -1.0, 0]) * (0.35 * length * chin) * t**2
    width = cut.half_width * (0.8 + 0.4 * rng.uniform()) * np.array([0.75, 1.0, 0.7, 0.04])
    colour = greyed(look.colour, np.clip(look.grey + rng.normal() * 0.5 * look.grey * (1 - look.grey), 0, 1))
    bright = rng.uniform(0.80, 1.0) * (0.92 + 0.12 * STEPS)
    lock = ribbon(path, normal, width, width * 0.5, 1.0, texture_start=rng.uniform(0, 50), across=2)
    tint = np.repeat(bright[:, None] * colour, 2, axis=0)
    return replace(lock, tint=tint)
