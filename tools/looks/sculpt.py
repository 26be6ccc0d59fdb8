"""A person's numbers as clay: the strokes of head, neck and garment."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from tools.looks.fields import Figure, cone, ellipsoid
from tools.looks.jit import Floats
from tools.looks.person import Person
from tools.looks.relief import relief_coefficients, relief_image

EYE_Z = 0.565
"""Depth of the eyeballs' centres."""
LID_THICKNESS = 0.026


def lid_parameters(person: Person, openness: float = 1.0, lower_scale: float = 1.0) -> Floats:
    """The lid's numbers as `fields.lid_heights` takes them."""
    e = person.eyes
    return np.array([e.half_width, e.upper, e.lower, e.tilt, e.skew_upper, e.skew_lower, openness, lower_scale])


def figure_of(person: Person, openness: float = 1.0, folds: Floats | None = None) -> Figure:
    """The whole person; folds: a height image to add to the relief."""
    relief = relief_image(person, openness)
    if folds is not None:
        relief = relief + folds
    e = person.eyes
    eye = np.array([e.x, 0.0, EYE_Z, e.radius, e.radius + LID_THICKNESS])
    lid = lid_parameters(person, openness)
    skin = np.array([*_skull(person), *_nose(person), *_neck(person), *_ear(person)])
    return Figure(skin, np.array(_garment(person)), eye, lid, relief_coefficients(relief))


def _skull(person: Person) -> list[Floats]:
    h, eyes, mouth_y = person.head, person.eyes, person.mouth.y
    w = h.width
    return [
        ellipsoid((0, 0.34, -0.14), (0.71 * w, 0.78, 0.82), 0.2),
        ellipsoid((0, 0.38, 0.20), (0.60 * w, 0.52, 0.58), 0.3),
        ellipsoid((0, -0.11, 0.16), (0.645 * w, 0.55, 0.58), 0.3),
        ellipsoid((0, mouth_y + 0.14, 0.26), (0.43 * w, 0.44, 0.48), 0.3),
        cone(
            (h.jaw * w, h.jaw_y + 0.12, 0.04), (h.chin_width + 0.04, h.chin_y + 0.05, h.chin_z - 0.08), 0.15, 0.12, 0.3
        ),
        ellipsoid((0, h.chin_y, h.chin_z), (h.chin_size + h.chin_width * 0.5, h.chin_size * 0.86, h.chin_size), 0.24),
        ellipsoid((0.46 * w, -0.15, 0.34), (0.16, 0.13, 0.22), 0.25, (0, 30, -12)),
        ellipsoid((0.335 * w, mouth_y * 0.58, 0.50), (0.22, 0.19, 0.205 * h.apples), 0.26),
        ellipsoid((0.31 * w, mouth_y + 0.06, 0.36), (0.19, 0.21, 0.20 * h.cheek_fat), 0.26),
        ellipsoid((eyes.x + 0.02, 0.05, 0.88), (0.20, 0.12, 0.17), -0.18, (0, 20, -6)),
        ellipsoid((0.12, 0.03, 0.90), (0.06, 0.12, 0.13), -0.14),
        cone((0.12, 0.19, 0.69), (0.44, 0.20, 0.54), 0.08, 0.07, 0.2),
        ellipsoid((0, mouth_y + 0.02, 0.49), (0.29, 0.23, 0.31), 0.2),
    ]


def _nose(person: Person) -> list[Floats]:
    n = person.nose
    w, y, out = n.width, n.y, n.length
    return [
        cone((0, 0.14, 0.69), (0, -0.22 + y, 0.855 + out), 0.054 * n.bridge, 0.054 * n.bridge, 0.11),
        cone((0, -0.02, 0.68), (0, -0.255 + y, 0.76), 0.07 * w, 0.10 * w, 0.12),
        ellipsoid((0, -0.275 + y, 0.91 + out), (0.082 * w * n.tip, 0.070 * n.tip, 0.072 * n.tip), 0.06),
        ellipsoid((0.096 * w, -0.305 + y, 0.81 + out * 0.6), (0.048, 0.052, 0.074), 0.045, (0, 12, 8)),
        cone((0, -0.32 + y, 0.892 + out), (0, -0.365 + y, 0.80), 0.030, 0.042, 0.045),
        ellipsoid((0.054 * w, -0.347 + y, 0.835 + out * 0.7), (0.026, 0.022, 0.042), -0.022, (10, 8, 20)),
    ]


def _neck(person: Person) -> list[Floats]:
    h = person.head
    drop = h.chin_y + 0.965  # the neck hangs on the chin
    r = h.neck
    return [
        cone((0, -0.70 + drop * 0.6, -0.14), (0, -1.75, -0.22), r, r + 0.02, 0.16),
        cone((r * 0.88, -0.60 + drop * 0.6, -0.20), (0.07, -1.58, 0.10), 0.08, 0.045, 0.18),
        ellipsoid((0, -0.83 + drop, 0.05), (0.27, 0.12, 0.34), 0.2),
        cone((0.18, -1.30, -0.36), (0.80, -1.74, -0.40), 0.17, 0.20, 0.28),
        ellipsoid((0.48, -2.26, -0.30), (0.78, 0.56, 0.40), 0.25),
        cone((0.08, -1.66, 0.08), (0.74, -1.60, -0.08), 0.028, 0.045, 0.2),
    ]


def _ear(person: Person) -> list[Floats]:
    w, s = person.head.width, person.head.ears
    return [
        ellipsoid((0.735 * w, -0.05, -0.10), (0.045, 0.20 * s, 0.13 * s), 0.05, (-8, -24, -6)),
        ellipsoid((0.71 * w, -0.21, -0.04), (0.04, 0.07, 0.06), 0.05, (0, -20, 0)),
        ellipsoid((0.78 * w, -0.04, -0.07), (0.035, 0.14 * s, 0.08 * s), -0.04, (-8, -24, -6)),
    ]


def _garment(person: Person) -> list[Floats]:
    s, wider = person.head.shoulder, person.head.neck - 0.34
    body = [
        cone((0.20, -1.40, -0.28), (s * 0.78, -1.76, -0.34), 0.20, 0.30, 0.22),
        ellipsoid((0.0, -2.32, -0.14), (s * 0.86, 0.86, 0.64), 0.3),
        cone((s * 0.80, -1.82, -0.34), (s * 0.95, -3.2, -0.3), 0.29, 0.31, 0.2),
    ]
    if person.garment == "knit":
        yoke = ellipsoid((0, -1.66, -0.04), (0.50 + wider, 0.26, 0.50 + wider), 0.16, (16, 0, 0))
        return [*body, yoke, *_ring(0.40 + wider, 0.42 + wider, -1.40, 0.13, 0.052)]
    yoke = ellipsoid((0, -1.76, -0.10), (0.60 + wider, 0.24, 0.50 + wider), 0.2, (16, 0, 0))
    opening = cone((0, -0.9, -0.16), (0, -1.42, -0.10), 0.405 + min(wider, 0), 0.405 + min(wider, 0), -0.04)
    return [*body, yoke, opening, *_ring(0.45 + wider, 0.44 + wider, -1.42, 0.15, 0.026)]


def _ring(half_width: float, half_depth: float, y: float, dip: float, thickness: float) -> list[Floats]:
    """A neckline that dips in front: a chain of short capsules."""
    a = np.linspace(-0.5, 0.5, 17) * math.pi
    chain = np.stack([half_width * np.cos(a), y - dip * np.sin(a), -0.06 + half_depth * np.sin(a)], 1)
    return [cone(p, q, thickness, thickness, 0.02) for p, q in pairwise(chain)]
