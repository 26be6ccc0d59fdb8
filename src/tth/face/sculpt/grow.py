"""Many short locks that grow from the scalp and follow a flow over it, all computed at once. Millimetres."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from tth.face.sculpt.locks import ribbon
from tth.face.sculpt.maths import Floats, Indices, Randoms, unit
from tth.face.sculpt.mesh import Part
from tth.face.sculpt.scalp import Scalp

Flow = Callable[[Floats], Floats]
"""Points (k, 3) -> directions of growth (k, 3)."""


@dataclass(frozen=True)
class Growth:
    """How locks grow; one value per lock, (k,), or one for all."""

    length: Floats
    lift: Floats
    """Height of the tips over the scalp."""
    half_width: Floats
    points: int = 5
    across: int = 3
    root_lift: float = 0.2
    wander: float = 0.12
    """Randomness of the direction."""


def strewn(points: Floats, spacing: float) -> Indices:
    """Indices of a choice among points (n, 3), in their order, no two nearer than `spacing`."""
    tree = cKDTree(points)
    kept, blocked = [], np.zeros(len(points), bool)
    for i in range(len(points)):
        if not blocked[i]:
            kept.append(i)
            blocked[tree.query_ball_point(points[i], spacing)] = True
    return np.array(kept, int)


def scalp_roots(
    scalp: Scalp, covered: Callable[[Floats, Floats], Floats], spacing: float, rng: Randoms
) -> tuple[Floats, Floats, Floats]:
    """Evenly strewn points (k, 3) of the scalp where covered(azimuth_deg, height) > 0; their azimuths and heights."""
    count = int(60000 / spacing**2) + 4000
    sine, turn = rng.uniform(-0.75, 1, count), rng.uniform(-np.pi, np.pi, count)
    flat = np.sqrt(1 - sine**2)
    direction = np.stack([flat * np.sin(turn), sine, flat * np.cos(turn)], 1)
    points = scalp.lifted(direction, 0.0)
    azimuth = np.degrees(np.arctan2(np.abs(direction[:, 0]), direction[:, 2]))
    inside = covered(azimuth, points[:, 1]) > 0
    points, azimuth = points[inside], azimuth[inside]
    keep = strewn(points, spacing)
    return points[keep], azimuth[keep], points[keep, 1]


def grown_locks(scalp: Scalp, roots: Floats, flow: Flow, growth: Growth, tint: Floats, rng: Randoms) -> list[Part]:
    """One pointed ribbon per root (k, 3); tint: brightness (k,)."""
    k, n = len(roots), growth.points
    t = np.linspace(0, 1, n)
    length, lift, half_width = (np.broadcast_to(v, (k,)) for v in (growth.length, growth.lift, growth.half_width))
    stray = growth.wander * rng.normal(size=(k, 3))
    path, p = [], roots
    for i in range(n):
        if i:
            outward = unit(p - scalp.centre)
            way = unit(flow(p)) + stray
            way = unit(way - outward * (way * outward).sum(1, keepdims=True))
            p = p + way * (length / (n - 1))[:, None]
        direction = unit(p - scalp.centre)
        height = growth.root_lift + (lift - growth.root_lift) * np.sin(min(t[i] * 1.5, 1.0) * np.pi / 2)
        p = scalp.lifted(direction, height)
        path.append(p)
    paths = np.stack(path, 1)
    profile = np.interp(t, [0, 0.25, 0.6, 1], [0.55, 1.0, 0.85, 0.05])
    shade = 0.86 + 0.18 * t
    return [
        ribbon(
            paths[i], scalp.normal(paths[i]), half_width[i] * profile, half_width[i] * profile * 0.4, tint[i] * shade,
            texture_start=rng.uniform(0, 50), across=growth.across,
        )
        for i in range(k)
    ]  # fmt: skip
