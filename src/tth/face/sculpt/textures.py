"""Textures of eyes and of strands of hair. Colours are square-root encoded linear light."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tth.face.look import EyeLook
from tth.face.raster.eyes import TEXTURE_REACH
from tth.face.sculpt.maths import Floats, Randoms, linear, smoothstep
from tth.face.sculpt.noise import noise

EYE_SIZE, HAIR_SIZE = 320, 256


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
    a = noise((n, n), (1.2, 44), rng, True) * 0.5 + noise((n, n), (3.0, 60), rng, True) * 0.7
    b = noise((n, n), (1.0, 22), rng, True) * 0.7 + noise((n, n), (4, 30), rng, True) * 0.5
    brightness, shine = np.clip(1 + 0.19 * a, 0.45, 1.7), np.clip(1 + 0.5 * b, 0.05, 2.0)
    return np.asarray(np.clip(np.dstack([brightness, shine]) * 128, 0, 255), np.uint8)
