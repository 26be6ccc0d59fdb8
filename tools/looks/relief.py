"""The relief: a height image in the frontal plane that shapes what clay strokes are too coarse for (lips, philtrum,
lids, folds). The same kind of image, added, makes the folds of expressions."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter, spline_filter

from tools.looks.fields import RELIEF_STEP, RELIEF_X, RELIEF_Y
from tools.looks.jit import Floats
from tools.looks.person import Person


class LipCurves(NamedTuple):
    """Heights of the mouth's three curves at some x."""

    top: Floats
    """Upper edge of the upper lip."""
    seam: Floats
    """Where the lips meet."""
    bottom: Floats
    """Lower edge of the lower lip."""


def relief_grid() -> tuple[Floats, Floats]:
    """x and y of the image's points; rows go upwards."""
    xs = np.arange(RELIEF_X[0], RELIEF_X[1] + 1e-6, RELIEF_STEP)
    ys = np.arange(RELIEF_Y[0], RELIEF_Y[1] + 1e-6, RELIEF_STEP)
    x, y = np.meshgrid(xs, ys)
    return x, y


def bump(
    x: Floats, y: Floats, centre: tuple[float, float], radii: tuple[float, float], turn_deg: float = 0.0
) -> Floats:
    """A Gaussian hill on both sides of the face."""
    a = math.radians(turn_deg)
    dx, dy = np.abs(x) - centre[0], y - centre[1]
    u = (dx * math.cos(a) + dy * math.sin(a)) / radii[0]
    v = (-dx * math.sin(a) + dy * math.cos(a)) / radii[1]
    return np.exp(-(u * u + v * v))


def ridge(x: Floats, y: Floats, points: list[tuple[float, float]], width: float) -> Floats:
    """A Gaussian ridge along a parabola through points, on both sides of the face, tapered at its ends."""
    p = np.array(points)
    t, along = np.linspace(0, 1, len(p)), np.linspace(0, 1, 40)
    degree = min(2, len(p) - 1)
    px, py = (np.polyval(np.polyfit(t, p[:, i], degree), along) for i in (0, 1))
    far = 3.2 * width
    near = (np.abs(np.abs(x) - (px.min() + px.max()) / 2) < np.ptp(px) / 2 + far) & (y > py.min() - far)
    near &= y < py.max() + far
    ax, ay = np.abs(x[near]), y[near]
    best = np.zeros_like(ax)
    for u, cx, cy in zip(along, px, py, strict=True):
        w = width * (0.55 + 0.45 * math.sin(math.pi * u))
        height = math.sin(math.pi * min(max(u, 0.04), 0.96)) ** 0.6
        np.maximum(best, height * np.exp(-((ax - cx) ** 2 + (ay - cy) ** 2) / (w * w)), out=best)
    out = np.zeros_like(x)
    out[near] = best
    return out


def lip_curves(person: Person, x: Floats) -> LipCurves:
    """The mouth's curves; beyond the corners all three run together."""
    m = person.mouth
    u = np.clip(np.abs(x) / m.half_width, 0, 1)
    seam = m.y + m.smile * u**1.9 - 0.008 * np.exp(-((u / 0.22) ** 2)) + 0.004 * np.exp(-(((u - 0.45) / 0.2) ** 2))
    bow = 1 + 0.20 * np.exp(-(((u - 0.22) / 0.19) ** 2))
    top = seam + m.upper * ((1 - u**2.3) * bow - 0.13 * np.exp(-((u / 0.13) ** 2)))
    bottom = seam - m.lower * (1 - u**3.0) ** 0.85
    return LipCurves(top, seam, bottom)


def relief_image(person: Person, openness: float = 1.0) -> Floats:
    """Heights of the neutral face, decimetres; openness of the lids as in `fields.lid_heights`."""
    x, y = relief_grid()
    heights = _lips(person, x, y) + _around_mouth(person, x, y) + _folds(person, x, y) + _lids(person, x, y, openness)
    return np.asarray(gaussian_filter(heights, 1.0))


def relief_coefficients(heights: Floats) -> Floats:
    """The image as cubic spline coefficients, for `fields.relief_height`."""
    return np.ascontiguousarray(spline_filter(heights, order=3))


def _lips(person: Person, x: Floats, y: Floats) -> Floats:
    """Two cushions that meet in a groove."""
    m, ax = person.mouth, np.abs(x)
    curves = lip_curves(person, x)
    inside = ax < m.half_width
    tu = np.clip((y - curves.seam) / np.maximum(curves.top - curves.seam, 1e-3), 0, 1)
    tl = np.clip((curves.seam - y) / np.maximum(curves.seam - curves.bottom, 1e-3), 0, 1)
    side = np.sqrt(np.clip(1 - (ax / m.half_width) ** 2, 0, 1))
    in_upper = inside & (y >= curves.seam) & (y <= curves.top)
    in_lower = inside & (y < curves.seam) & (y >= curves.bottom)
    upper = np.where(in_upper, np.clip(tu * 3.2, 0, 1) ** 0.5 * (1 - tu**2.2 * 0.92), 0)
    lower = np.where(in_lower, np.clip(tl * 2.6, 0, 1) ** 0.5 * (1 - tl**1.9), 0)
    upper *= 0.034 * m.fullness * side * (0.9 + 0.35 * np.exp(-((ax / 0.05) ** 2)))
    lower *= 0.044 * m.fullness * side * (0.94 + 0.10 * np.exp(-(((ax - 0.07) / 0.06) ** 2)))
    cushions = gaussian_filter(upper + lower, 0.009 / RELIEF_STEP)
    groove = np.exp(-(((y - curves.seam) / 0.010) ** 2)) * np.clip(1 - (ax / (m.half_width * 1.02)) ** 4, 0, 1)
    return np.asarray(cushions - 0.020 * groove)


def _around_mouth(person: Person, x: Floats, y: Floats) -> Floats:
    m, h = person.mouth, person.head
    out = -0.015 * bump(x, y, (m.half_width * 1.05, m.y + m.smile * 1.02), (0.028, 0.032))
    out += 0.014 * bump(x, y, (m.half_width * 1.27, m.y + m.smile * 0.7), (0.05, 0.08))
    out -= 0.012 * np.exp(-((x / 0.026) ** 2)) * np.exp(-(((y - (m.y + 0.135)) / 0.05) ** 2))
    out += 0.008 * bump(x, y, (0.050, m.y + 0.12), (0.018, 0.05), -6)
    fold_y = m.y - m.lower - 0.050
    out -= 0.012 * np.exp(-((x / 0.16) ** 2)) * np.exp(-(((y - fold_y) / 0.038) ** 2))
    return np.asarray(out + 0.004 * h.age * bump(x, y, (0.3, m.y - 0.15), (0.08, 0.1)))


def _folds(person: Person, x: Floats, y: Floats) -> Floats:
    n, m, age = person.nose.y, person.mouth, person.head.age
    side = (m.half_width + 0.075, m.y + 0.03)
    out = -(0.007 + 0.020 * age) * ridge(x, y, [(0.155, -0.315 + n), (0.235, -0.41 + n), side], 0.038)
    out -= (0.006 + 0.013 * age) * ridge(x, y, [(0.16, -0.10), (0.26, -0.165), (0.40, -0.15)], 0.038)
    out -= 0.014 * ridge(x, y, [(0.107, -0.235 + n), (0.152, -0.29 + n), (0.142, -0.36 + n)], 0.018)
    out += 0.03 * person.head.brow_ridge * ridge(x, y, [(0.12, 0.20), (0.30, 0.25), (0.46, 0.20)], 0.08)
    if age > 0.3:
        out -= (age - 0.3) * 0.010 * _forehead_lines(x, y)
        out -= (age - 0.3) * 0.014 * crow_feet(person, x, y)
        down = [(m.half_width + 0.02, m.y - 0.02), (m.half_width + 0.05, m.y - 0.15)]
        out -= (age - 0.3) * 0.016 * ridge(x, y, down, 0.022)
    return np.asarray(out)


def _forehead_lines(x: Floats, y: Floats) -> Floats:
    lines = [
        np.exp(-(((y - h - 0.012 * np.cos(x * 9 + i)) / 0.013) ** 2))
        * np.clip(1 - (np.abs(x) / (0.40 - 0.05 * i)) ** 4, 0, 1)
        for i, h in enumerate((0.345, 0.425, 0.505))
    ]
    return np.asarray(sum(lines))


def crow_feet(person: Person, x: Floats, y: Floats) -> Floats:
    """The fine lines at the outer corners of smiling eyes."""
    ex = person.eyes.x + person.eyes.half_width
    rays = (-0.035, 0.0, 0.035)
    return np.asarray(sum(ridge(x, y, [(ex + 0.022, 0.015 + d), (ex + 0.12, 0.03 + 2.2 * d)], 0.010) for d in rays))


def _lids(person: Person, x: Floats, y: Floats, openness: float) -> Floats:
    """Crease and fold of the upper lid, roll of the lower one."""
    e, ax = person.eyes, np.abs(x)
    shut = min(max(1 - openness, 0.0), 1.0)
    u = np.clip((ax - e.x + e.half_width) / (2 * e.half_width), 1e-3, 1 - 1e-3)
    su, sl = u**e.skew_upper, u**e.skew_lower
    tilt = e.tilt * (u - 0.5)
    upper = tilt + e.upper * (4 * su * (1 - su)) ** 0.72 - 0.02 * shut
    lower = tilt - e.lower * (4 * sl * (1 - sl)) ** 0.85
    crease = upper + e.crease * (0.55 + 0.45 * np.sin(np.pi * u) ** 0.7)
    w = e.half_width
    ends = np.exp(-(np.clip((np.abs(ax - e.x - 0.01) - w * 0.80) / (w * 0.30), 0, None) ** 2))
    out = -(0.014 - 0.006 * shut) * np.exp(-(((y - crease) / 0.012) ** 2))
    out += (0.018 - 0.006 * shut) * np.exp(-(((y - crease - 0.032) / 0.026) ** 2))
    out += 0.009 * np.exp(-(((y - lower + 0.032) / 0.022) ** 2))
    out -= 0.006 * np.exp(-(((y - lower + 0.078) / 0.020) ** 2))
    return np.asarray(out * ends)
