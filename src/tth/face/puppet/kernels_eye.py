"""The compiled loop that draws an eye: lids slide over the eyeball, lashes fold down, the iris moves."""

from __future__ import annotations

import math

import numpy as np

from tth.face.puppet.kernels import at_row, lane, looked_up, picked
from tth.face.raster.jit import F32, I32, U8, U64, as_row, clamp01, f32, kernel, soft_step

MEETING = f32(0.82)
"""Where shut lids meet, from the upper margin (0) to the lower; as in eyes.py."""
STILL_PX = f32(0.12)
"""Lids that move less leave the skin around them as the bent picture has it."""
BESIDE = f32(0.24)
"""How far beyond the corners the lids' movement fades, in eye lengths."""

# Places of `eye`: the shape at rest
CORNER, AXIS, LENGTH, ROOM_ABOVE, ROOM_BELOW, LASH, IRIS, IRIS_RADIUS, SKIN_LIGHT = 0, 2, 4, 5, 6, 7, 8, 10, 11
HIGHEST, LOWEST = 12, 13
# Places of `move`: what it does in this frame
UPPER, LOWER, GAZE, SHADOW = 0, 1, 2, 4
EYE_VALUES, MOVE_VALUES = 14, 5


@kernel
def draw_eye(
    box: I32, source: F32, stride: int, margin: int, plate: U64, shut_plate: U64, ball_plate: U64,
    upper: F32, lower: F32, eye: F32, move: F32, out: U8,
) -> None:  # fmt: skip
    """Draw one eye into a bent picture.

    box: left, top, right, bottom in the shot; plates: packed, of equal size, of the open face, shut eyes, bare
    eyeballs; upper, lower: the lid margins at rest along the eye; eye, move: numbers as named above; the upper lid
    moves by move[UPPER] towards where lids meet (1 = shut, negative = wider), the lower by move[LOWER] openings up.
    """
    ax, ay, length = eye[AXIS], eye[AXIS + 1], eye[LENGTH]
    bx, by = -ay, ax
    height, width = plate.shape
    open_, shut, ball = as_row(plate), as_row(shut_plate), as_row(ball_plate)
    blink = min(move[UPPER], f32(1.0))
    is_shut = soft_step(f32(0.86), f32(1.0), blink)
    folding = soft_step(f32(0.30), f32(0.62), blink)  # lashes: first foreshortened, then those of the shut eye
    lash = eye[LASH] * length
    short = lash * (f32(1.0) - f32(0.75) * soft_step(f32(0.0), f32(0.5), blink))
    gx, gy, radius = move[GAZE], move[GAZE + 1], eye[IRIS_RADIUS]
    highest, lowest = eye[HIGHEST], eye[LOWEST]
    part = f32(1.0) / f32(stride)
    for y in range(box[1], box[3]):
        row = y // stride
        down = f32(y - row * stride) * part
        for cell in range(box[0] // stride, (box[2] - 1) // stride + 1):
            x0 = cell * stride
            left_x, left_y = at_row(source, cell, row, down, 0), at_row(source, cell, row, down, 1)
            step_x = (at_row(source, cell + 1, row, down, 0) - left_x) * part
            step_y = (at_row(source, cell + 1, row, down, 1) - left_y) * part
            for x in range(max(x0, box[0]), min(x0 + stride, box[2])):
                qx, qy = left_x + step_x * f32(x - x0), left_y + step_y * f32(x - x0)
                dx, dy = qx - eye[CORNER], qy - eye[CORNER + 1]
                t = (dx * ax + dy * ay) / length
                if t < -BESIDE or t > f32(1.0) + BESIDE:
                    continue
                v = dx * bx + dy * by
                if v < highest or v > lowest:
                    continue
                u0, l0 = looked_up(upper, t), looked_up(lower, t)
                if v < u0 - eye[ROOM_ABOVE] or v > l0 + eye[ROOM_BELOW]:
                    continue
                fade = soft_step(f32(-0.16), f32(0.02), t) * soft_step(f32(1.16), f32(0.98), t)
                opening = l0 - u0
                meet = u0 + MEETING * opening
                cl = l0 + max(blink, f32(0.0)) * (meet - l0) - move[LOWER] * opening
                cu = min(u0 + blink * MEETING * opening, max(cl, u0))
                cover_up, cover_low = clamp01(cu - v + f32(0.5)), clamp01(v - cl + f32(0.5))
                if t <= f32(0.0) or t >= f32(1.0):
                    cover_up = f32(1.0)
                still_up, still_low = abs(cu - u0) < STILL_PX, abs(cl - l0) < STILL_PX
                if (still_up and v < u0 - f32(0.6)) or (still_low and v > l0 + f32(0.6) and folding == f32(0.0)):
                    continue  # skin that stays as the bent picture has it
                lx, ly = eye[CORNER] + t * length * ax, eye[CORNER + 1] + t * length * ay
                top, bottom = u0 - eye[ROOM_ABOVE], l0 + eye[ROOM_BELOW]
                r, g, b = f32(0.0), f32(0.0), f32(0.0)
                if cover_up + cover_low < f32(1.0) and is_shut < f32(1.0):
                    ox, oy = qx - eye[IRIS] - gx, qy - eye[IRIS + 1] - gy
                    rigid = soft_step(f32(2.4) * radius, f32(0.95) * radius, f32(math.sqrt(ox * ox + oy * oy)))
                    c = picked(ball, width, height, qx - rigid * gx, qy - rigid * gy, margin)
                    deep, high = max(v - cu, f32(0.0)) / length, max(cl - v, f32(0.0))
                    light = (f32(1.0) - move[SHADOW] * math.exp(-deep * f32(10.0))) * (
                        f32(1.0) - f32(1.2) * move[SHADOW] * math.exp(-deep * f32(33.0))
                    )
                    light *= f32(1.0) - f32(0.12) * math.exp(-high / f32(1.5))
                    r, g, b = light * lane(c, 0), light * lane(c, 1), light * lane(c, 2)
                if cover_low > f32(0.0) and is_shut < f32(1.0):
                    e = (v - cl) / max(bottom - cl, f32(1.0))
                    sv = v + (l0 - cl) * (f32(1.0) - soft_step(f32(0.0), f32(1.0), e)) * fade
                    c = picked(open_, width, height, lx + sv * bx, ly + sv * by, margin)
                    r += (lane(c, 0) - r) * cover_low
                    g += (lane(c, 1) - g) * cover_low
                    b += (lane(c, 2) - b) * cover_low
                if cover_up > f32(0.0) and is_shut < f32(1.0):
                    h = cu - v  # above the margin: lashes keep their strip, the skin beyond stretches up to `top`
                    if h < short:
                        sh = h * lash / short
                    else:
                        sh = lash + (h - short) * (u0 - top - lash) / max(cu - top - short, f32(1.0))
                    sv = v + ((u0 - sh) - v) * fade
                    c = picked(open_, width, height, lx + sv * bx, ly + sv * by, margin)
                    r1, g1, b1 = lane(c, 0), lane(c, 1), lane(c, 2)
                    m = folding * soft_step(-BESIDE, f32(-0.14), t) * soft_step(f32(1.0) + BESIDE, f32(1.14), t)
                    if m > f32(0.0):
                        sv = top + (v - top) * (meet - top) / max(cu - top, f32(1.0))
                        c = picked(shut, width, height, lx + sv * bx, ly + sv * by, margin)
                        r1 += (lane(c, 0) - r1) * m
                        g1 += (lane(c, 1) - g1) * m
                        b1 += (lane(c, 2) - b1) * m
                    r, g, b = r + (r1 - r) * cover_up, g + (g1 - g) * cover_up, b + (b1 - b) * cover_up
                if folding > f32(0.0) and is_shut < f32(1.0) and v > cu - f32(2.0):
                    # lashes of the shut lid hang over what is below it: whatever there is darker than skin
                    sv = meet + v - cu
                    c = picked(shut, width, height, lx + sv * bx, ly + sv * by, margin)
                    light = (lane(c, 0) + lane(c, 1) + lane(c, 2)) / f32(3.0)
                    m = folding * clamp01((f32(0.68) * eye[SKIN_LIGHT] - light) / (f32(0.3) * eye[SKIN_LIGHT]))
                    m *= soft_step(f32(0.35) * length, f32(0.1) * length, v - cu)
                    r += (lane(c, 0) - r) * m
                    g += (lane(c, 1) - g) * m
                    b += (lane(c, 2) - b) * m
                if is_shut > f32(0.0):
                    if v < cu:
                        sv = top + (v - top) * (meet - top) / max(cu - top, f32(1.0))
                    else:
                        e = soft_step(f32(0.0), f32(1.0), (v - cu) / max(bottom - cu, f32(1.0)))
                        sv = v + (meet - cu) * (f32(1.0) - e)
                    c = picked(shut, width, height, lx + sv * bx, ly + sv * by, margin)
                    m = is_shut * soft_step(-BESIDE, f32(-0.14), t) * soft_step(f32(1.0) + BESIDE, f32(1.14), t)
                    if is_shut >= f32(1.0):  # nothing else has been picked
                        c0 = picked(open_, width, height, qx, qy, margin)
                        r, g, b = lane(c0, 0), lane(c0, 1), lane(c0, 2)
                    r += (lane(c, 0) - r) * m
                    g += (lane(c, 1) - g) * m
                    b += (lane(c, 2) - b) * m
                out[y, x, 0] = np.uint8(r + f32(0.5))
                out[y, x, 1] = np.uint8(g + f32(0.5))
                out[y, x, 2] = np.uint8(b + f32(0.5))
