"""The compiled loops that bend a picture: nodes of a coarse grid are moved, the movement is inverted, pixels follow it.

Colours of the plate are packed four 16-bit lanes to a uint64, so that one multiplication weighs all channels of a
pixel; with unsigned indices this is as fast as OpenCV's remap, and pixels without a person cost almost nothing.
Coordinates are those of the shot (pixel centres are whole numbers); the plate begins `margin` before it. See
tth/kernels/jit.py for the traps of compiling; mind also that numba makes a float of a signed and an unsigned integer.
"""

from __future__ import annotations

import numpy as np

from tth.kernels.jit import F32, I32, U8, U64, Scalar, as_row, clamp01, f32, inlined, kernel

u64 = np.uint64
i32 = np.int32
LANES = u64(0x00FF00FF00FF00FF)
ROUND = u64(0x0080008000800080)
U1, U3, U4, U8_, U16, U32, U48, U255, U256 = (u64(n) for n in (1, 3, 4, 8, 16, 32, 48, 255, 256))
NEAR_PX = f32(0.25)
"""From so near one step of Newton's method lands within some hundredths of a pixel."""
STEPS_MOST = 8
CREASE_RED = f32(0.65)
"""Skin keeps its red in a crease: red light follows this share of a gain."""
BLOCK_PX = 4
"""Side of the blocks for which it is known whether they show the person, something else, or both."""
POSE_VALUES = 17
"""Rotation (9), pivot x, y, depth, eye distance, camera distance, shift x, y of the head, shift y of the chest."""


@kernel
def pack(plain: U8, packed: U64) -> None:
    """A plate (4, h, w) in its packed form (h, w)."""
    for y in range(packed.shape[0]):
        for x in range(packed.shape[1]):
            low = u64(plain[0, y, x]) | u64(plain[1, y, x]) << U16
            packed[y, x] = low | u64(plain[2, y, x]) << U32 | u64(plain[3, y, x]) << U48


@kernel
def pack_lit(plain: U8, gain: F32, left: int, top: int, width: int, height: int, packed: U64) -> None:
    """The same for the part from left, top on, with its light multiplied by the first height, width of gain."""
    white, half = f32(255.0), f32(0.5)
    for j in range(height):
        red, green, blue = plain[0, top + j, left:], plain[1, top + j, left:], plain[2, top + j, left:]
        alpha, row, out = plain[3, top + j, left:], gain[j], packed[top + j, left:]
        for i in range(width):
            g = row[i]
            r = min(f32(red[i]) * (f32(1.0) - CREASE_RED + CREASE_RED * g) + half, white)
            v = min(f32(green[i]) * g + half, white)
            b = min(f32(blue[i]) * g + half, white)
            low = np.uint32(i32(r)) | np.uint32(i32(v)) << np.uint32(16)
            high = np.uint32(i32(b)) | np.uint32(alpha[i]) << np.uint32(16)
            out[i] = u64(low) | u64(high) << U32


@kernel
def bend_nodes(
    nodes: F32, basis: F32, active: I32, weights: F32, depth: F32, head: F32, chest: F32, pose: F32, out: F32
) -> None:
    """Where every node goes: expression, then the turn of the head, then the breath.

    nodes, out: (n, 2); basis: (shapes, 2 n); active, weights: the shapes that show and how much; depth, head, chest:
    (n,); pose: POSE_VALUES numbers.
    """
    flat, rest = as_row(out), as_row(nodes)
    for i in range(flat.shape[0]):
        flat[i] = rest[i]
    for k in range(active.shape[0]):
        move, weight = basis[active[k]], weights[k]
        for i in range(flat.shape[0]):
            flat[i] += weight * move[i]
    for i in range(out.shape[0]):
        share = head[i]
        if share > f32(0.001):
            x, y = out[i, 0], out[i, 1]
            dx, dy, dz = (x - pose[9]) / pose[12], (y - pose[10]) / pose[12], depth[i] - pose[11]
            nearer = (pose[13] - dz) / (pose[13] - (pose[6] * dx + pose[7] * dy + pose[8] * dz)) * pose[12]
            out[i, 0] = x + share * (pose[9] + (pose[0] * dx + pose[1] * dy + pose[2] * dz) * nearer + pose[14] - x)
            out[i, 1] = y + share * (pose[10] + (pose[3] * dx + pose[4] * dy + pose[5] * dz) * nearer + pose[15] - y)
        out[i, 1] += chest[i] * pose[16]


@kernel
def invert(field: F32, left: int, top: int, to_left: int, to_top: int, step: int, away: F32, out: F32) -> None:
    """For each node p of the grid `out` (h, w, 2) at (to_left, to_top): the q that `field` takes to p.

    field: (h, w, 2), where the nodes of a grid at (left, top) go; both grids have the same `step`. Newton's method on
    the bilinear cells, a row at a time so that it becomes vector instructions, from what the row above found; where
    the field folds, the plain fixed-point iteration. away: (w,), used on the way.
    """
    s, inverse = f32(step), f32(1.0) / f32(step)
    most_x, most_y = f32(field.shape[1]) - f32(1.001), f32(field.shape[0]) - f32(1.001)
    x0, y0, limit = f32(left), f32(top), f32(3.0) * s
    moved, across, columns, first = as_row(field), np.uint32(2 * field.shape[1]), np.uint32(out.shape[1]), f32(to_left)
    found = as_row(out)
    for j in range(out.shape[0]):
        py = f32(to_top + j * step)
        here = found[np.uint32(j) * np.uint32(2) * columns :]
        above = found[np.uint32(max(j - 1, 0)) * np.uint32(2) * columns :]
        for i in range(columns):
            is_known = j > 0 and away[i] < NEAR_PX
            at = np.uint32(2) * np.uint32(i)
            x, y = above[at], above[at + np.uint32(1)] + s
            here[at] = x if is_known else first + f32(i) * s
            here[at + np.uint32(1)] = y if is_known else py
        for _ in range(STEPS_MOST):
            furthest = f32(0.0)
            for i in range(columns):
                at = np.uint32(2) * np.uint32(i)
                qx, qy = here[at], here[at + np.uint32(1)]
                fx = min(max((qx - x0) * inverse, f32(0.0)), most_x)
                fy = min(max((qy - y0) * inverse, f32(0.0)), most_y)
                column, line = np.uint32(i32(fx)), np.uint32(i32(fy))
                u, v = fx - f32(i32(fx)), fy - f32(i32(fy))
                a = line * across + np.uint32(2) * column
                c = a + across
                ax, ay = moved[a], moved[a + np.uint32(1)]
                bx, by = moved[a + np.uint32(2)] - ax, moved[a + np.uint32(3)] - ay
                cx, cy = moved[c] - ax, moved[c + np.uint32(1)] - ay
                dx, dy = moved[c + np.uint32(2)] - ax - bx - cx, moved[c + np.uint32(3)] - ay - by - cy
                # outside the field its rim's displacement goes on
                ex = first + f32(i) * s - (ax + bx * u + cx * v + dx * u * v + qx - (x0 + fx * s))
                ey = py - (ay + by * u + cy * v + dy * u * v + qy - (y0 + fy * s))
                far = abs(ex) + abs(ey)
                xu, yu, xv, yv = (bx + dx * v), (by + dy * v), (cx + dx * u), (cy + dy * u)
                det = (xu * yv - xv * yu) * inverse
                is_flat = det > f32(0.15) * s
                share = f32(1.0) / (det if is_flat else s)
                mx = (yv * ex - xv * ey) * share if is_flat else f32(0.7) * ex
                my = (xu * ey - yu * ex) * share if is_flat else f32(0.7) * ey
                here[at] = qx + min(max(mx, -limit), limit)
                here[at + np.uint32(1)] = qy + min(max(my, -limit), limit)
                away[i] = far
                furthest = max(furthest, far)
            if furthest < NEAR_PX:
                break


@inlined
def mixed(plate: U64, width: u64, x: i32, y: i32) -> u64:
    """The packed colour between four pixels of a flat plate; x, y in 1/256 pixel of the plate, inside it."""
    fx, fy = u64(x & i32(255)), u64(y & i32(255))
    at = u64(y >> i32(8)) * width + u64(x >> i32(8))
    low_right = (fx * fy) >> U8_
    # one product less than with four weights: what borrows take from a lane the sum gives back
    first = plate[at]
    right, low, corner = plate[at + U1] - first, plate[at + width] - first, plate[at + width + U1] - first
    sum_ = (first << U8_) + right * (fx - low_right) + low * (fy - low_right) + corner * low_right
    return u64(((sum_ + ROUND) >> U8_) & LANES)


@kernel
def warp(source: F32, stride: int, plate: U64, margin: int, cover: I32, wall: U8, out: U8) -> None:
    """Draw the bent picture.

    source: (h, w, 2), for each node (every `stride` pixels from 0) the shot coordinate its colour comes from; cover:
    (2, h, w), of the plate's blocks of BLOCK_PX, how many above and left of a corner have anything of the person, and
    how many anything else; wall: RGB of the shot's size behind the person, or 1 x 1 where the picture is one; out: RGB
    or RGBA.
    """
    height, width, channels = out.shape
    pixels, row = as_row(plate), u64(plate.shape[1])
    most_x, most_y = f32(plate.shape[1]) - f32(2.01), f32(plate.shape[0]) - f32(2.01)
    shift, scale, part = f32(margin), f32(256.0), f32(256.0) / f32(stride)
    is_clear, has_wall = channels == 4, wall.shape[0] > 1
    flat, behind = as_row(out), as_row(wall)
    around = f32(stride) if is_clear else f32(0.1)  # clear pixels beside the person keep its colours
    last = source.shape[1] - 1
    for j in range(source.shape[0] - 1):
        y0 = j * stride
        end_y, empty = min(y0 + stride, height), -1
        for i in range(last + 1):
            x0 = i * stride
            k = min(i + 1, last)
            ax = min(max(source[j, i, 0] + shift, f32(0.0)), most_x)
            ay = min(max(source[j, i, 1] + shift, f32(0.0)), most_y)
            bx = min(max(source[j, k, 0] + shift, f32(0.0)), most_x)
            by = min(max(source[j, k, 1] + shift, f32(0.0)), most_y)
            cx = min(max(source[j + 1, i, 0] + shift, f32(0.0)), most_x)
            cy = min(max(source[j + 1, i, 1] + shift, f32(0.0)), most_y)
            dx = min(max(source[j + 1, k, 0] + shift, f32(0.0)), most_x)
            dy = min(max(source[j + 1, k, 1] + shift, f32(0.0)), most_y)
            left, right = min(min(ax, bx), min(cx, dx)) - around, max(max(ax, bx), max(cx, dx)) + around
            top, low = min(min(ay, by), min(cy, dy)) - around, max(max(ay, by), max(cy, dy)) + around
            if i < last and blocks_in(cover[0], left, top, right, low) == 0:
                if empty < 0:
                    empty = x0  # nothing of the person from here on
                continue
            if empty >= 0:
                for y in range(y0, end_y):
                    begin = (y * width + empty) * channels
                    to, of = flat[begin:], behind[begin:]
                    for k in range((min(x0, width) - empty) * channels):
                        to[np.uint32(k)] = np.uint8(0) if is_clear else of[np.uint32(k)]
                empty = -1
            if i == last:
                continue
            is_whole = not has_wall or blocks_in(cover[1], left, top, right, low) == 0
            count = min(stride, width - x0)
            for y in range(y0, end_y):
                at = u64(y * width + x0) * u64(channels)
                v = f32(y - y0) / f32(stride)
                lx, ly = ax + (cx - ax) * v, ay + (cy - ay) * v
                step_x, step_y = i32((bx + (dx - bx) * v - lx) * part), i32((by + (dy - by) * v - ly) * part)
                sx, sy = i32(lx * scale), i32(ly * scale)
                if is_clear:
                    for _ in range(count):
                        c = mixed(pixels, row, sx, sy)
                        flat[at], flat[at + U1] = np.uint8(c), np.uint8(c >> U16)
                        flat[at + u64(2)], flat[at + U3] = np.uint8(c >> U32), np.uint8(c >> U48)
                        at += U4
                        sx += step_x
                        sy += step_y
                elif is_whole:
                    for _ in range(count):
                        c = mixed(pixels, row, sx, sy)
                        flat[at], flat[at + U1], flat[at + u64(2)] = np.uint8(c), np.uint8(c >> U16), np.uint8(c >> U32)
                        at += U3
                        sx += step_x
                        sy += step_y
                else:
                    for _ in range(count):
                        c = mixed(pixels, row, sx, sy)
                        a = c >> U48
                        a += a >> u64(7)
                        for lane in range(3):
                            front = (c >> u64(16 * lane)) & U255
                            flat[at] = np.uint8((front * a + u64(behind[at]) * (U256 - a)) >> U8_)
                            at += U1
                        sx += step_x
                        sy += step_y


@inlined
def blocks_in(sums: I32, left: Scalar, top: Scalar, right: Scalar, low: Scalar) -> int:
    """How many blocks count among those that the pixels around this part of the plate lie in."""
    x0, y0 = int(max(left, f32(0.0))) // BLOCK_PX, int(max(top, f32(0.0))) // BLOCK_PX
    x1 = min(int(right + f32(1.0)) // BLOCK_PX + 1, sums.shape[1] - 1)
    y1 = min(int(low + f32(1.0)) // BLOCK_PX + 1, sums.shape[0] - 1)
    return int(sums[y1, x1] - sums[y0, x1] - sums[y1, x0] + sums[y0, x0])


@inlined
def at_row(source: F32, column: int, row: int, down: Scalar, axis: int) -> Scalar:
    """One coordinate of a grid at a column of nodes, `down` (0..1) the way from a row to the next."""
    a, b, c = np.uint32(row), np.uint32(row + 1), np.uint32(column)
    return f32(source[a, c, axis] * (f32(1.0) - down) + source[b, c, axis] * down)


@inlined
def picked(plate: U64, width: int, height: int, x: Scalar, y: Scalar, margin: int) -> u64:
    """The packed colour of a flat plate at a shot coordinate."""
    x = min(max(x + f32(margin), f32(0.0)), f32(width) - f32(2.01))
    y = min(max(y + f32(margin), f32(0.0)), f32(height) - f32(2.01))
    return mixed(plate, u64(width), i32(x * f32(256.0)), i32(y * f32(256.0)))


@inlined
def lane(colour: u64, number: int) -> Scalar:
    """One channel of a packed colour, 0..255."""
    return f32(i32((colour >> u64(16 * number)) & U255))


@inlined
def looked_up(table: F32, t: Scalar) -> Scalar:
    """A table over 0..1 at t."""
    place = clamp01(t) * f32(table.shape[0] - 1)
    at = np.uint32(min(i32(place), i32(table.shape[0] - 2)))
    return f32(table[at] + (table[at + np.uint32(1)] - table[at]) * (place - f32(at)))
