"""The lips: rings of points from the cheek over the red border to the line of contact, then into the mouth."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tth.face.look import FaceShape
from tth.face.sculpt.features import HeadSurface
from tth.face.sculpt.lids import Ring, ring_angles
from tth.face.sculpt.maths import Floats, bell, hermite
from tth.face.sculpt.proportions import mouth_line

RING_POINTS = 84
DOMAIN_RADII = (37.0, 19.0)
"""Half axes of the ellipse of the unwrapped face that the lips replace."""
RING_AT = (-1, -0.72, -0.45, -0.24, -0.1, 0, 0.1, 0.26, 0.46, 0.66, 0.84, 0.94, 1.0, 1.1, 1.3, 1.7)
"""Place of each ring: -1 cheek, 0 border of the red, 1 line of contact, 1..2 inside of the lip, 2..5 the cavity."""
CAVITY = ((1.0, -14), (0.9, -26), (0.6, -40), (0.0, -48))
"""Rings of the mouth cavity: width against the last lip ring, depth."""
SECTION_AT = (0, 0.15, 0.45, 0.7, 0.88, 1.0)
UPPER_SECTION = (1.6, 2.5, 4.0, 3.9, 2.4, -0.6)
LOWER_SECTION = (1.6, 2.7, 5.0, 5.0, 3.2, -0.6)
"""How far the lips stand out between border (0) and contact (1)."""


def lip_curves(shape: FaceShape, x: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Heights above the mouth line of upper border, lower border and contact, at x in half mouth widths."""
    a = np.abs(np.asarray(x, float))
    bow = hermite([0, 0.10, 0.22, 0.42, 0.7, 0.88, 1], [0.84, 0.92, 1.0, 0.91, 0.64, 0.40, 0.12], a)
    bow = bow + (1 - shape.cupid_bow) * 0.08 * bell(a, 0.12)
    lower = hermite([0, 0.2, 0.45, 0.7, 0.88, 1], [1, 0.985, 0.88, 0.60, 0.28, -0.04], a)
    contact = hermite([0, 0.12, 0.3, 0.6, 0.85, 1], [-0.7, -0.45, 0.15, 0.2, 0.3, 0.7], a)
    return shape.lip_upper * bow, -shape.lip_lower * lower, contact


def lip_sides() -> tuple[Floats, Floats]:
    """Per ring point: +1 upper lip, -1 lower, 0 corner; and its place across, -1..1."""
    angle = ring_angles(RING_POINTS)
    corner = np.abs(np.sin(angle)) < 1e-9
    return np.where(corner, 0.0, np.where(np.sin(angle) > 1e-9, 1.0, -1.0)), np.cos(angle)


def lip_ellipse(shape: FaceShape) -> tuple[Floats, Floats]:
    """The outermost ring on the unwrapped face."""
    angle = ring_angles(RING_POINTS)
    return DOMAIN_RADII[0] * np.cos(angle), shape.mouth_height + DOMAIN_RADII[1] * np.sin(angle)


def lip_rings(surface: HeadSurface) -> list[Ring]:
    """Rings from outside to the back of the mouth."""
    shape = surface.shape
    line = mouth_line(shape)
    a, b = lip_ellipse(shape)
    cheek = surface.bare_on_domain(a, b)
    side, xn = lip_sides()
    upper, lower, contact = lip_curves(shape, xn)
    border_x, border_y = shape.mouth_half_width * xn, line + np.where(side > 0, upper, lower)
    contact_x, contact_y = shape.mouth_half_width * 0.985 * xn, line + contact
    full = np.clip(1 - np.abs(xn) ** 2.4, 0, 1) ** 0.8  # volume of the lips along the mouth
    rings = []
    for at in RING_AT:
        if at <= 0:
            k = (1 + at) ** 0.85
            points = surface.in_front_view(cheek[:, 0] * (1 - k) + border_x * k, cheek[:, 1] * (1 - k) + border_y * k)
            points[:, 2] += bell(at + 0.05, 0.07) * 0.45 * full + bell(at, 0.35) * 1.6 * full * shape.lip_volume
        else:
            k = min(at, 1.0)
            x, y = border_x + (contact_x - border_x) * k, border_y + (contact_y - border_y) * k
            points = _lip_section(surface.in_front_view(x, y), at, shape, full)
        domain = np.stack([a * (1 - (1 + at) * 0.36), b + (shape.mouth_height - b) * (1 + at) * 0.36], 1)
        rings.append(Ring(points, domain, at))
    return rings + _cavity_rings(rings[-1].points, shape, full)


def _lip_section(points: Floats, at: float, shape: FaceShape, full: Floats) -> Floats:
    """The red of the lips: rises from the border, rolls in to the contact, then turns into the mouth."""
    side, xn = lip_sides()
    is_upper = side > 0
    k = min(at, 1.0)
    rise = np.where(is_upper, hermite(SECTION_AT, UPPER_SECTION, k), hermite(SECTION_AT, LOWER_SECTION, k))
    points[:, 2] += rise * full * shape.lip_volume - 0.8 * (1 - full) * k
    points[:, 2] += bell(xn, 0.16) * np.where(is_upper, 0.6, -0.35) * bell(k - 0.6, 0.25)  # tubercle
    if at > 1:
        inwards = at - 1
        points[:, 2] -= 16 * inwards * (0.35 + 0.65 * full)
        points[:, 1] += np.where(is_upper, 1, -1) * 9 * max(inwards - 0.12, 0) * full
        points[:, 0] *= 1 - 0.06 * inwards
    return points


def _cavity_rings(last: Floats, shape: FaceShape, full: Floats) -> list[Ring]:
    """The dark bag behind the lips."""
    side, xn = lip_sides()
    rings = []
    for number, (scale, depth) in enumerate(CAVITY):
        y = mouth_line(shape) + np.where(side > 0, 13, -15) * np.sqrt(full) * min(scale, 0.9) + 1
        z = depth + 6.0 - 14 * np.abs(xn) ** 2 * scale
        domain = np.tile([0.0, shape.mouth_height], (len(last), 1))
        rings.append(Ring(np.stack([last[:, 0] * scale * 0.95, y, z], 1), domain, 2 + number))
    return rings
