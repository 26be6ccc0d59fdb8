"""What belongs to the head and is not skin, mouth or hair: eyeballs, lashes and ears. Lengths in millimetres."""

from __future__ import annotations

import numpy as np

from tth.face.look import FaceShape
from tth.face.sculpt.maths import Floats, Randoms, bell, smoothstep, unit
from tth.face.sculpt.mesh import Part, face_normals, grid_triangles, join
from tth.face.sculpt.proportions import eye_centre

UPPER_LASHES = 58
LASH_WIDTH = 0.62
LASH_LENGTH = 4.8
LASH_STEPS = (0.0, 0.3, 0.62, 1.0)
EAR_RINGS, EAR_SPOKES = 15, 56


def build_eyeball(shape: FaceShape, side: int) -> Part:
    """The front of one eyeball; `normals` are directions from its centre."""
    n = 16
    a, b = np.meshgrid(np.linspace(-1.25, 1.25, n), np.linspace(0.95, -0.95, n))
    direction = np.stack([np.sin(a) * np.cos(b), np.sin(b), np.cos(a) * np.cos(b)], -1).reshape(-1, 3)
    points = eye_centre(shape, side) + direction * shape.eye_radius
    return Part(points, grid_triangles(n, n), normals=direction)


def build_upper_lashes(margin: Floats, side: int, length: float, rng: Randoms) -> Part:
    """Curved spikes rooted on the lid margin (n, 3), given from the inner to the outer corner.

    `along` is the place of each point on the margin, 0..1.
    """
    steps = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(margin, axis=0), axis=1))])
    place = steps / steps[-1]
    size = LASH_LENGTH * length
    parts = [_lash_root(margin, place, side, size)]
    parts += [_lash(margin, place, side, size, float(u), rng) for u in np.linspace(0.10, 0.985, UPPER_LASHES)]
    return join(parts)


def _on_margin(margin: Floats, place: Floats, at: float | Floats) -> Floats:
    return np.stack([np.interp(at, place, margin[:, axis]) for axis in range(3)], -1)


def _lash_root(margin: Floats, place: Floats, side: int, size: float) -> Part:
    """A solid band at the roots: reads as one dark line from afar."""
    at = np.linspace(0.06, 0.995, 34)
    root = _on_margin(margin, place, at)
    high = (0.55 + 1.25 * smoothstep(0.05, 0.75, at)) * size / 4.8 * (1 - 0.5 * smoothstep(0.96, 1, at))
    out = np.stack([side * (at - 0.4) * 0.75, 0.55 + 0 * at, 0.75 + 0 * at], 1) * high[:, None]
    points = np.stack([root + np.array([0, -0.25, 0.2]), root + out], 1).reshape(-1, 3)
    return Part(points, grid_triangles(34, 2), along=np.repeat(at, 2))


def _lash(margin: Floats, place: Floats, side: int, size: float, at: float, rng: Randoms) -> Part:
    """One lash."""
    at = at + rng.normal() * 0.004
    root = _on_margin(margin, place, at)
    tangent = unit(_on_margin(margin, place, min(at + 0.02, 1)) - _on_margin(margin, place, max(at - 0.02, 0)))
    length = size * (0.55 + 0.45 * float(smoothstep(0, 0.75, at))) * (1 + 0.12 * rng.normal())
    length *= 1 - 0.25 * float(smoothstep(0.93, 1, at))
    fan = (at - 0.42) * 1.15 + 0.1 * rng.normal() * 0.5
    out = unit(np.array([side * fan * 0.9, 0.30, 0.85]), 0)
    up = np.array([side * fan * 0.5, 1.0, 0.25])
    rows = []
    for t in LASH_STEPS:
        middle = root + out * length * (t - 0.18 * t * t) + up * length * (0.04 * t + 0.36 * t * t)
        half = 0.5 * (LASH_WIDTH * (1 - t) ** 0.7 + 0.02)
        rows.append([middle - tangent * half, middle + tangent * half])
    points = np.array(rows).reshape(-1, 3)
    return Part(points, grid_triangles(len(LASH_STEPS), 2), along=np.full(len(points), at))


def build_ear(shape: FaceShape, side: int) -> Part:
    """A polar height field: helix, antihelix, concha, tragus, lobe; then the back of the shell."""
    ring = np.linspace(1, 0, EAR_RINGS) ** 0.8
    angle, r = np.meshgrid(np.arange(EAR_SPOKES) / EAR_SPOKES * 2 * np.pi, ring)
    q0, p0 = np.sin(angle), np.cos(angle)
    # outline in the plane of the ear: p towards the face, q up
    q = q0 * np.where(q0 > 0, 31, 29) * shape.ear_size * (1 - 0.06 * (q0 < 0)) * r
    behind, before = 18.5 * (0.62 + 0.38 * smoothstep(-1.1, 0.5, q0)), 13.5 * (1 - 0.45 * smoothstep(0.1, -1, q0))
    p = p0 * np.where(p0 < 0, behind, before) * shape.ear_size * r
    front = np.stack([p, q, _ear_relief(p, q, p0, q0, r)], -1)
    rows = [front]
    for scale, depth in ((0.985, -4), (0.90, -9), (0.80, -16)):
        back = front[0].copy()
        back[:, :2] *= scale
        back[:, 2] = np.minimum(back[:, 2], 1) + depth
        rows.insert(0, back[None])
    return _placed_ear(np.concatenate(rows), shape, side)


def _ear_relief(p: Floats, q: Floats, p0: Floats, q0: Floats, r: Floats) -> Floats:
    """Height of the ear over its plane."""
    rim = smoothstep(0.35, -0.3, p0) + smoothstep(0.4, 0.9, q0) * (p0 > -0.3) * 0.9
    rim = np.clip(rim, 0, 1) * smoothstep(-1.0, -0.55, q0)
    h = 3.6 * bell(r - 0.90, 0.10) * rim
    h += 3.4 * bell(r - 0.58, 0.12) * smoothstep(0.25, -0.5, p0) * smoothstep(-1.05, -0.2, q0)  # antihelix
    h -= 6.0 * np.exp(-(((p - 2.5) / 5.6) ** 2 + ((q + 4) / 8.5) ** 2))  # concha
    h -= 3.4 * bell(r - 0.75, 0.08) * rim  # scapha
    h += 4.2 * np.exp(-(((p - 10.0) / 3.0) ** 2 + ((q + 5) / 4.5) ** 2))  # tragus
    h += 2.4 * np.exp(-(((p + 3) / 3.4) ** 2 + ((q + 14) / 3.4) ** 2))  # antitragus
    h += 1.6 * np.exp(-((p / 7) ** 2 + ((q + 24) / 6) ** 2))  # lobe
    h -= 7.0 * smoothstep(0.0, 0.7, p0) * smoothstep(0.7, 1.0, r)  # runs into the cheek in front
    return np.where(r > 0.985, h - 1.5, h)


def _placed_ear(shell: Floats, shape: FaceShape, side: int) -> Part:
    """From the ear's plane (p, q, height) to the side of the head: leaning back, flaring out."""
    rows = len(shell)
    p, q, h = shell[..., 0], shell[..., 1], shell[..., 2]
    flare, lean = np.radians(21), np.radians(-9)
    p, q = p * np.cos(lean) - q * np.sin(lean), p * np.sin(lean) + q * np.cos(lean)
    x = 73.0 + shape.face_width + h * np.cos(flare) + (11 - p) * np.sin(flare) + 0.03 * q
    z = -80 + p * np.cos(flare) + h * np.sin(flare) * 0.5
    points = np.stack([side * x, -15 + q, z], -1).reshape(-1, 3)
    triangles = grid_triangles(rows, EAR_SPOKES, wrap=True)
    bowl = (triangles // EAR_SPOKES >= 4).all(1)
    outwards = face_normals(points, triangles)[bowl] @ np.array([side, 0, 0.4])
    return Part(points, triangles if outwards.sum() > 0 else triangles[:, ::-1])
