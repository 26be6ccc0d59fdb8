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

Backdrop = NDArray[np.uint8]
"""RGB, uint8, (height_px, width_px, 3)."""


class _Nothing(Enum):
    CLEAR = "clear"


CLEAR: Final = _Nothing.CLEAR
"""In place of a backdrop: nothing is behind the person, and pictures are RGBA."""
Clear = Literal[_Nothing.CLEAR]


def studio_backdrop(colours: F32, shot: Shot) -> Backdrop:
    """A soft round gradient from colours[0] behind the head to colours[1], linear; dithered, no banding."""
    width_px, height_px = shot.width_px, shot.height_px
    size = frame_px(shot)
    row, column = np.mgrid[0:height_px, 0:width_px]
    x, y = (column - width_px / 2) / size + 0.5, (row - height_px / 2) / size + 0.5
    distance = np.hypot(x - 0.56, (y - 0.40) * 0.95)
    steps = np.linspace(0, 1, 256)  # the gradient's colours once, because encoding every pixel is slow
    outwards = smoothstep(0.05, 0.78, steps)[:, None]
    ramp = encoded(colours[0] * (1 - outwards) + colours[1] * outwards)
    dither = np.random.default_rng(0).random((height_px, width_px))
    layers = [np.interp(distance, steps, ramp[:, channel]) + dither for channel in range(3)]
    return np.asarray(np.clip(np.stack(layers, -1), 0, 255), np.uint8)


def plain_backdrop(rgb: tuple[int, int, int], shot: Shot) -> Backdrop:
    """One colour."""
    return np.full((shot.height_px, shot.width_px, 3), rgb, np.uint8)
