"""What every cut of hair is made of: ribbons with a convex section (locks) over a closed under-layer. Millimetres."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tth.face.look import Rgb
from tth.face.sculpt.maths import Floats, linear, smoothstep, unit
from tth.face.sculpt.mesh import Part, grid_triangles

STRAND_SCALE = 0.006
"""Texture widths per millimetre across a lock."""
ROUNDNESS = 0.6
"""How much of a lock's bulge its light shows: neighbours run into each other."""
GREY = linear((172, 168, 164))
"""Linear colour of hair without pigment."""


def greyed(colour: Rgb, share: float) -> Floats:
    """Linear colour of hair of which this share, 0..1, has turned grey."""
    turned: float = share**1.6  # light adds up fast
    return linear(colour) * (1 - turned) + GREY * turned


def ribbon(
    path: Floats,
    normal: Floats,
    half_width: Floats,
    arch: ArrayLike,
    tint: ArrayLike,
    *,
    texture_start: float,
    across: int = 3,
    stretch: float = 0.01,
    drape: Floats | None = None,
    two_sided: bool = False,
) -> Part:
    """A lock: a strip of `across` points along `path` (n, 3), bulging by `arch`.

    normal: outwards, (n, 3) or (3,); half_width (n,), arch and tint: one number or (n,). texture_start shifts the
    strand texture so that no two locks look alike; stretch: texture heights per millimetre along the lock, times 0.35.
    drape (n, 6, 3): see Part.
    """
    n = len(path)
    tangent = unit(np.gradient(path, axis=0))
    side = unit(np.cross(tangent, normal))
    outward = np.cross(side, tangent)
    q = np.linspace(-1, 1, across)
    width = half_width[:, None]
    height = np.broadcast_to(np.asarray(arch, float), (n,))[:, None]
    points = (
        path[:, None] + side[:, None] * (q * width)[..., None] + outward[:, None] * ((1 - q**2) * height)[..., None]
    )
    slope = ROUNDNESS * 2 * q * height / np.maximum(width, 0.05)
    normals = unit(outward[:, None] + side[:, None] * slope[..., None])
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    u = texture_start + (q * width) * STRAND_SCALE
    v = np.broadcast_to(length[:, None] * stretch * 0.35 + texture_start * 3.1, u.shape)
    brightness = np.broadcast_to(np.broadcast_to(np.asarray(tint, float), (n,))[:, None], u.shape)
    triangles = grid_triangles(n, across, flip=True)
    return Part(
        points.reshape(-1, 3),
        triangles,
        normals=normals.reshape(-1, 3),
        tangents=np.broadcast_to(tangent[:, None], points.shape).reshape(-1, 3),
        uv=np.stack([u, v], -1).reshape(-1, 2),
        tint=brightness.ravel(),
        drape=None if drape is None else np.repeat(drape, across, axis=0),
        two_sided=np.full(len(triangles), float(two_sided)),
    )


def sheet(
    points: Floats,
    normals: Floats,
    tangents: Floats,
    u: Floats,
    v: Floats,
    tint: ArrayLike,
    *,
    flip: bool = False,
    wrap: bool = False,
    drape: Floats | None = None,
) -> Part:
    """The under-layer below the locks: a grid of points (m, n, 3); u (m,), v (n,), tint one number or (m, n).

    wrap joins the last row to the first; drape (m, n, 6, 3): see Part.
    """
    m, n = points.shape[:2]
    triangles = grid_triangles(m, n, flip=flip)
    if wrap:
        last, i = (m - 1) * n, np.arange(n)
        near = np.stack([last + i[:-1], i[:-1], last + i[1:]], 1)
        far = np.stack([i[:-1], i[1:], last + i[1:]], 1)
        triangles = np.concatenate([triangles, np.concatenate([near, far])[:, ::-1]])
    uv = np.stack(np.broadcast_arrays(u[:, None], v[None]), -1)
    return Part(
        points.reshape(-1, 3),
        triangles,
        normals=normals.reshape(-1, 3),
        tangents=tangents.reshape(-1, 3),
        uv=uv.reshape(-1, 2),
        tint=np.broadcast_to(np.asarray(tint, float), (m, n)).ravel(),
        drape=None if drape is None else drape.reshape(m * n, -1, 3),
        two_sided=np.zeros(len(triangles)),
    )


def tip_steps(count: int) -> Floats:
    """Shares 0..1 of the way along a lock, (count,), closer to each other over the skull and at the tip."""
    middle = (np.arange(count - 1) + 0.5) / (count - 1)
    step = 1.0 - 0.65 * smoothstep(0.65, 1.0, middle) - 0.4 * smoothstep(0.5, 0.2, middle)
    way = np.concatenate([[0.0], np.cumsum(step)])
    return np.asarray(way / way[-1])


def shortened(rows: Floats, ends: Floats, begin: float = 0.0, steps: Floats | None = None) -> Floats:
    """Rows (k, n, c) between the shares `begin` and `ends` (k,) of their length, at the shares `steps` (m,) of that;
    with as many points as before where there are none."""
    n = rows.shape[1]
    steps = np.linspace(0, 1, n) if steps is None else steps
    at = (begin + (ends[:, None] - begin) * steps[None]) * (n - 1)
    i = np.minimum(at.astype(int), n - 2)
    f = (at - i)[..., None]
    k = np.arange(len(rows))[:, None]
    return np.asarray(rows[k, i] * (1 - f) + rows[k, i + 1] * f)
