"""What is behind the lips: teeth and tongue, painted once per picture size. Premultiplied RGBA, float32, 0..255."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tth.face.puppet.landmarks import Floats

F32 = NDArray[np.float32]

SPRITE_SCALE = 2.0
"""Sprite pixels per picture pixel."""
# Width and height of each tooth from the middle outwards, in eye distances: a little large, as in drawn
# faces; chosen by eye.
UPPER_TEETH = (
    (0.112, 0.086, 0.088, 0.074, 0.066, 0.060, 0.055), (0.140, 0.125, 0.132, 0.115, 0.108, 0.100, 0.100),
)  # fmt: skip
LOWER_TEETH = ((0.070, 0.074, 0.080, 0.070, 0.060, 0.050), (0.105, 0.105, 0.112, 0.100, 0.090, 0.090))
TONGUE_SIZE = (0.60, 0.50)
"""Width and height in eye distances."""
IVORY = np.array([0.945, 0.915, 0.875])
GUMS = np.array([0.62, 0.34, 0.42]) * 0.62
TONGUE_COLOUR = np.array([196.0, 96.0, 104.0])
LOWER_TONE = 0.92


def teeth(eye_distance_px: float, tone: Floats, is_upper: bool) -> F32:
    """One row of teeth from the front. tone: (3,) factors that match the picture's light; 1 = white in full light.

    The edges of upper teeth are near the sprite's bottom, those of lower teeth near its top.
    """
    widths, heights = UPPER_TEETH if is_upper else LOWER_TEETH
    unit = SPRITE_SCALE * eye_distance_px
    width, height = int(2 * sum(widths) * unit + 12), int(max(heights) * unit * 1.9 + 10)
    row, column = np.mgrid[0:height, 0:width].astype(np.float32)
    edge = height - 4
    gum_edge = edge - max(heights) * unit
    shade = 0.75 + 0.25 * np.exp(-(((row - gum_edge + 0.05 * unit) / (0.05 * unit)) ** 2))
    rgb = (GUMS * tone)[None, None] * shade[..., None]
    alpha = 1 / (1 + np.exp(np.clip((row - gum_edge - 0.10 * unit) / (0.008 * unit), -60, 60)))
    for sign in (-1, 1):
        out = 0.0
        for number, (tooth_width, tooth_height) in enumerate(zip(widths, heights, strict=True)):
            middle = out + tooth_width / 2
            bottom = edge - 0.16 * middle**2 * unit - (0.009 * unit if number == 1 else 0)
            centre, half = width / 2 + sign * middle * unit, tooth_width * unit * 0.4925
            there = np.s_[:, max(int(centre - 1.2 * half) - 2, 0) : max(int(centre + 1.2 * half) + 3, 0)]
            x = (column[there] - centre) / half
            y = (row[there] - (bottom - tooth_height * unit / 2)) / (tooth_height * unit / 2)
            colour, cover = _tooth(x, y, middle, tooth_width * unit, pointed=number == 2)
            rgb[there] = rgb[there] * (1 - cover[..., None]) + colour * tone * cover[..., None]
            alpha[there] = np.maximum(alpha[there], cover)
            out += tooth_width
    alpha = alpha * np.clip((width / 2 - np.abs(column - width / 2)) / (0.10 * unit), 0, 1)
    if not is_upper:
        rgb, alpha = rgb[::-1] * LOWER_TONE, alpha[::-1]
    return _sprite(rgb * 255, alpha, 0.6)


def _tooth(x: F32, y: F32, middle: float, width_px: float, pointed: bool) -> tuple[Floats, Floats]:
    """Colour and cover of one tooth that fills -1..1."""
    narrow = x * (1 - 0.10 * y)
    away = (np.abs(narrow) ** (2.6 if pointed else 3.6) + np.abs(y) ** 5.0) ** (1 / 4.2)
    cover = np.clip((1 - away) * width_px * 0.55 + 0.5, 0, 1)
    turned = 1 / (1 + 5.2 * max(middle - 0.14, 0) ** 1.3)
    lit = 0.90 + 0.12 * (1 - x**2) - 0.30 * np.clip(np.abs(x) - 0.70, 0, 1) - 0.10 * np.clip(-y - 0.3, 0, 1)
    gloss = 0.08 * np.exp(-(((x + 0.35) / 0.22) ** 2) - (y / 0.5) ** 2)
    yellow = 1 - 0.10 * np.clip(-y, 0, 1)[..., None] * np.array([0.5, 1.0, 1.3])
    return np.asarray((IVORY * np.clip(lit * turned, 0, 1)[..., None] + gloss[..., None]) * yellow), np.asarray(cover)


def tongue(eye_distance_px: float, tone: Floats) -> F32:
    """The body of the tongue from the front; the line of its tip is at the sprite's top."""
    unit = SPRITE_SCALE * eye_distance_px
    width, height = (int(side * unit) for side in TONGUE_SIZE)
    row, column = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = (column - width / 2) / (width / 2 - 4), (row - 4) / (height - 8)
    top = 0.55 * (1 - np.sqrt(np.clip(1 - np.clip(np.abs(x), 0, 1) ** 2.2, 0, 1))) + 0.02 * np.exp(-((x / 0.12) ** 2))
    alpha = np.clip((y - top) * height / 3.0, 0, 1) * np.clip((1 - np.abs(x)) * 14, 0, 1)
    deep = np.clip(y - top, 0, 1)
    furrow = 0.14 * np.exp(-((x / 0.07) ** 2)) * np.clip(deep * 3, 0, 1)
    lit = 0.55 + 0.50 * np.exp(-(((deep - 0.20) / 0.18) ** 2)) * (1 - 0.45 * x * x) - furrow
    rgb = TONGUE_COLOUR * np.clip(lit, 0.2, 1.3)[..., None]
    wet = 20 * np.exp(-(((deep - 0.13) / 0.05) ** 2) - ((np.abs(x) - 0.25) / 0.16) ** 2)
    return _sprite((rgb + wet[..., None]) * tone, alpha, 1.0)


def _sprite(rgb: Floats, alpha: Floats, blur: float) -> F32:
    premultiplied = np.dstack([rgb * alpha[..., None], alpha]).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(premultiplied, (0, 0), blur), np.float32)
