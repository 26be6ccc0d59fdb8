"""The list of words as a moderator."""

from __future__ import annotations

import asyncio

import pytest

from tth.adapters.moderation import Moment, WordList

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "is_allowed"),
    [
        ("A nice day.", True),
        ("You damn fool", False),
        ("DAMN!", False),
        ("Dàmn it", False),
        ("a damning report", True),
        ("bloody  \n hell", False),
        ("bloody, hell", True),
        ("今天是坏话吗", False),
        ("", True),
    ],
)
def test_whole_words_in_any_case(text: str, is_allowed: bool) -> None:
    """Accents, case and white space do not hide a word; a longer word is another word."""
    words = WordList(["damn", "Bloody hell", "坏话", " "])
    assert asyncio.run(words.allows(text, Moment.INPUT, "en")) is is_allowed


def test_an_empty_list_allows_everything() -> None:
    """As does one of blanks."""
    assert asyncio.run(WordList(["", " "]).allows("damn", Moment.OUTPUT, "en"))
