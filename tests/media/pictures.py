"""Pictures and sounds that are easy to recognise after a codec had them."""

from __future__ import annotations

import cv2
import numpy as np

from tth.model.media import SAMPLE_RATE_HZ, Pcm, Picture


def moving_pictures(count: int, width_px: int = 128, height_px: int = 96) -> list[Picture]:
    """A ball that rolls over a soft background: each picture differs from its neighbours."""
    ramp = np.linspace(40, 160, width_px, dtype=np.float32)[None, :, None].repeat(height_px, 0)
    background = (ramp * np.array([0.8, 0.9, 1.0], np.float32)).astype(np.uint8)
    pictures = []
    for index in range(count):
        picture = background.copy()
        centre = (10 + index * 7 % (width_px - 20), height_px // 2)
        cv2.circle(picture, centre, 9, (200, 120, 90), -1, cv2.LINE_AA)
        pictures.append(picture)
    return pictures


def grey(level: int, width_px: int = 128, height_px: int = 96) -> Picture:
    """A flat picture that can be told from others by its mean."""
    return np.full((height_px, width_px, 3), level, np.uint8)


def tone(duration_s: float, frequency_hz: float = 440.0, level: float = 0.5) -> Pcm:
    """A sine, int16."""
    time_s = np.arange(round(duration_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    return (np.sin(2 * np.pi * frequency_hz * time_s) * level * 32767).astype(np.int16)
