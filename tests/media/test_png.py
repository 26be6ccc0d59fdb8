"""PNG files that are small enough for a README."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from tth.media.png import exact_png, palette_png, save_small_png
from tth.model.media import Picture

pytestmark = pytest.mark.unit


def _decoded(data: bytes) -> Picture:
    found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
    assert found is not None
    return np.asarray(found, np.uint8)


def _gradient() -> Picture:
    row, column = np.mgrid[0:200, 0:300]
    return np.stack([row, column // 2 + 40, 255 - row], -1).astype(np.uint8)


def test_a_small_picture_keeps_every_colour(tmp_path: Path) -> None:
    """Nothing is lost where nothing has to be."""
    size = save_small_png(_gradient(), tmp_path / "a.png")
    data = (tmp_path / "a.png").read_bytes()
    assert size == len(data)
    assert np.array_equal(_decoded(data), _gradient())


def test_a_large_one_gets_a_palette_and_looks_the_same(tmp_path: Path) -> None:
    """Smaller; blurred a little, as eyes do, no colour is off by more than a few levels."""
    noisy = _gradient() + np.random.default_rng(1).integers(0, 9, (200, 300, 3)).astype(np.uint8)
    save_small_png(noisy, tmp_path / "a.png", most_bytes=len(exact_png(noisy)) - 1)
    data = (tmp_path / "a.png").read_bytes()
    assert len(data) < 0.6 * len(exact_png(noisy))
    seen, meant = (cv2.GaussianBlur(p, (0, 0), 3).astype(float) for p in (_decoded(data), noisy))
    assert np.abs(seen - meant).max() < 12


def test_a_palette_has_256_colours_at_most() -> None:
    """The sides need not be even."""
    found = _decoded(palette_png(_gradient()[:199, :299]))
    assert found.shape == (199, 299, 3)
    assert len(np.unique(found.reshape(-1, 3), axis=0)) <= 256
