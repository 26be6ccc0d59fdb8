"""Where there are two servers: how a conversation moves from one to the other.

Tests: tests/testing/simulator/test_moves.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from tth.testing.simulator.steps import (
    MOVES,
    Await,
    DrainServer,
    LastSeq,
    Position,
    Reopen,
    Rest,
    Resume,
    Say,
    Step,
    Until,
)

TEXT = "The train to Oslo leaves at nine, and perhaps it is late."
_FORGETFUL = frozenset((LastSeq.BEHIND, LastSeq.NOTHING, LastSeq.NEGATIVE))


def with_moves(random: Random, steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The same conversation, but that its client goes to the other server now and then: where it came back anyway, and
    once or twice in the middle of something."""
    moved = list(_moved(random, steps))
    for _ in range(random.choice((1, 1, 2))):
        place = random.randint(0, len(moved))
        rests = random.choice((0, 0, 1, 20, 80, 150, 400, 900, 1500))
        moved[place:place] = [Rest(rests), _move(random)]
        if random.random() < 0.5:
            moved[place:place] = [
                Say(("The train to Oslo, and perhaps, leaves.",), "say"),
                Await(random.choice(tuple(Until)), 2500),
            ]
    return tuple(step for step in moved if not isinstance(step, DrainServer))  # both would have to be


def _moved(random: Random, steps: tuple[Step, ...]) -> Iterator[Step]:
    for step in steps:
        if isinstance(step, Reopen) and step.resume is not None and random.random() < 0.6:
            yield _move(random, step)
        else:
            yield step


def _move(random: Random, old: Reopen | None = None) -> Reopen:
    """A client that moves knows what it has taken: of what is behind the other server's record nobody else does."""
    step = old or Reopen("", random.choice((0, 0, 1, 50, 300, 1500, 6000)), _resume(random))
    assert step.resume is not None
    resume = replace(step.resume, waits=True)  # or two servers would be asked at once
    if resume.last_seq in _FORGETFUL:
        resume = replace(resume, last_seq=LastSeq.RIGHT)
    how = random.choice(MOVES)
    return replace(step, how=how, resume=resume, meanwhile=step.meanwhile if how == "unreachable" else ())


def _resume(random: Random) -> Resume:
    position = random.choices(tuple(Position), (15, 55, 10, 10, 5, 5))[0]
    last_seq = random.choices((LastSeq.RIGHT, LastSeq.AHEAD, LastSeq.FAR_AHEAD), (90, 6, 4))[0]
    return Resume(position, last_seq, shows_last=random.random() < 0.2)
