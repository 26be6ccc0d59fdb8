"""Hair on the face: brows, lashes, a short beard."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tools.looks.fields import lid_heights
from tools.looks.jit import Floats
from tools.looks.person import Person
from tools.looks.relief import lip_curves
from tools.looks.sculpt import EYE_Z, LID_THICKNESS, lid_parameters
from tools.looks.strands import Strands
from tools.looks.volume import Volume, front_depth, normal


class BrowArc(NamedTuple):
    """The brow's spine on one side."""

    x: Floats
    y: Floats
    half_width: Floats


def brow_arc(person: Person, u: Floats) -> BrowArc:
    """The spine at u in 0 (inner end) .. 1 (tail)."""
    b = person.brows
    rise = 0.056 * b.arch * np.sin(np.clip(u / 0.66, 0, 1) * np.pi / 2)
    y = 0.218 + b.y + rise - 0.17 * np.clip(u - 0.60, 0, 1) ** 1.5
    width = 0.030 * b.thickness * (0.80 + 0.35 * np.sin(np.pi * np.clip(u * 1.3, 0, 1)))
    return BrowArc(0.120 + 0.375 * u, y, width * np.clip((1.03 - u) * 2.0, 0.05, 1))


def brow_strands(person: Person, body: Volume, rng: np.random.Generator) -> Strands:
    """Short hairs along both arcs: upright at the inner end, then outwards, thinning to the tail."""
    steps = np.linspace(0, 1, 50)
    arc = brow_arc(person, steps)
    slope = np.degrees(np.arctan2(np.gradient(arc.y), np.gradient(arc.x)))
    parts = []
    for side in (-1, 1):
        u = rng.random(person.brows.hairs) ** 0.9
        u = u[rng.random(len(u)) < np.clip(0.25 + u * 4.0, 0, 1)]  # sparse at the inner end
        n = len(u)
        here = brow_arc(person, u)
        v = rng.normal(0, 0.50, n).clip(-1.1, 1.1)
        x0, y0 = here.x + rng.normal(0, 0.007, n) - 0.012, here.y + v * here.half_width - 0.008
        angle = np.interp(u, steps, slope) + 52 * np.clip(1 - u * 2.2, 0, 1) - v * 18 + rng.normal(0, 8, n)
        length = (0.050 + 0.032 * rng.random(n)) * (1 - 0.40 * u) * np.sqrt(person.brows.thickness)
        t = np.linspace(0, 1, 7)[None]
        bend = np.radians(angle)[:, None] - np.radians(16) * t
        x, y = x0[:, None] + length[:, None] * t * np.cos(bend), y0[:, None] + length[:, None] * t * np.sin(bend)
        parts.append(np.stack([side * x, y, front_depth(body, side * x, y) + 0.005 + 0.010 * np.sin(t * 2.6)], -1))
    points = np.concatenate(parts)
    tint = person.colours.linear("brows") * rng.normal(1, 0.18, (len(points), 1))
    return Strands(points, 0.0033 * rng.uniform(0.7, 1.2, len(points)), np.clip(tint, 0.002, 1), 1.6)


def lash_strands(person: Person, openness: float, rng: np.random.Generator) -> list[Strands]:
    """Upper and lower lashes and the soft dark line of their roots; they point down when the lids are shut."""
    upper = [_lashes(person, openness, side, True, rng) for side in (-1, 1)]
    lower = [_lashes(person, openness, side, False, rng) for side in (-1, 1)]
    line = [_lash_line(person, openness, side) for side in (-1, 1)]
    k = person.eyes.lashes
    out = []
    for parts, width, grey, taper in (
        (upper, 0.0034, 0.010, 1.3),
        (lower, 0.0022, 0.045, 1.2),
        (line, 0.0058, 0.014, 4.0),
    ):
        points = np.concatenate(parts)
        colour = np.broadcast_to(grey * np.array([1.0, 0.72, 0.60]), points.shape).copy()
        out.append(Strands(points, np.full(len(points), width * (0.45 + 0.55 * k)), colour, taper))
    return out


def _lid_surface(person: Person, x: Floats, y: Floats) -> Floats:
    r = person.eyes.radius + LID_THICKNESS
    return EYE_Z + np.sqrt(np.clip(r * r - x**2 - y**2, 0.0005, None))


def _lashes(person: Person, openness: float, side: int, upper: bool, rng: np.random.Generator) -> Floats:
    lid = lid_parameters(person, openness)
    shut = min(max(1 - openness, 0.0), 1.0)
    n = 120 if upper else 56
    u = np.sort(np.clip(0.10 + 0.885 * rng.random(n) ** (0.8 if upper else 0.9), 0, 0.99))
    heights = np.array([lid_heights(a, lid) for a in u])
    x0, y0 = lid[0] * (2 * u - 1), heights[:, 0] + 0.003 if upper else heights[:, 1] - 0.005
    z0 = _lid_surface(person, x0, y0)
    tuft = np.round(u * 13 + 0.3 * np.sin(u * 40)) / 13  # lashes lean together in small tufts
    aim = (u - 0.36) * 1.25 + (tuft - u) * (4.5 if upper else 2.0) + rng.normal(0, 0.10, n)
    reach = (0.026 + 0.040 * u**1.3) if upper else (0.012 + 0.012 * u)
    reach = (reach * (0.55 + 0.55 * rng.random(n)) * person.eyes.lashes)[:, None]
    t = np.linspace(0, 1, 9)[None]
    x = x0[:, None] + reach * aim[:, None] * t
    if upper:  # forward, then curling up
        y = y0[:, None] + reach * ((-0.30 - 0.55 * shut) * t + (1.05 - 0.75 * shut) * t**2)
    else:
        y = y0[:, None] - reach * (0.75 * t + 0.1 * t**2)
    z = z0[:, None] + reach * 0.65 * t + 0.011
    return np.stack([side * (x + person.eyes.x), y, z], -1)


def _lash_line(person: Person, openness: float, side: int) -> Floats:
    lid = lid_parameters(person, openness)
    u = np.linspace(0.995, 0.06, 30)
    rows = []
    for lift in np.linspace(-0.003, 0.004, 4):
        y = np.array([lid_heights(a, lid)[0] for a in u]) + lift
        x = lid[0] * (2 * u - 1)
        rows.append(np.stack([side * (x + person.eyes.x), y, _lid_surface(person, x, y) + 0.012], -1))
    return np.stack(rows)


def beard_area(person: Person, points: Floats) -> Floats:
    """0..1: where a beard grows; points (n, 3)."""
    x, y, z = np.abs(points[:, 0]), points[:, 1], points[:, 2]
    m = person.mouth
    below_cheek = np.clip((m.y + 0.09 + 0.62 * np.clip(x - m.half_width, 0, 1) ** 1.2 - y) / 0.22, 0, 1)
    moustache = np.clip((m.y + 0.19 - 0.20 * x - y) / 0.05, 0, 1) * np.clip((m.half_width + 0.10 - x) / 0.05, 0, 1)
    above_neck = np.clip((y - (person.head.chin_y - 0.26)) / 0.16, 0, 1)
    area = np.maximum(below_cheek, moustache) * above_neck * np.clip((z + 0.02) / 0.2, 0, 1)
    curves = lip_curves(person, points[:, 0])
    off_lips = np.maximum(
        np.clip((y - curves.top - 0.012) / 0.03, 0, 1), np.clip((curves.bottom - 0.014 - y) / 0.03, 0, 1)
    )
    off_lips = np.where(x > m.half_width * 1.03, 1.0, off_lips)
    bare = 0.85 * np.exp(-(((x - 0.10) / 0.05) ** 2) - ((y - (m.y - m.lower - 0.055)) / 0.035) ** 2)
    return np.asarray(area * off_lips * (1 - bare))


def beard_strands(person: Person, body: Volume, count: int, rng: np.random.Generator) -> Strands:
    """A short beard, combed down and outwards, shorter and thinner at its edges; none over the lips."""
    x, y = rng.uniform(-0.62, 0.62, count), rng.uniform(person.head.chin_y - 0.14, person.mouth.y + 0.32, count)
    z = front_depth(body, x, y)
    area = beard_area(person, np.stack([x, y, z], -1))
    keep = rng.random(count) < 0.9 * area**1.3
    roots = np.stack([x, y, z], -1)[keep]
    out = np.array([normal(body, *p) for p in roots])
    n = len(roots)
    mouth_y = person.mouth.y
    down = np.where(roots[:, 1] > mouth_y, -0.75, -1.0)
    flow = np.stack([0.9 * roots[:, 0] + rng.normal(0, 0.16, n), down, np.zeros(n)], -1)
    length = person.skin.beard * (0.5 + 0.6 * rng.random(n)) * (0.35 + 0.65 * area[keep])
    length *= np.where(roots[:, 1] > mouth_y, 0.6, 1.0)
    t = np.linspace(0, 1, 7)[None, :, None]
    lie = out[:, None] * (0.55 * t - 0.35 * t**2) + flow[:, None] * (0.35 * t + 0.55 * t**2)
    points = (
        roots[:, None] + lie * length[:, None, None] + rng.normal(0, 0.10, (n, 1, 3)) * length[:, None, None] * t**2
    )
    tint = person.colours.linear("hair") * 0.85 * rng.normal(1, 0.15, (n, 1))
    grey = person.colours.linear("grey") * rng.normal(1, 0.18, (n, 1))
    tint = np.where((rng.random(n) < person.hair.grey * (0.75 + 0.25 * (y[keep] < mouth_y)))[:, None], grey, tint)
    width = 0.0022 + 0.0012 * min(person.skin.beard / 0.08, 1.0)
    return Strands(points, np.full(n, width), np.clip(tint, 0.002, 1), 1.6)
