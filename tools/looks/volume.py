"""The distance field sampled on a grid: light and hair ask it millions of times, and a grid answers quickly."""

from __future__ import annotations

import math
from typing import NamedTuple

import numba as nb
import numpy as np

from tools.looks.fields import Figure, scene
from tools.looks.jit import Floats, helper, kernel

LOW = (-1.75, -2.6, -1.3)
HIGH = (1.75, 1.75, 1.25)
OUTSIDE = -1e3
"""What a sample beyond the grid returns."""


class Volume(NamedTuple):
    """Values on a regular grid."""

    values: Floats
    """(z, y, x)"""
    low: Floats
    """(3,): place of the first value, decimetres."""
    step: float
    """Distance of two values, decimetres."""


def bake(figure: Figure, step: float) -> Volume:
    """The figure's distances on a grid over the whole bust."""
    low = np.array(LOW)
    counts = np.ceil((np.array(HIGH) - low) / step).astype(np.int64)
    return Volume(_bake(low, counts, step, figure), low, step)


@kernel
def _bake(low: Floats, counts: Floats, step: float, figure: Figure) -> Floats:
    out = np.empty((counts[2], counts[1], counts[0]), np.float32)
    for k in nb.prange(counts[2]):
        for j in range(counts[1]):
            for i in range(counts[0]):
                out[k, j, i] = scene(low[0] + i * step, low[1] + j * step, low[2] + k * step, figure)[0]
    return out


@helper
def sample(volume: Volume, x: float, y: float, z: float) -> float:
    """Trilinear sample; OUTSIDE beyond the grid."""
    g, low, step = volume.values, volume.low, volume.step
    fx, fy, fz = (x - low[0]) / step, (y - low[1]) / step, (z - low[2]) / step
    n2, n1, n0 = g.shape
    if fx < 0 or fy < 0 or fz < 0 or fx >= n0 - 1.001 or fy >= n1 - 1.001 or fz >= n2 - 1.001:
        return -1e3
    i, j, k = int(fx), int(fy), int(fz)
    fx, fy, fz = fx - i, fy - j, fz - k
    a = g[k, j, i] * (1 - fx) + g[k, j, i + 1] * fx
    b = g[k, j + 1, i] * (1 - fx) + g[k, j + 1, i + 1] * fx
    c = g[k + 1, j, i] * (1 - fx) + g[k + 1, j, i + 1] * fx
    d = g[k + 1, j + 1, i] * (1 - fx) + g[k + 1, j + 1, i + 1] * fx
    return float((a * (1 - fy) + b * fy) * (1 - fz) + (c * (1 - fy) + d * fy) * fz)


@helper
def normal(volume: Volume, x: float, y: float, z: float) -> tuple[float, float, float]:
    """Unit gradient: the way out of the body."""
    e = 0.02
    gx = sample(volume, x + e, y, z) - sample(volume, x - e, y, z)
    gy = sample(volume, x, y + e, z) - sample(volume, x, y - e, z)
    gz = sample(volume, x, y, z + e) - sample(volume, x, y, z - e)
    n = math.sqrt(gx * gx + gy * gy + gz * gz) + 1e-9
    return gx / n, gy / n, gz / n


@helper
def transmittance(x: float, y: float, z: float, dx: float, dy: float, dz: float, body: Volume, hair: Volume) -> float:
    """Share of light that comes from direction d to a point: 0 behind the body, dimmed by hair.

    hair holds density, or minus the distance to the nearest hair; a volume of one value means no hair."""
    t, depth = 0.03, 0.0
    for _ in range(70):
        px, py, pz = x + dx * t, y + dy * t, z + dz * t
        d = sample(body, px, py, pz)
        if d < -100.0:
            break
        if d < 0.002:
            return 0.0
        s = max(d * 0.9, 0.015)
        if hair.values.shape[0] > 1:
            h = sample(hair, px, py, pz)
            if h > 0.0:
                s = min(s, 0.06)
                depth += h * s
                if depth > 5.0:
                    return 0.0
            else:
                s = min(s, max(-h, 0.03))
        t += s
        if t > 3.2:
            break
    return math.exp(-depth)


def front_depth(volume: Volume, x: Floats, y: Floats) -> Floats:
    """z of the front surface below each (x, y); arrays of any one shape."""
    flat = _front(volume, np.ascontiguousarray(np.ravel(x), float), np.ascontiguousarray(np.ravel(y), float))
    return flat.reshape(np.shape(x))


@kernel
def _front(volume: Volume, x: Floats, y: Floats) -> Floats:
    out = np.zeros_like(x)
    for i in nb.prange(x.shape[0]):
        z = 1.2
        for _ in range(60):
            d = sample(volume, x[i], y[i], z)
            if d < 0.001:
                break
            z -= d * 0.7
        out[i] = z
    return out
