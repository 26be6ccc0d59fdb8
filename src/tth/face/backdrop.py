"""What is behind the person: a picture of the shot's size, or nothing where the person is cut out.

Tests: tests/face/test_backdrop.py.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from tth.face.sculpt.maths import encoded, smoothstep
from tth.face.shot import Shot
from tth.face.stage import F32, frame_px
from tth.model.media import Picture

Backdrop = NDArray[np.uint8]
"""RGB, uint8, (height_px, width_px, 3)."""


GRADIENT_STEPS = 2048
NOISE_PX = 128
"""Side of the square of noise that is repeated over a picture: too large to be seen as a pattern."""
FULL_BLUR = 1 / 40
"""Of the frame's shorter side: standard deviation of the blur at level 1."""


class _Nothing(Enum):
    CLEAR = "clear"


CLEAR: Final = _Nothing.CLEAR
"""In place of a backdrop: nothing is behind the person, and pictures are RGBA."""
Clear = Literal[_Nothing.CLEAR]


def studio_backdrop(colours: F32, shot: Shot) -> Backdrop:
    """A soft round gradient from colours[0] behind the head to colours[1], linear; dithered, no banding."""
    size = frame_px(shot)
    across = (np.arange(shot.width_px, dtype=np.float32) - shot.width_px / 2) / size - np.float32(0.06)
    down = (np.arange(shot.height_px, dtype=np.float32) - shot.height_px / 2) / size + np.float32(0.10)
    distance = np.sqrt(across[None] ** 2 + (0.95 * down[:, None]) ** 2)
    # The gradient's colours once, finer than the eye sees, because encoding every pixel is slow.
    outwards = smoothstep(0.05, 0.78, np.linspace(0, 1, GRADIENT_STEPS))[:, None]
    ramp = encoded(colours[0] * (1 - outwards) + colours[1] * outwards).astype(np.float32)
    steps = np.minimum(distance * (GRADIENT_STEPS - 1), GRADIENT_STEPS - 1).astype(np.int32)
    return dithered(ramp[steps])


def plain_backdrop(rgb: tuple[int, int, int], shot: Shot) -> Backdrop:
    """One colour."""
    return np.full((shot.height_px, shot.width_px, 3), rgb, np.uint8)


def picture_backdrop(picture: Picture, shot: Shot, blur_level: float = 0.0) -> Backdrop:
    """A picture that covers the frame: scaled until it does, its middle kept, the rest cut off.

    picture: RGB of any size. blur_level: 0..1, how far it is out of focus; at 1 as much as the room.
    """
    import cv2  # here, because the looks' own walls do without, and a start should be quick

    height, width = picture.shape[:2]
    scale = max(shot.width_px / width, shot.height_px / height)
    taken = round(shot.width_px / scale), round(shot.height_px / scale)
    left, top = (width - taken[0]) // 2, (height - taken[1]) // 2
    part = picture[top : top + max(taken[1], 1), left : left + max(taken[0], 1)]
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    fitted = cv2.resize(part, (shot.width_px, shot.height_px), interpolation=method)
    sigma_px = blur_level * min(shot.width_px, shot.height_px) * FULL_BLUR
    if sigma_px < 0.3:
        return np.asarray(fitted, np.uint8)
    return dithered(np.asarray(cv2.GaussianBlur(fitted.astype(np.float32), (0, 0), sigma_px), np.float32))


def dithered(picture: F32) -> Backdrop:
    """Colours 0..255 as whole numbers, with noise in place of rounding, so that soft gradients show no bands.

    The noise is the same for every picture of a size.
    """
    height, width = picture.shape[:2]
    noise = np.random.default_rng(0).random((NOISE_PX, NOISE_PX), np.float32)
    tiles = -(-height // NOISE_PX), -(-width // NOISE_PX)
    picture = picture + np.tile(noise, tiles)[:height, :width, None]
    return np.clip(picture, 0, 255, out=picture).astype(np.uint8)
