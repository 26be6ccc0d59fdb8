"""Blurred random grain for the textures; apart from maths.py because only the build needs OpenCV."""

from __future__ import annotations

import cv2
import numpy as np

from tth.face.sculpt.maths import TINY, Floats, Randoms


def noise(shape: tuple[int, int], blur_px: float | tuple[float, float], rng: Randoms, wrap: bool = False) -> Floats:
    """Gaussian noise of variance 1, blurred by (x, y) pixels; `wrap` makes it tile."""
    picture = rng.normal(size=shape).astype(np.float32)
    sigma = blur_px if isinstance(blur_px, tuple) else (blur_px, blur_px)
    margin = int(4 * max(sigma)) + 2
    if wrap:
        picture = np.pad(picture, margin, mode="wrap")
    blurred = np.asarray(cv2.GaussianBlur(picture, (0, 0), sigmaX=sigma[0], sigmaY=sigma[1]))
    if wrap:
        blurred = blurred[margin:-margin, margin:-margin]
    return np.asarray(blurred / (blurred.std() + TINY), float)
