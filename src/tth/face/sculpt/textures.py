"""Textures other than the skin's: cloth, eyes, strands of hair. Colours are square-root encoded linear light."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tth.face.look import ClothesLook, EyeLook
from tth.face.raster.pixels import TEXTURE_REACH
from tth.face.sculpt import garment
from tth.face.sculpt.maths import Floats, Randoms, linear, smoothstep
from tth.face.sculpt.noise import noise

CLOTH_SIZE, EYE_SIZE, HAIR_SIZE = 512, 320, 256
CLOTH_GLOSS = 0.16
GLOSS_ONE = 127


def cloth_texture(look: ClothesLook, seed: int) -> NDArray[np.uint8]:
    """uint8 (512, 512, 4): the garment seen from the front, the collar's strip at the bottom, and gloss."""
    rng = np.random.default_rng(seed + 11)
    n = CLOTH_SIZE
    row, column = np.mgrid[0:n, 0:n]
    x = (column + 0.5) / n * 2 * garment.TEXTURE_HALF_WIDTH - garment.TEXTURE_HALF_WIDTH
    y = garment.TEXTURE_TOP - (row + 0.5) / n / garment.TEXTURE_SHARE * garment.TEXTURE_HEIGHT
    weave = noise((n, n), 0.7, rng)
    if look.style == "blazer":
        colour = _blazer(look, weave, x, y, rng)
        collar = np.ones((n, n, 3)) * linear(look.shirt)
    else:
        colour = _knit(look, weave, x, y, rng)
        ribs = 0.80 + 0.28 * np.cos(x / (2 * garment.TEXTURE_HALF_WIDTH) * 2 * np.pi * 60)
        collar = linear(look.colour) * ribs[..., None]
    colour = np.where((row > 0.95 * n)[..., None], collar, colour)
    gloss = np.full((n, n), CLOTH_GLOSS * GLOSS_ONE)
    picture = np.dstack([np.sqrt(np.clip(colour, 0, 1)) * 255, gloss])
    return np.asarray(np.clip(picture, 0, 255), np.uint8)


def _knit(look: ClothesLook, weave: Floats, x: Floats, y: Floats, rng: Randoms) -> Floats:
    """A fine jersey: stitches of 4.6 by 5.2 mm."""
    phase = x * 2 * np.pi / 4.6
    rows = y * 2 * np.pi / 5.2
    stitch = np.cos(phase) * 0.5 + 0.35 * np.cos(rows + 2.2 * np.abs(np.sin(phase * 0.5)))
    shade = 1 + 0.085 * stitch + 0.05 * weave + 0.03 * noise((CLOTH_SIZE, CLOTH_SIZE), 14, rng)
    return np.asarray(linear(look.colour) * shade[..., None])


def _filled(points: list[tuple[float, float]]) -> Floats:
    """A polygon in front view, anti-aliased."""
    n = CLOTH_SIZE
    picture = np.zeros((n, n), np.float32)
    per_mm = n / (2 * garment.TEXTURE_HALF_WIDTH)
    q = np.array([
        [(x + garment.TEXTURE_HALF_WIDTH) * per_mm,
         (garment.TEXTURE_TOP - y) / garment.TEXTURE_HEIGHT * garment.TEXTURE_SHARE * n]
        for x, y in points
    ])  # fmt: skip
    cv2.fillPoly(picture, [np.round(q * 16).astype(np.int32)], 1.0, cv2.LINE_AA, 4)
    return picture.astype(float)


def _blazer(look: ClothesLook, weave: Floats, x: Floats, y: Floats, rng: Randoms) -> Floats:
    """A jacket with notched lapels over a plain shirt."""
    n = CLOTH_SIZE
    base, per_mm = linear(look.colour), n / (2 * garment.TEXTURE_HALF_WIDTH)
    colour = np.ones((n, n, 3)) * base * (1 + 0.06 * weave + 0.03 * noise((n, n), (0.6, 5), rng))[..., None]
    opening = _filled([(-54, -140), (54, -140), (48, -190), (4, -330), (0, -345), (-4, -330), (-48, -190)])
    shirt = linear(look.shirt) * (1 + 0.02 * weave)[..., None]
    colour = colour * (1 - opening[..., None]) + opening[..., None] * shirt
    for s in (1, -1):
        lapel = _filled(
            [(s * 60, -140), (s * 56, -180), (s * 2, -342), (s * 40, -268), (s * 84, -226), (s * 68, -213),
             (s * 92, -200), (s * 80, -150)]
        )  # fmt: skip
        shadow = np.clip(cv2.GaussianBlur(lapel, (0, 0), 2.2 * per_mm), 0, 1) * (1 - lapel)
        colour *= (1 - 0.62 * shadow)[..., None]
        cloth = base * (1.22 + 0.06 * weave)[..., None]
        colour = colour * (1 - lapel[..., None]) + lapel[..., None] * cloth
        rim = np.clip(lapel - cv2.erode(lapel, np.ones((3, 3))), 0, 1)
        colour *= (1 + 0.35 * cv2.GaussianBlur(rim, (0, 0), 0.6))[..., None]
        notch = _filled([(s * 84, -226), (s * 68, -213), (s * 70, -211), (s * 86, -224)])
        colour *= (1 - 0.5 * notch)[..., None]
    inside = opening * smoothstep(-120, -190, y) * np.exp(-(((np.abs(x) - 40) / 14) ** 2))
    return np.asarray(colour * (1 - 0.35 * inside)[..., None])


def eye_texture(look: EyeLook, iris_radius: float, seed: int) -> NDArray[np.uint8]:
    """uint8 (320, 320, 4): the front of the eyeball; alpha marks the iris. iris_radius: in eyeball radii."""
    rng = np.random.default_rng(seed + 7)
    n = EYE_SIZE
    q = (np.arange(n) + 0.5) / n * 2 - 1
    x, y = np.meshgrid(q * TEXTURE_REACH, -q * TEXTURE_REACH)
    radius = np.hypot(x, y)
    t = radius / iris_radius
    white = np.ones((n, n, 3)) * np.array([0.74, 0.715, 0.70])
    white *= 1 - (0.16 * smoothstep(0.40, 0.70, radius))[..., None] * np.array([0.55, 1, 1])
    veins = np.clip(1 - np.abs(noise((n, n), (4, 4), rng)) * 7, 0, 1) * smoothstep(0.46, 0.72, radius)
    white *= 1 - (0.14 * veins)[..., None] * np.array([0.25, 1, 1])
    iris = _iris(look, t, np.arctan2(y, x), rng)
    inside = smoothstep(1.05, 0.955, t)
    colour = white * (1 - inside[..., None]) + iris * inside[..., None]
    colour *= (1 - 0.28 * np.exp(-(((t - 1.04) / 0.07) ** 2)))[..., None]
    alpha = inside * smoothstep(0.41, 0.49, t)
    picture = np.dstack([np.sqrt(np.clip(colour, 0, 1)), alpha]) * 255
    return np.asarray(np.clip(picture, 0, 255), np.uint8)


def _iris(look: EyeLook, t: Floats, angle: Floats, rng: Randoms) -> Floats:
    """Fibres in polar space, a lighter collar, the dark rim and the pupil; t: radius in iris radii."""
    fine, middle, coarse = (noise((720, 64), blur, rng, True) for blur in ((2.2, 1.0), (7, 2.4), (12, 9)))
    polar = (fine * 0.5 + middle * 0.7 + coarse * 0.4).astype(np.float32)
    row = ((angle + np.pi) / (2 * np.pi) * 719).astype(np.float32)
    fibres = cv2.remap(polar, np.clip(t * 63, 0, 63).astype(np.float32), row, cv2.INTER_LINEAR)
    w = smoothstep(0.95, 0.42, t + 0.05 * fibres)[..., None]
    colour = linear(look.iris) * (1 - w) + linear(look.iris_inner) * w
    colour = colour * (1.1 + 0.34 * fibres)[..., None] * (1 + 0.35 * np.exp(-(((t - 0.50) / 0.08) ** 2)))[..., None]
    colour *= (1 - 0.72 * smoothstep(0.80, 0.99, t))[..., None]
    return np.asarray(colour * (1 - 0.97 * smoothstep(0.46, 0.40, t))[..., None])


def hair_texture(rng: Randoms) -> NDArray[np.uint8]:
    """uint8 (256, 256, 2), tiling: brightness of the strands and strength of their highlight, 128 = 1."""
    n = HAIR_SIZE
    a = noise((n, n), (0.9, 38), rng, True) * 0.6 + noise((n, n), (2.6, 60), rng, True) * 0.6
    b = noise((n, n), (1.0, 22), rng, True) * 0.7 + noise((n, n), (4, 30), rng, True) * 0.5
    brightness, shine = np.clip(1 + 0.20 * a, 0.45, 1.7), np.clip(1 + 0.5 * b, 0.05, 2.0)
    return np.asarray(np.clip(np.dstack([brightness, shine]) * 128, 0, 255), np.uint8)
