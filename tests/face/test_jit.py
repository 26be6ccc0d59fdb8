"""How kernels are compiled."""

from __future__ import annotations

import numpy as np
import pytest
from numba.core import caching

from tth.face.raster.jit import F32, f32, kernel

pytestmark = pytest.mark.embedded


def double(values: F32) -> None:
    """A kernel to be."""
    for i in range(values.shape[0]):
        values[i] *= f32(2.0)


@pytest.mark.parametrize("has_cache", [True, False])
def test_kernels_work_without_a_place_for_machine_code(monkeypatch: pytest.MonkeyPatch, has_cache: bool) -> None:
    """Where nothing can be written, kernels are compiled all the same."""
    if not has_cache:
        monkeypatch.setattr(caching.CacheImpl, "_locator_classes", [])
    values = np.ones(3, np.float32)
    kernel(double)(values)
    assert values.tolist() == [2, 2, 2]
