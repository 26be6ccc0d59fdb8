"""The photographer's studio: lights, wall and film."""

from __future__ import annotations

import cv2
import numpy as np

from tools.looks.jit import Floats
from tools.looks.person import Person


def lights() -> Floats:
    """Soft panels, one a row: direction x, y, z (unit); mirrored colour r, g, b; cosine of the outer and inner edge;
    diffuse colour r, g, b. The first is the key; only it lights surfaces directly, the others shine in them."""
    rows = np.array(
        [
            [-0.55, 0.50, 0.67, 6.5, 6.0, 5.4, 0.92, 0.965, 1.12, 1.00, 0.87],  # key: large, warm, from upper left
            [0.90, 0.05, 0.43, 0.60, 0.62, 0.70, 0.75, 0.95, 0, 0, 0],  # fill
            [0.86, 0.42, -0.28, 4.6, 4.2, 3.7, 0.86, 0.95, 0, 0, 0],  # warm edge of light from behind
            [-0.90, 0.30, -0.32, 2.2, 2.5, 3.0, 0.86, 0.95, 0, 0, 0],  # cool edge of light from behind
        ]
    )
    rows[:, :3] /= np.linalg.norm(rows[:, :3], axis=1, keepdims=True)
    return rows


def wall(person: Person, size_px: int) -> Floats:
    """The wall behind, out of focus, as light (size_px, size_px, 3): a soft pool of light behind the head."""
    y, x = np.mgrid[0:size_px, 0:size_px].astype(np.float32) / size_px - 0.5
    lit, shade = person.colours.linear("wall"), person.colours.linear("wall_shade")
    pool = np.exp(-((x + 0.12) ** 2 + (y + 0.05) ** 2) / 0.17)
    picture = shade + (lit - shade) * pool[..., None]
    return np.asarray(picture * (1 - 0.30 * np.clip(y + 0.1, 0, 1))[..., None], np.float32)


def film(light: Floats) -> Floats:
    """Light to sRGB 0..1: a glow around the brightest, a curve with a soft shoulder, then IEC 61966-2-1."""
    glow = cv2.GaussianBlur(np.maximum(light - 0.8, 0), (0, 0), light.shape[0] / 90)
    x = np.maximum(light + 0.3 * glow, 0)
    y = np.clip(x * (2.2 * x + 0.10) / (x * (2.0 * x + 0.62) + 0.10), 0, 1)
    return np.asarray(np.where(y <= 0.0031308, 12.92 * y, 1.055 * y ** (1 / 2.4) - 0.055), np.float32)
