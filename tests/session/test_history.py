"""What a conversation remembers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tth.adapters.base import Speaker, Utterance
from tth.session.history import MAX_CODE_POINTS, History

pytestmark = pytest.mark.unit


def test_who_said_what() -> None:
    """In order, with the mark of an interruption."""
    history = History()
    history.add_user("Hello?")
    history.add_person("Hi th", interrupted=True)
    assert history.snapshot() == (
        Utterance(Speaker.USER, "Hello?"),
        Utterance(Speaker.PERSON, "Hi th", interrupted=True),
    )


@pytest.mark.parametrize("nothing", ["", "  \n"])
def test_what_nobody_heard_leaves_no_trace(nothing: str) -> None:
    """An answer that was stopped before its first word was never given."""
    history = History()
    history.add_person(nothing, interrupted=True)
    assert history.snapshot() == ()


@given(st.lists(st.integers(1, 2 * MAX_CODE_POINTS), max_size=20))
def test_it_is_bounded_and_keeps_the_newest(lengths: list[int]) -> None:
    """Never more than the bound, except for one utterance that alone is longer; the last one is always there."""
    history = History()
    for length in lengths:
        history.add_user("x" * length)
        kept = history.snapshot()
        assert len(kept[-1].text) == length
        assert sum(len(utterance.text) for utterance in kept) <= MAX_CODE_POINTS or len(kept) == 1


def test_a_snapshot_does_not_change() -> None:
    """A turn's history is that of its start."""
    history = History()
    history.add_user("One.")
    before = history.snapshot()
    history.add_user("Two.")
    assert len(before) == 1
