"""Pieces of surface and the plain operations on them: grids, strips, joining, smoothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from tth.face.sculpt.maths import Floats, Indices, catmull_rom


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of surface. Fields that are None do not apply to it; joined parts must agree on which."""

    points: Floats
    """Positions in millimetres, (n, 3)."""
    triangles: Indices
    """Corner indices, (t, 3); counter-clockwise seen from outside."""
    normals: Floats | None = None
    """Unit normals, (n, 3)."""
    tangents: Floats | None = None
    """Direction of the strands, (n, 3)."""
    uv: Floats | None = None
    """Texture coordinates, (n, 2)."""
    tint: Floats | None = None
    """Linear colour (n, 3), or brightness (n,) of the part's colour."""
    drape: Floats | None = None
    """What hangs moves by this in each of sculpture.DRAPES, (n, 6, 3)."""
    along: Floats | None = None
    """Position 0..1 along the part, (n,); its meaning is the part's own."""
    two_sided: Floats | None = None
    """1 where the inside can be seen, (t,)."""
    piece: Indices | None = None
    """Which of the joined parts, (t,)."""


def join(parts: Sequence[Part]) -> Part:
    """One part from many; `piece` numbers them where they are not numbered yet."""
    columns: dict[str, list[NDArray[np.generic]]] = {}
    start = 0
    for number, part in enumerate(parts):
        if part.piece is None:
            part = replace(part, piece=np.full(len(part.triangles), number))
        for item in fields(Part):
            value = getattr(part, item.name)
            if value is not None:
                columns.setdefault(item.name, []).append(value + start if item.name == "triangles" else value)
        start += len(part.points)
    return Part(**{name: np.concatenate(values) for name, values in columns.items()})


def grid_triangles(rows: int, columns: int, flip: bool = False, wrap: bool = False) -> Indices:
    """Triangles over a rows x columns grid of points; `wrap` joins the last column to the first."""
    i = np.arange(rows * columns).reshape(rows, columns)
    if wrap:
        i = np.concatenate([i, i[:, :1]], 1)
    a, b, c, d = i[:-1, :-1].ravel(), i[:-1, 1:].ravel(), i[1:, :-1].ravel(), i[1:, 1:].ravel()
    triangles = np.concatenate([np.stack([a, c, b], 1), np.stack([b, c, d], 1)])
    return triangles[:, ::-1] if flip else triangles


def strip_triangles(outer: Indices, inner: Indices, flip: bool = False) -> Indices:
    """Triangles between two closed rings of equal size, counter-clockwise from the front."""
    a, b, c, d = outer, np.roll(outer, -1), inner, np.roll(inner, -1)
    triangles = np.concatenate([np.stack([a, b, c], 1), np.stack([b, d, c], 1)])
    return triangles[:, ::-1] if flip else triangles


def hexagonal_points(left: float, right: float, bottom: float, top: float, step: float) -> Floats:
    """Points of a hexagonal lattice, (n, 2), symmetric in x."""
    row_step = step * 0.866
    rows = []
    for j in range(int((top - bottom) / row_step) + 1):
        x = np.arange(0.5 * step if j % 2 else 0.0, right + 1e-6, step)
        x = np.concatenate([-x[x > 1e-6][::-1], x])
        rows.append(np.stack([x, np.full(len(x), top - j * row_step)], 1))
    return np.concatenate(rows)


def face_normals(points: Floats, triangles: Indices) -> Floats:
    """Normals (t, 3) of twice the triangles' area."""
    a, b, c = points[triangles[:, 0]], points[triangles[:, 1]], points[triangles[:, 2]]
    return np.cross(b - a, c - a)


def wound_like_normals(part: Part) -> Part:
    """The part with its triangles turned so that their winding agrees with its normals."""
    assert part.normals is not None
    turned = (face_normals(part.points, part.triangles) * part.normals[part.triangles].sum(1)).sum(1) < 0
    return replace(part, triangles=np.where(turned[:, None], part.triangles[:, ::-1], part.triangles))


def edges(triangles: Indices) -> Indices:
    """The three directed edges of every triangle, (3t, 2)."""
    return np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])


def neighbour_mean(values: Floats, edge: Indices) -> Floats:
    """Mean of each vertex' neighbours; values (n, k)."""
    n = len(values)
    a, b = edge[:, 0], edge[:, 1]
    count = np.bincount(edge.ravel(), minlength=n) + 1e-9
    sums = [np.bincount(a, column[b], n) + np.bincount(b, column[a], n) for column in values.T]
    return np.asarray(np.stack(sums, 1) / count[:, None])


def smoothed(points: Floats, triangles: Indices, weight: Floats, steps: int) -> Floats:
    """Points moved half way to their neighbours' mean, `steps` times, each by its weight 0..1."""
    edge = edges(triangles)
    for _ in range(steps):
        points = points + (weight * 0.5)[:, None] * (neighbour_mean(points, edge) - points)
    return points


def densified_rows(rows: Floats, factor: int, curved: bool = True) -> tuple[Floats, Floats]:
    """Insert factor-1 rows between rows (n, ...). Returns the rows and their positions in the old numbering."""
    last = len(rows) - 1
    at = np.linspace(0, last, last * factor + 1)
    if curved:
        return np.stack([catmull_rom(rows, x) for x in at]), at
    return np.stack([(1 - x % 1) * rows[int(x)] + (x % 1) * rows[min(int(x) + 1, last)] for x in at]), at
