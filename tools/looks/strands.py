"""Hair as strands: combing them over the head, the shade they cast, their own light, and drawing them."""

from __future__ import annotations

import math
from typing import NamedTuple

import numba as nb
import numpy as np
from scipy.ndimage import distance_transform_edt, gaussian_filter
from scipy.spatial import cKDTree

from tools.looks.jit import Floats, helper, kernel, serial_kernel
from tools.looks.noise import hash01
from tools.looks.volume import Volume, normal, sample, transmittance

LONG, SWEPT, FREE = 0, 1, 2
"""How `grow` combs: parted and down; sides down and top swept; not at all (curls)."""
_SKY = np.array([[0.0, 0.94, 0.34], [0.25, 0.10, 0.96], [0.96, 0.20, 0.20], [-0.96, 0.20, 0.20]])
"""Directions from which a little light comes everywhere: above, front, the two sides."""


class Strands(NamedTuple):
    """Hairs of one kind, ready to be lit or drawn."""

    points: Floats
    """(n, m, 3): places along each hair, root first."""
    width: Floats
    """(n,): thickness at the root, decimetres."""
    colour: Floats
    """(n, 3) or (n, m, 3): own colour before lighting, light after."""
    taper: float = 3.0
    """How late the hair gets thin: 1 evenly, 3 at its end."""


class Comb(NamedTuple):
    """What `grow` needs to know of each strand; all (n,)."""

    side: Floats
    """-1 or 1: the side it falls to."""
    part_x: Floats
    """Where the parting is (LONG), how strongly the top is swept to the right (SWEPT)."""
    drift: Floats
    """Tendency to the front."""
    clear_x: Floats
    """Distance from the middle that the face keeps free (LONG)."""


@helper
def _comb_long(x: float, y: float, side: float, part_x: float, drift: float) -> tuple[float, float, float, float]:
    up = min(max((y - 0.30) / 0.5, 0.0), 1.0)
    away = max(1.0 - abs(x - part_x) / 0.55, 0.0)
    tx = side * (1.1 * away * up + 0.10 * up)
    if y < -0.62:  # ends turn in
        tx -= side * 0.55 * min((-0.62 - y) / 0.4, 1.0)
    return tx, -1.0 + 0.55 * away * up, -0.30 * up + drift, 0.30


@helper
def _comb_swept(x: float, y: float, z: float, t: float, side: float, sweep: float) -> tuple[float, float, float, float]:
    to_front = min(max((z + 0.1) / 0.6, 0.0), 1.0)
    front = min(max((0.50 - abs(x)) / 0.15, 0.0), 1.0) * to_front
    top = min(max((y - 0.45) / 0.4 + 0.75 * front, 0.0), 1.0)
    tx = sweep * 0.42 * top + 0.02 * side * (1 - top)
    ty = (0.70 * to_front + 0.15) * top * (1 - t) - 0.9 * (1 - top) - 0.35 * top * t
    return tx, ty, top * (0.35 * to_front - 0.50) - 0.40 * (1 - top), 0.20


@kernel
def grow(
    roots: Floats, start: Floats, length: Floats, layer: Floats, comb: Comb, kind: int, body: Volume, segments: int
) -> Floats:
    """March strands (n, segments, 3) from their roots, kept `layer` outside the body.

    start: (n, 3) first direction; length, layer: (n,) decimetres."""
    n = roots.shape[0]
    out = np.zeros((n, segments, 3))
    for i in nb.prange(n):
        x, y, z = roots[i, 0], roots[i, 1], roots[i, 2]
        dx, dy, dz = start[i, 0], start[i, 1], start[i, 2]
        s, side = length[i] / (segments - 1), comb.side[i]
        for j in range(segments):
            out[i, j, 0], out[i, j, 1], out[i, j, 2] = x, y, z
            t = j / (segments - 1)
            if kind == 0:
                tx, ty, tz, w = _comb_long(x, y, side, comb.part_x[i], comb.drift[i])
            elif kind == 1:
                tx, ty, tz, w = _comb_swept(x, y, z, t, side, comb.part_x[i])
            else:
                tx, ty, tz, w = dx, dy - 0.9 * comb.drift[i], dz, 0.10
            dx, dy, dz = dx + (tx - dx) * w, dy + (ty - dy) * w, dz + (tz - dz) * w
            q = math.sqrt(dx * dx + dy * dy + dz * dz) + 1e-9
            dx, dy, dz = dx / q, dy / q, dz / q
            x, y, z = x + dx * s, y + dy * s, z + dz * s
            lie = layer[i] * min(1.0, 3.0 * t + 0.15)
            d = sample(body, x, y, z)
            if -100.0 < d < lie:
                nx, ny, nz = normal(body, x, y, z)
                x, y, z = x + nx * (lie - d), y + ny * (lie - d), z + nz * (lie - d)
                inward = dx * nx + dy * ny + dz * nz
                if inward < 0:
                    dx, dy, dz = dx - nx * inward, dy - ny * inward, dz - nz * inward
            if kind == 0 and z > 0.0 and y < 0.62:
                edge = comb.clear_x[i] - 0.36 * min(max((y - 0.16) / 0.44, 0.0), 1.0) ** 1.7
                if y < -0.50:
                    edge -= 0.14 * min((-0.50 - y) / 0.5, 1.0)
                if side * x < edge:
                    x = x + (side * edge - x) * 0.5
    return out


def clump(points: Floats, rng: np.random.Generator, count: int, amount: float, late: float) -> tuple[Floats, Floats]:
    """Pull strands towards one of `count` of them, more at the tips; also the clump each belongs to."""
    guides = rng.choice(len(points), min(count, len(points)), replace=False)
    key = np.concatenate([points[:, 0], points[:, points.shape[1] // 2] * 0.6], 1)
    _, nearest = cKDTree(key[guides]).query(key)
    guide = points[guides][nearest]
    t = np.linspace(0, 1, points.shape[1])[None, :, None] ** late
    return np.asarray(guide + (points - guide) * (1 - amount * t)), nearest


def wave(
    points: Floats, clumps: Floats, rng: np.random.Generator, height: float, turns: float, spread: float = 0.2
) -> Floats:
    """Waves or coils across the strands, shared by a clump."""
    n = int(clumps.max()) + 1
    phase = (rng.random(n) * 6.283)[clumps]
    speed = (turns * (1 - spread + 2 * spread * rng.random(n)))[clumps]
    t = np.linspace(0, 1, points.shape[1])[None]
    along = np.gradient(points, axis=1)
    along /= np.linalg.norm(along, axis=2, keepdims=True) + 1e-9
    across = np.cross(along, np.array([0.13, 0.0, 1.0]))
    across /= np.linalg.norm(across, axis=2, keepdims=True) + 1e-9
    other = np.cross(along, across)
    angle = speed[:, None] * t * 6.283 + phase[:, None]
    rise = height * np.clip(t * 2.4 - 0.15, 0, 1)
    coil = across * np.sin(angle)[..., None] + other * (0.8 * np.cos(angle))[..., None]
    return np.asarray(points + coil * rise[..., None])


def density(points: Floats, body: Volume, amount: float) -> Volume:
    """How dense hair is on the body's grid, or minus the distance to hair (for long steps)."""
    segment = float(np.linalg.norm(np.diff(points, axis=1), axis=2).mean())
    cells = np.round((points.reshape(-1, 3) - body.low) / body.step).astype(np.int64)[:, ::-1]
    shape = np.array(body.values.shape)
    cells = cells[((cells >= 0) & (cells < shape)).all(1)]
    flat = np.ravel_multi_index(tuple(cells.T), body.values.shape)
    counts = np.bincount(flat, minlength=body.values.size).reshape(body.values.shape)
    per_hair = amount * segment / 0.05 * (0.02 / body.step) ** 3
    dense = np.minimum(gaussian_filter((counts * per_hair).astype(np.float32), 0.02 / body.step), 14.0)
    away = distance_transform_edt(dense < 0.03) * body.step
    return Volume(np.where(dense < 0.03, -away, dense).astype(np.float32), body.low, body.step)


def no_hair(body: Volume) -> Volume:
    """The density of a bald head."""
    return Volume(np.zeros((1, 1, 1), np.float32), body.low, body.step)


def light_strands(
    strands: Strands, body: Volume, hair: Volume, lights: Floats, shine: float, rng: np.random.Generator
) -> Strands:
    """The strands with light for colour, (n, m, 3)."""
    directions = np.concatenate([lights[:, :3], _SKY])
    reach = np.zeros((len(directions), *(hair.values.shape if hair.values.size > 1 else (1, 1, 1))), np.float32)
    if hair.values.size > 1:
        _reach(body, hair, directions, reach)
    colour = np.ascontiguousarray(strands.colour)
    out = _shade(strands.points, colour, shine, reach, body.low, body.step, lights, rng.normal(size=len(colour)))
    return strands._replace(colour=out)


@kernel
def _reach(body: Volume, hair: Volume, directions: Floats, out: Floats) -> None:
    """Share of each direction's light that comes to every voxel with hair."""
    low, step = hair.low, hair.step
    depth, height, width = hair.values.shape
    for k in nb.prange(depth):
        for j in range(height):
            for i in range(width):
                if hair.values[k, j, i] > -1.8 * step:
                    x, y, z = low[0] + i * step, low[1] + j * step, low[2] + k * step
                    for q in range(directions.shape[0]):
                        d = directions[q]
                        out[q, k, j, i] = transmittance(x, y, z, d[0], d[1], d[2], body, hair)


@kernel
def _shade(
    points: Floats, tint: Floats, shine: float, reach: Floats, low: Floats, step: float, lights: Floats, vary: Floats
) -> Floats:
    """Two highlights along the hair (Marschner et al. 2003, simplified as by Kajiya and Kay) and light from the sky."""
    n, m, _ = points.shape
    out = np.zeros((n, m, 3))
    free = reach.shape[1] < 2
    count = lights.shape[0]
    for i in nb.prange(n):
        for j in range(m):
            a, b = points[i, max(j - 1, 0)], points[i, min(j + 1, m - 1)]
            tx, ty, tz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
            q = math.sqrt(tx * tx + ty * ty + tz * tz) + 1e-9
            tx, ty, tz = tx / q, ty / q, tz / q
            x, y, z = points[i, j, 0], points[i, j, 1], points[i, j, 2]
            vx, vy, vz = -x, -y - 0.2, 10.0 - z
            q = math.sqrt(vx * vx + vy * vy + vz * vz)
            seen = math.asin(min(max((tx * vx + ty * vy + tz * vz) / q, -1.0), 1.0))
            r, g, bl = 0.0, 0.0, 0.0
            for k in range(count):
                v = 0.8 if free else max(sample(Volume(reach[k], low, step), x, y, z), 0.0)
                if v < 0.004:
                    continue
                power = (1.0 if k == 0 else 0.34) * 0.32 * v
                tl = tx * lights[k, 0] + ty * lights[k, 1] + tz * lights[k, 2]
                facing = math.sqrt(max(1 - tl * tl, 0.0))
                mid = 0.5 * (math.asin(min(max(tl, -1.0), 1.0)) + seen)
                h1, h2 = mid + 0.09 + vary[i] * 0.05, mid - 0.12 + vary[i] * 0.07
                white = math.exp(-((h1 / 0.10) ** 2)) * shine * 0.050 * facing
                tinted = (math.exp(-((h2 / 0.20) ** 2)) * shine * 0.9 + 0.75) * facing
                r += lights[k, 3] * power * (white + tinted * tint[i, 0])
                g += lights[k, 4] * power * (white + tinted * tint[i, 1])
                bl += lights[k, 5] * power * (white + tinted * tint[i, 2])
            sky = 0.6
            if not free:
                above = max(sample(Volume(reach[count], low, step), x, y, z), 0.0)
                before = max(sample(Volume(reach[count + 1], low, step), x, y, z), 0.0)
                beside = max(sample(Volume(reach[count + (2 if x > 0 else 3)], low, step), x, y, z), 0.0)
                sky = 0.56 * (0.10 + 0.40 * above + 0.34 * before + 0.26 * beside)
            out[i, j, 0], out[i, j, 1], out[i, j, 2] = r + sky * tint[i, 0], g + sky * tint[i, 1], bl + sky * tint[i, 2]
    return out


@serial_kernel
def draw_strands(
    px: Floats,
    z: Floats,
    colour: Floats,
    width_px: Floats,
    taper: float,
    picture: Floats,
    nearest: Floats,
    body_z: Floats,
) -> None:
    """Draw opaque strands into a picture (h, w, 3) with a z-buffer; one after the other, so that it is repeatable.

    px: (n, m, 2) pixels; z, nearest, body_z: depth, larger is nearer."""
    h, w = nearest.shape
    n, m, _ = px.shape
    for i in range(n):
        for j in range(m - 1):
            x0, y0, x1, y1 = px[i, j, 0], px[i, j, 1], px[i, j + 1, 0], px[i, j + 1, 1]
            steps = int(max(abs(x1 - x0), abs(y1 - y0))) + 1
            steep = abs(y1 - y0) > abs(x1 - x0)
            for s in range(steps):
                t = s / steps
                whole = (j + t) / (m - 1)
                wide = width_px[i] * (1.0 - 0.92 * whole**taper) * min(1.0, 0.35 + 7.0 * whole)
                x, y, depth = x0 + (x1 - x0) * t, y0 + (y1 - y0) * t, z[i, j] + (z[i, j + 1] - z[i, j]) * t
                first = (x if steep else y) - wide * 0.5
                low, high = math.floor(first + 0.5), math.floor(first + wide + 0.5)
                if high <= low:  # thinner than a pixel: drawn as often as it covers one
                    if hash01(i * 977 + j * 131 + s) > wide:
                        continue
                    high = low + 1
                for q in range(low, high):
                    ix, iy = (q, int(y)) if steep else (int(x), q)
                    if ix < 0 or iy < 0 or ix >= w or iy >= h:
                        continue
                    if depth > nearest[iy, ix] and depth > body_z[iy, ix]:
                        nearest[iy, ix] = depth
                        edge = 1.0 - 0.25 * abs((q + 0.5 - first) / wide - 0.5)
                        for c in range(3):
                            picture[iy, ix, c] = (colour[i, j, c] * (1 - t) + colour[i, j + 1, c] * t) * edge
