"""Thin-plate splines: what some points of a face do, spread smoothly over all of it."""

from __future__ import annotations

import numpy as np

from tth.face.puppet.landmarks import Floats

STIFFNESS = 1e-4
"""How little a point may be missed for the sake of smoothness; keeps points that lie close together solvable."""


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
    inverse = np.linalg.inv(system)[:, :n]
    return np.asarray(np.concatenate([_bending(queries, points), np.ones((len(queries), 1)), queries], 1) @ inverse)


def _bending(a: Floats, b: Floats) -> Floats:
    """r^2 log r between all pairs."""
    squared = np.maximum((a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T, 0)
    return np.asarray(0.5 * squared * np.log(squared + 1e-12))
