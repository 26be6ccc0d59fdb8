"""The compiled loop that draws the mouth: two lips slide over teeth, tongue and the dark."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from tth.face.puppet.kernels import at_row, lane, looked_up, picked
from tth.kernels.jit import F32, I32, U8, U64, Scalar, as_row, clamp01, f32, i32, inlined, kernel, soft_step

# Places of `mouth`: the frame along the corners at rest, then what this frame brings
CORNER, AXIS, LENGTH, BAND, PIXEL, SKULL, UPPER_AT, LOWER_AT, TONGUE_AT = 0, 2, 4, 5, 6, 7, 11, 13, 15
LIGHT, TONGUE_LIGHT, LIFT, OUT = 17, 18, 19, 20
MOUTH_VALUES = 21
DARK_RED, DARK_GREEN, DARK_BLUE = f32(52.0), f32(14.0), f32(17.0)
TONGUE_RED, TONGUE_GREEN, TONGUE_BLUE = f32(205.0), f32(104.0), f32(112.0)
SPRITE_SCALE = f32(2.0)
"""As in mouth.py."""


class Line(NamedTuple):
    """Working memory for one row of the picture, all (at least the box's width,): where skin comes from, in the mouth's
    frame (t along, v down from the corners), above the lips and below."""

    node_t_up: F32
    node_v_up: F32
    node_t_low: F32
    node_v_low: F32
    t_up: F32
    v_up: F32
    t_low: F32
    v_low: F32
    deep_up: F32
    """How far below the upper lip's line."""
    deep_low: F32
    rim: F32
    """How much of the new picture shows."""


@kernel
def draw_mouth(
    box: I32, above: F32, below: F32, left: int, top: int, step: int, margin: int, plate: U64,
    seam: F32, mouth: F32, upper: F32, lower: F32, tongue: F32, line: Line, out: U8,
) -> None:  # fmt: skip
    """Draw the lips and what is between them into a bent picture.

    above, below: (h, w, 2), inverse movements of the skin above and below the lips on a grid at (left, top) with
    `step`; seam: v of the line between the lips along the mouth; upper, lower, tongue: sprites; mouth: numbers as named
    above; line: used on the way: where each pixel lies is computed for a whole row, in vector instructions.
    """
    ax, ay, length = mouth[AXIS], mouth[AXIS + 1], mouth[LENGTH]
    bx, by = -ay, ax
    corner_x, corner_y = mouth[CORNER], mouth[CORNER + 1]
    height, width = plate.shape
    pixels = as_row(plate)
    for y in range(box[1], box[3]):
        place_nodes(y - top, step, above, below, mouth, line)
        place_lips(box[0] - left, box[2] - left, step, seam, mouth, line)
        for x in range(box[0], box[2]):
            i = np.uint32(x - box[0])
            rim = line.rim[i]
            if rim <= f32(0.0):
                continue
            vu, vl = line.deep_up[i], line.deep_low[i]
            cover_up, cover_low = clamp01(f32(1.0) - vu), clamp01(f32(1.0) + vl)
            r, g, b = f32(0.0), f32(0.0), f32(0.0)
            if cover_up < f32(1.0) and cover_low < f32(1.0):
                t = f32(0.5) * (line.t_up[i] + line.t_low[i])
                r, g, b = inside(f32(x), f32(y), vu, vl, t, mouth, upper, lower, tongue)
            if cover_low > f32(0.0):
                t, v = line.t_low[i] * length, line.v_low[i]
                c = picked(pixels, width, height, corner_x + t * ax + v * bx, corner_y + t * ay + v * by, margin)
                r += (lane(c, 0) - r) * cover_low
                g += (lane(c, 1) - g) * cover_low
                b += (lane(c, 2) - b) * cover_low
            if mouth[OUT] > f32(0.0):
                r, g, b = with_tongue_out(f32(x), f32(y), mouth, r, g, b)
            if cover_up > f32(0.0):
                t, v = line.t_up[i] * length, line.v_up[i]
                c = picked(pixels, width, height, corner_x + t * ax + v * bx, corner_y + t * ay + v * by, margin)
                r += (lane(c, 0) - r) * cover_up
                g += (lane(c, 1) - g) * cover_up
                b += (lane(c, 2) - b) * cover_up
            out[y, x, 0] = np.uint8(f32(out[y, x, 0]) * (f32(1.0) - rim) + r * rim + f32(0.5))
            out[y, x, 1] = np.uint8(f32(out[y, x, 1]) * (f32(1.0) - rim) + g * rim + f32(0.5))
            out[y, x, 2] = np.uint8(f32(out[y, x, 2]) * (f32(1.0) - rim) + b * rim + f32(0.5))


@inlined
def place_nodes(y: int, step: int, above: F32, below: F32, mouth: F32, line: Line) -> None:
    """Where the skin at each column of nodes comes from, `y` pixels below the first row of nodes."""
    ax, ay, part = mouth[AXIS], mouth[AXIS + 1], f32(1.0) / mouth[LENGTH]
    row = y // step
    down = f32(y - row * step) / f32(step)
    for k in range(above.shape[1]):
        ux, uy = at_row(above, k, row, down, 0) - mouth[CORNER], at_row(above, k, row, down, 1) - mouth[CORNER + 1]
        wx, wy = at_row(below, k, row, down, 0) - mouth[CORNER], at_row(below, k, row, down, 1) - mouth[CORNER + 1]
        i = np.uint32(k)
        line.node_t_up[i], line.node_v_up[i] = (ux * ax + uy * ay) * part, uy * ax - ux * ay
        line.node_t_low[i], line.node_v_low[i] = (wx * ax + wy * ay) * part, wy * ax - wx * ay


@inlined
def place_lips(begin: int, end: int, step: int, seam: F32, mouth: F32, line: Line) -> None:
    """From the nodes of a row to its pixels from `begin` to `end`, counted from the first column of nodes."""
    band = mouth[BAND]
    band_below = band * (f32(1.0) + f32(1.4) * mouth[OUT])
    part = f32(1.0) / f32(step)
    for k in range(end - begin):
        i = np.uint32(k)
        place = f32(i32(begin) + i32(k)) * part
        a = np.uint32(i32(place))
        c, f = a + np.uint32(1), place - f32(i32(place))
        tu = line.node_t_up[a] + (line.node_t_up[c] - line.node_t_up[a]) * f
        tl = line.node_t_low[a] + (line.node_t_low[c] - line.node_t_low[a]) * f
        v_up = line.node_v_up[a] + (line.node_v_up[c] - line.node_v_up[a]) * f
        v_low = line.node_v_low[a] + (line.node_v_low[c] - line.node_v_low[a]) * f
        vu, vl = v_up - looked_up(seam, tu), v_low - looked_up(seam, tl)
        t = f32(0.5) * (tu + tl)
        rim = min(soft_step(-band, f32(-0.75) * band, vu), soft_step(band_below, f32(0.75) * band_below, vl))
        rim *= soft_step(f32(0.0), f32(0.05), t) * soft_step(f32(1.0), f32(0.95), t)
        line.t_up[i], line.v_up[i], line.t_low[i], line.v_low[i] = tu, v_up, tl, v_low
        line.deep_up[i], line.deep_low[i], line.rim[i] = vu, vl, rim


@inlined
def inside(
    x: Scalar, y: Scalar, vu: Scalar, vl: Scalar, t: Scalar, mouth: F32, upper: F32, lower: F32, tongue: F32
) -> tuple[Scalar, Scalar, Scalar]:
    """The colour between the lips."""
    pixel = mouth[PIXEL]
    dark = f32(0.45) + f32(0.55) * soft_step(f32(0.0), f32(14.0) * pixel, vu)
    r, g, b = DARK_RED * dark, DARK_GREEN * dark, DARK_BLUE * dark
    for layer in range(3):  # lower teeth and tongue (a lifted tongue passes in front), then upper teeth
        if layer == 2:
            image, at, light = upper, UPPER_AT, mouth[LIGHT]
        elif (layer == 0) == (mouth[LIFT] < f32(0.4)):
            image, at = tongue, TONGUE_AT
            light = mouth[TONGUE_LIGHT] * (f32(0.62) + f32(0.38) * soft_step(f32(0.0), f32(9.0) * pixel, vu))
        else:
            image, at = lower, LOWER_AT
            light = mouth[LIGHT] * (f32(0.60) + f32(0.22) * soft_step(f32(0.0), f32(12.0) * pixel, vu))
        dx, dy = x - mouth[at], y - mouth[at + 1]
        px = (mouth[SKULL] * dx + mouth[SKULL + 1] * dy) * SPRITE_SCALE + f32(image.shape[1]) * f32(0.5)
        py = (mouth[SKULL + 2] * dx + mouth[SKULL + 3] * dy) * SPRITE_SCALE
        if (
            px < f32(0.0)
            or py < f32(0.0)
            or px >= f32(image.shape[1]) - f32(1.001)
            or py >= f32(image.shape[0]) - f32(1.001)
        ):
            continue
        cover = sprite(image, px, py, 3)
        if cover > f32(0.0):  # shade in the mouth is warm
            a, log = f32(1.0) - cover, f32(math.log(light))
            r = r * a + sprite(image, px, py, 0) * light * raised(f32(-0.08) * log)
            g = g * a + sprite(image, px, py, 1) * light * raised(f32(0.03) * log)
            b = b * a + sprite(image, px, py, 2) * light * raised(f32(0.1) * log)
    shade = (f32(1.0) - f32(0.40) * math.exp(-max(vu, f32(0.0)) / (f32(3.5) * pixel))) * (
        f32(1.0) - f32(0.35) * math.exp(min(vl, f32(0.0)) / (f32(2.5) * pixel))
    )
    shade *= f32(0.45) + f32(0.55) * soft_step(f32(0.0), f32(0.40), f32(1.0) - abs(f32(2.0) * t - f32(1.0)))
    log = f32(math.log(shade))
    return r * shade * raised(f32(-0.15) * log), g * shade * raised(f32(0.1) * log), b * shade * raised(f32(0.2) * log)


@inlined
def sprite(image: F32, x: Scalar, y: Scalar, channel: int) -> Scalar:
    """One channel of a premultiplied sprite between its pixels, inside it."""
    a, b = np.uint32(i32(x)), np.uint32(i32(y))
    u, v = x - f32(i32(x)), y - f32(i32(y))
    c, d = a + np.uint32(1), b + np.uint32(1)
    top = image[b, a, channel] * (f32(1.0) - u) + image[b, c, channel] * u
    low = image[d, a, channel] * (f32(1.0) - u) + image[d, c, channel] * u
    return f32(top * (f32(1.0) - v) + low * v)


@inlined
def raised(x: Scalar) -> Scalar:
    """exp(x) near 0, to a hundredth for -0.5..0.5."""
    return f32(1.0) + x * (f32(1.0) + x * (f32(0.5) + x * f32(1 / 6)))


@inlined
def with_tongue_out(x: Scalar, y: Scalar, mouth: F32, r: Scalar, g: Scalar, b: Scalar) -> tuple[Scalar, Scalar, Scalar]:
    """The tongue over the lower lip: a lobe that narrows to a round tip and fades into the body of the tongue."""
    unit = mouth[PIXEL] * f32(107.0)
    dx, dy = x - mouth[TONGUE_AT], y - mouth[TONGUE_AT + 1]
    across = (mouth[SKULL] * dx + mouth[SKULL + 1] * dy) / (f32(0.225) * unit)
    reach = f32(0.06) + f32(0.26) * mouth[OUT]
    along = (mouth[SKULL + 2] * dx + mouth[SKULL + 3] * dy) / (reach * unit)
    tip = max(along - f32(0.35), f32(0.0)) / f32(0.65)
    away = math.sqrt(across * across + tip * tip)
    cover = clamp01((f32(1.0) - away) * f32(0.22) * unit) * soft_step(f32(-0.12), f32(0.15), along)
    if cover <= f32(0.0):
        return r, g, b
    light = f32(0.72) + f32(0.30) * soft_step(f32(-0.1), f32(0.7), along) - f32(0.35) * away * away * away
    light -= f32(0.16) * math.exp(-across * across * f32(60.0)) * soft_step(f32(1.0), f32(0.6), along)
    wet = f32(26.0) * math.exp(
        -(((along - f32(0.72)) * f32(6.0)) ** f32(2.0)) - ((abs(across) - f32(0.35)) * f32(5.0)) ** f32(2.0)
    )
    r += (TONGUE_RED * light + wet - r) * cover
    g += (TONGUE_GREEN * light + wet - g) * cover
    b += (TONGUE_BLUE * light + wet - b) * cover
    return r, g, b
