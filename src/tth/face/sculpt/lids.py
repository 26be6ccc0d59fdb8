"""The eyelids: real rings of points from the orbit over the crease to the margin, lying on the eyeball."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tth.face.look import FaceShape
from tth.face.sculpt.features import HeadSurface
from tth.face.sculpt.maths import Floats, bell, smoothstep
from tth.face.sculpt.proportions import eye_centre

RING_POINTS = 60
DOMAIN_RADII = (25.0, 18.5)
"""Half axes of the ellipse of the unwrapped face that the lids replace."""
DOMAIN_RISE = 1.5
"""Height of that ellipse's centre above the pupil."""
RING_AT = (-1, -0.72, -0.46, -0.24, -0.1, 0.04, 0.16, 0.4, 0.7, 0.9, 1.0, 1.08, 1.25, 1.6)
"""Place of each ring: -1 orbit, 0 crease, 1 margin, above 1 tucked in behind the margin."""
SKIN_THICKNESS = 1.5
TUCKED_THICKNESS = {1.08: 0.9, 1.25: 0.15, 1.6: -1.2}


@dataclass(frozen=True)
class Ring:
    """One closed ring of skin points with what the rig and the painter must know about them."""

    points: Floats
    """(n, 3)"""
    domain: Floats
    """Place on the unwrapped face in nominal millimetres, (n, 2)."""
    at: float
    """Place of the ring; see `RING_AT`."""


def ring_angles(count: int) -> Floats:
    """Angles of ring points, counter-clockwise from the outer (or left) corner; denser at both corners."""
    a = np.arange(count) / count * 2 * np.pi
    return np.asarray(a - 0.22 * np.sin(2 * a))


def lid_curve(shape: FaceShape, angle: ArrayLike, side_grow: float = 0.0) -> tuple[Floats, Floats]:
    """The almond of the lid margins in eye coordinates; x grows outwards, `side_grow` widens it."""
    xn = np.cos(np.asarray(angle, float))
    x = (shape.eye_half_width + side_grow) * xn + 0.3
    axis = shape.eye_tilt * 0.5 * xn - 0.4 * (xn < 0) * xn**2
    xu = np.clip(xn + 0.10 * (1 - xn * xn), -1, 1)
    xl = np.clip(xn - 0.14 * (1 - xn * xn), -1, 1)
    upper = shape.lid_upper * (1 - np.abs(xu) ** 2.15) ** 0.82
    lower = -shape.lid_lower * (1 - np.abs(xl) ** 2.3) ** 0.88
    return np.asarray(x), axis + np.where(np.sin(angle) >= 0, upper, lower)


def lid_ellipse(shape: FaceShape, side: int) -> tuple[Floats, Floats]:
    """The outermost ring on the unwrapped face."""
    angle = ring_angles(RING_POINTS)
    a = side * shape.eye_spacing + side * DOMAIN_RADII[0] * np.cos(angle)
    return a, shape.eye_height + DOMAIN_RISE + DOMAIN_RADII[1] * np.sin(angle)


def lid_rings(surface: HeadSurface, side: int) -> list[Ring]:
    """Rings of one eye from outside to inside; side +1 = the person's left."""
    shape = surface.shape
    angle = ring_angles(RING_POINTS)
    a, b = lid_ellipse(shape, side)
    orbit = surface.bare_on_domain(a, b)
    centre = eye_centre(shape, side)
    upper = np.sin(angle) >= 0
    open_ = np.sqrt(np.clip(1 - np.cos(angle) ** 2, 0, 1))  # 0 at the corners, 1 in the middle
    margin_x, margin_y = lid_curve(shape, angle)
    crease_x, crease_y = lid_curve(shape, angle, side_grow=2.2)
    crease_y = crease_y + np.where(upper, shape.lid_crease * (0.35 + 0.65 * open_), -4.6 * (0.15 + 0.85 * open_))
    rings = []
    for at in RING_AT:
        if at <= 0:
            k = (1 + at) ** 0.8
            x = orbit[:, 0] * (1 - k) + (centre[0] + side * crease_x) * k
            y = orbit[:, 1] * (1 - k) + (centre[1] + crease_y) * k
        else:
            k = min(at, 1)
            x = centre[0] + side * (crease_x + (margin_x - crease_x) * k)
            y = centre[1] + crease_y + (margin_y - crease_y) * k
        points = surface.in_front_view(x, y)
        if at > -0.99:
            points = _laid_on_eyeball(points, x, y, at, shape, centre, upper, open_)
        eye_a, eye_b = side * shape.eye_spacing, shape.eye_height
        domain = np.stack([a + (eye_a - a) * (1 + at) * 0.38, b + (eye_b - b) * (1 + at) * 0.38], 1)
        rings.append(Ring(points, domain, at))
    return rings


def _laid_on_eyeball(
    points: Floats,
    x: Floats,
    y: Floats,
    at: float,
    shape: FaceShape,
    centre: Floats,
    upper: NDArray[np.bool_],
    open_: Floats,
) -> Floats:
    """Lids as a smooth union of eyeball and face, with the fat of the brow bone hanging over the crease."""
    thickness = SKIN_THICKNESS if at <= 1 else TUCKED_THICKNESS[at]
    q = (shape.eye_radius + thickness) ** 2 - (x - centre[0]) ** 2 - (y - centre[1]) ** 2
    q = 0.5 * (q + np.sqrt(q * q + 5.0**4))  # stays positive beside the eyeball
    on_ball = centre[2] + np.sqrt(q)
    band = np.where(upper, 2.5, 5.0)
    apart = np.sqrt((on_ball - points[:, 2]) ** 2 + band**2)
    union = 0.5 * (on_ball + points[:, 2] + apart) - 0.25 * band
    ball, grow = float(smoothstep(0.0, 0.6, at)), float(smoothstep(-0.8, -0.2, at))
    z = points[:, 2] + grow * (union - points[:, 2]) * (1 - ball) + ball * (on_ball - points[:, 2])
    z = z + np.where(upper, bell(at + 0.17, 0.13) * 1.3 * (0.3 + 0.7 * open_), 0)
    z = z + np.where(upper, bell(at - 0.03, 0.07) * -1.3 * (0.25 + 0.75 * open_), 0)
    sink = np.where(upper, bell(at + 0.12, 0.12) * 0.9 * (0.3 + 0.7 * open_), 0)
    return np.stack([points[:, 0], points[:, 1] - sink, z], 1)
