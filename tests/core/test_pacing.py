"""Distances on the media clock."""

from __future__ import annotations

import pytest

from tth.core.pacing import batch_pace, live_pace
from tth.model.media import ms_to_samples

pytestmark = pytest.mark.unit


def test_live_pace_bounds_what_is_sent_and_what_is_made() -> None:
    """The voice works further ahead than the sender, both by a known distance."""
    pace = live_pace(400)
    assert pace.live
    assert pace.ahead_samples == ms_to_samples(400)
    assert pace.synthesis_ahead_samples == ms_to_samples(1900)


def test_sound_is_released_before_it_is_due() -> None:
    """The reserve for sound that waits for its picture is shorter than the shortest look-ahead."""
    assert live_pace(400).reserve_samples < live_pace(400).ahead_samples


def test_batch_pace_is_not_live() -> None:
    """A file has no listener."""
    assert not batch_pace().live
