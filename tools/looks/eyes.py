"""Colour of the eyeball: sclera, iris and pupil, and the cornea's normal."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tools.looks.jit import Floats
from tools.looks.noise import fractal
from tools.looks.paint import mix, soft_step
from tools.looks.person import Person
from tools.looks.sculpt import EYE_Z


class EyePaint(NamedTuple):
    """Albedo and the normal that mirrors, (h, w, 3) each; of use only where the material is the eye."""

    albedo: Floats
    cornea: Floats


def paint_eye(person: Person, place: Floats) -> EyePaint:
    """Both eyes look straight ahead, into the camera."""
    side = np.where(place[..., 0] < 0, -1.0, 1.0)
    r = person.eyes.radius
    q = np.stack([place[..., 0] - side * person.eyes.x, place[..., 1], place[..., 2] - EYE_Z], -1) / r
    size = person.eyes.iris / r
    t = np.hypot(q[..., 0], q[..., 1]) / size
    iris = _iris(person, q, t)
    shown = soft_step(1.07, 0.95, t)
    albedo = mix(_sclera(q), iris, shown)
    out = q / np.linalg.norm(q, axis=-1, keepdims=True).clip(1e-6)
    bulge = soft_step(1.10, 0.7, t) * 0.68
    out[..., :2] += bulge[..., None] * q[..., :2]
    out /= np.linalg.norm(out, axis=-1, keepdims=True).clip(1e-6)
    return EyePaint(albedo.astype(np.float32), out.astype(np.float32))


def _iris(person: Person, q: Floats, t: Floats) -> Floats:
    """Fibres towards the pupil, brighter away from the light (a lens focuses it there), a dark ring around."""
    x, y = q[..., 0], q[..., 1]
    around = np.stack([x, y], -1) / np.maximum(np.hypot(x, y), 1e-6)[..., None]

    def fibres(turns: float, depth: float, octaves: int, seed: int) -> Floats:
        where = np.concatenate([around * turns, (t * depth)[..., None]], -1)
        return fractal(where.astype(np.float32), 5.0, octaves, person.seed + seed)[..., None] - 0.5

    colour = person.colours.linear("iris")
    iris = colour * (0.92 + 1.1 * fibres(2.2, 0.35, 4, 40) + 0.6 * fibres(6.0, 0.8, 2, 44))
    far = np.clip(0.5 + 0.55 * (x * 0.45 - y * 0.9) * person.eyes.radius / person.eyes.iris, 0, 1.2)
    iris *= (0.42 + 1.15 * far**1.5)[..., None]
    iris *= 1 + 0.5 * np.exp(-(((t - 0.52) / 0.10) ** 2))[..., None] * np.array([1.1, 1.0, 0.8])
    iris *= (1 - 0.78 * soft_step(0.78, 1.0, t))[..., None]
    pupil = soft_step(0.44, 0.38, t)[..., None]
    return np.asarray(iris * (1 - pupil) + 0.002 * pupil, np.float32)


def _sclera(q: Floats) -> Floats:
    """White that turns pink with fine veins towards the corners."""
    r = np.hypot(q[..., 0], q[..., 1])
    stretched = (q * np.array([1.0, 4.0, 0.0])).astype(np.float32)
    veins = soft_step(0.58, 0.75, fractal(stretched, 4.0, 3, 77)) * soft_step(0.45, 0.9, r)
    pink = 0.5 * soft_step(0.50, 1.05, np.abs(q[..., 0])) + 0.3 * veins
    white = np.ones(q.shape) * np.array([0.64, 0.60, 0.575])
    return np.asarray(mix(white, np.array([0.74, 0.44, 0.38]), np.clip(pink, 0, 1) * 0.65), np.float32)
