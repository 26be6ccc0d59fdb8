"""The base of the head: a hand-made cage of anthropometric points as a smooth (C2) spline surface."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tth.face.look import FaceShape
from tth.face.sculpt.maths import Floats, bell, bspline_weights, smoothstep
from tth.face.sculpt.proportions import on_face

# Shaped by hand; its breadths and heights lie near those of an average adult head. 8 columns from the front midline
# round to the back, rows from the crown to the chest.
# fmt: off
CAGE = np.array([
    [(0, 114, -80)] * 8,
    [(0, 107, -45), (13, 107, -48), (25, 106, -55), (33, 105, -66),
     (37, 104, -84), (35, 104, -104), (23, 104, -122), (0, 104, -130)],
    [(0, 93, -16), (20, 93, -19), (39, 92, -29), (53, 90, -47),
     (60, 87, -80), (57, 84, -114), (39, 82, -148), (0, 82, -160)],
    [(0, 74, 1), (20, 74, -2), (41, 73, -13), (59, 70, -36),
     (71, 64, -78), (69, 58, -120), (49, 55, -164), (0, 55, -182)],
    [(0, 48, 10), (20, 48, 7), (41, 47, -3), (61, 45, -29),
     (76, 38, -76), (75, 32, -122), (54, 26, -172), (0, 26, -191)],
    [(0, 22, 13), (19, 24, 12), (38, 24, 4), (58, 20, -17),
     (74, 12, -70), (74, 6, -116), (53, -2, -168), (0, -2, -186)],
    [(0, 2, 9), (18, 0, 0), (37, -2, -8), (58, -3, -21),
     (71, -8, -66), (70, -16, -106), (51, -26, -154), (0, -28, -170)],
    [(0, -24, 10), (18, -24, 4), (37, -25, -1), (57, -24, -16),
     (69, -26, -60), (67, -36, -98), (48, -48, -140), (0, -52, -152)],
    [(0, -46, 14), (17, -46, 10), (34, -46, 1), (53, -45, -17),
     (65, -44, -58), (63, -54, -95), (46, -66, -130), (0, -72, -140)],
    [(0, -67, 15), (16, -67, 11.5), (32, -67, 1.5), (49, -65, -17),
     (61, -61, -58), (60, -67, -94), (45, -80, -125), (0, -86, -133)],
    [(0, -85, 9), (14, -85, 7), (28, -84, -1), (43, -81, -20),
     (57, -73, -60), (58, -79, -94), (45, -92, -123), (0, -98, -130)],
    [(0, -97, 10), (12, -97, 7.5), (24, -96, -1), (37, -92, -21),
     (53.5, -81, -62), (56, -89, -94), (44, -104, -122), (0, -110, -128)],
    [(0, -108, 3), (11, -108, 1), (22, -106, -7), (34, -101, -26),
     (49, -89, -64), (53, -98, -95), (44, -116, -121), (0, -122, -127)],
    [(0, -110, -14), (10, -110, -15), (20, -109, -21), (30, -106, -36),
     (43, -98, -69), (50, -108, -96), (43, -128, -120), (0, -134, -126)],
    [(0, -116, -38), (12, -117, -40), (23, -118, -46), (33, -117, -58),
     (42, -114, -79), (48, -124, -98), (43, -144, -120), (0, -150, -126)],
    [(0, -142, -46), (14, -143, -48), (26, -145, -54), (36, -146, -66),
     (45, -148, -84), (49, -156, -102), (45, -168, -121), (0, -172, -128)],
    [(0, -172, -44), (17, -173, -46), (31, -174, -54), (43, -175, -66),
     (53, -174, -86), (59, -176, -104), (55, -184, -124), (0, -188, -132)],
    [(0, -200, -40), (20, -200, -42), (36, -200, -52), (48, -200, -66),
     (58, -200, -86), (60, -202, -106), (56, -206, -126), (0, -210, -138)],
    [(0, -228, -40), (24, -228, -44), (42, -228, -56), (56, -228, -70),
     (64, -228, -90), (64, -230, -112), (58, -234, -130), (0, -236, -142)],
], float)
# fmt: on
COLUMN_ARC = np.array([0, 18, 37, 56, 92, 132, 182, 236.0])
"""Nominal distance of the columns from the midline, along the surface."""
ROW_HEIGHT = np.array(
    [150, 122, 98, 74, 48, 22, 0, -24, -46, -67, -85, -97, -110, -126, -150, -176, -204, -232, -262.0]
)
"""Nominal height of the rows, along the surface."""


def proportioned_cage(shape: FaceShape) -> Floats:
    """The control points with this person's large proportions, (19, 8, 3)."""
    cage = CAGE.copy()
    x, y, z = cage[..., 0], cage[..., 1], cage[..., 2]
    y0 = y.copy()
    x *= 1 + smoothstep(40, -10, y0) * smoothstep(-150, -112, y0) * shape.face_width / 68
    x += bell(y0 + 82, 20) * smoothstep(5, 45, x) * shape.jaw_width
    corner = np.exp(-(((x - 50) / 12) ** 2) - ((y + 88) / 16) ** 2 - ((z + 45) / 30) ** 2)
    x += corner * 5 * shape.jaw_square
    y -= corner * 7 * shape.jaw_square
    chin = smoothstep(-78, -100, y0) * smoothstep(-60, -20, z)
    x += chin * smoothstep(0, 12, x) * shape.chin_width
    y -= chin * shape.chin_length
    z += chin * smoothstep(-30, 0, z) * shape.chin_forward
    y[:] = on_face(shape, y)
    neck = np.maximum(smoothstep(-112, -126, y0), smoothstep(-58, -96, y0) * smoothstep(-66, -88, z))
    x += neck * smoothstep(-205, -185, y0) * smoothstep(0, 25, x) * shape.neck_width
    return cage


class Cage:
    """Tensor-product cubic B-spline that passes through the cage, mirrored at the midline."""

    def __init__(self, points: Floats) -> None:
        """points: (rows, columns, 3)."""
        self.rows, self.columns, _ = points.shape
        by_row = _interpolation(self.rows, "free")
        controls = []
        for axis in range(3):
            sign = -1 if axis == 0 else 1
            g = by_row @ points[..., axis] @ _interpolation(self.columns, "odd" if axis == 0 else "even").T
            g = np.concatenate([sign * g[:, 1:2], g, sign * g[:, -2:-1]], 1)
            g = np.concatenate([2 * g[:1] - g[1:2], g, 2 * g[-1:] - g[-2:-1]], 0)
            controls.append(g)
        self.controls: Floats = np.stack(controls, -1)

    def at(self, u: Floats, v: Floats) -> Floats:
        """Surface points (..., 3) for the signed column u in -7..7 and the row v in 0..18."""
        side = np.where(u < 0, -1.0, 1.0)
        u = np.clip(np.abs(u), 0, self.columns - 1 - 1e-6)
        v = np.clip(v, 0, self.rows - 1 - 1e-6)
        i, j = u.astype(int), v.astype(int)
        across, down = bspline_weights(u - i), bspline_weights(v - j)
        points = np.zeros((*u.shape, 3))
        for a in range(4):
            for b in range(4):
                points += (down[a] * across[b])[..., None] * self.controls[j + a, i + b]
        points[..., 0] *= side
        return points

    def parameters(self, a: ArrayLike, b: ArrayLike) -> tuple[Floats, Floats]:
        """(u, v) of nominal millimetres: a from the midline, b up."""
        a, b = np.asarray(a, float), np.asarray(b, float)
        u = np.sign(a) * np.interp(np.abs(a), COLUMN_ARC, np.arange(self.columns))
        return np.asarray(u), np.asarray(np.interp(-b, -ROW_HEIGHT, np.arange(self.rows)))

    def in_front_view(self, x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
        """(u, v) of the front surface point seen at (x, y), by Newton's method."""
        x, y = np.asarray(x, float), np.asarray(y, float)
        u, v = self.parameters(x, y)
        e = 1e-3
        for _ in range(12):
            p = self.at(u, v)
            pu, pv = (self.at(u + e, v) - p) / e, (self.at(u, v + e) - p) / e
            dx, dy = x - p[..., 0], y - p[..., 1]
            det = pu[..., 0] * pv[..., 1] - pv[..., 0] * pu[..., 1]
            det = np.where(np.abs(det) < 1e-6, 1e-6, det)
            u = u + np.clip((dx * pv[..., 1] - dy * pv[..., 0]) / det, -0.5, 0.5)
            v = v + np.clip((dy * pu[..., 0] - dx * pu[..., 1]) / det, -0.5, 0.5)
        return u, v


def _interpolation(count: int, ends: str) -> Floats:
    """Matrix from samples to B-spline coefficients. Ends: mirrored "even" or "odd", or "free" (straight)."""
    m = np.zeros((count, count))
    for i in range(count):
        for k, weight in ((-1, 1 / 6), (0, 4 / 6), (1, 1 / 6)):
            j = i + k
            if 0 <= j < count:
                m[i, j] += weight
                continue
            edge, inner = (0, 1) if j < 0 else (count - 1, count - 2)
            if ends == "free":
                m[i, edge] += 2 * weight
                m[i, inner] -= weight
            else:
                m[i, inner] += weight if ends == "even" else -weight
    return np.asarray(np.linalg.inv(m))
