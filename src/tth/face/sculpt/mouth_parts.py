"""What is seen inside an open mouth: two arches of teeth with gums, and the tongue. Lengths in millimetres.

Crown widths and heights lie near the averages of adult teeth that textbooks of dental anatomy give.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tth.face.look import FaceShape
from tth.face.sculpt.maths import Floats, bell, smoothstep
from tth.face.sculpt.mesh import Part, grid_triangles, join
from tth.face.sculpt.proportions import mouth_line

ENAMEL = np.array([0.86, 0.83, 0.77])
GUM = np.array([0.44, 0.17, 0.16])
TONGUE = np.array([0.40, 0.115, 0.11])
"""Linear colours."""


@dataclass(frozen=True)
class Arch:
    """One row of teeth from the midline to the first molar."""

    widths: tuple[float, ...]
    heights: tuple[float, ...]
    edges: tuple[float, ...]
    """Height of the biting edges above the mouth line."""
    radii: tuple[float, float]
    """Half axes of the arch, across and in depth."""
    gum_reach: float
    """How far the gums go beyond the crown, in crown heights."""
    gum_slope: float
    """How fast the gums fall back."""
    up: int
    """+1: crowns grow upwards from their edge."""


UPPER = Arch(
    (8.4, 6.7, 7.6, 7.0, 7.0, 9.5), (10.6, 9.6, 10.2, 8.6, 8.0, 7.4), (-3.2, -2.5, -2.8, -2.1, -1.6, -1.0),
    (24.5, 33), 1.6, 0.0, 1,
)  # fmt: skip
LOWER = Arch(
    (5.4, 5.9, 6.9, 7.0, 7.0), (8.6, 8.8, 9.6, 8.2, 7.4), (-3.0, -2.9, -2.7, -3.0, -3.2),
    (22.0, 27.2), 1.3, 4.0, -1,
)  # fmt: skip
ARCH_DEPTH = -22.0
"""Depth of the centre of both arches."""
AVERAGE_MOUTH = 24.0
"""Half width of the mouth for which the arches are given."""
ACROSS = np.array([-1, -0.9, -0.6, 0, 0.6, 0.9, 1.0])


def build_teeth(shape: FaceShape, arch: Arch) -> Part:
    """One arch: rounded crowns with dark gaps between them, and gums."""
    radius_x, radius_z = _radii(shape, arch)
    angle = np.linspace(0, 1.45, 400)
    steps = np.hypot(np.diff(radius_x * np.sin(angle)), np.diff(radius_z * np.cos(angle)))
    length = np.concatenate([[0], np.cumsum(steps)])
    crowns = []
    for side in (1, -1):
        start = 0.0
        for number, width in enumerate(arch.widths):
            position = np.interp(start + width * (ACROSS + 1) / 2, length, angle)
            crowns.append(_crown(shape, arch, number, position, side))
            start += width
    return join(crowns)


def _radii(shape: FaceShape, arch: Arch) -> tuple[float, float]:
    """Half axes of this person's arch: a wide mouth has a wide one."""
    return arch.radii[0] * (shape.mouth_half_width / AVERAGE_MOUTH) ** 0.7, arch.radii[1]


def _crown(shape: FaceShape, arch: Arch, number: int, position: Floats, side: int) -> Part:
    """One tooth with its gum; position: angles on the arch, (7,)."""
    line, (radius_x, radius_z) = mouth_line(shape), _radii(shape, arch)
    down = np.array([0, 0.06, 0.2, 0.45, 0.75, 1.0, 1.12, arch.gum_reach])
    u, v = np.meshgrid(ACROSS, down)
    theta = np.broadcast_to(position, u.shape)
    normal = np.stack([np.sin(theta) / radius_x, 0 * theta, np.cos(theta) / radius_z], -1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    bulge = 1.0 * (1 - np.abs(u) ** 3.0) - 0.9 * (v < 0.1) * (1 - v / 0.1) - 0.25 * v
    bulge = np.where(v > 1.05, 0.5 - 0.3 * np.abs(u) - arch.gum_slope * (v - 1.05), bulge)
    rounded = 0.8 * np.abs(u) ** 4 * (v < 0.3)
    y = line + arch.edges[number] + arch.up * (v * arch.heights[number] + rounded)
    points = np.stack([radius_x * np.sin(theta), y, ARCH_DEPTH + radius_z * np.cos(theta)], -1)
    points = points + normal * bulge[..., None]
    points[..., 0] *= side
    colour = np.ones(points.shape) * ENAMEL * (1 - 0.08 * number)
    colour *= (1 - 0.45 * smoothstep(0.86, 1.0, np.abs(u)))[..., None] * (1 - 0.32 * v[..., None])
    colour = np.where((v > 1.03)[..., None], GUM, colour)
    flip = (side > 0) == (arch.up > 0)
    return Part(points.reshape(-1, 3), grid_triangles(8, 7, flip=flip), tint=colour.reshape(-1, 3))


def build_tongue(shape: FaceShape) -> Part:
    """The tongue from its root to under its tip; `along` runs 0..1 that way."""
    rows, columns = 17, 15
    u, v = np.meshgrid(np.linspace(-1, 1, columns), np.linspace(0, 1, rows))
    k = np.clip(v / 0.86, 0, 1)
    z = -42 + 46 * k - np.clip(v - 0.93, 0, 1) / 0.07 * 4 - 5.0 * u**2 * smoothstep(0.7, 1, k)
    taper = 1 - np.clip((np.minimum(k, 0.965) - 0.5) / 0.52, 0, 1) ** 2.4
    width = 17.5 * np.sqrt(np.clip(taper, 0.02, 1)) * smoothstep(-0.3, 0.4, k) * (1 - 0.35 * smoothstep(0.86, 1, v))
    top = mouth_line(shape) - 6.0 + 3.5 * np.sin(np.pi * k) - 3.0 * k
    y = top - 6 * (1 - 0.75 * smoothstep(0.4, 1, k)) * np.abs(u) ** 2.6
    y = y - np.clip(v - 0.85, 0, 1) / 0.15 * 7.5 - 1.1 * bell(u, 0.12) * (v < 0.85)
    points = np.stack([u * width, y, z], -1).reshape(-1, 3)
    return Part(points, grid_triangles(rows, columns), tint=np.ones_like(points) * TONGUE, along=v.ravel())
