"""Value noise: the same numbers on every machine, from a hash of the place."""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from tools.looks.jit import Floats, helper, kernel


@helper
def hash01(i: int) -> float:
    """A number 0..1 from an integer (Thomas Wang's hash)."""
    i = (i ^ 61) ^ (i >> 16)
    i = (i * 9) & 0xFFFFFFFF
    i = i ^ (i >> 4)
    i = (i * 0x27D4EB2D) & 0xFFFFFFFF
    i = i ^ (i >> 15)
    return (i & 0xFFFFFF) / 16777216.0


@helper
def _value(x: float, y: float, z: float, seed: int) -> float:
    xi, yi, zi = math.floor(x), math.floor(y), math.floor(z)
    fx, fy, fz = x - xi, y - yi, z - zi
    fx, fy, fz = fx * fx * (3 - 2 * fx), fy * fy * (3 - 2 * fy), fz * fz * (3 - 2 * fz)
    s = 0.0
    for c in range(8):
        a, b, d = c & 1, (c >> 1) & 1, (c >> 2) & 1
        key = (xi + a) * 374761393 + (yi + b) * 668265263 + (zi + d) * 2147483647 + seed * 9176
        h = hash01(key & 0xFFFFFFFF)
        s += h * (fx if a else 1 - fx) * (fy if b else 1 - fy) * (fz if d else 1 - fz)
    return s


@kernel
def fractal(places: Floats, frequency: float, octaves: int, seed: int) -> Floats:
    """Noise 0..1 at places (h, w, 3): octaves of value noise, each at twice the frequency and half the strength."""
    h, w, _ = places.shape
    out = np.zeros((h, w), np.float32)
    for j in nb.prange(h):
        for i in range(w):
            f, a, s, total = frequency, 1.0, 0.0, 0.0
            for o in range(octaves):
                p = places[j, i]
                s += a * _value(p[0] * f + 31.7, p[1] * f + 11.3, p[2] * f + 7.9, seed + o)
                total += a
                a *= 0.5
                f *= 2.03
            out[j, i] = s / total
    return out
