"""The compiled loop that draws the mouth: two lips slide over teeth, tongue and the dark."""

from __future__ import annotations

import math

import numpy as np

from tth.face.puppet.kernels import at_row, lane, looked_up, picked
from tth.face.raster.jit import F32, I32, U8, U64, Scalar, as_row, clamp01, f32, inlined, kernel, soft_step

# Places of `mouth`: the frame along the corners at rest, then what this frame brings
CORNER, AXIS, LENGTH, BAND, PIXEL, SKULL, UPPER_AT, LOWER_AT, TONGUE_AT = 0, 2, 4, 5, 6, 7, 11, 13, 15
LIGHT, TONGUE_LIGHT, LIFT, OUT = 17, 18, 19, 20
MOUTH_VALUES = 21
DARK_RED, DARK_GREEN, DARK_BLUE = f32(52.0), f32(14.0), f32(17.0)
TONGUE_RED, TONGUE_GREEN, TONGUE_BLUE = f32(205.0), f32(104.0), f32(112.0)
SPRITE_SCALE = f32(2.0)
"""As in mouth.py."""


@inlined
def sprite(image: F32, x: Scalar, y: Scalar, channel: int) -> Scalar:
    """One channel of a premultiplied sprite between its pixels; clear outside."""
    height, width = image.shape[0], image.shape[1]
    if x < f32(0.0) or y < f32(0.0) or x >= f32(width) - f32(1.001) or y >= f32(height) - f32(1.001):
        return f32(0.0)
    a, b = int(x), int(y)
    u, v = x - f32(a), y - f32(b)
    top = image[b, a, channel] * (f32(1.0) - u) + image[b, a + 1, channel] * u
    low = image[b + 1, a, channel] * (f32(1.0) - u) + image[b + 1, a + 1, channel] * u
    return f32(top * (f32(1.0) - v) + low * v)


@kernel
def draw_mouth(
    box: I32, above: F32, below: F32, left: int, top: int, step: int, margin: int, plate: U64,
    seam: F32, mouth: F32, upper: F32, lower: F32, tongue: F32, out: U8,
) -> None:  # fmt: skip
    """Draw the lips and what is between them into a bent picture.

    above, below: (h, w, 2), inverse movements of the skin above and below the lips on a grid at (left, top) with
    `step`; seam: v of the line between the lips along the mouth; upper, lower, tongue: sprites; mouth: numbers as named
    above.
    """
    ax, ay, length, band = mouth[AXIS], mouth[AXIS + 1], mouth[LENGTH], mouth[BAND]
    bx, by = -ay, ax
    band_below = band * (f32(1.0) + f32(1.4) * mouth[OUT])
    height, width = plate.shape
    pixels = as_row(plate)
    part = f32(1.0) / f32(step)
    for y in range(box[1], box[3]):
        row = (y - top) // step
        down = f32(y - top - row * step) * part
        for cell in range((box[0] - left) // step, (box[2] - 1 - left) // step + 1):
            x0 = left + cell * step
            above_x, above_y = at_row(above, cell, row, down, 0), at_row(above, cell, row, down, 1)
            above_dx = (at_row(above, cell + 1, row, down, 0) - above_x) * part
            above_dy = (at_row(above, cell + 1, row, down, 1) - above_y) * part
            below_x, below_y = at_row(below, cell, row, down, 0), at_row(below, cell, row, down, 1)
            below_dx = (at_row(below, cell + 1, row, down, 0) - below_x) * part
            below_dy = (at_row(below, cell + 1, row, down, 1) - below_y) * part
            for x in range(max(x0, box[0]), min(x0 + step, box[2])):
                ux, uy = above_x + above_dx * f32(x - x0), above_y + above_dy * f32(x - x0)
                dx, dy = ux - mouth[CORNER], uy - mouth[CORNER + 1]
                tu = (dx * ax + dy * ay) / length
                if tu < f32(-0.15) or tu > f32(1.15):
                    continue
                vu = dx * bx + dy * by - looked_up(seam, tu)
                if vu < -band:
                    continue
                wx, wy = below_x + below_dx * f32(x - x0), below_y + below_dy * f32(x - x0)
                dx, dy = wx - mouth[CORNER], wy - mouth[CORNER + 1]
                tl = (dx * ax + dy * ay) / length
                vl = dx * bx + dy * by - looked_up(seam, tl)
                if vl > band_below:
                    continue
                t = f32(0.5) * (tu + tl)
                if t < f32(0.0) or t > f32(1.0):
                    continue
                cover_up, cover_low = clamp01(f32(1.0) - vu), clamp01(f32(1.0) + vl)
                r, g, b = f32(0.0), f32(0.0), f32(0.0)
                if cover_up < f32(1.0) and cover_low < f32(1.0):
                    r, g, b = inside(f32(x), f32(y), vu, vl, t, mouth, upper, lower, tongue)
                if cover_low > f32(0.0):
                    c = picked(pixels, width, height, wx, wy, margin)
                    r += (lane(c, 0) - r) * cover_low
                    g += (lane(c, 1) - g) * cover_low
                    b += (lane(c, 2) - b) * cover_low
                if mouth[OUT] > f32(0.0):
                    r, g, b = with_tongue_out(f32(x), f32(y), mouth, r, g, b)
                if cover_up > f32(0.0):
                    c = picked(pixels, width, height, ux, uy, margin)
                    r += (lane(c, 0) - r) * cover_up
                    g += (lane(c, 1) - g) * cover_up
                    b += (lane(c, 2) - b) * cover_up
                rim = min(soft_step(-band, f32(-0.75) * band, vu), soft_step(band_below, f32(0.75) * band_below, vl))
                rim *= soft_step(f32(0.0), f32(0.05), t) * soft_step(f32(1.0), f32(0.95), t)
                out[y, x, 0] = np.uint8(f32(out[y, x, 0]) * (f32(1.0) - rim) + r * rim + f32(0.5))
                out[y, x, 1] = np.uint8(f32(out[y, x, 1]) * (f32(1.0) - rim) + g * rim + f32(0.5))
                out[y, x, 2] = np.uint8(f32(out[y, x, 2]) * (f32(1.0) - rim) + b * rim + f32(0.5))


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
        a = f32(1.0) - sprite(image, px, py, 3)
        if a < f32(1.0):  # shade in the mouth is warm
            r = r * a + sprite(image, px, py, 0) * light ** f32(0.92)
            g = g * a + sprite(image, px, py, 1) * light ** f32(1.03)
            b = b * a + sprite(image, px, py, 2) * light ** f32(1.1)
    shade = (f32(1.0) - f32(0.40) * math.exp(-max(vu, f32(0.0)) / (f32(3.5) * pixel))) * (
        f32(1.0) - f32(0.35) * math.exp(min(vl, f32(0.0)) / (f32(2.5) * pixel))
    )
    shade *= f32(0.45) + f32(0.55) * soft_step(f32(0.0), f32(0.40), f32(1.0) - abs(f32(2.0) * t - f32(1.0)))
    return r * shade ** f32(0.85), g * shade ** f32(1.1), b * shade ** f32(1.2)


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
