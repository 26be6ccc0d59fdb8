"""The nose: rays from inside the face, shrink-wrapped onto a smooth union of volumes (plain bumps look boxy).

The volumes and their soft minimum follow I. Quilez, "distance functions" and "smooth minimum"
(https://iquilezles.org/articles/distfunctions, /articles/smin).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tth.face.look import FaceShape
from tth.face.sculpt.maths import Floats, hermite, smoothstep
from tth.face.sculpt.proportions import height, on_average, on_face

AVERAGE_HALF_WIDTH = 15.5
AVERAGE_BRIDGE_HALF_WIDTH = 9.5
MARCH_STEPS = 48
"""Enough steps of 0.6 times the distance for every ray to settle."""

# Rows of the profile from above the root (the sellion) to below the columella (the subnasale is 1).
PROFILE_AT = [-0.15, 0, 0.10, 0.30, 0.52, 0.66, 0.75, 0.82, 0.88, 0.94, 1.0, 1.1]
WIDTH_AT = [-0.15, 0, 0.12, 0.35, 0.6, 0.78, 0.9, 1.0, 1.1]
ROOT, UPPER_BRIDGE, LOWER_BRIDGE, TIP, BASE = 2, 3, 5, 7, 10
"""Positions in the profile."""


@dataclass(frozen=True)
class NoseProfile:
    """Heights and depths of the midline of the nose, at `PROFILE_AT`."""

    y: Floats
    z: Floats


def nose_profile(shape: FaceShape) -> NoseProfile:
    """The midline of this person's nose."""
    long, tip, lift, bridge = shape.nose_length, shape.nose_tip, shape.nose_lift, shape.bridge_height
    y = np.array([
        20, 12, 6, -8, -21, -28.5 - 0.7 * long + 0.5 * lift, -33.2 - long + lift, -37.2 - long + 1.5 * lift,
        -41 - long + 1.6 * lift, -44.2 - long + lift, -46.8 - long, -52 - long,
    ])  # fmt: skip
    z = np.array([
        12.2, 11.6 + 0.4 * bridge, 13 + bridge, 18.5 + bridge, 25.2 + 0.8 * bridge + 0.4 * tip,
        29.8 + 0.5 * bridge + 0.8 * tip, 32.6 + tip, 33.6 + tip, 31.6 + tip, 26 + 0.8 * tip, 18 + 0.3 * tip, 15.4,
    ])  # fmt: skip
    return NoseProfile(on_face(shape, y), z)


def with_nose(points: Floats, shape: FaceShape) -> Floats:
    """Surface points (n, 3) with the nose pulled out of the face."""
    x, y, z = points.T
    profile = nose_profile(shape)
    down = (12 - on_average(shape, y)) / (12 + 47 + shape.nose_length)
    row = np.clip(down, -0.15, 1.1)
    bridge, wing = shape.bridge_half_width, shape.nose_half_width
    widths = [15, 15, bridge + 8, bridge + 12, bridge + 14, wing + 9, wing + 7, wing + 4, 13]
    sideways = np.clip(np.abs(x) / hermite(WIDTH_AT, widths, row), 0, 1)
    inside = (sideways < 0.999) & (down > -0.12) & (down < 1.07)
    if not inside.any():
        return points
    pull = (1 - sideways**1.7) ** 2 * (1 + 0.7 * sideways**1.7) * smoothstep(-0.15, 0.02, down)
    pull *= smoothstep(1.1, 1.0, down)
    rise = hermite(PROFILE_AT, profile.z, row) - z
    aim = np.stack([x, y + pull * (hermite(PROFILE_AT, profile.y, row) - y), z + pull * rise], -1)
    weight = smoothstep(1.0, 0.72, sideways) * smoothstep(-0.12, 0.05, down) * smoothstep(1.07, 0.985, down)
    out = points.copy()
    face = points[inside]
    out[inside] = face + (_shrink_wrapped(face, aim[inside], shape, profile) - face) * weight[inside][:, None]
    return out


def _shrink_wrapped(face: Floats, aim: Floats, shape: FaceShape, profile: NoseProfile) -> Floats:
    """Where rays from inside the head towards `aim` (n, 3) meet the nose."""
    low_start, low_end = height(shape, -32 - shape.nose_length), height(shape, -46 - shape.nose_length)
    low = smoothstep(low_start, low_end, face[:, 1])
    level = height(shape, -37 - shape.nose_length)
    origin = np.stack([0.45 * face[:, 0], face[:, 1] + low * (level - face[:, 1]), face[:, 2] - 5 + 5 * low], -1)
    direction = aim - origin
    direction /= np.linalg.norm(direction, axis=-1, keepdims=True)
    distance = np.zeros(len(aim))
    for _ in range(MARCH_STEPS):
        hit = origin + direction * distance[:, None]
        distance = distance - 0.6 * nose_distance(hit, face, shape, profile)
    return np.asarray(origin + direction * distance[:, None])


def nose_distance(points: Floats, face: Floats, shape: FaceShape, profile: NoseProfile) -> Floats:
    """Signed distance of points (n, 3) to the nose melted into the face, whose local height `face` gives."""
    wide, thick = shape.nose_half_width / AVERAGE_HALF_WIDTH, shape.bridge_half_width / AVERAGE_BRIDGE_HALF_WIDTH
    py, pz = profile.y, profile.z
    tip_y, tip_z, base_y, base_z = py[TIP], pz[TIP], py[BASE], pz[BASE]
    m = np.stack([np.abs(points[:, 0]), points[:, 1], points[:, 2]], -1)
    r = 4.8 * thick
    upper = (0, py[UPPER_BRIDGE], pz[UPPER_BRIDGE] - r)
    lower = (0, py[LOWER_BRIDGE], pz[LOWER_BRIDGE] - 5.6)
    d = _capsule(m, (0, py[ROOT] + 4, pz[ROOT] - r - 1.2), upper, r, r)
    d = _soft_min(d, _capsule(m, upper, lower, r, 5.2), 1.5)
    wall_top = (1.0 * thick, py[UPPER_BRIDGE] + 6, pz[UPPER_BRIDGE] - 11.5)
    d = _soft_min(d, _capsule(m, wall_top, (3.2 * wide, tip_y + 6, tip_z - 17.0), 6.2 * thick, 6.2), 6)
    core_top = (0, py[LOWER_BRIDGE], pz[LOWER_BRIDGE] - 14)
    d = _soft_min(d, _capsule(m, core_top, (0, tip_y - 1.8, tip_z - 15.5), 8, 6.5), 4)
    d = _soft_min(d, _ellipsoid(m, (1.6 * wide, tip_y + 0.2, tip_z - 7.4), (7.2 * wide, 6.9, 7.6)), 3.2)
    columella = _capsule(m, (0, tip_y - 2.9, tip_z - 7.4), (0, base_y + 3.2, base_z - 1.5), 3.1, 3.4)
    d = _soft_min(d, columella, 3.0)
    d = _soft_min(d, _ellipsoid(m, (10.2 * wide, tip_y - 1.4, tip_z - 17.2), (5.2 * wide, 5.0, 7.6)), 2.8)
    skin = (points[:, 2] - face[:, 2]) * 0.9
    return _soft_min(d, skin, 4.6 + 10 * smoothstep(tip_y + 1, tip_y + 14, face[:, 1]))


Point = tuple[float, float, float]


def _soft_min(a: Floats, b: Floats, k: float | Floats) -> Floats:
    """Polynomial smooth minimum over a band k."""
    h = np.clip(0.5 + 0.5 * (b - a) / k, 0, 1)
    return np.asarray(b + (a - b) * h - k * h * (1 - h))


def _capsule(p: Floats, start: Point, end: Point, start_radius: float, end_radius: float) -> Floats:
    """Distance to a rounded stick whose radius changes along it."""
    a, b = np.array(start, float), np.array(end, float)
    t = np.clip(((p - a) @ (b - a)) / ((b - a) @ (b - a)), 0, 1)
    radius = start_radius + (end_radius - start_radius) * t
    return np.asarray(np.linalg.norm(p - (a + t[:, None] * (b - a)), axis=-1) - radius)


def _ellipsoid(p: Floats, centre: Point, radii: Point) -> Floats:
    """Approximate distance to an ellipsoid."""
    r = np.array(radii, float)
    e = (p - np.array(centre, float)) / r
    k0, k1 = np.linalg.norm(e, axis=-1), np.linalg.norm(e / r, axis=-1)
    return np.asarray(k0 * (k0 - 1) / np.maximum(k1, 1e-6))
