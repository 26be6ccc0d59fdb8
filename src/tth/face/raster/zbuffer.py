"""Kernels that find the visible triangle at 4 samples of every pixel.

The samples lie on a rotated grid, which smooths near-vertical and near-horizontal edges best (as in 4x multisample
anti-aliasing of graphics cards). Edge functions: J. Pineda, "A Parallel Algorithm for Polygon Rasterization", 1988.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tth.kernels.jit import F32, I32, U8, f32, i32, kernel, u32

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
BATCH = 2048
"""Triangles set up at a time: what is worked out of them stays in the processor's nearest caches."""
EDGE_SLACK = -1e-4
"""Barycentric weight down to which a sample counts as inside: keeps shared edges free of pinholes."""


class Setups(NamedTuple):
    """Room for what is worked out of a batch of triangles before it is drawn; a painter's own, reused for every one."""

    planes: F32
    """Place of the third corner, slopes of two barycentric weights and of nearness, (9, BATCH)."""
    boxes: I32
    """First and last column and row of pixels, 1 if it may be seen, (5, BATCH)."""
    shown: I32
    """Entries that may be seen, (BATCH,)."""
    found: I32
    """How many these are, (1,)."""
    around: I32
    """Left, right, top and bottom of the pixels of all that may be seen, right and bottom not among them, (4,)."""


def room_for_setups() -> Setups:
    """For one painter."""
    return Setups(
        np.zeros((9, BATCH), np.float32),
        np.zeros((5, BATCH), np.int32),
        np.zeros(BATCH, np.int32),
        np.zeros(1, np.int32),
        np.zeros(4, np.int32),
    )


def rasterise(
    screen: F32, triangles: I32, two_sided: U8, order: I32, width: int, height: int, keys: I32,
    setups: Setups | None = None,
) -> None:  # fmt: skip
    """Enter the triangles numbered by order into keys (height * width * 4), which the caller has cleared or prepared.

    screen (n, 4): x, y in pixels (y down), nearness in 0..1, unused. width: at least BLOCK_PX. A key is
    nearness * 32767 above the triangle's number, so the depth test is a plain max. Nothing at a sample: 0.
    setups: its `around` is then the box of what was entered, (width, 0, height, 0) for nothing; None = made for this
    call.
    """
    if screen.shape[1] != 4:
        raise ValueError(f"screen must have 4 columns, not {screen.shape[1]}")
    room = room_for_setups() if setups is None else setups
    enter_all(screen.reshape(-1), triangles.reshape(-1), two_sided, order, width, height, room, keys)


@kernel
def enter_all(
    screen: F32, corners: I32, two_sided: U8, order: I32, width: int, height: int, setups: Setups, keys: I32
) -> None:
    """What rasterise does; screen (n * 4) and corners (t * 3) are flat."""
    around = setups.around
    around[0] = width
    around[1] = 0
    around[2] = height
    around[3] = 0
    for start in range(0, order.shape[0], BATCH):
        batch = order[start : min(start + BATCH, order.shape[0])]
        set_up(screen, corners, two_sided, batch, width, height, setups.planes, setups.boxes, around)
        choose(batch.shape[0], setups.boxes[4], setups.shown, setups.found)
        enter(batch, setups, width, keys)


@kernel
def set_up(
    screen: F32, corners: I32, two_sided: U8, order: I32, width: int, height: int, planes: F32, boxes: I32,
    around: I32,
) -> None:  # fmt: skip
    """Fill the rows of Setups for the triangles of order, at most BATCH, and widen `around` to hold them; without
    branches, so that many are worked out at once.

    screen (n * 4), corners (t * 3): as in rasterise, flat.
    """
    zero = f32(0.0)
    border = f32(NEAREST_SAMPLE)
    last_x = f32(width) - f32(0.5)
    last_y = f32(height) - f32(0.5)
    row_0, row_1, row_2, row_3, row_4 = planes[0], planes[1], planes[2], planes[3], planes[4]
    row_5, row_6, row_7, row_8 = planes[5], planes[6], planes[7], planes[8]
    lefts, rights, tops, bottoms, flags = boxes[0], boxes[1], boxes[2], boxes[3], boxes[4]
    least_x = i32(around[0])
    most_x = i32(around[1])
    least_y = i32(around[2])
    most_y = i32(around[3])
    for i in range(order.shape[0]):
        t = u32(order[i])
        a = u32(u32(corners[u32(t * u32(3))]) * u32(4))
        b = u32(u32(corners[u32(t * u32(3) + u32(1))]) * u32(4))
        c = u32(u32(corners[u32(t * u32(3) + u32(2))]) * u32(4))
        x0, y0, z0 = screen[a], screen[u32(a + u32(1))], screen[u32(a + u32(2))] * f32(DEPTH_STEPS)
        x1, y1, z1 = screen[b], screen[u32(b + u32(1))], screen[u32(b + u32(2))] * f32(DEPTH_STEPS)
        x2, y2, z2 = screen[c], screen[u32(c + u32(1))], screen[u32(c + u32(2))] * f32(DEPTH_STEPS)
        area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        inverse = f32(1.0) / area
        # barycentric weights and nearness are linear in x and y
        ax = (y1 - y2) * inverse
        ay = (x2 - x1) * inverse
        bx = (y2 - y0) * inverse
        by = (x0 - x2) * inverse
        row_0[i] = x2
        row_1[i] = y2
        row_2[i] = z2
        row_3[i] = ax
        row_4[i] = ay
        row_5[i] = bx
        row_6[i] = by
        row_7[i] = (z0 - z2) * ax + (z1 - z2) * bx
        row_8[i] = (z0 - z2) * ay + (z1 - z2) * by
        max_x = min(max(x0, max(x1, x2)) - border, last_x)
        max_y = min(max(y0, max(y1, y2)) - border, last_y)
        left = i32(max(min(x0, min(x1, x2)) + border, zero))
        top = i32(max(min(y0, min(y1, y2)) + border, zero))
        right = i32(max_x)
        bottom = i32(max_y)
        lefts[i] = left
        rights[i] = right
        tops[i] = top
        bottoms[i] = bottom
        is_front = (area < zero) | (two_sided[t] != 0)  # y points down: front faces have a negative area
        is_sound = abs(area) >= f32(1e-4)  # else 1 / area would overflow
        is_inside = (max_x >= zero) & (max_y >= zero) & (left <= right) & (top <= bottom)
        is_shown = is_front & is_sound & is_inside
        flags[i] = i32(1) if is_shown else i32(0)
        least_x = min(least_x, left) if is_shown else least_x
        most_x = max(most_x, i32(right + i32(1))) if is_shown else most_x
        least_y = min(least_y, top) if is_shown else least_y
        most_y = max(most_y, i32(bottom + i32(1))) if is_shown else most_y
    around[0] = least_x
    around[1] = most_x
    around[2] = least_y
    around[3] = most_y


@kernel
def choose(count: int, flags: I32, shown: I32, number: I32) -> None:
    """shown = those of `count` entries whose flag is 1; number[0] = how many. Nothing here is a branch."""
    found = u32(0)
    for i in range(count):
        shown[found] = i
        found = u32(found + u32(flags[i]))
    number[0] = found


@kernel
def enter(order: I32, setups: Setups, width: int, keys: I32) -> None:
    """Enter what `shown` lists into the keys. The innermost loop has a fixed length and no branches: it becomes vector
    instructions. Most triangles are one block wide."""
    one = f32(1.0)
    last_x = width - BLOCK_PX
    for entry in range(setups.found[0]):
        i = u32(setups.shown[entry])
        number = i32(order[i])
        x2 = setups.planes[0, i]
        y2 = setups.planes[1, i]
        z2 = setups.planes[2, i]
        ax = setups.planes[3, i]
        ay = setups.planes[4, i]
        bx = setups.planes[5, i]
        by = setups.planes[6, i]
        zx = setups.planes[7, i]
        zy = setups.planes[8, i]
        for row in range(setups.boxes[2, i], setups.boxes[3, i] + 1):
            dy = f32(row) - y2
            for column in range(setups.boxes[0, i], setups.boxes[1, i] + 1, BLOCK_PX):
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
