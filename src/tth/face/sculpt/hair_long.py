"""Side-parted hair that falls from the parting over the skull and down, in layers. Millimetres."""

from __future__ import annotations

import numpy as np

from tth.face.look import HairLook
from tth.face.sculpt.drape import Drape
from tth.face.sculpt.locks import ribbon, sheet, shortened, tip_steps
from tth.face.sculpt.maths import Floats, Randoms, bspline_paths, slerp, smoothstep, unit
from tth.face.sculpt.mesh import Part
from tth.face.sculpt.scalp import Scalp

LOCKS = 30
"""Locks of the lower layer on each side of the parting."""
UPPER_LOCKS = 15
"""Locks of the upper, shorter layer."""
PATH_POINTS = 18
FINE_POINTS = 54
"""Points of the curves that locks are cut from."""
FRONT_DEG = 50.0
"""Azimuth of the foremost lock beside the face."""
FALL = (26.0, -20.0, -64.0, -102.0)
"""Heights of the way down, before the tips."""
FALL_OFFSET = (13, 14, 16, 16, 13)
"""Distance from the head on the way down."""
END_LOCKS = 18
"""Thin strands at the tips of each side."""
STRAY_LOCKS = 4
"""Single hairs of each side that leave the mass."""


class _Half:
    """Paths of the hair on one side of the parting."""

    def __init__(self, scalp: Scalp, look: HairLook, drape: Drape, side: int) -> None:
        self.scalp, self.look, self.drape, self.side = scalp, look, drape, side

    def paths(self, s: Floats, lift: float, count: int = PATH_POINTS) -> Floats:
        """Curves (len(s), count, 3); s runs from the front (0) to the back (1), lift is added to the distance."""
        root = self._roots(s)
        fall = self._fall(s, lift)
        centre, volume = self.scalp.centre, self.look.volume
        start, end = unit(root - centre, 0), unit(fall[0] - centre, 0)
        edge = _edge(s)
        over = []
        for k in (0, 0.12, 0.28, 0.46, 0.64, 0.82):
            direction = unit(slerp(start, end, k), 0)
            fullness = edge + (1 - edge) * smoothstep(0.9, 0.3, k)
            offset = 0.6 + (12.4 + 2.5 * k) * volume * fullness * smoothstep(-0.02, 0.30, k)
            over.append(self.scalp.lifted(direction, offset + lift * min(1, k * 3)))
        return _evenly(bspline_paths(np.array(over + fall), 4 * PATH_POINTS), count)

    def _roots(self, s: Floats) -> Floats:
        """Points on the parting."""
        k = np.clip(s / 0.62, 0, 1)
        x = self.look.parting * (1 - 0.55 * k) - self.side * 1.4
        z = 2 - 108 * k
        y = np.interp(z, [-130, -95, -70, -40, -15, 3], [104, 113, 114, 107, 93, 75])
        return self.scalp.push_out(np.stack([x, self.scalp.height(y), z], 1), np.full(len(s), 0.6))

    def _fall(self, s: Floats, lift: float) -> list[Floats]:
        """Waypoints from the temple down to the tips."""
        volume, tips, edge = self.look.volume, self.look.tips, _edge(s)
        points = []
        for j, y in enumerate((*FALL, tips)):
            front = np.radians(FRONT_DEG + (10, 11, 8, 3, -2)[j])
            azimuth = front + (np.pi - front) * s
            if y >= -40:
                p = self.scalp.at(azimuth, np.full(len(s), float(y)), FALL_OFFSET[j] * volume * edge + lift)
            else:  # below the jaw the head gets thin: keep a full silhouette
                tuck = float(smoothstep(-84, max(tips, -150), y)) * (9 if tips > -125 else 4)
                rx, rz = 70 + (9 + 8 * volume) * edge, (80 + 12 * volume) * 0.84
                x, z = np.sin(azimuth) * (rx + lift - tuck), -88 + np.cos(azimuth) * (rz + lift - tuck)
                p = np.stack([x, np.full(len(s), float(y)), z], 1)
            p[:, 0] *= self.side
            points.append(p)
        return points

    def hung(self, paths: Floats) -> tuple[Floats, Floats]:
        """Strands (k, n, 3) laid on the shoulders, and their drape (k, n, 6, 3)."""
        paths = self.drape.settled(paths)
        free = smoothstep(4, -92, paths[..., 1].mean(0))
        return paths, self.drape.moves(paths, free)


def _evenly(paths: Floats, count: int) -> Floats:
    """Curves (k, n, 3) as (k, count, 3) with points at even distances."""
    length = np.linalg.norm(np.diff(paths, axis=1), axis=2).cumsum(1)
    rows = []
    for path, along in zip(paths, length, strict=True):
        at = np.concatenate([[0], along]) / along[-1]
        rows.append(np.stack([np.interp(np.linspace(0, 1, count), at, path[:, axis]) for axis in range(3)], 1))
    return np.array(rows)


def _edge(s: Floats) -> Floats:
    """Hair hugs the face at the front."""
    return 0.30 + 0.70 * smoothstep(0, 0.22, s)


def long_hair(scalp: Scalp, look: HairLook, drape: Drape, rng: Randoms) -> list[Part]:
    """Both halves: an under-layer seen from outside and inside, and two layers of locks."""
    parts = []
    for side in (1, -1):
        half = _Half(scalp, look, drape, side)
        parts += _shell(half)
        parts += _layer(half, LOCKS, 0.0, (0.96, 1.0), rng)
        parts += _layer(half, UPPER_LOCKS, 0.30, (0.86, 0.98), rng)
        parts += _ends(half, rng)
        parts += _stray(half, rng)
    return parts


def _shell(half: _Half) -> list[Part]:
    """Closes the gaps between the locks; shaded darker inside."""
    s = np.linspace(-0.01, 1.02, 20)
    ragged = 0.935 + 0.02 * np.sin(np.arange(20) * 2.4 + half.side)
    points, drape = half.hung(shortened(half.paths(np.clip(s, 0, 1.02), -2.0), ragged))
    tangents = unit(np.gradient(points, axis=1))
    normals = unit(np.cross(tangents, np.gradient(points, axis=0)) * half.side)
    along = np.linspace(0, 1, PATH_POINTS)
    shade = 0.35 + 0.65 * (1 - 0.35 * smoothstep(0.55, 1, along))
    u, v = s * 1.7 + half.side, np.linspace(0, 0.5, PATH_POINTS)
    left = half.side > 0
    outside = sheet(points, normals, tangents, u, v, 0.8 * shade, flip=left, drape=drape)
    inside = sheet(points, -normals, tangents, u, v, 0.42 * shade, flip=not left, drape=drape)
    return [outside, inside]


def _layer(half: _Half, count: int, begin: float, reach: tuple[float, float], rng: Randoms) -> list[Part]:
    """`count` locks side by side, each at a random height over its neighbours.

    begin, reach: between which shares of the way down they run; those that begin further down lie on top.
    """
    s = (np.arange(count) + 0.5 + 0.3 * rng.uniform(-1, 1, count)) / count
    beside = half.paths(np.clip(s + 0.02, 0, 1.02), 0.0, FINE_POINTS)
    paths = half.paths(np.clip(s, 0, 1), 0.0, FINE_POINTS)
    ends = rng.uniform(*reach, count) - 0.06 * smoothstep(0.16, 0.0, s)
    height = np.zeros(count)
    height[rng.permutation(count)] = np.linspace(-1.2, 2.2, count)
    paths, sideways, normals = _styled(half, paths, beside, s, height, rng)
    if begin:  # comes out from between the others
        t = np.linspace(0, 1, FINE_POINTS)
        rise = 2.4 * smoothstep(begin, begin + 0.45, t) - 3.2 * smoothstep(begin + 0.12, begin, t)
        paths = paths + normals * (rise - height[:, None] * smoothstep(begin + 0.25, begin, t))[..., None]
    steps = tip_steps(PATH_POINTS)
    paths, drape = half.hung(shortened(paths, ends, begin, steps))
    normals = shortened(normals, ends, begin, steps)
    gap = shortened(np.linalg.norm(sideways, axis=2, keepdims=True) / 0.02 / count, ends, begin, steps)[..., 0]
    return [_lock(paths[i], normals[i], gap[i], drape[i], begin, bool(s[i] > 0.3), rng) for i in range(count)]


def _styled(
    half: _Half, paths: Floats, beside: Floats, s: Floats, height: Floats, rng: Randoms
) -> tuple[Floats, Floats, Floats]:
    """The strands with waves and clumps; with their sideways steps (k, n, 3) and outward normals."""
    t = np.linspace(0, 1, paths.shape[1])[None]
    step = beside - paths
    lateral = unit(step)
    normals = half.side * unit(np.cross(unit(np.gradient(paths, axis=1)), lateral))
    wave, phase = half.look.wave, 9.0 * s[:, None] + half.side + rng.normal(0, 0.25, (len(s), 1))
    sway = wave * 11.0 * np.sin(t * 15 + phase) * smoothstep(0.32, 0.75, t)
    clump = 2.2 * np.sin(s[:, None] * 31 + half.side) * smoothstep(0.45, 1, t)
    sideways = sway * 0.6 + clump + rng.normal(0, 1.6, (len(s), 1)) * smoothstep(0.3, 1, t)
    outwards = height[:, None] * (0.22 + 0.78 * smoothstep(0.18, 0.6, t)) + wave * 6.5 * np.cos(
        t * 15 + phase
    ) * smoothstep(0.4, 0.75, t)
    outwards = outwards - 5.0 * smoothstep(0.86, 1.0, t) * (1 - wave)  # the ends turn in
    return paths + lateral * sideways[..., None] + normals * outwards[..., None], step, normals


def _lock(
    path: Floats, normal: Floats, gap: Floats, drape: Floats, begin: float, seen_inside: bool, rng: Randoms
) -> Part:
    """One lock: narrow at the parting, pointed at its tip."""
    t = tip_steps(len(path))
    # a lock that begins further down comes out as a point
    root = 0.03 + 0.97 * smoothstep(0.04, 0.5, t) if begin else 0.40 + 0.60 * smoothstep(0, 0.16, t)
    width = gap * (0.95 + 0.35 * rng.uniform()) * root + 0.25
    taper = rng.uniform(0.60, 0.84)
    width = width * (1 - 0.95 * smoothstep(taper, 1.0, t) ** 1.5)
    down = begin + (1 - begin) * t
    apart = smoothstep(begin + 0.1, begin + 0.5, down)  # where they begin the locks are one surface
    tint = (1 + rng.uniform(-0.09, 0.09) * apart) * (0.76 + 0.24 * smoothstep(0, 0.3, down)) * (1 + 0.05 * down)
    arch = np.minimum(width * 0.42, 3.0) * (0.25 + 0.75 * apart)
    return ribbon(path, normal, width, arch, tint, texture_start=rng.uniform(0, 50), drape=drape, two_sided=seen_inside)


def _ends(half: _Half, rng: Randoms) -> list[Part]:
    """Thin pointed strands at the tips, of different lengths."""
    s = np.clip((np.arange(END_LOCKS) + rng.uniform(0, 1, END_LOCKS)) / END_LOCKS, 0, 1)
    paths = half.paths(s, 0.0)
    paths, step, normals = _styled(
        half, paths, half.paths(np.clip(s + 0.02, 0, 1.02), 0.0), s, rng.uniform(-1.5, 3, len(s)), rng
    )
    paths, drape = half.hung(shortened(paths, rng.uniform(0.94, 1.0, len(s))))
    tail = slice(PATH_POINTS * 5 // 8, None)
    k = np.linspace(0, 1, len(range(*tail.indices(PATH_POINTS))))
    locks = []
    for i in range(len(s)):
        width = rng.uniform(1.4, 3.0) * np.interp(k, [0, 0.4, 1], [0.2, 1, 0.03])
        spread = unit(step[i, tail]) * (rng.normal() * 1.2 * k**2)[:, None]
        locks.append(ribbon(
            paths[i, tail] + spread, normals[i, tail], width, width * 0.4, rng.uniform(0.92, 1.08),
            texture_start=rng.uniform(0, 50), across=2, drape=drape[i, tail], two_sided=True,
        ))  # fmt: skip
    return locks


def _stray(half: _Half, rng: Randoms) -> list[Part]:
    """A few single hairs that stand off."""
    s = rng.uniform(0.05, 0.95, STRAY_LOCKS)
    paths = half.paths(s, 2.0)
    t = np.linspace(0, 1, PATH_POINTS)[None, :, None]
    away = unit(paths - half.scalp.centre)
    paths = paths + away * (rng.uniform(0.5, 2.5, (len(s), 1, 1)) * np.sin(t * 2.6 + 0.2))
    paths, drape = half.hung(shortened(paths, rng.uniform(0.6, 0.97, len(s))))
    width = 0.55 * (1 - np.linspace(0, 1, PATH_POINTS) ** 2) + 0.03
    return [
        ribbon(path, half.scalp.normal(path), width, 0.0, 1.1, texture_start=rng.uniform(0, 50), across=2, drape=move)
        for path, move in zip(paths, drape, strict=True)
    ]
