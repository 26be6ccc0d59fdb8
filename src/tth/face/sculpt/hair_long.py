"""Side-parted hair that falls to the shoulders: from the parting over the skull, then down. Millimetres."""

from __future__ import annotations

import numpy as np

from tth.face.look import HairLook
from tth.face.sculpt.locks import ribbon, sheet
from tth.face.sculpt.maths import Floats, Randoms, bspline_paths, slerp, smoothstep, unit
from tth.face.sculpt.mesh import Part
from tth.face.sculpt.scalp import Scalp

LOCKS = 44
"""Locks on each side of the parting."""
PATH_POINTS = 21
SHELL_POINTS = 20
FRONT_DEG = 50.0
"""Azimuth of the foremost lock beside the face."""
FALL_OFFSET = (13, 13, 15, 16, 13)
"""Distance from the head on the way down."""


class _Half:
    """Paths of the hair on one side of the parting."""

    def __init__(self, scalp: Scalp, look: HairLook, side: int) -> None:
        self.scalp, self.look, self.side = scalp, look, side

    def paths(self, s: Floats, lift: float) -> Floats:
        """Curves (len(s), 21, 3); s runs from the front (0) to the back (1), lift is added to the distance."""
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
        return bspline_paths(np.array(over + fall), PATH_POINTS)

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
        for j, y in enumerate((26, -20, -64, -102, tips)):
            front = np.radians(FRONT_DEG + (10, 11, 9, 5, 1)[j])
            azimuth = front + (np.pi - front) * s
            if y >= -40:
                p = self.scalp.at(azimuth, np.full(len(s), float(y)), FALL_OFFSET[j] * volume * edge + lift)
            else:  # below the jaw the head gets thin: keep a full silhouette
                tuck = float(smoothstep(-90, tips, y)) * 15
                rx, rz = 70 + (9 + 8 * volume) * edge, (80 + 12 * volume) * 0.84
                x, z = np.sin(azimuth) * (rx + lift - tuck), -88 + np.cos(azimuth) * (rz + lift - tuck)
                p = np.stack([x, np.full(len(s), float(y)), z], 1)
            p[:, 0] *= self.side
            points.append(p)
        return points


def _edge(s: Floats) -> Floats:
    """Hair hugs the face at the front."""
    return 0.30 + 0.70 * smoothstep(0, 0.22, s)


def long_hair(scalp: Scalp, look: HairLook, rng: Randoms) -> list[Part]:
    """Both halves: an under-layer seen from outside and inside, and the locks."""
    parts = []
    for side in (1, -1):
        half = _Half(scalp, look, side)
        parts += _shell(half)
        parts += _locks(half, rng)
    return parts


def _shell(half: _Half) -> list[Part]:
    """Closes the gaps between the locks; shaded darker inside."""
    s = np.linspace(-0.01, 1.02, 26)
    points = half.paths(np.clip(s, 0, 1.02), -2.0)[:, :SHELL_POINTS]
    tangents = unit(np.gradient(points, axis=1))
    normals = unit(np.cross(tangents, np.gradient(points, axis=0)) * half.side)
    along = np.linspace(0, 1, SHELL_POINTS)
    shade = 0.35 + 0.65 * (1 - 0.35 * smoothstep(0.55, 1, along))
    u, v = s * 1.7 + half.side, np.linspace(0, 0.5, SHELL_POINTS)
    left = half.side > 0
    outside = sheet(points, -normals, tangents, u, v, 0.8 * shade, flip=left)
    inside = sheet(points, normals, tangents, u, v, 0.42 * shade, flip=not left)
    return [outside, inside]


def _locks(half: _Half, rng: Randoms) -> list[Part]:
    """The locks of one half, each at a random height over its neighbours."""
    s = (np.arange(LOCKS) + 0.5) / LOCKS
    lift = np.zeros(LOCKS)
    lift[rng.permutation(LOCKS)] = np.linspace(-1.5, 2.6, LOCKS)
    base = half.paths(np.clip(s + rng.normal(size=LOCKS) * 0.004, 0, 1), 0)
    beside = half.paths(np.clip(s + 0.02, 0, 1.02), 0)
    return [_lock(half, base, beside, number, float(lift[number]), rng) for number in range(LOCKS)]


def _lock(half: _Half, base: Floats, beside: Floats, number: int, lift: float, rng: Randoms) -> Part:
    """One lock: clumps with its neighbours towards the tips, may wave, and ends raggedly."""
    path = base[number]
    count = len(path)
    t = np.linspace(0, 1, count)
    lateral = beside[number] - path
    gap = np.linalg.norm(lateral, axis=1) / 0.02 / LOCKS
    lateral = unit(lateral)
    normal = np.cross(unit(np.gradient(path, axis=0)), lateral)
    normal *= np.sign((normal * half.scalp.normal(path)).sum(1))[:, None]
    phase, wave = rng.uniform(0, 6.28), half.look.wave
    clump = np.sin(number * 0.9 + half.side) * 1.5 + np.sin(number * 0.37) * 1.5
    sway = clump * smoothstep(0.35, 1, t) + wave * 6.0 * np.sin(t * 13 + phase) * smoothstep(0.3, 0.7, t)
    sideways = sway * 0.55 + rng.normal() * 1.6 * smoothstep(0.2, 1, t)
    outwards = lift * smoothstep(0, 0.25, t) + wave * 2.6 * np.cos(t * 13 + phase) * smoothstep(0.35, 0.7, t)
    path = path + lateral * sideways[:, None] + normal * outwards[:, None]
    middle = min(number // 3 * 3 + 1, LOCKS - 1)
    path = path + (base[middle] - base[number]) * (0.32 * smoothstep(0.6, 1, t))[:, None]
    keep = max(int(count * (1 + rng.uniform(-0.06, 0.0))), 8)
    path, normal, gap, t = path[:keep], normal[:keep], gap[:keep], np.linspace(0, 1, keep)
    width = gap * (0.85 + 0.35 * rng.uniform()) * (0.45 + 0.55 * smoothstep(0, 0.16, t))
    width = width * (1 - 0.60 * smoothstep(0.80, 1.0, t) ** 1.5) + 0.3
    tint = (0.80 + 0.42 * rng.uniform()) * (0.74 + 0.26 * smoothstep(0, 0.3, t)) * (1 + 0.12 * t)
    arch = np.minimum(width * 0.42, 3.0)
    return ribbon(path, normal, width, arch, tint, texture_start=rng.uniform(0, 50))
