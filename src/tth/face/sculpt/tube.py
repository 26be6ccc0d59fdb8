"""Round bars along a path: what wire frames and rings are made of. Millimetres."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tth.face.sculpt.maths import Floats, unit
from tth.face.sculpt.mesh import Part, grid_triangles


def tube(
    path: Floats, across: ArrayLike, deep: ArrayLike, facing: Floats, *, sides: int = 6, closed: bool = False
) -> Part:
    """A bar along `path` (n, 3) with an elliptic section; without a closed path its ends are pinched shut.

    facing: the direction (3,) or (n, 3) along which the section's half axis is `deep`; across: the other half axis,
    one number or (n,), as is deep. `along` runs from 0 to 1.
    """
    n = len(path)
    tangent = unit(np.roll(path, -1, 0) - np.roll(path, 1, 0) if closed else np.gradient(path, axis=0))
    side = unit(np.cross(tangent, facing))
    front = np.cross(side, tangent)
    pinch = np.ones(n)
    if not closed:
        pinch[[0, -1]] = 0.05
    angle = np.arange(sides) / sides * 2 * np.pi
    a = (np.broadcast_to(np.asarray(across, float), (n,)) * pinch)[:, None, None]
    d = (np.broadcast_to(np.asarray(deep, float), (n,)) * pinch)[:, None, None]
    cos, sin = np.cos(angle)[None, :, None], np.sin(angle)[None, :, None]
    points = path[:, None] + side[:, None] * a * cos + front[:, None] * d * sin
    normals = unit(side[:, None] * cos / np.maximum(a, 1e-3) + front[:, None] * sin / np.maximum(d, 1e-3))
    triangles = grid_triangles(n + closed, sides, wrap=True) % (n * sides)
    return Part(
        points.reshape(-1, 3), triangles, normals=normals.reshape(-1, 3), along=np.repeat(np.linspace(0, 1, n), sides)
    )
