"""How each style's hair grows: from roots on the scalp to combed, clumped and waved strands."""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np

from tools.looks.hairline import above_hairline
from tools.looks.jit import Floats, kernel
from tools.looks.person import Person
from tools.looks.strands import FREE, LONG, SWEPT, Comb, Strands, clump, grow, wave
from tools.looks.volume import Volume, normal, sample

_CROWN = np.array([0.0, 0.22, -0.12])
"""Roots are found by rays towards this point inside the skull."""
WIDTH = 0.0042
"""Mean thickness of a drawn hair: a few real ones together."""


class _Roots(NamedTuple):
    place: Floats
    out: Floats
    """Normals."""
    inside: Floats
    """Distance from the hairline."""


def hair_strands(person: Person, body: Volume, count: int, rng: np.random.Generator) -> Strands:
    """About `count` hairs of the person's style."""
    roots = _find_roots(person, body, count, rng)
    style = {"long": _long, "short": _short, "swept": _short, "curly": _curly}[person.hair.style]
    points, clumps = style(person, roots, body, rng)
    points = _strays(points, rng)
    width = WIDTH * (0.55 + 0.9 * rng.random(len(points))) * np.sqrt(60000 / max(count, 2000))
    return Strands(points, width, _colours(person, points, clumps, rng))


def _colours(person: Person, points: Floats, clumps: Floats, rng: np.random.Generator) -> Floats:
    """Every clump and every hair a little different; grey ones among them."""
    n = len(points)
    vary = rng.normal(1, 0.12, (n, 1)) * (1 + 0.18 * rng.normal(size=(int(clumps.max()) + 1, 1))[clumps])
    tint = person.colours.linear("hair") * vary * (1 + 0.06 * rng.normal(size=(n, 3)))
    grey = person.colours.linear("grey") * rng.normal(1, 0.16, (n, 1))
    temples = 0.25 * np.clip(1 - points[:, 0, 1] / 0.5, 0, 1)  # grey comes there first
    is_grey = np.less(rng.random(n), person.hair.grey + temples * (person.hair.grey > 0))
    return np.clip(np.where(is_grey[:, None], grey, tint), 0.002, 1)


def _strays(points: Floats, rng: np.random.Generator) -> Floats:
    """A few hairs leave the others."""
    n, m, _ = points.shape
    loose = np.less(rng.random(n), 0.02)[:, None, None]
    t = np.linspace(0, 1, m)[None, :, None] ** 2
    return np.asarray(points + loose * t * rng.normal(0, 0.045, (n, 1, 3)))


def _find_roots(person: Person, body: Volume, count: int, rng: np.random.Generator) -> _Roots:
    u = rng.normal(size=(count * 3, 3))
    u /= np.linalg.norm(u, axis=1, keepdims=True)
    found = _onto_scalp(u, _CROWN, body)
    inside = above_hairline(person, found[:, :3]) + rng.normal(0, 0.016, len(found))  # ragged, as it is
    dense = rng.random(len(found)) < np.clip(inside / 0.10, 0, 1) ** 1.4
    keep = np.flatnonzero((inside > 0) & dense & (np.abs(found[:, 0]) < 0.80 * person.head.width))[:count]
    return _Roots(found[keep, :3], found[keep, 3:], inside[keep])


@kernel
def _onto_scalp(directions: Floats, crown: Floats, body: Volume) -> Floats:
    """Place and normal (n, 6) where rays from outside towards the crown meet the skin."""
    out = np.zeros((directions.shape[0], 6))
    for i in nb.prange(directions.shape[0]):
        d = directions[i]
        t = 1.6
        for _ in range(80):
            away = sample(body, crown[0] + d[0] * t, crown[1] + d[1] * t, crown[2] + d[2] * t)
            if away < -100:
                t -= 0.05
                continue
            if away < 0.002:
                break
            t -= away * 0.8
        x, y, z = crown[0] + d[0] * t, crown[1] + d[1] * t, crown[2] + d[2] * t
        nx, ny, nz = normal(body, x, y, z)
        out[i, 0], out[i, 1], out[i, 2], out[i, 3], out[i, 4], out[i, 5] = x, y, z, nx, ny, nz
    return out


def _unit(v: Floats) -> Floats:
    return np.asarray(v / np.linalg.norm(v, axis=1, keepdims=True))


def _long(person: Person, roots: _Roots, body: Volume, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Parted at the side, falling in soft waves to the shoulders; tips of different lengths."""
    p, n, hair = roots.place, len(roots.place), person.hair
    part = -0.20 + 0.04 * np.sin(p[:, 2] * 5)
    side = np.where(p[:, 0] > part, 1.0, -1.0)
    comb = Comb(side, part, rng.normal(0, 0.05, n), 0.675 * person.head.width + rng.normal(0, 0.02, n))
    length = hair.length * (
        1.86 + rng.normal(0, 0.05, n) - 0.25 * rng.random(n) ** 3 + 0.40 * np.clip(p[:, 1] - 0.1, -0.7, 1)
    )
    layer = hair.volume * (0.04 + 0.15 * rng.random(n) ** 1.2)
    start = _unit(roots.out * 0.6 + np.stack([side * 0.6, np.zeros(n), np.full(n, -0.25)], 1))
    points = grow(p, start, length, layer, comb, LONG, body, 36)
    points, clumps = clump(points, rng, 240, 0.36, 0.7)
    points = wave(points, clumps, rng, 0.060, 1.8)
    points, _ = clump(points, rng, 2400, 0.55, 1.4)
    return points, clumps


def _short(person: Person, roots: _Roots, body: Volume, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Short at the sides; the top swept up and to one side."""
    p, n, hair = roots.place, len(roots.place), person.hair
    front = np.clip((0.50 - np.abs(p[:, 0])) / 0.15, 0, 1) * np.clip((p[:, 2] + 0.1) / 0.6, 0, 1)
    top = np.clip((p[:, 1] - 0.45) / 0.35 + 0.75 * front, 0, 1)
    back = hair.style == "swept"
    comb = Comb(np.sign(p[:, 0]), np.full(n, 0.55 if back else 1.0), np.zeros(n), np.zeros(n))
    length = 0.15 + 0.30 * top * (0.6 + 0.4 * np.clip(p[:, 2] + 0.4, 0, 1)) * np.clip(1.0 - 0.6 * p[:, 0], 0.5, 1.3)
    length = hair.length * (length + 0.03 * rng.normal(size=n) * top) * np.clip(roots.inside / 0.06, 0.55, 1)
    layer = hair.volume * (0.012 + (0.02 + 0.09 * top) * rng.random(n))
    lean = np.stack([0.25 * top, -0.8 * (1 - top), -0.2 - 0.1 * (1 - top) - (0.5 * top if back else 0)], 1)
    start = _unit(roots.out * (0.22 + (0.55 if back else 0.75) * top[:, None]) + lean)
    points = grow(p, start, length, layer, comb, SWEPT, body, 24)
    points, clumps = clump(points, rng, 520, 0.50, 0.9)
    points = wave(points, clumps, rng, 0.014, 0.8)
    return _off_the_forehead(points, clumps)


def _curly(person: Person, roots: _Roots, body: Volume, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """A cloud of coils that fall under their weight."""
    p, n, hair = roots.place, len(roots.place), person.hair
    length = hair.length * (0.50 + 0.06 * rng.normal(size=n) + 0.05 * np.clip(p[:, 1], -0.3, 1))
    length *= np.clip(roots.inside / 0.16, 0.30, 1)
    front = np.clip((p[:, 2] - 0.05) / 0.30, 0, 1) * np.clip((p[:, 1] - 0.25) / 0.2, 0, 1)
    start = roots.out + rng.normal(0, 0.10, (n, 3)) + np.array([0, 0.20, -0.05])
    start = _unit(start + front[:, None] * (np.array([0, 0.75, -0.55]) + 0.8 * p * np.array([1.0, 0, 0])))
    weight = (0.75 + 0.35 * rng.random(n)) * (1 - 0.85 * front)
    comb = Comb(np.sign(p[:, 0]), np.zeros(n), weight, np.zeros(n))
    points = grow(p, start, length, np.full(n, 0.02), comb, FREE, body, 64)
    points, clumps = clump(points, rng, 1300, 0.86, 0.45)
    points = wave(points, clumps, rng, 0.040 * hair.volume, 4.2, 0.3)
    return _off_the_forehead(points, clumps)


def _off_the_forehead(points: Floats, clumps: Floats) -> tuple[Floats, Floats]:
    """Without the strands that fall across the forehead: brows must be free."""
    low = points[:, :, 1] < points[:, :1, 1] - 0.10
    stray = (low & (points[:, :, 2] > 0.30) & (np.abs(points[:, :, 0]) < 0.62)).any(1)
    return points[~stray], clumps[~stray]
