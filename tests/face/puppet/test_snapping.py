"""Points are moved to what the picture shows; the truth is known from the mesh behind it."""

from __future__ import annotations

import numpy as np
import pytest

from tth.face.puppet.landmarks import face_frame
from tth.face.puppet.portrait import Portrait
from tth.face.puppet.snapping import BROW_REACH, REACH, snap

pytestmark = [pytest.mark.embedded, pytest.mark.timeout(300)]  # the first run on a machine sculpts heads

SEEN = ("eye_top", "eye_bottom", "brow_middle", "lip")


def test_clicks_get_better(anna_portrait: Portrait) -> None:
    """Points that were placed with an error of 2 % of the distance of the eyes are nearer to the truth afterwards."""
    picture, truth = np.ascontiguousarray(anna_portrait.picture[..., :3]), anna_portrait.points
    unit, chance = face_frame(truth).eye_distance_px, np.random.default_rng(1)
    before, after = 0.0, 0.0
    for _ in range(8):
        placed = {name: at + chance.normal(0, 0.02 * unit, 2) for name, at in truth.items()}
        snapped = snap(picture, placed)
        for name in truth:
            if any(part in name for part in SEEN):
                before += abs(placed[name][1] - truth[name][1])
                after += abs(snapped.points[name][1] - truth[name][1])
    assert after < 0.96 * before


def test_nothing_is_moved_far(anna_portrait: Portrait) -> None:
    """Only what is seen, and no further than the search reaches; the rest stays where it was placed."""
    picture, truth = np.ascontiguousarray(anna_portrait.picture[..., :3]), anna_portrait.points
    snapped = snap(picture, truth)
    assert max(snapped.moved.values()) <= max(REACH, BROW_REACH) + 1e-6
    for name in ("chin", "nose_tip", "left_temple", "right_mouth_corner", "left_eye_outer"):
        assert np.array_equal(snapped.points[name], truth[name])
        assert name not in snapped.moved
    assert set(snapped.irises) == {"left", "right"}


def test_where_nothing_is_seen_nothing_moves(anna_portrait: Portrait) -> None:
    """A grey picture moves no lid and no brow."""
    snapped = snap(np.full((1024, 1024, 3), 128, np.uint8), anna_portrait.points)
    assert not [name for name in snapped.moved if "eye" in name or "brow" in name]
