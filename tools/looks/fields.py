"""The bust as a signed distance field: clay strokes, pushed by a relief, with lids cut around the eyeballs.

Strokes and smooth minimum after Inigo Quilez, https://iquilezles.org/articles/distfunctions/ and /smin/. Everything
but the picture-space asymmetry (asymmetry.py) is mirrored in x.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tools.looks.jit import Floats, helper

SKIN, EYE, CLOTH, CARUNCLE = 1, 2, 3, 4
"""Materials; 0 is the wall behind the person."""
RELIEF_X, RELIEF_Y, RELIEF_STEP = (-1.0, 1.0), (-1.5, 0.9), 0.004
"""Extent and resolution of the relief image, decimetres."""
ELLIPSOID, CONE = 0.0, 1.0
Point = Sequence[float]


class Figure(NamedTuple):
    """All that the distance functions read; arrays, because compiled loops take nothing else."""

    skin: Floats
    """(n, 20): strokes, see `ellipsoid` and `cone`."""
    cloth: Floats
    """(n, 20): strokes of the garment."""
    eye: Floats
    """(5,): eyeball centre x, y, z, its radius, the radius of the lids."""
    lid: Floats
    """(8,): see `lid_heights`."""
    relief: Floats
    """(rows, columns): cubic spline coefficients of the height image, rows upwards."""


def _turn(degrees: Point) -> Floats:
    a, b, c = np.radians(degrees)
    about_x = np.array([[1, 0, 0], [0, math.cos(a), -math.sin(a)], [0, math.sin(a), math.cos(a)]])
    about_y = np.array([[math.cos(b), 0, math.sin(b)], [0, 1, 0], [-math.sin(b), 0, math.cos(b)]])
    about_z = np.array([[math.cos(c), -math.sin(c), 0], [math.sin(c), math.cos(c), 0], [0, 0, 1]])
    return np.asarray(about_z @ about_y @ about_x)


def ellipsoid(centre: Point, radii: Point, blend: float = 0.1, turn_deg: Point = (0, 0, 0)) -> Floats:
    """A stroke of clay; a negative blend carves. The mirrored one on the other side comes by itself."""
    row = np.zeros(20)
    row[0], row[1], row[2:5], row[5:8] = ELLIPSOID, blend, centre, radii
    row[10:19] = _turn(turn_deg).T.ravel()
    row[19] = max(radii)
    return row


def cone(start: Point, end: Point, start_radius: float, end_radius: float, blend: float = 0.1) -> Floats:
    """A round cone (a capsule with two radii)."""
    row = np.zeros(20)
    row[0], row[1], row[2:5], row[5:8], row[8], row[9] = CONE, blend, start, end, start_radius, end_radius
    return row


@helper
def smooth_min(a: float, b: float, k: float) -> float:
    """The smaller of two distances, blended over k."""
    h = max(k - abs(a - b), 0.0) / k
    return min(a, b) - h * h * k * 0.25


@helper
def _stroke_distance(q: Floats, x: float, y: float, z: float) -> float:
    px, py, pz = x - q[2], y - q[3], z - q[4]
    if q[0] == 1.0:
        bx, by, bz = q[5] - q[2], q[6] - q[3], q[7] - q[4]
        t = (px * bx + py * by + pz * bz) / (bx * bx + by * by + bz * bz)
        t = min(max(t, 0.0), 1.0)
        dx, dy, dz = px - t * bx, py - t * by, pz - t * bz
        return float(math.sqrt(dx * dx + dy * dy + dz * dz) - (q[8] + t * (q[9] - q[8])))
    ux = (q[10] * px + q[11] * py + q[12] * pz) / q[5]
    uy = (q[13] * px + q[14] * py + q[15] * pz) / q[6]
    uz = (q[16] * px + q[17] * py + q[18] * pz) / q[7]
    k0 = math.sqrt(ux * ux + uy * uy + uz * uz) + 1e-9
    vx, vy, vz = ux / q[5], uy / q[6], uz / q[7]
    k1 = math.sqrt(vx * vx + vy * vy + vz * vz) + 1e-9
    return float(k0 * (k0 - 1.0) / k1)


@helper
def clay(x: float, y: float, z: float, strokes: Floats) -> float:
    """Distance to the strokes together, blended in their order."""
    x = math.sqrt(x * x + 0.0004)  # the mirror has a soft fold, or the face would show an edge down its middle
    d = 1e3
    for i in range(strokes.shape[0]):
        q = strokes[i]
        k = q[1]
        if q[0] == 0.0 and k > 0.0:
            px, py, pz = x - q[2], y - q[3], z - q[4]
            if math.sqrt(px * px + py * py + pz * pz) - q[19] > d + k:
                continue
        e = _stroke_distance(q, x, y, z)
        d = smooth_min(d, e, k) if k > 0.0 else -smooth_min(-d, e, -k)
    return d


@helper
def lid_heights(u: float, lid: Floats) -> tuple[float, float]:
    """Heights of the upper and lower lid margin at u in 0 (inner) .. 1 (outer corner of the eye).

    lid: half width, upper height, lower height, tilt, skew of the upper and of the lower lid, openness (0 shut, 1
    neutral, above 1 wide), scale of the lower lid."""
    u = min(max(u, 1e-4), 1.0 - 1e-4)
    su, sl = u ** lid[4], u ** lid[5]
    tilt = lid[3] * (u - 0.5)
    upper = lid[1] * (4.0 * su * (1.0 - su)) ** 0.72
    lower = -lid[2] * lid[7] * (4.0 * sl * (1.0 - sl)) ** 0.85
    shut = 0.80 * lower
    upper = shut + lid[6] * (upper - shut)
    lower = shut + min(lid[6], 1.0) * (lower - shut)
    return upper + tilt, lower + tilt


@helper
def _weight(j: int, t: float) -> float:
    if j == 0:
        return (1 - t) ** 3 / 6
    if j == 1:
        return 2 / 3 - t * t * (1 - t / 2)
    if j == 2:
        s = 1 - t
        return 2 / 3 - s * s * (1 - s / 2)
    return t**3 / 6


@helper
def relief_height(relief: Floats, x: float, y: float) -> float:
    """How far the relief pushes the skin out at (x, y): cubic B-spline."""
    rows, columns = relief.shape
    fx = min(max((x + 1.0) / 0.004, 1.0), columns - 3.0)
    fy = min(max((y + 1.5) / 0.004, 1.0), rows - 3.0)
    ix, iy = int(fx), int(fy)
    tx, ty = fx - ix, fy - iy
    w0, w1, w2, w3 = _weight(0, tx), _weight(1, tx), _weight(2, tx), _weight(3, tx)
    s = 0.0
    for j in range(4):
        r = relief[iy - 1 + j]
        s += _weight(j, ty) * (w0 * r[ix - 1] + w1 * r[ix] + w2 * r[ix + 1] + w3 * r[ix + 2])
    return s


@helper
def skin(x: float, y: float, z: float, figure: Figure) -> float:
    """Distance to the skin."""
    eye, lid = figure.eye, figure.lid
    pushed = z
    if z > -0.2 and abs(x) < 0.98 and -1.45 < y < 0.88:
        w = min(max(z / 0.35, 0.0), 1.0)
        pushed = z - w * w * (3 - 2 * w) * relief_height(figure.relief, x, y)
    d = clay(x, y, pushed, figure.skin)
    px, py, pz = abs(x) - eye[0], y - eye[1], z - eye[2]
    around = math.sqrt(px * px + py * py * 1.05 + pz * pz)
    if around < 0.6:
        d = smooth_min(d, around - eye[4], 0.07)
        upper, lower = lid_heights((px + lid[0]) / (2.0 * lid[0]), lid)
        gap = max(max(py - upper, lower - py), (abs(px) - lid[0]) * 0.9)
        gap = -smooth_min(-gap * 0.75, z - eye[2], 0.02)
        d = -smooth_min(-d, gap, 0.016)
        d = max(d, eye[3] - 0.02 - math.sqrt(px * px + py * py + pz * pz))
    return d


@helper
def scene(x: float, y: float, z: float, figure: Figure) -> tuple[float, int]:
    """Distance to the nearest surface, and its material."""
    eye, lid = figure.eye, figure.lid
    d, material = skin(x, y, z, figure), 1
    px, py, pz = abs(x) - eye[0], y - eye[1], z - eye[2]
    e = math.sqrt(px * px + py * py + pz * pz) - eye[3]
    if e < d:
        d, material = e, 2
    cx, cy, cz = px + lid[0] * 0.93, py + 0.5 * lid[3] + 0.012, pz - eye[3] * 0.62
    c = math.sqrt(cx * cx + cy * cy * 1.3 + cz * cz * 0.7) - 0.03  # the caruncle: a pink bead in the inner corner
    if c < d:
        d, material = c, 4
    if figure.cloth.shape[0] > 0 and y < -0.6:
        c = clay(x, y, z, figure.cloth)
        if c < d:
            d, material = c, 3
    return d, material
