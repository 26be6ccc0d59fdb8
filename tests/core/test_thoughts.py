"""Tests of tth.core.thoughts."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tth.core.thoughts import ThoughtFilter

pytestmark = pytest.mark.unit


def heard(*pieces: str) -> str:
    reading = ThoughtFilter()
    return "".join([reading.feed(piece) for piece in pieces] + [reading.finish()])


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        ("<think>Hm.</think>\n\nHello", "\n\nHello"),
        ("Hello <think>what</think>there<think>x</think>", "Hello there"),
        ("<think>never closed", ""),
        ("</think>Hello", "Hello"),
        ("<think>a<think>b</think>Hello", "Hello"),
        ("1 < 2 and <thin air", "1 < 2 and <thin air"),
        ("a<", "a<"),
        ("", ""),
    ],
)
def test_thoughts_are_taken_out(reply: str, text: str) -> None:
    """Whatever stands between the marks; everything else stays."""
    assert heard(reply) == text


PARTS = st.sampled_from(["<think>", "</think>", "<", "thi", "nk>", "</", "words ", ">", "ä"])


@given(st.lists(PARTS, max_size=12).map("".join), st.lists(st.integers(0, 60), max_size=8))
def test_any_split_gives_the_same(reply: str, cuts: list[int]) -> None:
    """However the reply was cut on its way."""
    ends = [0, *sorted(min(cut, len(reply)) for cut in cuts), len(reply)]
    assert heard(*[reply[begin:end] for begin, end in pairwise(ends)]) == heard(reply) == heard(*reply)


@given(st.text(alphabet="abc <", max_size=20))
def test_plain_text_is_not_held(text: str) -> None:
    """Only what may become a mark is."""
    given_out = ThoughtFilter().feed(text)
    assert text == given_out + "<" * (len(text) - len(given_out))
    assert len(text) - len(given_out) <= 1
