"""Speed limits and the spring."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tth.face.limits import FACE_SIZE, limited, speed_limit_per_s, spring

pytestmark = pytest.mark.unit


def test_everything_has_a_limit() -> None:
    """Positive, finite, and the table cannot be changed by who reads it."""
    limits = speed_limit_per_s()
    assert limits.shape == (FACE_SIZE,)
    assert np.isfinite(limits).all()
    assert (limits > 0).all()
    with pytest.raises(ValueError, match="read-only"):
        limits[0] = 1


@given(st.floats(0.001, 1))
def test_a_step_goes_as_far_as_the_limit(dt_s: float) -> None:
    """And not beyond the goal."""
    far, near = np.full(FACE_SIZE, 1000.0), np.full(FACE_SIZE, 1e-6)
    start = np.zeros(FACE_SIZE)
    assert np.allclose(limited(far, start, dt_s), dt_s * speed_limit_per_s())
    assert np.array_equal(limited(near, start, dt_s), near)


def test_the_spring_does_not_depend_on_the_step() -> None:
    """Two steps are as good as one."""
    whole = spring(0.0, 0.0, 1.0, 0.2)
    half = spring(0.0, 0.0, 1.0, 0.1)
    assert spring(*half, 1.0, 0.1) == pytest.approx(whole)


def test_the_spring_arrives_without_overshoot() -> None:
    """From rest to the goal within a second, never beyond."""
    levels = [spring(0.0, 0.0, 1.0, t / 100)[0] for t in range(101)]
    assert levels == sorted(levels)
    assert 0.99 < levels[-1] <= 1
