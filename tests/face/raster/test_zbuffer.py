"""The z-buffer against a plain reference."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tth.face.raster.zbuffer import DEPTH_STEPS, SAMPLE_X, SAMPLE_Y, rasterise

pytestmark = pytest.mark.embedded

WIDTH, HEIGHT = 40, 24


def keys_of(screen: NDArray[np.float32], triangles: NDArray[np.int32]) -> NDArray[np.int32]:
    """(height, width, 4): everything drawn, backs as well."""
    keys = np.zeros(HEIGHT * WIDTH * 4, np.int32)
    two_sided = np.ones(len(triangles), np.uint8)
    rasterise(screen, triangles, two_sided, np.arange(len(triangles), dtype=np.int32), WIDTH, HEIGHT, keys)
    return keys.reshape(HEIGHT, WIDTH, 4)


def expected(screen: NDArray[np.float32], triangle: NDArray[np.int32]) -> tuple[NDArray[np.float64], ...]:
    """Least barycentric weight and nearness of one triangle at all samples, (height, width, 4) each."""
    x = np.arange(WIDTH)[None, :, None] + SAMPLE_X[:4].astype(float)
    y = np.arange(HEIGHT)[:, None, None] + SAMPLE_Y[:4].astype(float)
    (x0, y0, z0), (x1, y1, z1), (x2, y2, z2) = screen[triangle, :3].astype(float)
    area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
    a = ((x1 - x) * (y2 - y) - (x2 - x) * (y1 - y)) / area
    b = ((x2 - x) * (y0 - y) - (x0 - x) * (y2 - y)) / area
    c = 1 - a - b
    return np.minimum(np.minimum(a, b), c), a * z0 + b * z1 + c * z2


@pytest.mark.parametrize("seed", range(8))
def test_the_nearest_triangle_wins_at_every_sample(seed: int) -> None:
    """Random triangles, large and small, partly outside: who is seen is who is nearest of those that cover a sample."""
    rng = np.random.default_rng(seed)
    screen = np.zeros((36, 4), np.float32)
    screen[:, 0], screen[:, 1] = rng.uniform(-20, 60, 36), rng.uniform(-15, 40, 36)
    screen[:, 2] = np.arange(36) // 3 / 14 + 0.1  # one nearness per triangle: no ties, no crossings
    triangles = np.arange(36, dtype=np.int32).reshape(12, 3)[rng.permutation(12)]
    keys = keys_of(screen, triangles)
    best, sure = np.zeros(keys.shape), np.ones(keys.shape, bool)
    for triangle in triangles:
        inside, nearness = expected(screen, triangle)
        sure &= np.abs(inside) > 1e-3
        best = np.where(inside > 0, np.maximum(best, nearness), best)
    seen = (keys >> 16) / DEPTH_STEPS
    assert sure.mean() > 0.9
    assert np.abs(seen - best)[sure].max() < 2e-3


def test_what_leaves_the_picture_on_the_right_does_not_come_back_on_the_left() -> None:
    """Pixels are tested four at a time, and a row's last ones must not spill into the next row."""
    screen = np.array([[WIDTH - 3, 4, 0.5, 0], [WIDTH + 30, 4, 0.5, 0], [WIDTH - 3, 20, 0.5, 0]], np.float32)
    keys = keys_of(screen, np.array([[0, 1, 2]], np.int32))
    assert (keys[:, : WIDTH - 4] == 0).all()
    assert (keys[6:12, WIDTH - 2 :] > 0).all()


def test_a_shared_edge_has_no_hole_and_backs_are_left_out() -> None:
    """Two triangles make a full square; seen from behind, and not two-sided, they make nothing."""
    screen = np.array([[4, 3, 0.5, 0], [33, 3, 0.5, 0], [33, 20, 0.5, 0], [4, 20, 0.5, 0]], np.float32)
    triangles = np.array([[0, 2, 1], [0, 3, 2]], np.int32)
    keys = np.zeros(HEIGHT * WIDTH * 4, np.int32)
    rasterise(screen, triangles, np.zeros(2, np.uint8), np.arange(2, dtype=np.int32), WIDTH, HEIGHT, keys)
    assert (keys.reshape(HEIGHT, WIDTH, 4)[3:20, 4:33] > 0).all()
    keys[:] = 0
    rasterise(
        screen, triangles[:, ::-1].copy(), np.zeros(2, np.uint8), np.arange(2, dtype=np.int32), WIDTH, HEIGHT, keys
    )
    assert not keys.any()
