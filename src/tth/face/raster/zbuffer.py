"""Kernel that finds the visible triangle at 4 samples of every pixel.

The samples lie on a rotated grid, which smooths near-vertical and near-horizontal edges best (as in 4x multisample
anti-aliasing of graphics cards). Edge functions: J. Pineda, "A Parallel Algorithm for Polygon Rasterization", 1988.
"""

from __future__ import annotations

import numpy as np

from tth.face.raster.jit import F32, I32, U8, f32, i32, kernel, u32

MAX_TRIANGLES = 65536
"""Triangle numbers take the low 16 bits of a key; nearness (15 bits) stands above."""
DEPTH_STEPS = 32767.0
BLOCK_PX = 4
"""So many pixels side by side, 16 samples, are tested at once."""
LANES = BLOCK_PX * 4
SAMPLE_X = np.array([i // 4 + (0.375, 0.875, 0.125, 0.625)[i % 4] for i in range(LANES)], np.float32)
SAMPLE_Y = np.array([0.125, 0.375, 0.625, 0.875] * BLOCK_PX, np.float32)
"""Where the samples of a block lie, from its upper left corner."""
NEAREST_SAMPLE = 0.125
"""No sample is nearer to its pixel's border."""
EDGE_SLACK = -1e-4
"""Barycentric weight down to which a sample counts as inside: keeps shared edges free of pinholes."""


@kernel
def rasterise(screen: F32, triangles: I32, two_sided: U8, order: I32, width: int, height: int, keys: I32) -> None:
    """Enter the triangles numbered by order into keys (height * width * 4), which the caller has cleared or prepared.

    screen (n, 4): x, y in pixels (y down), nearness in 0..1, unused. width: at least BLOCK_PX. A key is
    nearness * 32767 above the triangle's number, so the depth test is a plain max. Nothing at a sample: 0. The
    innermost loop has a fixed length and no branches: it becomes vector instructions. Most triangles are one block
    wide.
    """
    zero = f32(0.0)
    one = f32(1.0)
    border = f32(NEAREST_SAMPLE)
    last_x = width - BLOCK_PX
    for entry in range(order.shape[0]):
        t = u32(order[entry])
        a = u32(triangles[t, 0])
        b = u32(triangles[t, 1])
        c = u32(triangles[t, 2])
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
        max_x = max(x0, max(x1, x2)) - border
        max_y = max(y0, max(y1, y2)) - border
        left = max(int(min(x0, min(x1, x2)) + border), 0)
        top = max(int(min(y0, min(y1, y2)) + border), 0)
        right = min(int(max_x), width - 1)
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
        number = i32(t)
        for row in range(top, bottom + 1):
            dy = f32(row) - y2
            for column in range(left, right + 1, BLOCK_PX):
                x = min(column, last_x)
                dx = f32(x) - x2
                o = (row * width + x) * 4
                block = keys[o : o + LANES]
                for k in range(LANES):
                    sx = dx + SAMPLE_X[k]
                    sy = dy + SAMPLE_Y[k]
                    wa = sx * ax + sy * ay
                    wb = sx * bx + sy * by
                    z = z2 + sx * zx + sy * zy
                    inside = min(min(wa, wb), one - wa - wb)
                    key = i32((i32(z) << i32(16)) | number)
                    key = key if inside >= f32(EDGE_SLACK) else i32(0)
                    before = block[k]
                    block[k] = key if key > before else before


@kernel
def mark_seen(keys: I32, seen: U8) -> None:
    """seen[t] = 1 for the triangles that the keys show; clears the keys."""
    for k in range(keys.shape[0]):
        key = keys[k]
        if key > i32(0):
            seen[u32(key & i32(0xFFFF))] = 1
            keys[k] = i32(0)
