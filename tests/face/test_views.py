"""Which triangles are drawn in which view of the head."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from tests.face.conftest import HeadOf
from tth.face.painter import SculptedPainter
from tth.face.parameters import INDEX, FaceState, neutral_weights
from tth.face.shot import Shot
from tth.face.views import ANY_VIEW, PITCH_EDGES_DEG, ROLL_MOST_DEG, VIEWS, YAW_EDGES_DEG, view_of

pytestmark = pytest.mark.embedded


def test_views_are_numbered_without_gaps() -> None:
    """The middles of all views have the numbers 0..VIEWS - 1, in order of yaw, then pitch."""
    numbers = [
        view_of((left + right) / 2, (low + high) / 2, 0.0)
        for left, right in pairwise(YAW_EDGES_DEG)
        for low, high in pairwise(PITCH_EDGES_DEG)
    ]
    assert numbers == list(range(VIEWS))


@pytest.mark.parametrize("angles", [(46, 0, 0), (-46, 0, 0), (0, 29, 0), (0, -29, 0), (0, 0, ROLL_MOST_DEG + 1)])
def test_what_lies_outside_belongs_to_any_view(angles: tuple[float, float, float]) -> None:
    """Further turns than those that were looked at show everything."""
    assert view_of(*angles) == ANY_VIEW


@pytest.mark.parametrize("name", ["anna", "amara", "marco"])
def test_what_a_view_leaves_out_is_not_missed(head_of: HeadOf, name: str) -> None:
    """Pictures of turned, speaking heads hardly differ from those with every triangle, and fewer are drawn."""
    head = head_of(name)
    some, every = (
        SculptedPainter(sculpture, Shot(512, 512))
        for sculpture in (head, replace(head, seen_in=np.full(len(head.triangles), -1, np.int64)))
    )
    rng = np.random.default_rng(7)
    for _ in range(10):
        weights = neutral_weights()
        weights[rng.integers(0, len(weights), 6)] = rng.uniform(0, 0.7, 6)
        weights[INDEX["jawOpen"]] = rng.uniform(0, 0.5)
        angles = rng.uniform((-25, -15, -9), (25, 15, 9))
        face = FaceState(weights, *angles)
        difference = some.paint(face).astype(float) - every.paint(face)
        assert 10 * np.log10(255**2 / max((difference**2).mean(), 1e-9)) > 45, angles
        drawn = (head.seen_in >> view_of(*angles)) & 1
        assert drawn.mean() < 0.9
