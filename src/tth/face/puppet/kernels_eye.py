"""The compiled loop that draws an eye: lids slide over the eyeball, lashes fold down, the iris moves."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from tth.face.puppet.kernels import at_row, lane, looked_up, picked
from tth.kernels.jit import F32, I32, U8, U64, Scalar, as_row, clamp01, f32, inlined, kernel, soft_step

MEETING = f32(0.82)
"""Where shut lids meet, from the upper margin (0) to the lower; as in eyes.py."""
STILL_PX = f32(0.12)
"""Lids that move less leave the skin around them as the bent picture has it."""
BESIDE = f32(0.24)
"""How far beyond the corners the lids' movement fades, in eye lengths."""

# Places of `eye`: the shape at rest
CORNER, AXIS, LENGTH, ROOM_ABOVE, ROOM_BELOW, LASH, IRIS, IRIS_RADIUS, SKIN_LIGHT = 0, 2, 4, 5, 6, 7, 8, 10, 11
# Places of `move`: what it does in this frame
UPPER, LOWER, GAZE, SHADOW = 0, 1, 2, 4
EYE_VALUES, MOVE_VALUES = 12, 5


class Line(NamedTuple):
    """Working memory for one row of the picture, all (at least the box's width,): its pixels in the eye's frame."""

    t: F32
    """Along the eye, 0..1 from corner to corner."""
    v: F32
    """Down, in pixels."""
    rest_up: F32
    """v of the lids' margins at rest."""
    rest_low: F32
    margin_up: F32
    """v of the upper lid's margin now."""
    cover_up: F32
    """Share of the upper lid, 0..1; negative = skin that stays as the bent picture has it."""
    cover_low: F32
    from_up: F32
    """v of where a lid's skin comes from."""
    from_low: F32
    ball_right: F32
    """Shift of the eyeball, in pixels."""
    ball_down: F32
    light: F32


@kernel
def draw_eye(
    box: I32, source: F32, stride: int, margin: int, plate: U64, shut_plate: U64, ball_plate: U64,
    upper: F32, lower: F32, eye: F32, move: F32, line: Line, out: U8,
) -> None:  # fmt: skip
    """Draw one eye into a bent picture.

    box: left, top, right, bottom in the shot; plates: packed, of equal size, of the open face, shut eyes, bare
    eyeballs; upper, lower: the lid margins at rest along the eye; eye, move: numbers as named above; the upper lid
    moves by move[UPPER] towards where lids meet (1 = shut, negative = wider), the lower by move[LOWER] openings up;
    line: used on the way: what is the same for all pixels is computed for a whole row, in vector instructions.
    """
    ax, ay, length = eye[AXIS], eye[AXIS + 1], eye[LENGTH]
    bx, by = -ay, ax
    height, width = plate.shape
    open_, shut, ball = as_row(plate), as_row(shut_plate), as_row(ball_plate)
    blink = min(move[UPPER], f32(1.0))
    is_shut = soft_step(f32(0.86), f32(1.0), blink)
    folding = soft_step(f32(0.30), f32(0.62), blink)  # lashes: first foreshortened, then those of the shut eye
    corner_x, corner_y, room_above, room_below = eye[CORNER], eye[CORNER + 1], eye[ROOM_ABOVE], eye[ROOM_BELOW]
    part = f32(1.0) / f32(stride)
    for y in range(box[1], box[3]):
        row = y // stride
        down = f32(y - row * stride) * part
        for cell in range(box[0] // stride, (box[2] - 1) // stride + 1):
            x0 = cell * stride
            left_x, left_y = at_row(source, cell, row, down, 0), at_row(source, cell, row, down, 1)
            step_x = (at_row(source, cell + 1, row, down, 0) - left_x) * part
            step_y = (at_row(source, cell + 1, row, down, 1) - left_y) * part
            t = ((left_x - corner_x) * ax + (left_y - corner_y) * ay) / length
            v = (left_x - corner_x) * bx + (left_y - corner_y) * by
            step_t, step_v = (step_x * ax + step_y * ay) / length, step_x * bx + step_y * by
            for x in range(max(x0, box[0]), min(x0 + stride, box[2])):
                line.t[x - box[0]] = t + step_t * f32(x - x0)
                line.v[x - box[0]] = v + step_v * f32(x - x0)
        follow_lids(box[2] - box[0], upper, lower, eye, move, line)
        for x in range(box[0], box[2]):
            i = np.uint32(x - box[0])
            cover_up, cover_low = line.cover_up[i], line.cover_low[i]
            if cover_up < f32(0.0):
                continue
            t, v = line.t[i], line.v[i]
            lx, ly = corner_x + t * length * ax, corner_y + t * length * ay
            r, g, b = f32(0.0), f32(0.0), f32(0.0)
            if cover_up + cover_low < f32(1.0) and is_shut < f32(1.0):
                qx, qy = lx + v * bx - line.ball_right[i], ly + v * by - line.ball_down[i]
                c = picked(ball, width, height, qx, qy, margin)
                light = line.light[i]
                r, g, b = light * lane(c, 0), light * lane(c, 1), light * lane(c, 2)
            if cover_low > f32(0.0) and is_shut < f32(1.0):
                sv = line.from_low[i]
                c = picked(open_, width, height, lx + sv * bx, ly + sv * by, margin)
                r += (lane(c, 0) - r) * cover_low
                g += (lane(c, 1) - g) * cover_low
                b += (lane(c, 2) - b) * cover_low
            if cover_up > f32(0.0) and is_shut < f32(1.0):
                sv = line.from_up[i]
                c = picked(open_, width, height, lx + sv * bx, ly + sv * by, margin)
                r1, g1, b1 = lane(c, 0), lane(c, 1), lane(c, 2)
                if folding > f32(0.0):
                    m = folding * soft_step(-BESIDE, f32(-0.14), t) * soft_step(f32(1.0) + BESIDE, f32(1.14), t)
                    top, cu = line.rest_up[i] - room_above, line.margin_up[i]
                    meet = line.rest_up[i] + MEETING * (line.rest_low[i] - line.rest_up[i])
                    sv = top + (v - top) * (meet - top) / max(cu - top, f32(1.0))
                    c = picked(shut, width, height, lx + sv * bx, ly + sv * by, margin)
                    r1 += (lane(c, 0) - r1) * m
                    g1 += (lane(c, 1) - g1) * m
                    b1 += (lane(c, 2) - b1) * m
                r, g, b = r + (r1 - r) * cover_up, g + (g1 - g) * cover_up, b + (b1 - b) * cover_up
            if folding > f32(0.0):
                cu = line.margin_up[i]
                meet = line.rest_up[i] + MEETING * (line.rest_low[i] - line.rest_up[i])
                if is_shut < f32(1.0) and v > cu - f32(2.0):
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
                        top = line.rest_up[i] - room_above
                        sv = top + (v - top) * (meet - top) / max(cu - top, f32(1.0))
                    else:
                        bottom = line.rest_low[i] + room_below
                        e = soft_step(f32(0.0), f32(1.0), (v - cu) / max(bottom - cu, f32(1.0)))
                        sv = v + (meet - cu) * (f32(1.0) - e)
                    c = picked(shut, width, height, lx + sv * bx, ly + sv * by, margin)
                    m = is_shut * soft_step(-BESIDE, f32(-0.14), t) * soft_step(f32(1.0) + BESIDE, f32(1.14), t)
                    if is_shut >= f32(1.0):  # nothing else has been picked
                        c0 = picked(open_, width, height, lx + v * bx, ly + v * by, margin)
                        r, g, b = lane(c0, 0), lane(c0, 1), lane(c0, 2)
                    r += (lane(c, 0) - r) * m
                    g += (lane(c, 1) - g) * m
                    b += (lane(c, 2) - b) * m
            out[y, x, 0] = np.uint8(r + f32(0.5))
            out[y, x, 1] = np.uint8(g + f32(0.5))
            out[y, x, 2] = np.uint8(b + f32(0.5))


@inlined
def follow_lids(count: int, upper: F32, lower: F32, eye: F32, move: F32, line: Line) -> None:
    """From t and v of a row's pixels all its other numbers."""
    ax, ay, length = eye[AXIS], eye[AXIS + 1], eye[LENGTH]
    blink = min(move[UPPER], f32(1.0))
    is_folding = blink > f32(0.30)
    lash = eye[LASH] * length
    short = lash * (f32(1.0) - f32(0.75) * soft_step(f32(0.0), f32(0.5), blink))
    gaze_right, gaze_down = move[GAZE], move[GAZE + 1]
    iris_x, iris_y = eye[IRIS] + gaze_right - eye[CORNER], eye[IRIS + 1] + gaze_down - eye[CORNER + 1]
    near, far = f32(0.95) * eye[IRIS_RADIUS], f32(2.4) * eye[IRIS_RADIUS]
    for k in range(count):
        i = np.uint32(k)
        t, v = line.t[i], line.v[i]
        u0, l0 = looked_up(upper, t), looked_up(lower, t)
        opening = l0 - u0
        meet = u0 + MEETING * opening
        cl = l0 + max(blink, f32(0.0)) * (meet - l0) - move[LOWER] * opening
        cu = min(u0 + blink * MEETING * opening, max(cl, u0))
        top, bottom = u0 - eye[ROOM_ABOVE], l0 + eye[ROOM_BELOW]
        is_drawn = (t >= -BESIDE) & (t <= f32(1.0) + BESIDE) & (v >= top) & (v <= bottom)
        is_drawn &= (abs(cu - u0) >= STILL_PX) | (v >= u0 - f32(0.6))
        is_drawn &= (abs(cl - l0) >= STILL_PX) | (v <= l0 + f32(0.6)) | is_folding
        fade = soft_step(f32(-0.16), f32(0.02), t) * soft_step(f32(1.16), f32(0.98), t)
        cover = clamp01(cu - v + f32(0.5))
        cover = f32(1.0) if (t <= f32(0.0)) | (t >= f32(1.0)) else cover
        e = (v - cl) / max(bottom - cl, f32(1.0))
        from_low = v + (l0 - cl) * (f32(1.0) - soft_step(f32(0.0), f32(1.0), e)) * fade
        h = cu - v  # above the margin: lashes keep their strip, the skin beyond stretches up to `top`
        beyond = lash + (h - short) * (u0 - top - lash) / max(cu - top - short, f32(1.0))
        high = h * lash / short if h < short else beyond
        right, below = t * length * ax - v * ay - iris_x, t * length * ay + v * ax - iris_y
        rigid = soft_step(far, near, f32(math.sqrt(right * right + below * below)))
        deep, up = max(v - cu, f32(0.0)) / length, max(cl - v, f32(0.0))
        light = f32(1.0) - move[SHADOW] * faded(deep * f32(10.0))
        light *= f32(1.0) - f32(1.2) * move[SHADOW] * faded(deep * f32(33.0))
        line.rest_up[i], line.rest_low[i], line.margin_up[i] = u0, l0, cu
        line.cover_up[i] = cover if is_drawn else f32(-1.0)
        line.cover_low[i] = clamp01(v - cl + f32(0.5))
        line.from_up[i], line.from_low[i] = v + ((u0 - high) - v) * fade, from_low
        line.ball_right[i], line.ball_down[i] = rigid * gaze_right, rigid * gaze_down
        line.light[i] = light * (f32(1.0) - f32(0.12) * faded(up / f32(1.5)))


@inlined
def faded(x: Scalar) -> Scalar:
    """exp(-x) for x >= 0, to half a hundredth; a product becomes vector instructions, the function does not."""
    part = max(f32(1.0) - x * f32(1 / 64), f32(0.0))
    part *= part
    part *= part
    part *= part
    part *= part
    part *= part
    return part * part
