"""What a conversation remembers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tth.adapters.base import Speaker, Utterance
from tth.core.tokens import estimate_tokens
from tth.session.history import History

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


@given(st.lists(st.tuples(st.integers(1, 1000), st.one_of(st.none(), st.integers(1, 1000))), max_size=20))
def test_it_is_bounded_and_keeps_the_newest(exchanges: list[tuple[int, int | None]]) -> None:
    """Never more than the bound, except for one exchange that alone is longer, and never an answer without its
    question."""
    history = History(max_tokens=200)
    for asked, answered in exchanges:
        history.add_user("q" * asked)
        if answered is not None:
            history.add_person("a" * answered, interrupted=False)
        kept = history.snapshot()
        newest = [Speaker.USER] if answered is None else [Speaker.USER, Speaker.PERSON]
        assert [utterance.speaker for utterance in kept[-len(newest) :]] == newest
        assert sum(estimate_tokens(utterance.text) for utterance in kept) <= 200 or len(kept) == len(newest)
        assert kept[0].speaker is Speaker.USER


def test_speech_that_nobody_asked_for_goes_alone() -> None:
    """A SAY turn is an exchange of its own."""
    history = History(max_tokens=30)
    history.add_person("x" * 60, interrupted=False)
    history.add_user("Hello?")
    history.add_person("y" * 40, interrupted=False)
    assert [utterance.speaker for utterance in history.snapshot()] == [Speaker.USER, Speaker.PERSON]


def test_what_was_not_heard_after_all_is_taken_back() -> None:
    """The end of the newest answer, or all of it; the question stays."""
    history = History()
    history.add_user("Hello?")
    history.add_person("One two three", interrupted=False)
    history.correct_person("One two three", "One two")
    assert history.snapshot()[-1] == Utterance(Speaker.PERSON, "One two", interrupted=True)
    history.correct_person("One two", "")
    assert history.snapshot() == (Utterance(Speaker.USER, "Hello?"),)


def test_only_the_newest_answer_can_be_taken_back() -> None:
    """Of an answer that nobody heard there is nothing in the memory, and an older one is not meant."""
    history = History()
    history.add_person("One two three", interrupted=False)
    history.add_user("And?")
    history.correct_person("", "")
    history.correct_person("One two three", "One")
    assert history.snapshot()[0].text == "One two three"


def test_a_snapshot_does_not_change() -> None:
    """A turn's history is that of its start."""
    history = History()
    history.add_user("One.")
    before = history.snapshot()
    history.add_user("Two.")
    assert len(before) == 1
