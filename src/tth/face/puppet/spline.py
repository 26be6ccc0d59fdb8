"""Thin-plate splines: what some points of a face do, spread smoothly over all of it."""

from __future__ import annotations

import numpy as np

from tth.face.puppet.landmarks import Floats

STIFFNESS = 1e-4
"""How little a point may be missed for the sake of smoothness; keeps points that lie close together solvable."""
ONE_THREAD = 250_000
"""Multiplications up to which OpenBLAS stays in one thread (4 x 65,536)."""


def thin_plate(points: Floats, queries: Floats, stiffness: float = STIFFNESS) -> Floats:
    """Matrix (queries, points) that takes values at the points to values at the queries.

    points: (n, 2), queries: (m, 2), in eye distances. The surface of least bending through the values (Bookstein,
    "Principal Warps", 1989).
    """
    n = len(points)
    system = np.zeros((n + 3, n + 3))
    system[:n, :n] = _bending(points, points) + stiffness * np.eye(n)
    system[:n, n] = system[n, :n] = 1
    system[:n, n + 1 :] = points
    system[n + 1 :, :n] = points.T
    inverse = np.asarray(np.linalg.inv(system)[:, :n], float)
    return product(np.concatenate([_bending(queries, points), np.ones((len(queries), 1)), queries], 1), inverse)


def product(left: Floats, right: Floats) -> Floats:
    """left @ right, in pieces for which OpenBLAS wakes no threads: these wait by spinning, which costs a first picture
    more CPU than the products."""
    rows = max(ONE_THREAD // right.size, 1)
    out = np.empty((len(left), right.shape[1]))
    for first in range(0, len(left), rows):
        np.matmul(left[first : first + rows], right, out=out[first : first + rows])
    return out


def _bending(a: Floats, b: Floats) -> Floats:
    """r^2 log r between all pairs."""
    squared = np.maximum((a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * product(a, b.T), 0)
    return np.asarray(0.5 * squared * np.log(squared + 1e-12))
