"""How kernels are compiled."""

from __future__ import annotations

import re
from typing import Any

import numba
import numpy as np
import pytest
from numba.core import caching

from tth.kernels import machine_code
from tth.kernels.compiler import dispatcher
from tth.kernels.jit import F32, Kernel, f32, kernel

pytestmark = pytest.mark.embedded


def double(values: F32) -> None:
    """A kernel to be."""
    for i in range(values.shape[0]):
        values[i] *= f32(2.0)


@pytest.mark.parametrize("has_cache", [True, False])
def test_numbas_own_way_works_without_a_place_for_machine_code(
    monkeypatch: pytest.MonkeyPatch, has_cache: bool
) -> None:
    """Where nothing can be written, kernels are compiled all the same."""
    monkeypatch.setattr(machine_code, "is_supported", lambda: False)
    if not has_cache:
        monkeypatch.setattr(caching.CacheImpl, "_locator_classes", [])
    values = np.ones(3, np.float32)
    kernel(double)(values)
    assert values.tolist() == [2, 2, 2]


@pytest.mark.parametrize("is_stored", [True, False])
def test_the_compiler_knows_that_arrays_do_not_overlap(monkeypatch: pytest.MonkeyPatch, is_stored: bool) -> None:
    """Without this no loop over two arrays becomes vector instructions, and pictures take twice as long."""
    monkeypatch.setattr(caching.CacheImpl, "_locator_classes", [])  # what comes from the cache has lost its text

    def add(one: F32, other: F32) -> None:
        """A kernel to be."""
        for i in range(one.shape[0]):
            other[i] += one[i]

    compiled: Any = dispatcher(Kernel(add), is_stored=is_stored)
    compiled.compile((numba.float32[::1], numba.float32[::1]))
    (code,) = compiled.inspect_llvm().values()
    assert re.search(r"noalias[^,]*%arg\.other\.4", code)
