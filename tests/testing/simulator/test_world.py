"""Worlds are drawn from their seeds."""

from __future__ import annotations

import pytest

from tth.model.media import AudioCodec
from tth.testing.simulator.steps import DrainServer, EndSession, Reopen, Say, StopTurn
from tth.testing.simulator.transport import Reads
from tth.testing.simulator.world import draw_world

pytestmark = pytest.mark.unit


def test_a_seed_is_a_world() -> None:
    """Always the same, and another one for another seed."""
    assert draw_world(7) == draw_world(7)
    assert draw_world(7) != draw_world(8)


def test_everything_occurs() -> None:
    """Within a few hundred worlds: every way of reading, of ending, of stopping, with pictures and without."""
    worlds = [draw_world(seed) for seed in range(400)]
    steps = [step for world in worlds for step in world.steps]
    assert {world.reading.reads for world in worlds} == set(Reads)
    assert {type(step) for step in steps} >= {Say, StopTurn, Reopen, EndSession, DrainServer}
    assert len({step.position for step in steps if isinstance(step, StopTurn)}) == 6
    assert len({world.overlap for world in worlds}) == 3
    assert {world.media.audio_codec for world in worlds} == set(AudioCodec)
    assert {world.avatar is None for world in worlds} == {True, False}
    assert {world.realtime for world in worlds} == {True, False}
