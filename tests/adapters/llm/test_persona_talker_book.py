"""The phrase books."""

from __future__ import annotations

import re

import pytest

from tth.adapters.llm.persona_talker_book import LANGUAGES, Book, load_book
from tth.adapters.llm.persona_talker_wording import LONGEST_REPLY
from tth.core.speakable import has_speakable
from tth.model.controls import EmotionLabel

pytestmark = pytest.mark.unit


@pytest.fixture(params=LANGUAGES)
def book(request: pytest.FixtureRequest) -> Book:
    return load_book(request.param)


def test_every_book_has_what_the_talker_needs(book: Book) -> None:
    """Rules for the first questions of everybody, words for every emotion, the four personas."""
    needed = {"greeting", "how_are_you", "who_are_you", "what_can_you_do", "thanks", "farewell", "joke", "story"}
    assert needed <= {rule.rule_id for rule in book.rules}
    assert {label.value for label in EmotionLabel if label is not EmotionLabel.NEUTRAL} == set(book.moods)
    assert {"default", "professional", "casual", "excited"} <= set(book.styles)
    assert set(book.recalls) | set(book.known_facts) <= set(book.learned)


def test_no_reply_is_too_long(book: Book) -> None:
    """With short values in its gaps each fits into a reply."""
    for rule in book.rules:
        for reply in (
            *rule.replies,
            *(text for texts in (*rule.styles.values(), *rule.moods.values()) for text in texts),
        ):
            assert len(reply) <= LONGEST_REPLY, reply
            assert has_speakable(reply)


def test_every_gap_can_be_filled(book: Book) -> None:
    """A gap names something that a pattern captures, a fact, or one of the talker's own values."""
    facts = {name for pattern in book.facts for name in pattern.groupindex}
    own = {"me", "before", "mine", "facts", "subject", "rest", "result", "said"}
    for rule in book.rules:
        caught = {name for pattern in rule.match for name in pattern.groupindex}
        known = facts | own | caught | {f"{name}_reflected" for name in caught}
        for reply in (*rule.replies, *(text for texts in rule.styles.values() for text in texts)):
            assert {name for _, name in re.findall(r"\{(, |，)?(\w+)\}", reply)} <= known, reply
    for key, say in book.learned.items():
        assert key in facts
        assert all(set(re.findall(r"\{(\w+)\}", text)) <= facts for text in (*say.say, *say.ask))
