"""Many conversations: the ones that CI plays every time, and what the command says of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.testing.simulator import scenes
from tth.testing.simulator import checks, run
from tth.testing.simulator.recording import Recording
from tth.testing.simulator.run import main, simulate
from tth.testing.simulator.stage import play
from tth.testing.simulator.trace import trace
from tth.testing.simulator.world import World, draw_world

pytestmark = [pytest.mark.pipeline, pytest.mark.timeout(600)]
"""Hundreds of conversations on a busy machine take their time, and the alarm that ends a test strikes anywhere in what
virtual time takes for one step, so that a wrong seed is blamed. What never ends, ends by itself: see `virtual_time`."""


@pytest.mark.parametrize("first", range(1, 301, 50))
def test_fixed_seeds(first: int) -> None:
    """Three hundred conversations are in order; `make simulate` plays ten thousand."""
    outcome = simulate(range(first, first + 50))
    assert [(failure.seed, failure.what) for failure in outcome.failures] == []


def test_the_same_seed_is_the_same_conversation() -> None:
    """To the last event, so that a failure can be played again; only names are new each time."""

    def told(seed: int) -> list[tuple[float, str, int]]:
        return [(one.at_s, one.kind, one.seq) for one in play(draw_world(seed)).got]

    for seed in range(20, 40):
        assert told(seed) == told(seed)


def test_a_failure_is_shown_with_its_seed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The broken invariant, the conversation, and how to play it again."""

    def never(recording: Recording, world: World) -> Iterator[str]:
        yield "it is always wrong"

    monkeypatch.setattr(checks, "INVARIANTS", {"nothing is right": never})
    assert main(["--seed", "5", "--count", "2"]) == 1
    said = capsys.readouterr().out
    assert "BROKEN nothing is right: it is always wrong" in said
    assert "again: python -m tth.testing.simulator --seed 5 --count 1" in said
    assert "turn_started" in said
    assert "2 FAILED" in said


def test_one_that_never_ends_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever breaks: the seed is told and the others are played."""

    def broken(world: World) -> Recording:
        raise RuntimeError("stuck")

    monkeypatch.setattr(run, "play", broken)
    outcome = simulate([1, 2])
    assert [failure.seed for failure in outcome.failures] == [1, 2]


def test_good_conversations_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """What happened in them is summed up."""
    assert main(["--seed", "1", "--count", "3"]) == 0
    said = capsys.readouterr().out
    assert "3 conversations (seeds 1..3)" in said
    assert "all in order" in said
    assert "sent: " in said


def test_a_trace_shows_both_sides() -> None:
    """What was sent, what came, and what the streams became."""
    world = scenes.world()
    lines = "\n".join(trace(play(world), world))
    for part in ("-> #1 attach", "turn_started", "audio_chunk x", "== stream 0 ended: OK", "interrupt"):
        assert part in lines
