"""The skin: lid rings, lip rings and hexagonal grids of decreasing density, stitched into one mesh."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.spatial import Delaunay

from tth.face.look import FaceShape
from tth.face.sculpt import lids, lips
from tth.face.sculpt.features import HeadSurface, blob
from tth.face.sculpt.lids import Ring
from tth.face.sculpt.maths import Floats, Indices
from tth.face.sculpt.mesh import hexagonal_points, smoothed, strip_triangles

NONE = -9.0
"""`lid_at` and `lip_at` of a point that belongs to no lid or lip."""

# Grids of the unwrapped face: left, right, bottom, top, distance of the points. Each one spares the ones before it.
GRIDS = (
    (-20.0, 20.0, -52.0, -26.0, 1.6875),
    (-46.0, 46.0, -118.0, 34.0, 3.125),
    (-98.0, 98.0, -128.0, 78.0, 5.25),
    (-236.0, 236.0, -262.0, 149.0, 11.875),
)


@dataclass(frozen=True)
class Skin:
    """The skin mesh at rest with the tags of its points, all (n,) unless said otherwise."""

    points: Floats
    """(n, 3)"""
    triangles: Indices
    """(t, 3)"""
    domain: Floats
    """Place on the unwrapped face in nominal millimetres, (n, 2)."""
    eye_side: Floats
    """+1 lids of the person's left eye, -1 right, 0 elsewhere."""
    lid_at: Floats
    """Ring of the lids, see lids.RING_AT; NONE elsewhere."""
    lid_angle: Floats
    """Angle on the ring in radians, 0 = outer corner; below pi = upper lid."""
    lip_side: Floats
    """+1 upper lip, -1 lower, 0 corners and elsewhere."""
    lip_at: Floats
    """Ring of the lips, see lips.RING_AT; NONE elsewhere."""
    lip_x: Floats
    """Place across the mouth, -1..1."""
    surface: HeadSurface
    """The bare head beneath."""


class _Points:
    """Collects the points of the mesh with their tags."""

    def __init__(self) -> None:
        self.points: list[Floats] = []
        self.domain: list[Floats] = []
        self.tags: list[Floats] = []
        self.count = 0

    def add(self, points: Floats, domain: Floats, *tags: float | Floats) -> Indices:
        """tags: eye_side, lid_at, lid_angle, lip_side, lip_at, lip_x. Returns the new points' indices."""
        n = len(points)
        self.points.append(points)
        self.domain.append(domain)
        self.tags.append(np.stack([np.broadcast_to(np.asarray(tag, float), (n,)) for tag in tags]))
        self.count += n
        return np.arange(self.count - n, self.count)


def build_skin(shape: FaceShape) -> Skin:
    """The skin of head, neck and chest at rest."""
    surface = HeadSurface(shape)
    mesh = _Points()
    triangles: list[Indices] = []
    borders: list[tuple[Floats, Indices]] = []
    angle = lids.ring_angles(lids.RING_POINTS)
    for side in (1, -1):
        eye = [mesh.add(r.points, r.domain, side, r.at, angle, 0, NONE, 0) for r in lids.lid_rings(surface, side)]
        triangles += [strip_triangles(o, i, flip=side < 0) for o, i in pairwise(eye)]
        borders.append((np.stack(lids.lid_ellipse(shape, side), 1), eye[0]))
    mouth = [_add_lip_ring(mesh, ring) for ring in lips.lip_rings(surface)]
    triangles += [strip_triangles(o, i) for o, i in pairwise(mouth)]
    borders.append((np.stack(lips.lip_ellipse(shape), 1), mouth[0]))
    grid = _grid_points(shape)
    indices = mesh.add(surface.on_domain(grid[:, 0], grid[:, 1]), grid, 0, NONE, 0, 0, NONE, 0)
    triangles.append(_stitched(shape, [*borders, (grid, indices)]))
    points, faces = np.concatenate(mesh.points), np.concatenate(triangles)
    tags = np.concatenate(mesh.tags, 1)
    # single precision here keeps the mesh the same whatever the order of later sums
    points = points.astype(np.float32).astype(float)
    eye_side, lid_at, lid_angle, lip_side, lip_at, lip_x = tags
    domain = np.concatenate(mesh.domain)
    points = _ironed_nose(points, faces, lip_at)
    return Skin(points, faces, domain, eye_side, lid_at, lid_angle, lip_side, lip_at, lip_x, surface)


def _add_lip_ring(mesh: _Points, ring: Ring) -> Indices:
    side, across = lips.lip_sides()
    return mesh.add(ring.points, ring.domain, 0, NONE, 0, side, ring.at, across)


def _holes(shape: FaceShape) -> tuple[tuple[float, float, float, float], ...]:
    """Ellipses of the unwrapped face that lids and lips fill: centre and half axes."""
    eye_b = shape.eye_height + lids.DOMAIN_RISE
    return (
        (shape.eye_spacing, eye_b, *lids.DOMAIN_RADII),
        (-shape.eye_spacing, eye_b, *lids.DOMAIN_RADII),
        (0.0, shape.mouth_height, *lips.DOMAIN_RADII),
    )


def _grid_points(shape: FaceShape) -> Floats:
    """Points of the unwrapped face outside the lids and lips, (n, 2)."""
    kept = []
    for number, (left, right, bottom, top, step) in enumerate(GRIDS):
        p = hexagonal_points(left, right, bottom, top, step)
        keep = np.ones(len(p), bool)
        spare = 0.4 * step
        for x0, x1, y0, y1, _ in GRIDS[:number]:
            across = (p[:, 0] > x0 - spare) & (p[:, 0] < x1 + spare)
            keep &= ~(across & (p[:, 1] > y0 - spare) & (p[:, 1] < y1 + spare))
        for a, b, ra, rb in _holes(shape):
            keep &= ((p[:, 0] - a) / (ra + 0.9)) ** 2 + ((p[:, 1] - b) / (rb + 0.9)) ** 2 > 1
        kept.append(p[keep])
    return np.concatenate(kept)


def _stitched(shape: FaceShape, pieces: list[tuple[Floats, Indices]]) -> Indices:
    """Delaunay triangles over grid and ring borders on the unwrapped face, without the holes."""
    flat = np.concatenate([domain for domain, _ in pieces])
    indices = np.concatenate([index for _, index in pieces])
    faces = Delaunay(flat).simplices
    middle = flat[faces].mean(1)
    inside = np.zeros(len(faces), bool)
    for a, b, ra, rb in _holes(shape):
        inside |= ((middle[:, 0] - a) / ra) ** 2 + ((middle[:, 1] - b) / rb) ** 2 < 0.992
    faces = faces[~inside]
    e1, e2 = flat[faces[:, 1]] - flat[faces[:, 0]], flat[faces[:, 2]] - flat[faces[:, 0]]
    clockwise = e1[:, 0] * e2[:, 1] - e1[:, 1] * e2[:, 0] < 0
    return np.asarray(indices[np.where(clockwise[:, None], faces[:, ::-1], faces)])


def _ironed_nose(points: Floats, triangles: Indices, lip_at: Floats) -> Floats:
    """The shrink-wrapped nose without its small dents."""
    weight = blob(points, (0, -34, 20), (13, 14, 30)) * 0.9
    weight = np.where(weight > 0.12, weight, 0) * (lip_at < -5)
    return smoothed(points, triangles, weight, 3)
