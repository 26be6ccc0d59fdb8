"""Textures and the tone curve."""

from __future__ import annotations

import numpy as np
import pytest

from tth.face.raster.shade import colour_plain, packed_texture, sample_texture
from tth.kernels.jit import F32, kernel

pytestmark = pytest.mark.embedded


@kernel
def _fetch(texture: np.ndarray, width: int, height: int, places: F32, out: F32) -> None:
    """sample_texture at many places."""
    for i in range(places.shape[0]):
        r, g, b, a = sample_texture(texture, width, height, places[i, 0], places[i, 1])
        out[i, 0] = r
        out[i, 1] = g
        out[i, 2] = b
        out[i, 3] = a


def test_a_texture_is_blended_between_its_texels() -> None:
    """As exact as sixteenths of a texel allow, up to the last row and column; places outside are drawn in."""
    rng = np.random.default_rng(3)
    texture = rng.integers(0, 256, (9, 7, 4), dtype=np.uint8)
    places = rng.uniform(0, (5.9, 7.9), (200, 2)).astype(np.float32)
    found = np.zeros((200, 4), np.float32)
    _fetch(packed_texture(texture), 7, 9, places, found)
    whole = np.floor(places * 16) / 16
    x, y = whole[:, 0].astype(int), whole[:, 1].astype(int)
    fx, fy = (whole[:, 0] - x)[:, None], (whole[:, 1] - y)[:, None]
    upper = texture[y, x] * (1 - fx) + texture[y, x + 1] * fx
    lower = texture[y + 1, x] * (1 - fx) + texture[y + 1, x + 1] * fx
    assert np.abs(found * 255 - (upper * (1 - fy) + lower * fy)).max() < 0.01
    outside = np.array([[-4, -4], [100, 100]], np.float32)
    _fetch(packed_texture(texture), 7, 9, outside, found[:2])
    assert np.allclose(found[0] * 255, texture[0, 0])
    assert np.abs(found[1] * 255 - texture[8, 6]).max() < 40


def test_colours_are_packed_with_their_samples() -> None:
    """Ten bits per channel hold four samples of 255; the number of samples stands above, 4 as 0; black is not 0."""
    values = np.zeros((3, 8), np.float32)
    values[0, :3] = 1e6, 0.155, 0.0
    values[1, :3] = -1.0
    values[2, :3] = 0.155
    source = np.array([4, 3, 1], np.int32) << 16
    colour = np.zeros(3, np.uint32)
    colour_plain(3, values.ravel(), source, colour)
    channels = np.stack([colour & 1023, colour >> 10 & 1023, colour >> 20 & 1023, colour >> 30], 1).tolist()
    assert channels == [[1020, 520, 4, 0], [3, 3, 3, 3], [130, 130, 130, 1]]
