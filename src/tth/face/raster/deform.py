"""Kernels that move the mesh: blendshapes, lids, jaw, head, perspective, normals. Millimetres and radians.

Points and normals are (3, n) here, one row per coordinate, so that many vertices are moved by one instruction.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tth.kernels.jit import F32, F64, I32, Scalar, clamp01, f32, inlined, kernel, u32


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
            points[0, i] += w * offset[k, 0]
            points[1, i] += w * offset[k, 1]
            points[2, i] += w * offset[k, 2]


class Lids(NamedTuple):
    """One eye's lids; see Sculpture."""

    vertices: I32
    """Their vertices."""
    upper: F32
    lower: F32
    """Turns about the eye's axis that close the upper and the lower lid, radians, one per vertex."""
    margin_upper: I32
    margin_lower: I32
    """Vertices of the margins with growing x."""
    eye: F32
    """Centre and radius of the eyeball, (4,)."""


@kernel
def turn_lids(
    points: F32, lids: Lids, upper_weight: Scalar, lower_weight: Scalar, upper_line: F32, lower_line: F32
) -> None:
    """Turn lid points about the eye's horizontal axis by upper_weight * upper + lower_weight * lower (radians): they
    slide over the eyeball, never cut it. Then note where the margins lie, see lid_line."""
    centre_y = lids.eye[1]
    centre_z = lids.eye[2]
    for k in range(lids.vertices.shape[0]):
        i = lids.vertices[k]
        angle = upper_weight * lids.upper[k] + lower_weight * lids.lower[k]
        c = np.cos(angle)
        s = np.sin(angle)
        y = points[1, i] - centre_y
        z = points[2, i] - centre_z
        points[1, i] = centre_y + c * y - s * z
        points[2, i] = centre_z + s * y + c * z
    lid_line(points, lids.margin_upper, lids.eye, upper_line)
    lid_line(points, lids.margin_lower, lids.eye, lower_line)


@inlined
def lid_line(points: F32, margin: I32, eye: F32, line: F32) -> None:
    """line (k,): height of the lid's margin at k places from x = -1 to 1, in radii from the eye's centre; beyond the
    margin's ends the line goes on level."""
    k = 0
    most = margin.shape[0] - 2
    radius = eye[3]
    for step in range(line.shape[0]):
        x = eye[0] + radius * (f32(2.0) * f32(step) / f32(line.shape[0] - 1) - f32(1.0))
        while k < most and points[0, margin[k + 1]] < x:
            k += 1
        x0 = points[0, margin[k]]
        x1 = points[0, margin[k + 1]]
        y0 = points[1, margin[k]]
        y1 = points[1, margin[k + 1]]
        share = clamp01((x - x0) / max(x1 - x0, f32(1e-6)))
        line[step] = (y0 + share * (y1 - y0) - eye[1]) / radius


@kernel
def turn_jaw(points: F32, jaw_weight: F32, angle: Scalar, pivot: F32, slide: F32) -> None:
    """Open the jaw, in place: each point turns about the jaw's joint and slides by its weight's share."""
    for i in range(points.shape[1]):
        w = jaw_weight[i]
        a = w * angle
        c = f32(1.0) - f32(0.5) * a * a  # the angle stays below 20 degrees
        s = a - a * a * a * f32(1 / 6)
        y = points[1, i] - pivot[1]
        z = points[2, i] - pivot[2]
        points[0, i] += w * slide[0]
        points[1, i] = pivot[1] + c * y - s * z + w * slide[1]
        points[2, i] = pivot[2] + s * y + c * z + w * slide[2]


@kernel
def fill_neck_turns(yaw: float, pitch: float, roll: float, shares: F64, polynomial: F64, turns: F64) -> None:
    """turns (k, 9): the rotations by 0..1 of these angles (radians), row by row as in sculpt.maths.rotation, as
    polynomials of that share. polynomial (k, k): what makes its coefficients of the values at `shares` (k,)."""
    count = shares.shape[0]
    for power in range(count):
        for entry in range(9):
            turns[power, entry] = 0.0
    for k in range(count):
        share = shares[k]
        cy, sy = np.cos(yaw * share), np.sin(yaw * share)
        cp, sp = np.cos(pitch * share), np.sin(pitch * share)
        cr, sr = np.cos(roll * share), np.sin(roll * share)
        for power in range(count):
            w = polynomial[power, k]
            turns[power, 0] += w * (cy * cr + sy * sp * sr)
            turns[power, 1] += w * (sy * sp * cr - cy * sr)
            turns[power, 2] += w * (sy * cp)
            turns[power, 3] += w * (cp * sr)
            turns[power, 4] += w * (cp * cr)
            turns[power, 5] += w * -sp
            turns[power, 6] += w * (cy * sp * sr - sy * cr)
            turns[power, 7] += w * (sy * sr + cy * sp * cr)
            turns[power, 8] += w * (cy * cp)


@inlined
def at_weight(turns: F32, entry: int, w: Scalar) -> Scalar:
    """One number of the rotation at head weight w. Written out, because an inner loop would keep the outer one from
    being turned into vector instructions."""
    value: Scalar = turns[0, entry] + w * (
        turns[1, entry] + w * (turns[2, entry] + w * (turns[3, entry] + w * turns[4, entry]))
    )
    return value


@kernel
def turn_head(points: F32, head_weight: F32, turns: F32, pivot: F32, shift: F32) -> None:
    """Turn the head, in place. turns (5, 9): the rotation's numbers, row by row, as polynomials of the head weight."""
    row_x, row_y, row_z = points[0], points[1], points[2]
    for i in range(points.shape[1]):
        w = head_weight[i]
        x = row_x[i] - pivot[0]
        y = row_y[i] - pivot[1]
        z = row_z[i] - pivot[2]
        turned_x = at_weight(turns, 0, w) * x + at_weight(turns, 1, w) * y + at_weight(turns, 2, w) * z
        turned_y = at_weight(turns, 3, w) * x + at_weight(turns, 4, w) * y + at_weight(turns, 5, w) * z
        turned_z = at_weight(turns, 6, w) * x + at_weight(turns, 7, w) * y + at_weight(turns, 8, w) * z
        row_x[i] = turned_x + pivot[0] + w * shift[0]
        row_y[i] = turned_y + pivot[1] + w * shift[1]
        row_z[i] = turned_z + pivot[2] + w * shift[2]


@kernel
def turn_normals(first: int, rest: F32, head_weight: F32, turns: F32, normals: F32) -> None:
    """normals (3, n) from column `first` on = those at rest, turned as in turn_head. What is before is left alone."""
    stop = rest.shape[1]
    weights = head_weight[first:stop]
    rest_x = rest[0, first:stop]
    rest_y = rest[1, first:stop]
    rest_z = rest[2, first:stop]
    out_x = normals[0, first:stop]
    out_y = normals[1, first:stop]
    out_z = normals[2, first:stop]
    for i in range(stop - first):
        w = weights[i]
        x = rest_x[i]
        y = rest_y[i]
        z = rest_z[i]
        out_x[i] = at_weight(turns, 0, w) * x + at_weight(turns, 1, w) * y + at_weight(turns, 2, w) * z
        out_y[i] = at_weight(turns, 3, w) * x + at_weight(turns, 4, w) * y + at_weight(turns, 5, w) * z
        out_z[i] = at_weight(turns, 6, w) * x + at_weight(turns, 7, w) * y + at_weight(turns, 8, w) * z


@kernel
def project(points: F32, camera: F32, screen: F32) -> None:
    """Perspective: points (3, n) -> screen (n * 4): x and y in pixels (y down), nearness, and one that is unused.

    camera: eye x, y, z in mm; pixels per mm at distance 1 mm; picture centre x, y in pixels. Nearness is 1 / distance,
    stretched so that the depth range of a portrait (about 0.8 to 1.4 m) fills 0..1.
    """
    eye_x = camera[0]
    eye_y = camera[1]
    eye_z = camera[2]
    scale = camera[3]
    centre_x = camera[4]
    centre_y = camera[5]
    for i in range(points.shape[1]):
        q = f32(1.0) / (eye_z - points[2, i])
        screen[i * 4 + 0] = centre_x + (points[0, i] - eye_x) * scale * q
        screen[i * 4 + 1] = centre_y - (points[1, i] - eye_y) * scale * q
        screen[i * 4 + 2] = (q * f32(1000.0) - f32(0.70)) * f32(1.8)


@kernel
def unit_normals(points: F32, triangles: I32, count: int, normals: F32) -> None:
    """Unit normals, weighted by area, of the first `count` points (3, n), the only ones in triangles, to normals."""
    for i in range(count):
        normals[0, i] = f32(0.0)
        normals[1, i] = f32(0.0)
        normals[2, i] = f32(0.0)
    for t in range(triangles.shape[0]):
        a = u32(triangles[t, 0])
        b = u32(triangles[t, 1])
        c = u32(triangles[t, 2])
        ux = points[0, b] - points[0, a]
        uy = points[1, b] - points[1, a]
        uz = points[2, b] - points[2, a]
        vx = points[0, c] - points[0, a]
        vy = points[1, c] - points[1, a]
        vz = points[2, c] - points[2, a]
        nx = uy * vz - uz * vy
        ny = uz * vx - ux * vz
        nz = ux * vy - uy * vx
        for corner in (a, b, c):
            normals[0, corner] += nx
            normals[1, corner] += ny
            normals[2, corner] += nz
    for i in range(count):
        square = normals[0, i] ** 2 + normals[1, i] ** 2 + normals[2, i] ** 2
        r = f32(1.0) / np.sqrt(square + f32(1e-20))
        normals[0, i] *= r
        normals[1, i] *= r
        normals[2, i] *= r


def vertex_normals(points: F32, triangles: I32, normals: F32) -> None:
    """The same for a mesh at rest, whose points and normals are (n, 3)."""
    rows = np.zeros((3, len(points)), np.float32)
    unit_normals(np.ascontiguousarray(points.T), triangles, len(points), rows)
    normals[:] = rows.T
