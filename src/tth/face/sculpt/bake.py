"""Baked once per person: which triangles can ever be seen, and how much light each vertex receives from where."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from tth.face.pose import drape_weights, neck_turns, pose_head
from tth.face.raster.deform import project, vertex_normals
from tth.face.raster.light import harmonics
from tth.face.raster.occlusion import DEPTH_RANGE_MM, visible_along
from tth.face.raster.zbuffer import mark_seen, rasterise
from tth.face.sculpt.assemble import FIRST_BEARD_SURFACE, SURFACES, Mesh
from tth.face.sculpt.maths import Floats, Indices, smoothstep
from tth.face.sculpt.mesh import edges, neighbour_mean
from tth.face.sculpt.sculpture import F32, Section
from tth.face.sculpt.skin import Skin
from tth.face.shot import Shot
from tth.face.stage import camera

LIGHT_VIEW_SIZE = 320
"""Pixels of the parallel views of the light: it is soft."""
SEEN_VIEW_SIZE = (620, 1024)
"""Width and height of the camera's views: as fine as the pictures, and as tall as any shows the person."""
CENTRE = np.array([0, -40, -80], np.float32)
"""What the parallel views look at, millimetres."""
LIGHT_SPAN_MM = 520
"""What the parallel views show."""
SEEN_POSES = (
    *product(range(-45, 46, 9), (-28, -14, 0, 14, 28), (0,)),
    *product((-24, 0, 24), (-16, 0, 16), (-17, 17)),
)
"""Yaw, pitch and roll in degrees: somewhat more than a head on a video call turns."""
LIGHT_DIRECTIONS = 160
HAIR_NEIGHBOURS, HAIR_REACH_MM, HAIR_SHARE = 40, 9.0, 0.85
"""Of how many vertices hair shares the light, how near they are, and how much of it."""
SH_CONSTANT = 0.282095
"""The harmonic of band 0: visibility 1 everywhere is 1 / SH_CONSTANT in the first place."""
EYE_LASH_CLOTH = (SURFACES[Section.EYE_LEFT], SURFACES[Section.LASHES_LEFT], SURFACES[Section.CLOTH])
ALWAYS_DRAWN = tuple(range(SURFACES[Section.LASHES_LEFT], SURFACES[Section.EYE_LEFT] + 1))
"""Lashes, teeth, tongue and eyes come and go with the expression."""


@dataclass(frozen=True)
class Light:
    """What each vertex receives; fields as in Sculpture."""

    visibility: F32
    openness: F32
    mouth_depth: F32


class _Views:
    """Parallel views of the whole head at rest."""

    def __init__(self, mesh: Mesh, size: int) -> None:
        self.size = size
        self.points = mesh.points - CENTRE
        self.normals = mesh.normals.copy()
        skin = mesh.sections[Section.SKIN]
        skin_normals = np.zeros_like(self.points[skin])
        vertex_normals(np.ascontiguousarray(self.points[skin]), mesh.skin_triangles, skin_normals)
        self.normals[skin] = skin_normals
        self.keys = np.zeros(size * size * 4, np.int32)

    def draw(self, axes: Floats, span_mm: float, triangles: NDArray[np.int32], two_sided: NDArray[np.uint8]) -> None:
        """Fill `keys`; axes (3, 3): right, up, towards the viewer."""
        self.keys[:] = 0
        seen = self.points @ axes.T.astype(np.float32)
        scale, middle = self.size / span_mm, self.size / 2
        x, y = middle + seen[:, 0] * scale, middle - seen[:, 1] * scale
        screen = np.stack([x, y, seen[:, 2] / DEPTH_RANGE_MM + 0.5, x], 1).astype(np.float32)
        every = np.arange(len(triangles), dtype=np.int32)
        rasterise(screen, triangles, two_sided, every, self.size, self.size, self.keys)


def drawing_order(mesh: Mesh, skin: Skin) -> Indices:
    """Triangles that some pose shows, near parts first and in scan order, which is kind to the caches."""
    seen = _seen(mesh)
    touched = np.zeros(len(mesh.points), bool)
    touched[mesh.triangles[seen].ravel()] = True
    seen |= touched[mesh.triangles].any(1)  # one ring more, for the poses in between
    keep = seen | np.isin(mesh.surface, ALWAYS_DRAWN) | (mesh.surface >= FIRST_BEARD_SURFACE)
    mouth = np.zeros(len(mesh.triangles), bool)
    mouth[: len(skin.triangles)] = (skin.lip_at[skin.triangles] > -0.5).all(1)
    middle = mesh.points[mesh.triangles].mean(1)
    expressive = (middle[:, 2] > -45) & (middle[:, 1] > -112) & (middle[:, 1] < 55)
    keep |= mouth | (expressive & (mesh.surface == SURFACES[Section.SKIN]))
    order = np.nonzero(keep)[0]
    row = np.floor(middle[order, 1] / 12)
    return np.asarray(order[np.lexsort((middle[order, 0], -row, _layer(mesh.surface[order])))])


def _seen(mesh: Mesh) -> NDArray[np.bool_]:
    """Triangles (t,) that the camera sees in some pose, with the neutral face."""
    seen, every = np.zeros(len(mesh.triangles), np.uint8), np.arange(len(mesh.triangles), dtype=np.int32)
    width, height = SEEN_VIEW_SIZE
    view = camera(Shot(width, height))
    keys = np.zeros(width * height * 4, np.int32)
    for yaw, pitch, roll in SEEN_POSES:
        points, screen = np.ascontiguousarray(mesh.points.T), np.zeros((len(mesh.points), 4), np.float32)
        drape = mesh.drape * drape_weights(yaw, pitch, roll)[:, None]
        points[:, mesh.drape_index] += drape.sum(1).astype(np.float32).T
        pose_head(points, mesh.head_weight, neck_turns(yaw, pitch, roll), yaw)
        project(points, view, screen.ravel())
        rasterise(screen, mesh.triangles, mesh.two_sided, every, width, height, keys)
        mark_seen(keys, seen)
    return seen > 0


def needed_vertices(mesh: Mesh, order: Indices) -> Indices:
    """All vertices but those of hair that is never drawn; hair is the last section, so the others keep their place."""
    needed = np.ones(len(mesh.points), bool)
    needed[mesh.sections[Section.HAIR]] = False
    needed[mesh.triangles[order]] = True
    return np.nonzero(needed)[0]


def _layer(surface: NDArray[np.uint8]) -> Indices:
    """Skin and lashes before hair before teeth, tongue and eyes before cloth."""
    layer = np.zeros(256, int)
    layer[SURFACES[Section.TEETH_UPPER] : SURFACES[Section.EYE_LEFT] + 1] = 2
    layer[SURFACES[Section.CLOTH]] = 3
    layer[SURFACES[Section.HAIR] :] = 1
    return layer[surface]


def bake_light(mesh: Mesh, skin: Skin) -> Light:
    """Soft visibility as spherical harmonics and ambient openness of every vertex."""
    visibility, openness = _measured(mesh)
    values = _without_noise(np.concatenate([visibility, openness[:, None]], 1), mesh)
    hair = mesh.sections[Section.HAIR]
    values[hair] = _shared(values[hair], mesh.points[hair], mesh.normals[hair])
    flat = np.zeros(9)
    flat[0] = 1 / SH_CONSTANT
    values[hair, 9] = 0.25 + 0.75 * values[hair, 9]  # light seeps through hair
    values[hair, :9] = 0.65 * values[hair, :9] + 0.35 * flat
    visibility, openness = values[:, :9], 0.18 + 0.82 * values[:, 9]
    mouth = slice(mesh.sections[Section.TEETH_UPPER].start, mesh.sections[Section.TONGUE].stop)
    openness[mouth] = 0.55
    visibility[mouth] = 0.75 * flat
    _open_lips_and_lids(skin, visibility, openness, flat)
    depth = 0.18 + 0.82 * smoothstep(-28, 10, mesh.points[mouth, 2])
    return Light(visibility.astype(np.float32), openness.astype(np.float32), depth.astype(np.float32))


def _measured(mesh: Mesh) -> tuple[Floats, Floats]:
    """Visibility (n, 9) and cosine-weighted openness (n,) from views along many directions."""
    views = _Views(mesh, LIGHT_VIEW_SIZE)
    casts = ~np.isin(mesh.surface, EYE_LASH_CLOTH)
    triangles, two_sided = mesh.triangles[casts], mesh.two_sided[casts]
    n = len(mesh.points)
    visibility, light, weight = np.zeros((n, 9)), np.zeros(n), np.zeros(n)
    basis, seen = np.zeros(9, np.float32), np.zeros(n, np.float32)
    scale = np.float32(views.size / LIGHT_SPAN_MM)
    for direction in _sphere(LIGHT_DIRECTIONS):
        up = np.array([0, 1, 0]) if abs(direction[1]) < 0.9 else np.array([1, 0, 0])
        right = np.cross(up, direction)
        right /= np.linalg.norm(right)
        axes = np.stack([right, np.cross(direction, right), direction])
        views.draw(axes, LIGHT_SPAN_MM, triangles, two_sided)
        visible_along(
            views.points, views.normals, axes.astype(np.float32), views.keys, views.size, scale, np.float32(2.0), seen
        )
        harmonics(direction.astype(np.float32), basis)
        # a vertex that faces away is dark anyway: count it as lit, so that the harmonics stay smooth
        visibility += np.where(seen < 0, 1.0, seen)[:, None] * basis
        cosine = np.where(seen < 0, 0, np.clip(views.normals @ direction, 0, 1))
        light += cosine * seen
        weight += cosine
    return visibility * (4 * np.pi / LIGHT_DIRECTIONS), np.clip(light / np.maximum(weight, 1e-3), 0, 1)


def _sphere(count: int) -> Floats:
    """Evenly spread unit directions (count, 3): a Fibonacci spiral."""
    i = np.arange(count) + 0.5
    polar, turn = np.arccos(1 - 2 * i / count), np.pi * (1 + 5**0.5) * i
    return np.stack([np.sin(polar) * np.cos(turn), np.cos(polar), np.sin(polar) * np.sin(turn)], 1)


def _without_noise(values: Floats, mesh: Mesh) -> Floats:
    """Sampling noise ironed out where the mesh is fine."""
    edge = edges(mesh.triangles.astype(np.int64))
    n = len(mesh.points)
    count = np.bincount(edge.ravel(), minlength=n) + 1e-9
    length = np.linalg.norm(mesh.points[edge[:, 0]] - mesh.points[edge[:, 1]], axis=1)
    mean = (np.bincount(edge[:, 0], length, n) + np.bincount(edge[:, 1], length, n)) / count
    strength = (0.55 * np.clip(4.0 / np.maximum(mean, 1e-3), 0, 1) ** 2 * (count > 1))[:, None]
    for _ in range(8):
        values = values + strength * (neighbour_mean(values, edge) - values)
    return values


def _shared(values: Floats, points: F32, normals: F32) -> Floats:
    """Light of hair (n, 10) mixed with that of what lies around and faces the same way: neighbouring locks, of which
    one dips below the other, are one mass."""
    if len(points) == 0:
        return values
    distance, near = cKDTree(points).query(points, HAIR_NEIGHBOURS)
    agreement = np.clip((normals[near] * normals[:, None]).sum(2), 0.01, 1)
    # what is open counts most: the light is that of the surface
    weight = np.exp(-((distance / HAIR_REACH_MM) ** 2)) * agreement * (0.05 + values[near, 9])
    mean = (values[near] * weight[..., None]).sum(1) / weight.sum(1)[:, None]
    return np.asarray((1 - HAIR_SHARE) * values + HAIR_SHARE * mean)


def _open_lips_and_lids(skin: Skin, visibility: Floats, openness: Floats, flat: Floats) -> None:
    """Closed lips and lids bake black; give what opens a fixed light instead. In place, for the skin's vertices."""
    n = len(skin.points)
    at = skin.lip_at
    inner = (at > 0.8) & (at < 5)
    depth = np.interp(at, [0.8, 1.0, 1.3, 1.7, 2, 3, 5], [0.85, 0.75, 0.62, 0.46, 0.30, 0.20, 0.10])
    openness[:n] = np.where(inner, depth, openness[:n])
    visibility[:n] = np.where(inner[:, None], flat * depth[:, None] ** 0.7, visibility[:n])
    lid = (skin.lid_at > 0.0) & (skin.lid_at < 3)
    openness[:n] = np.where(lid, np.maximum(openness[:n], 0.62), openness[:n])
    visibility[:n] = np.where(lid[:, None], 0.45 * visibility[:n] + 0.55 * flat * 0.92, visibility[:n])
