"""Small functions that every part of the sculpture uses: soft steps, splines, rotations, colours.

Positions are millimetres: x to the person's left (right in the picture), y up, z towards the viewer; the origin is
between the pupils and z = 0 touches the corneas. Tests: tests/face/test_sculpture.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Randoms: TypeAlias = "np.random.Generator"  # in quotes: a portrait starts without numpy.random

TINY = 1e-9
"""Keeps divisions by a length finite."""


def smoothstep(low: float, high: float, x: ArrayLike) -> Floats:
    """0 at low, 1 at high (which may be the smaller one), with a soft start and end."""
    t = np.clip((np.asarray(x, float) - low) / (high - low), 0.0, 1.0)
    return np.asarray(t * t * (3 - 2 * t))


def bell(x: ArrayLike, width: float) -> Floats:
    """exp(-(x / width)^2): 1 at 0."""
    return np.asarray(np.exp(-((np.asarray(x, float) / width) ** 2)))


def hermite(knots: ArrayLike, values: ArrayLike, x: ArrayLike) -> Floats:
    """Cubic Hermite curve through (knots, values), tangents by central differences; clamped at the ends."""
    xk, yk, x = np.asarray(knots, float), np.asarray(values, float), np.asarray(x, float)
    slope = np.gradient(yk, xk)
    i = np.clip(np.searchsorted(xk, x) - 1, 0, len(xk) - 2)
    step = xk[i + 1] - xk[i]
    t = np.clip((x - xk[i]) / step, 0, 1)
    return np.asarray(
        (2 * t**3 - 3 * t**2 + 1) * yk[i]
        + (t**3 - 2 * t**2 + t) * step * slope[i]
        + (-2 * t**3 + 3 * t**2) * yk[i + 1]
        + (t**3 - t**2) * step * slope[i + 1]
    )


def bspline_weights(t: ArrayLike) -> tuple[Floats, Floats, Floats, Floats]:
    """Weights of the four control points of a uniform cubic B-spline at t in 0..1."""
    t = np.asarray(t, float)
    return (1 - t) ** 3 / 6, (3 * t**3 - 6 * t**2 + 4) / 6, (-3 * t**3 + 3 * t**2 + 3 * t + 1) / 6, t**3 / 6


def bspline_paths(waypoints: Floats, count: int) -> Floats:
    """Smooth curves along waypoints (k, curves, 3) -> (curves, count, 3), with straight ends."""
    w = np.concatenate([2 * waypoints[:1] - waypoints[1:2], waypoints, 2 * waypoints[-1:] - waypoints[-2:-1]])
    points = []
    for t in np.linspace(0, len(w) - 3 - 1e-6, count):
        i = int(t)
        weights = bspline_weights(t - i)
        points.append(sum(weights[k] * w[i + k] for k in range(4)))
    return np.stack(points, 1)


def catmull_rom(rows: Floats, x: float) -> Floats:
    """Point at parameter x (0..len-1) of a Catmull-Rom curve through rows (n, ...)."""
    n = len(rows)
    i = min(int(x), n - 2)
    t = x - i
    p0, p1, p2, p3 = rows[max(i - 1, 0)], rows[i], rows[i + 1], rows[min(i + 2, n - 1)]
    return np.asarray(
        0.5 * ((2 * p1) + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * p1 - p0 - 3 * p2 + p3) * t**3)
    )


def slerp(start: Floats, end: Floats, t: float) -> Floats:
    """Unit vectors on the great circles from start (..., 3) to end, at t in 0..1."""
    angle = np.arccos(np.clip((start * end).sum(-1), -1, 1))[..., None]
    return np.asarray((np.sin((1 - t) * angle) * start + np.sin(t * angle) * end) / np.maximum(np.sin(angle), 1e-3))


def unit(v: Floats, spare: float = TINY) -> Floats:
    """v (..., 3) at length 1; a zero vector stays (nearly) zero."""
    return np.asarray(v / (np.linalg.norm(v, axis=-1, keepdims=True) + spare))


def rotation(yaw_deg: ArrayLike = 0.0, pitch_deg: ArrayLike = 0.0, roll_deg: ArrayLike = 0.0) -> Floats:
    """Matrix (3, 3): roll about z, then pitch about x, then yaw about y; right-handed. Arrays (n,) give (n, 3, 3)."""
    yaw, pitch, roll = np.broadcast_arrays(*(np.radians(angle) for angle in (yaw_deg, pitch_deg, roll_deg)))
    cy, sy, cp, sp, cr, sr = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch), np.cos(roll), np.sin(roll)
    rows = (
        (cy * cr + sy * sp * sr, sy * sp * cr - cy * sr, sy * cp),
        (cp * sr, cp * cr, -sp),
        (cy * sp * sr - sy * cr, sy * sr + cy * sp * cr, cy * cp),
    )
    return np.moveaxis(np.array(rows), (0, 1), (-2, -1))


def linear(colour: Sequence[int]) -> Floats:
    """sRGB 0..255 -> linear light 0..1 (IEC 61966-2-1)."""
    c = np.asarray(colour, float) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def encoded(light: Floats) -> Floats:
    """Linear light 0..1 -> sRGB 0..255 (IEC 61966-2-1)."""
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * np.maximum(light, 1e-6) ** (1 / 2.4) - 0.055) * 255
