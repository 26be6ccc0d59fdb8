"""The torso's clothes: a loft of rings from the neckline over the shoulders. Lengths in millimetres."""

from __future__ import annotations

import numpy as np

from tth.face.look import ClothStyle, FaceShape
from tth.face.sculpt.collar import EDGE_STRIP, build_collar
from tth.face.sculpt.maths import Floats, smoothstep
from tth.face.sculpt.mesh import Part, densified_rows, grid_triangles, join
from tth.face.sculpt.proportions import shoulder_lift
from tth.face.sculpt.torso import Torso

SPOKES = 72
# Rings from the collar down: half width, half depth, height at the sides, further drop in front, depth of the centre.
RINGS = (
    (52, 47, -153, 32, -86), (53, 48, -151, 32, -86), (56, 51, -151, 33, -86), (61, 56, -157, 33, -86),
    (64, 59, -163, 32, -86), (78, 65, -169, 30, -87), (100, 71, -176, 27, -89), (124, 77, -182, 25, -91),
    (148, 82, -189, 23, -92), (165, 88, -200, 19, -93), (177, 92, -218, 13, -94), (185, 96, -246, 8, -95),
    (190, 100, -292, 4, -96), (194, 104, -370, 0, -98),
)  # fmt: skip
COLLAR_RINGS = 5
NECK_RINGS = 7
"""Rings that follow the width of the neck."""
NECKLINE: dict[ClothStyle, float] = {
    "crew": 0.0, "vneck": 1.05, "turtle": -1.0, "collared": 0.0, "shirt": 0.7, "blazer": 0.35, "cardigan": 0.3,
    "hoodie": 0.0,
}  # fmt: skip
"""Positive: depth of the V; negative: height of the collar."""

# The cloth texture is projected from the front over this window; the collar has a strip of its own at the bottom.
TEXTURE_HALF_WIDTH = 215.0
TEXTURE_TOP = -140.0
TEXTURE_HEIGHT = 250.0
TEXTURE_SHARE = 0.93
"""Part of the texture's height that the window takes."""


def build_garment(shape: FaceShape, style: ClothStyle) -> Part:
    """The garment; `tint` is a brightness, `uv` 0..1 on the cloth texture, `two_sided` marks the neckline."""
    angle = np.arange(SPOKES) / SPOKES * 2 * np.pi
    rings = np.array([_ring(number, shape, style, angle) for number in range(len(RINGS))])
    shade = np.ones((len(RINGS), SPOKES))
    shade[:4] *= 0.93
    shade[4] *= 0.74  # seam of the collar
    points, at = densified_rows(rings, 2)
    tint, _ = densified_rows(shade[..., None], 2, curved=False)
    u = (points[..., 0] + TEXTURE_HALF_WIDTH) / (2 * TEXTURE_HALF_WIDTH)
    v = (TEXTURE_TOP - points[..., 1]) / TEXTURE_HEIGHT * TEXTURE_SHARE
    around = np.broadcast_to(np.abs(angle / np.pi - 1)[None], u.shape)
    collar_uv, body_uv = np.stack([around, EDGE_STRIP + 0 * v], -1), np.stack([u, v], -1)
    parts = []
    for rows, uv, inside_rows in ((at <= 4, collar_uv, 99), (at >= 4, body_uv, 8)):
        triangles = grid_triangles(int(rows.sum()), SPOKES, wrap=True)
        two_sided = ((triangles // SPOKES).min(1) < inside_rows).astype(float)
        corners = np.clip(uv[rows], 0, 1).reshape(-1, 2)
        skin = points[rows].reshape(-1, 3)
        parts.append(Part(skin, triangles, uv=corners, tint=tint[rows].ravel(), two_sided=two_sided))
    body = join(parts)
    return join([body, *build_collar(shape, style, Torso(body))])


def _ring(number: int, shape: FaceShape, style: ClothStyle, angle: Floats) -> Floats:
    """One ring of the loft, (72, 3); angle 0 = front."""
    half_width, half_depth, side_height, drop, centre_z = (float(value) for value in RINGS[number])
    cos, sin = np.cos(angle), np.sin(angle)
    line = NECKLINE[style]
    if number < NECK_RINGS:
        half_width *= 1 + shape.neck_width / 60
        if style == "turtle":
            drop *= 0.45 + 0.55 * max(0, number - 3) / 3
    power = 0.95 if number < COLLAR_RINGS else 0.82  # below the collar the rings turn boxy
    x = half_width * np.sign(sin) * np.abs(sin) ** power
    z = centre_z + half_depth * np.sign(cos) * np.abs(cos) ** power
    v_neck = np.clip(cos, 0, 1) ** 6 * 34 * max(line, 0)
    y = side_height - drop * smoothstep(-0.2, 1, cos) + 6 * smoothstep(0, -1, cos)
    y = y - v_neck * (1.0 if number < COLLAR_RINGS else max(0, 1 - (number - 4) / 5))
    y = y + 36 * max(-line, 0) * max(0, 1 - number / 6)
    if number >= NECK_RINGS:  # soft folds from the armpits
        wave = np.sin(5.5 * np.abs(sin) * 2 - 0.8 * number + 0.6 * np.sign(sin))
        where = smoothstep(0, 0.5, cos) * smoothstep(0.15, 0.55, np.abs(sin)) * smoothstep(6.5, 9, number)
        z = z + 2.2 * wave * where
    return np.stack([x, y + shoulder_lift(shape), z], -1)
