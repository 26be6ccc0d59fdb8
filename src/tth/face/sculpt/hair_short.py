"""Short cuts: sides of short locks, the longer top swept back; also what a bald man has left. Millimetres."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tth.face.look import HairLook
from tth.face.sculpt.grow import Growth, grown_locks, scalp_roots
from tth.face.sculpt.hairline import hairline
from tth.face.sculpt.locks import ribbon, sheet, shortened, tip_steps
from tth.face.sculpt.maths import Floats, Randoms, slerp, smoothstep, unit
from tth.face.sculpt.mesh import Part
from tth.face.sculpt.scalp import Scalp

CAP_COLUMNS, CAP_ROWS = 48, 14
CAP_INSET = 7.0
"""The under-layer of the sides begins so far above the hairline: below it, locks stand on painted roots."""
TOP_LOCKS = 46
STRAND_LOCKS = 22
"""Thin locks laid over the top."""
PATH_POINTS = 13
CROWN = 113.5
SPACING = 5.8
# Roots of the top locks: azimuth in degrees from the front, height on the average face.
ROOT_LINE = ((0, 20, 38, 52, 62, 75, 86), (79, 78, 70, 56, 46, 44, 44))


def short_hair(scalp: Scalp, look: HairLook, rng: Randoms) -> list[Part]:
    """Sides and back, the top's under-layer, and the locks of the top."""
    azimuth = np.linspace(-1, 1, TOP_LOCKS) * np.radians(86)
    path, root_side = (_forward_paths if look.fringe else _top_paths)(scalp, look, azimuth)
    normals = scalp.normal(path)
    u, v = azimuth * 1.6, np.linspace(0, 0.5, PATH_POINTS)
    below = path - normals * 1.5
    if look.fringe:  # over the forehead it has no border but its tips
        below = shortened(below, 1 - 0.08 * smoothstep(40, 25, np.degrees(np.abs(azimuth))))
    under = sheet(below, normals, unit(np.gradient(below, axis=1)), u, v, 0.7)
    locks = [_top_lock(path, normals, root_side, i, look, rng) for i in range(TOP_LOCKS - 1)]
    over = [_strand(path, normals, root_side, i, rng) for i in rng.permutation(TOP_LOCKS - 1)[:STRAND_LOCKS]]
    return [_cap(scalp, look, CROWN), under, *_sides(scalp, look, 96.0 if look.fringe else 62.0, rng), *locks, *over]


def balding_hair(scalp: Scalp, look: HairLook, rng: Randoms) -> list[Part]:
    """Sides and back only."""
    return _sides(scalp, look, CROWN, rng)


def cropped_hair(scalp: Scalp, look: HairLook) -> list[Part]:
    """A matte layer over painted roots."""
    cap = _cap(scalp, look, CROWN, 1.6)
    assert cap.uv is not None
    # hairs that stand on end: strands shrunk to grains, and no highlight along them
    return [replace(cap, tangents=cap.normals, uv=cap.uv * np.array([0.35, 36.0]))]


def _cap(scalp: Scalp, look: HairLook, crown: float, thickness: float = 0.0) -> Part:
    """Thin under-layer of sides and back; of the whole head where `thickness` is given."""
    azimuth = (np.arange(CAP_COLUMNS) / CAP_COLUMNS * 2 - 1) * np.pi
    degrees = np.degrees(np.abs(azimuth))
    line = scalp.height(hairline(look).at(degrees) + CAP_INSET)
    t = np.linspace(0, 1, CAP_ROWS)
    y = line[:, None] + (float(scalp.height(crown)) - line[:, None]) * (t[None] ** 1.25)
    if thickness:
        thick = thickness * look.volume * smoothstep(0, 0.25, t)[None] - 0.3 + 0 * y
    else:
        thick = (1.0 + 2.2 * smoothstep(0, 0.4, t)[None]) * look.volume * smoothstep(0, 0.2, t)[None] - 0.4
        thick = thick * smoothstep(46, 84, degrees)[:, None] - 1.5 * smoothstep(84, 46, degrees)[:, None]
    points = scalp.at(np.abs(azimuth)[:, None], y, thick)
    points[..., 0] *= np.where(azimuth < 0, -1, 1)[:, None]
    tangents = -unit(np.gradient(points, axis=1))
    return sheet(points, scalp.normal(points), tangents, azimuth * 1.2, t * 0.4, 0.74, flip=True, wrap=True)


def _sides(scalp: Scalp, look: HairLook, top: float, rng: Randoms) -> list[Part]:
    """Short locks from the hairline up to the height `top` or to the border of a bald crown."""
    line = hairline(look)

    def covered(azimuth_deg: Floats, y: Floats) -> Floats:
        high = np.minimum(scalp.height(line.top_at(azimuth_deg)), scalp.height(top))
        return np.minimum(y - scalp.height(line.at(azimuth_deg)) - 1.0, high - y)

    roots, azimuth, y = scalp_roots(scalp, covered, SPACING, rng)

    def flow(p: Floats) -> Floats:
        """Back from the temple, down before the ear, down and back behind it."""
        temple = smoothstep(-62, -40, p[:, 2]) * smoothstep(-12, 22, p[:, 1])
        back = np.maximum(0.7 * (smoothstep(-60, -100, p[:, 2]) - 0.15), 1.5 * temple)
        return np.stack([0.1 * np.sign(p[:, 0]), -1 + 0.55 * temple, -back], 1)

    full = smoothstep(-20, 60, y)
    edge = smoothstep(0, 14, covered(azimuth, y))
    growth = Growth(
        length=(12.0 + 11.0 * full) * (0.8 + 0.4 * rng.uniform(size=len(y))) * (0.6 + 0.4 * edge),
        lift=(0.9 + 2.9 * full * edge) * look.volume * rng.uniform(0.8, 1.3, len(y)),
        half_width=2.9 * rng.uniform(0.8, 1.2, len(y)) * (0.55 + 0.45 * edge),
        points=4,
        across=2,
    )
    return grown_locks(scalp, roots, flow, growth, rng.uniform(0.86, 1.10, len(y)), rng)


def _top_paths(scalp: Scalp, look: HairLook, azimuth: Floats) -> tuple[Floats, Floats]:
    """Curves (k, 13, 3) from the hairline to behind the crown, and their sideways directions (k, 3)."""
    degrees = np.degrees(np.abs(azimuth))
    swept = -np.sign(look.parting) if look.parting else 1.0
    line = np.maximum(np.interp(degrees, *ROOT_LINE), hairline(look).at(degrees) * (degrees < 60))
    root = scalp.at(np.abs(azimuth), scalp.height(line), 0.3)
    root[:, 0] *= np.sign(azimuth)
    start = unit(root - scalp.centre, 0)
    end = unit(np.array([34.0 * swept, 72, -182]) - scalp.centre, 0)
    side = unit(np.cross(end, start), 0)
    full = smoothstep(78, 40, degrees)  # full in front, flat at the temples
    fringe = smoothstep(50, 10, degrees)
    thin = 1 - 0.5 * look.recede / 30
    points = []
    for t in np.linspace(0, 1, PATH_POINTS):
        direction = slerp(start, end, t * 0.94) + side * (0.10 * np.sin(np.pi * t) * (1 - 0.5 * t))
        direction = unit(direction, 0)
        quiff = 1 + 0.35 * smoothstep(0.55, 0.05, t) * fringe
        height = 2.5 + 11.5 * full * quiff * thin * (1 - 0.45 * smoothstep(0.3, 1, t))
        points.append(scalp.lifted(direction, 0.3 + height * smoothstep(-0.01, 0.16, t) * look.volume))
    return np.stack(points, 1), side


def _forward_paths(scalp: Scalp, look: HairLook, azimuth: Floats) -> tuple[Floats, Floats]:
    """The same for hair that falls from the crown forward over the hairline, and a little to one side."""
    degrees = np.degrees(np.abs(azimuth))
    swept = -np.sign(look.parting) if look.parting else 1.0
    front = smoothstep(62, 25, degrees)
    line = np.maximum(np.interp(degrees, *ROOT_LINE), hairline(look).at(degrees) * (degrees < 60))
    line = line - look.fringe * 24.0 * front + 9.0 * look.fringe * front * np.sin(azimuth * 1.6) * swept
    tip = scalp.at(np.abs(azimuth), scalp.height(line), 0.3)
    tip[:, 0] *= np.sign(azimuth)
    crown = unit(np.array([-9.0 * swept, 112.0, -122.0]) - scalp.centre, 0)
    end = unit(tip - scalp.centre, 0)
    start = unit(crown + 0.10 * (end - crown), 0)
    side = unit(np.cross(start, end), 0)
    points = []
    for t in tip_steps(PATH_POINTS):
        direction = slerp(start, end, t) + side * (0.16 * swept * np.sin(np.pi * t))
        height = 5.0 + 9.0 * np.sin(np.pi * np.clip(0.15 + 0.72 * t, 0, 1))
        height = height * look.volume * smoothstep(-0.1, 0.2, t) * (0.55 + 0.45 * front) - 2.0 * smoothstep(0.75, 1, t)
        points.append(scalp.lifted(unit(direction, 0), np.maximum(height, 1.6)))
    return np.stack(points, 1), side


def _top_lock(path: Floats, normals: Floats, root_side: Floats, i: int, look: HairLook, rng: Randoms) -> Part:
    """One lock between two neighbouring paths."""
    t = tip_steps(PATH_POINTS) if look.fringe else np.linspace(0, 1, PATH_POINTS)
    gap = np.linalg.norm(path[i + 1] - path[i], axis=1)
    width = (gap * (0.75 + 0.55 * rng.uniform()) + 0.25) * (0.30 + 0.70 * smoothstep(0, 0.14, t))
    if look.fringe:  # pointed tips of different lengths over the forehead
        width = width * (1 - 0.93 * smoothstep(rng.uniform(0.62, 0.82), 1.0, t) ** 1.4)
    phase = 6.3 * rng.uniform()
    lift = rng.uniform(-0.6, 1.8) * smoothstep(0, 0.25, t) + (0.8 + 3.0 * look.wave) * np.sin(7 * t + phase) * t
    p = 0.5 * (path[i] + path[i + 1]) + normals[i] * lift[:, None]
    stray = rng.normal() * 1.8 * smoothstep(0.05, 0.5, t) * smoothstep(1, 0.6, t)
    stray = stray + look.wave * 4.0 * np.sin(11 * t + phase) * smoothstep(0.05, 0.4, t)
    p = p + root_side[i] * stray[:, None]
    tint = rng.uniform(0.88, 1.12) * (0.80 + 0.20 * smoothstep(0, 0.2, t))
    return ribbon(p, normals[i], width, np.minimum(width * 0.42, 2.2), tint, texture_start=rng.uniform(0, 50))


def _strand(path: Floats, normals: Floats, root_side: Floats, i: int, rng: Randoms) -> Part:
    """A thin pointed lock that crosses its neighbours."""
    t = np.linspace(0, 1, PATH_POINTS)
    last = int(PATH_POINTS * rng.uniform(0.5, 0.9))
    p = path[i] + normals[i] * (2.2 * np.sin(np.pi * t) ** 0.5)[:, None]
    p = p + root_side[i] * (rng.normal() * 7.0 * t**1.5)[:, None]
    k = np.linspace(0, 1, last)
    width = rng.uniform(0.9, 1.9) * (0.3 + 0.7 * smoothstep(0, 0.2, k)) * (1 - 0.95 * smoothstep(0.5, 1, k))
    tint = rng.uniform(0.95, 1.2)
    return ribbon(p[:last], normals[i][:last], width, width * 0.4, tint, texture_start=rng.uniform(0, 50), across=2)
