"""Kernel of the visibility bake: which vertices see one direction."""

from __future__ import annotations

from tth.face.raster.zbuffer import DEPTH_STEPS
from tth.kernels.jit import F32, I32, Scalar, clamp01, f32, kernel

DEPTH_RANGE_MM = 1000.0
"""A parallel view over this depth fills nearness 0..1, with 0.5 at the origin."""


@kernel
def visible_along(
    points: F32, normals: F32, view: F32, keys: I32, size: int, scale: Scalar, offset: Scalar, seen: F32
) -> None:
    """seen (n,) = 0..1 how much each point sees the direction view[2], -1 where its normal turns away from it.

    view (3, 3): right, up and towards-the-direction axes of a parallel projection; keys (size * size * 4): its
    z-buffer; scale: pixels per mm; offset: mm along the normal, against self-shadowing.
    """
    for i in range(points.shape[0]):
        facing = normals[i, 0] * view[2, 0] + normals[i, 1] * view[2, 1] + normals[i, 2] * view[2, 2]
        if facing < f32(0.03):
            seen[i] = f32(-1.0)
            continue
        px = points[i, 0] + normals[i, 0] * offset
        py = points[i, 1] + normals[i, 1] * offset
        pz = points[i, 2] + normals[i, 2] * offset
        x = view[0, 0] * px + view[0, 1] * py + view[0, 2] * pz
        y = view[1, 0] * px + view[1, 1] * py + view[1, 2] * pz
        z = view[2, 0] * px + view[2, 1] * py + view[2, 2] * pz
        column = int(f32(size) * f32(0.5) + x * scale)
        row = int(f32(size) * f32(0.5) - y * scale)
        free = f32(1.0)
        if 0 <= column < size and 0 <= row < size:
            o = (row * size + column) * 4
            nearest = max(max(keys[o], keys[o + 1]), max(keys[o + 2], keys[o + 3])) >> 16
            depth = (f32(nearest) / f32(DEPTH_STEPS) - f32(0.5)) * f32(DEPTH_RANGE_MM)
            free = clamp01(f32(1.0) - (depth - z - f32(1.2)) * f32(0.5))
        seen[i] = free
