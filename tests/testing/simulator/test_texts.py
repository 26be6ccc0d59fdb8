"""Texts by chance and the words in them."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest

from tth.core.speakable import has_speakable
from tth.testing.simulator.texts import MUTE, WORDS, draw_text, split, words_of

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("language", WORDS)
def test_words_stand_where_they_are_said_to(language: str) -> None:
    """In order, without overlap, and a text that was drawn has some."""
    random = Random(1)
    for _ in range(50):
        text = draw_text(random, language, 12)
        words = words_of(text)
        assert words
        assert all(text[word.offset : word.end] == word.text for word in words)
        assert all(before.end <= after.offset for before, after in pairwise(words))


def test_marks_belong_to_their_word() -> None:
    """Of a script with combining marks too; abbreviations and times are one word."""
    assert [word.text for word in words_of("हूँ ट्रेन। o'clock at 3.5, z.B.")] == [
        "हूँ",
        "ट्रेन",
        "o'clock",
        "at",
        "3.5",
        "z.B",
    ]


@pytest.mark.parametrize("text", MUTE)
def test_mute_texts_have_nothing_to_say(text: str) -> None:
    """For a voice and for the server alike."""
    assert words_of(text) == []
    assert not has_speakable(text)


def test_parts_make_the_whole() -> None:
    """However a text is cut, and none of the parts is empty."""
    random = Random(2)
    for length in (1, 2, 3, 50):
        parts = split(random, "x" * length, 5)
        assert "".join(parts) == "x" * length
        assert all(parts)
