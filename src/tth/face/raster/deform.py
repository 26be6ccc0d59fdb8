"""Kernels that move the mesh: blendshapes, lids, jaw, head, perspective, normals. Millimetres and radians."""

from __future__ import annotations

import numpy as np

from tth.face.raster.jit import F32, I32, Scalar, f32, kernel


@kernel
def add_shapes(points: F32, start: I32, index: I32, offset: F32, weights: F32) -> None:
    """points += the sum of weights[s] * shape s, in place.

    Shape s moves points index[start[s]:start[s + 1]] by offset (k, 3) there; weights (s,).
    """
    for s in range(weights.shape[0]):
        w = weights[s]
        if abs(w) <= f32(1e-3):
            continue
        for k in range(start[s], start[s + 1]):
            i = index[k]
            points[i, 0] += w * offset[k, 0]
            points[i, 1] += w * offset[k, 1]
            points[i, 2] += w * offset[k, 2]


@kernel
def turn_lids(points: F32, index: I32, angle: F32, centre: F32, weight: Scalar) -> None:
    """Turn lid points about the eye's horizontal axis by weight * angle: they slide over the eyeball, never cut it."""
    for k in range(index.shape[0]):
        i = index[k]
        c = np.cos(weight * angle[k])
        s = np.sin(weight * angle[k])
        y = points[i, 1] - centre[1]
        z = points[i, 2] - centre[2]
        points[i, 1] = centre[1] + c * y - s * z
        points[i, 2] = centre[2] + s * y + c * z


@kernel
def turn_jaw(points: F32, jaw_weight: F32, angle: Scalar, pivot: F32, slide: F32) -> None:
    """Open the jaw, in place: each point turns about the jaw's joint and slides by its weight's share."""
    for i in range(points.shape[0]):
        w = jaw_weight[i]
        if w <= f32(0.0):
            continue
        a = w * angle
        c = f32(1.0) - f32(0.5) * a * a  # the angle stays below 20 degrees
        s = a - a * a * a * f32(1 / 6)
        y = points[i, 1] - pivot[1]
        z = points[i, 2] - pivot[2]
        points[i, 0] += w * slide[0]
        points[i, 1] = pivot[1] + c * y - s * z + w * slide[1]
        points[i, 2] = pivot[2] + s * y + c * z + w * slide[2]


@kernel
def turn_head(
    points: F32, normals: F32, first_normal: int, head_weight: F32, turns: F32, pivot: F32, shift: F32
) -> None:
    """Turn the head, in place. turns (17, 3, 3): the rotation at weights 0, 1/16 .. 1, blended in between.

    Normals before first_normal are left alone: they are computed from the turned points.
    """
    for i in range(points.shape[0]):
        share = head_weight[i] * f32(16.0)
        k = min(int(share), 15)
        g = share - f32(k)
        h = f32(1.0) - g
        m00 = turns[k, 0, 0] * h + turns[k + 1, 0, 0] * g
        m01 = turns[k, 0, 1] * h + turns[k + 1, 0, 1] * g
        m02 = turns[k, 0, 2] * h + turns[k + 1, 0, 2] * g
        m10 = turns[k, 1, 0] * h + turns[k + 1, 1, 0] * g
        m11 = turns[k, 1, 1] * h + turns[k + 1, 1, 1] * g
        m12 = turns[k, 1, 2] * h + turns[k + 1, 1, 2] * g
        m20 = turns[k, 2, 0] * h + turns[k + 1, 2, 0] * g
        m21 = turns[k, 2, 1] * h + turns[k + 1, 2, 1] * g
        m22 = turns[k, 2, 2] * h + turns[k + 1, 2, 2] * g
        x = points[i, 0] - pivot[0]
        y = points[i, 1] - pivot[1]
        z = points[i, 2] - pivot[2]
        w = head_weight[i]
        points[i, 0] = m00 * x + m01 * y + m02 * z + pivot[0] + w * shift[0]
        points[i, 1] = m10 * x + m11 * y + m12 * z + pivot[1] + w * shift[1]
        points[i, 2] = m20 * x + m21 * y + m22 * z + pivot[2] + w * shift[2]
        if i >= first_normal:
            nx = normals[i, 0]
            ny = normals[i, 1]
            nz = normals[i, 2]
            normals[i, 0] = m00 * nx + m01 * ny + m02 * nz
            normals[i, 1] = m10 * nx + m11 * ny + m12 * nz
            normals[i, 2] = m20 * nx + m21 * ny + m22 * nz


@kernel
def project(points: F32, camera: F32, screen: F32, vertex: F32) -> None:
    """Perspective: points (n, 3) -> screen (n, 3) of x and y in pixels (y down) and nearness; x, y also to vertex.

    camera: eye x, y, z in mm; pixels per mm at distance 1 mm; picture centre x, y in pixels. Nearness is 1 / distance,
    stretched so that the depth range of a portrait (about 0.8 to 1.4 m) fills 0..1.
    """
    for i in range(points.shape[0]):
        q = f32(1.0) / (camera[2] - points[i, 2])
        x = camera[4] + (points[i, 0] - camera[0]) * camera[3] * q
        y = camera[5] - (points[i, 1] - camera[1]) * camera[3] * q
        screen[i, 0] = x
        screen[i, 1] = y
        screen[i, 2] = (q * f32(1000.0) - f32(0.70)) * f32(1.8)
        vertex[i, 0] = x
        vertex[i, 1] = y


@kernel
def vertex_normals(points: F32, triangles: I32, normals: F32) -> None:
    """Unit normals of points (n, 3), weighted by area, written to normals (n, 3)."""
    normals[:] = 0
    for t in range(triangles.shape[0]):
        a = triangles[t, 0]
        b = triangles[t, 1]
        c = triangles[t, 2]
        ux = points[b, 0] - points[a, 0]
        uy = points[b, 1] - points[a, 1]
        uz = points[b, 2] - points[a, 2]
        vx = points[c, 0] - points[a, 0]
        vy = points[c, 1] - points[a, 1]
        vz = points[c, 2] - points[a, 2]
        nx = uy * vz - uz * vy
        ny = uz * vx - ux * vz
        nz = ux * vy - uy * vx
        for i in (a, b, c):
            normals[i, 0] += nx
            normals[i, 1] += ny
            normals[i, 2] += nz
    for i in range(normals.shape[0]):
        square = normals[i, 0] ** 2 + normals[i, 1] ** 2 + normals[i, 2] ** 2
        r = f32(1.0) / np.sqrt(square + f32(1e-20))
        normals[i, 0] *= r
        normals[i, 1] *= r
        normals[i, 2] *= r
