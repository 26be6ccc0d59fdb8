"""Hair drawn back: to a knot behind the head, or to a tail that falls over one shoulder. Millimetres."""

from __future__ import annotations

import numpy as np

from tth.face.look import HairLook
from tth.face.sculpt.drape import Drape
from tth.face.sculpt.grow import Growth, grown_locks
from tth.face.sculpt.hairline import hairline
from tth.face.sculpt.locks import ribbon, sheet
from tth.face.sculpt.maths import Floats, Randoms, bspline_paths, slerp, smoothstep, unit
from tth.face.sculpt.mesh import Part
from tth.face.sculpt.scalp import Scalp

HALF_LOCKS = 38
PATH_POINTS = 13
KNOTS = {"bun": np.array([0, 106.0, -150]), "ponytail": np.array([0, 62.0, -186])}
KNOT_RADIUS = 33.0
KNOT_STRANDS = 40
GOLDEN_ANGLE = 2.399
"""Radians between neighbouring strands of the knot."""
BABY_HAIRS = 26
"""Fine short hairs along the hairline."""
TAIL_LOCKS, TAIL_POINTS = 22, 16
TAIL_RADIUS = 17.0


def back_hair(scalp: Scalp, look: HairLook, drape: Drape, rng: Randoms) -> list[Part]:
    """The under-layer, the locks to the knot, and the knot or the tail."""
    knot = KNOTS[look.style]
    azimuth = np.linspace(-1, 1, 2 * HALF_LOCKS + 1) * np.pi
    path = _paths(scalp, look, knot, azimuth)
    normals = scalp.normal(path)
    u, v = azimuth * 1.6, np.linspace(0, 0.5, PATH_POINTS)
    under = sheet(path - normals * 1.2, normals, unit(np.gradient(path, axis=1)), u, v, 0.72, flip=True)
    locks = [_lock(path, normals, i, rng) for i in range(len(azimuth) - 1)]
    if look.style == "ponytail":
        end = _tail(scalp, look, drape, knot, rng)
    else:
        axis = unit(knot - scalp.centre, 0)
        end = [_strand(knot, axis, number, rng) for number in range(KNOT_STRANDS)]
    return [under, *locks, *end, *_baby_hairs(scalp, look, rng)]


def _paths(scalp: Scalp, look: HairLook, knot: Floats, azimuth: Floats) -> Floats:
    """Curves (len(azimuth), 13, 3) from the hairline to the knot."""
    line = scalp.height(hairline(look).at(np.degrees(np.abs(azimuth))) + 3.2)
    root = scalp.at(np.abs(azimuth), line, 0.2)
    root[:, 0] *= np.where(azimuth < 0, -1.0, 1.0)
    start, end = unit(root - scalp.centre, 0), unit(knot - scalp.centre, 0)
    points = []
    for t in np.linspace(0, 1, PATH_POINTS) ** 1.2:
        direction = unit(slerp(start, end, t * 0.95), 0)
        puff = 0.3 + 6.0 * smoothstep(-0.02, 0.5, t) * (1 - 0.3 * smoothstep(0.6, 1, t))
        points.append(scalp.lifted(direction, puff * look.volume))
    return np.stack(points, 1)


def _lock(path: Floats, normals: Floats, i: int, rng: Randoms) -> Part:
    """One lock between two neighbouring paths."""
    t = np.linspace(0, 1, PATH_POINTS)
    gap = np.linalg.norm(path[i + 1] - path[i], axis=1)
    behind = float(smoothstep(0.42, 0.56, abs(i / HALF_LOCKS - 1)))  # at the nape no fine points are wanted
    slim = 0.35 + 0.5 * behind
    width = (gap * rng.uniform(0.75, 1.1) + 0.2) * (slim + (1 - slim) * smoothstep(0, 0.16, t))
    lift = rng.uniform(-0.4, 1.1) * smoothstep(0, 0.2, t) * (1 - 0.8 * behind)
    p = 0.5 * (path[i] + path[i + 1]) + normals[i] * lift[:, None]
    p[0] += (p[1] - p[0]) * rng.uniform(-0.25, 0.15) * (1 - behind)  # no hairline is a line
    tint = rng.uniform(0.88, 1.12) * (0.84 + 0.16 * smoothstep(0, 0.2, t))
    return ribbon(p, normals[i], width, np.minimum(width * 0.25, 1.0), tint, texture_start=rng.uniform(0, 50))


def _strand(knot: Floats, axis: Floats, number: int, rng: Randoms) -> Part:
    """One strand wound around the knot."""
    first = unit(np.cross(axis, [1, 0, 0]), 0)
    second = np.cross(axis, first)
    centre = knot + axis * 8
    t = np.linspace(0, 1, 12)
    turn = 2.3 * t + number * GOLDEN_ANGLE
    latitude = (-1.1 + 2.3 * t) * (0.55 + 0.45 * ((number * 0.618) % 1))
    around = np.cos(turn)[:, None] * first + np.sin(turn)[:, None] * second
    radius = KNOT_RADIUS * (1 + 0.03 * rng.normal())
    p = centre + radius * (np.cos(latitude)[:, None] * around + np.sin(latitude)[:, None] * axis * 0.8)
    width = 7.0 * np.sin(np.pi * (0.12 + 0.76 * t))
    return ribbon(p, unit(p - centre, 0), width, 2.2, rng.uniform(0.84, 1.16), texture_start=rng.uniform(0, 50))


def _baby_hairs(scalp: Scalp, look: HairLook, rng: Randoms) -> list[Part]:
    """Fine hairs that soften the hairline at forehead and temples."""
    degrees = rng.uniform(6, 66, BABY_HAIRS) * rng.choice([-1, 1], BABY_HAIRS)
    line = scalp.height(hairline(look).at(np.abs(degrees)) + rng.uniform(-1, 2, BABY_HAIRS))
    roots = scalp.at(np.radians(np.abs(degrees)), line, 0.0)
    roots[:, 0] *= np.sign(degrees)

    def flow(p: Floats) -> Floats:
        return np.stack([1.2 * np.sign(p[:, 0]), 0.5 * np.ones(len(p)), -1.0 * np.ones(len(p))], 1)

    growth = Growth(
        rng.uniform(9, 17, BABY_HAIRS),
        rng.uniform(1.0, 3.0, BABY_HAIRS),
        np.full(BABY_HAIRS, 0.5),
        across=2,
        wander=0.35,
    )
    return grown_locks(scalp, roots, flow, growth, np.ones(BABY_HAIRS), rng)


def _tail(scalp: Scalp, look: HairLook, drape: Drape, knot: Floats, rng: Randoms) -> list[Part]:
    """Locks from the knot behind the neck and forward over the shoulder opposite to the parting."""
    side = -np.sign(look.parting) or 1.0
    way = np.array([
        knot, knot + np.array([side * 6, 4, -14]),
        [side * 26, 30, -186], [side * 46, -30, -172], [side * 62, -90, -142],
        [side * 72, -132, -104], [side * 74, -168, -66], [side * 70, look.tips - 40, -46],
    ])  # fmt: skip
    middle = bspline_paths(way[:, None].astype(float), TAIL_POINTS)[0]
    t = np.linspace(0, 1, TAIL_POINTS)
    tangent = unit(np.gradient(middle, axis=0))
    first = unit(np.cross(tangent, np.array([0, 0, 1.0])))
    second = np.cross(first, tangent)
    radius = TAIL_RADIUS * look.volume * np.interp(t, [0, 0.08, 0.35, 0.75, 1], [0.35, 0.5, 1.0, 0.95, 0.3])
    angle = np.arange(TAIL_LOCKS) * GOLDEN_ANGLE
    depth = np.sqrt((np.arange(TAIL_LOCKS) + 0.5) / TAIL_LOCKS)
    wave = look.wave * 5 * np.sin(9 * t)[None] * np.cos(angle)[:, None] * smoothstep(0.2, 0.6, t)
    out = np.cos(angle)[:, None, None] * first + np.sin(angle)[:, None, None] * second
    paths = middle + out * (radius * depth[:, None] + wave)[..., None]
    moves = drape.resting(paths, smoothstep(0.12, 0.72, t))
    locks = []
    for i in range(TAIL_LOCKS):
        last = TAIL_POINTS - int(rng.integers(0, 3))
        k = np.linspace(0, 1, last)
        width = 6.5 * look.volume * np.interp(k, [0, 0.1, 0.7, 1], [0.5, 0.9, 0.8, 0.03]) * rng.uniform(0.8, 1.2)
        tint = rng.uniform(0.86, 1.14) * (0.55 + 0.45 * depth[i])
        locks.append(ribbon(
            paths[i, :last], out[i, :last], width, width * 0.35, tint, texture_start=rng.uniform(0, 50),
            drape=moves[i, :last], two_sided=True,
        ))  # fmt: skip
    return locks
