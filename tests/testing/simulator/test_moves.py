"""How conversations move between two servers."""

from __future__ import annotations

import pytest

from tth.testing.simulator.steps import MOVES, DrainServer, LastSeq, Reopen
from tth.testing.simulator.world import draw_world

pytestmark = pytest.mark.unit


def test_every_move_occurs_where_there_are_two_servers_and_nowhere_else() -> None:
    """Whoever moves resumes, knows what it has taken, and waits for the answer."""
    worlds = [draw_world(seed) for seed in range(1000)]
    with_two = [world for world in worlds if world.store_ms is not None]
    moves = [step for world in with_two for step in world.steps if isinstance(step, Reopen) and step.how in MOVES]
    assert {step.how for step in moves} == set(MOVES)
    assert all(any(step in moves for step in world.steps) for world in with_two)
    assert all(step.resume is not None and step.resume.waits for step in moves)
    assert {step.resume.last_seq for step in moves if step.resume is not None} == {
        LastSeq.RIGHT,
        LastSeq.AHEAD,
        LastSeq.FAR_AHEAD,
    }
    assert not any(isinstance(step, DrainServer) for world in with_two for step in world.steps)
    assert 0.03 < len(with_two) / len(worlds) < 0.1
    assert {world.store_ms for world in with_two} == {0, 1, 5, 40}
    alone = [step for world in worlds if world.store_ms is None for step in world.steps]
    assert not any(isinstance(step, Reopen) and step.how in MOVES for step in alone)
