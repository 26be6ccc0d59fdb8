"""Putting words together."""

from __future__ import annotations

import random

import pytest

from tth.adapters.llm.persona_talker_wording import (
    exclaim,
    fill,
    last_sentence_start,
    pick,
    quote,
    reflect,
    restyle,
    shorten,
    tokens,
    word_count,
)

pytestmark = pytest.mark.unit


def test_words_are_turned_round() -> None:
    """Longest first, whole words only, in any case."""
    table = {"i am": "you are", "my": "your", "i": "you", "me": "you", "you": "me"}
    assert reflect("I am sure my myrtle likes me", table) == "you are sure your myrtle likes you"
    assert reflect("you", {}) == "you"
    assert reflect("İ", table) == "İ", "matches i without regard to case, and is not i in small letters"


def test_gaps() -> None:
    """All filled, or no sentence at all; a gap with a comma may stay away."""
    assert fill("Hello{, name}, {x}!", {"name": "Tim", "x": "hi"}) == "Hello, Tim, hi!"
    assert fill("Hello{, name}!", {}) == "Hello!"
    assert fill("你好{，name}", {"name": "Lena"}) == "你好，Lena"
    assert fill("Hello {name}!", {"name": ""}) is None


def test_quotes_are_short_and_clean() -> None:
    """One line, no outer signs, cut at a word; nothing for signs only."""
    assert quote(' "Hello,\n\tyou..." ') == "Hello, you"
    assert quote("?!") == ""
    assert len(quote("word " * 40)) <= 60
    assert quote("x" * 99) == "x" * 59


def test_restyling_leaves_gaps_alone() -> None:
    """Only the template's own words are exchanged."""
    assert (
        restyle("I'm {name}, it's good", {"name": "label", "I'm": "I am", "good": "fine"}) == "I am {name}, it's fine"
    )


def test_what_was_not_said_comes_first() -> None:
    """Never said before said, long ago before just now."""
    chance = random.Random(1)
    said = ["Apples are red.", "Pears are green."]
    assert pick(["Apples are red.", "Plums are blue."], said, chance) == "Plums are blue."
    assert pick(["Apples are red.", "Pears are green."], said, chance) == "Apples are red."
    assert pick([], said, chance) == ""


def test_shortening() -> None:
    """At a sentence end, else at a word."""
    assert shorten("One. Two three.", 8) == "One."
    assert shorten("One two three", 9) == "One two."
    assert shorten("你好。再见。", 4) == "你好。"
    assert shorten("fits", 4) == "fits"


def test_tokens_are_words_with_the_space_before() -> None:
    """Han comes in small pieces; nothing is lost."""
    assert tokens("Hello, you there") == ["Hello,", " you", " there"]
    assert tokens("我是Anna，你好") == ["我是", "Anna", "，你好"]


@pytest.mark.parametrize(("text", "count"), [("", 0), ("one two", 2), ("你好吗", 1), ("我去了北京", 2), ("我 ok", 1)])
def test_words_are_counted(text: str, count: int) -> None:
    """Two Han characters make a word."""
    assert word_count(text) == count


def test_the_last_sentence() -> None:
    """Where it begins; a text that ends with a stop breaks off in its last sentence."""
    assert last_sentence_start("One. Two thr") == 5
    assert last_sentence_start("One") == 0
    assert last_sentence_start("One. Two.") == 5


def test_exclaiming() -> None:
    """One full stop, and no ellipsis."""
    assert exclaim("Well... Yes. No.") == "Well... Yes! No."
