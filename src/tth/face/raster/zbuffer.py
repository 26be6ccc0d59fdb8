"""Kernel that finds the visible triangle at 4 samples of every pixel.

The samples lie on a rotated grid, which smooths near-vertical and near-horizontal edges best (as in 4x multisample
anti-aliasing of graphics cards). Edge functions: J. Pineda, "A Parallel Algorithm for Polygon Rasterization", 1988.
"""

from __future__ import annotations

import numpy as np

from tth.face.raster.jit import F32, I32, U8, Scalar, f32, inlined, kernel

MAX_TRIANGLES = 65536
"""Triangle numbers take the low 16 bits of a key; nearness (15 bits) stands above."""
DEPTH_STEPS = 32767.0
NARROW_PX = 4
"""A triangle narrower than this is tested whole, which is cheaper than to bound it row by row (measured)."""


@inlined
def row_bounds(slope: Scalar) -> tuple[Scalar, Scalar, Scalar, Scalar]:
    """How one edge bounds the pixels of a row: factor and offset of its left, then of its right bound."""
    big = f32(1e30)
    zero = f32(0.0)
    inverse = -f32(1.0) / slope if slope != zero else zero
    left = inverse if slope > zero else zero
    left_offset = zero if slope > zero else -big
    right = inverse if slope < zero else zero
    right_offset = zero if slope < zero else big
    return left, left_offset, right, right_offset


@kernel
def rasterise(
    screen: F32, triangles: I32, two_sided: U8, first: int, stop: int, width: int, height: int, keys: I32
) -> None:
    """Enter triangles first..stop into keys (height * width * 4), which the caller has cleared or prepared.

    screen (n, 3): x, y in pixels (y down) and nearness in 0..1. A key is nearness * 32767 above the triangle's number,
    so the depth test is a plain max: no branches, and the compiler turns the four samples into vector instructions.
    Nothing at a sample: 0. This kernel is one long function because its values must stay in registers.
    """
    zero = f32(0.0)
    one = f32(1.0)
    big = f32(1e30)
    shift = np.int32(16)
    edge_slack = f32(1e-4)  # keeps shared edges free of pinholes
    for t in range(first, stop):
        a = triangles[t, 0]
        b = triangles[t, 1]
        c = triangles[t, 2]
        x0 = screen[a, 0]
        y0 = screen[a, 1]
        x1 = screen[b, 0]
        y1 = screen[b, 1]
        x2 = screen[c, 0]
        y2 = screen[c, 1]
        area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        if area >= zero and two_sided[t] == 0:  # y points down: front faces have a negative area
            continue
        if abs(area) < f32(1e-4):  # degenerate: 1 / area would overflow
            continue
        min_x = min(x0, min(x1, x2))
        max_x = max(x0, max(x1, x2))
        min_y = min(y0, min(y1, y2))
        max_y = max(y0, max(y1, y2))
        left = max(int(min_x), 0)
        right = min(int(max_x), width - 1)
        top = max(int(min_y), 0)
        bottom = min(int(max_y), height - 1)
        if max_x < zero or max_y < zero or left > right or top > bottom:
            continue
        # barycentric weights and nearness are linear in x and y
        inverse = one / area
        ax = (y1 - y2) * inverse
        ay = (x2 - x1) * inverse
        bx = (y2 - y0) * inverse
        by = (x0 - x2) * inverse
        z0 = screen[a, 2] * f32(DEPTH_STEPS)
        z1 = screen[b, 2] * f32(DEPTH_STEPS)
        z2 = screen[c, 2] * f32(DEPTH_STEPS)
        zx = (z0 - z2) * ax + (z1 - z2) * bx
        zy = (z0 - z2) * ay + (z1 - z2) * by
        cx = -ax - bx
        cy = -ay - by
        # sample offsets from the pixel's centre: (-1/8, -3/8), (3/8, -1/8) and their negatives
        p = f32(0.125)
        q = f32(0.375)
        a0 = -p * ax - q * ay
        a1 = q * ax - p * ay
        b0 = -p * bx - q * by
        b1 = q * bx - p * by
        c0 = -p * cx - q * cy
        c1 = q * cx - p * cy
        d0 = -p * zx - q * zy
        d1 = q * zx - p * zy
        reach_a = max(abs(a0), abs(a1))
        reach_b = max(abs(b0), abs(b1))
        reach_c = max(abs(c0), abs(c1))
        narrow = 1 if right - left < NARROW_PX else 0
        la = la0 = ra = ra0 = lb = lb0 = rb = rb0 = lc = lc0 = rc = rc0 = zero
        if narrow == 0:
            la, la0, ra, ra0 = row_bounds(ax)
            lb, lb0, rb, rb0 = row_bounds(bx)
            lc, lc0, rc, rc0 = row_bounds(cx)
        number = np.int32(t)
        first_x = f32(left) + f32(0.5)
        span = f32(right - left)
        row_a = (first_x - x2) * ax - y2 * ay
        row_b = (first_x - x2) * bx - y2 * by
        row_z = z2 + (first_x - x2) * zx - y2 * zy
        for iy in range(top, bottom + 1):
            fy = f32(iy) + f32(0.5)
            wa = row_a + fy * ay
            wb = row_b + fy * by
            wc = one - wa - wb
            low = zero
            high = span
            if narrow == 0:
                ea = wa + reach_a
                eb = wb + reach_b
                ec = wc + reach_c
                low = max(max(ea * la + la0, eb * lb + lb0), max(ec * lc + lc0, zero))
                high = min(min(ea * ra + ra0, eb * rb + rb0), min(ec * rc + rc0, span))
            if low > high:
                continue
            k0 = int(low)
            k1 = int(high)
            skip = f32(k0)
            wa += skip * ax
            wb += skip * bx
            z = row_z + skip * zx + fy * zy
            o = (iy * width + left + k0) * 4
            for _ in range(k0, k1 + 1):
                wc = one - wa - wb
                # below zero outside the triangle, which pushes the key below zero
                w0 = min(min(wa + a0, min(wb + b0, wc + c0)) + edge_slack, zero)
                w1 = min(min(wa + a1, min(wb + b1, wc + c1)) + edge_slack, zero)
                w2 = min(min(wa - a1, min(wb - b1, wc - c1)) + edge_slack, zero)
                w3 = min(min(wa - a0, min(wb - b0, wc - c0)) + edge_slack, zero)
                e0 = (np.int32(max(z + d0 + big * w0, -one)) << shift) | number
                e1 = (np.int32(max(z + d1 + big * w1, -one)) << shift) | number
                e2 = (np.int32(max(z - d1 + big * w2, -one)) << shift) | number
                e3 = (np.int32(max(z - d0 + big * w3, -one)) << shift) | number
                v0 = keys[o]
                v1 = keys[o + 1]
                v2 = keys[o + 2]
                v3 = keys[o + 3]
                e0 = max(v0, np.int32(e0))
                e1 = max(v1, np.int32(e1))
                e2 = max(v2, np.int32(e2))
                e3 = max(v3, np.int32(e3))
                keys[o] = e0
                keys[o + 1] = e1
                keys[o + 2] = e2
                keys[o + 3] = e3
                wa += ax
                wb += bx
                z += zx
                o += 4
