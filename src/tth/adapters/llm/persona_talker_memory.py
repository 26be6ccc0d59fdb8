"""What a user has told: facts found in the conversation by a book's patterns, newest last.

Nothing is kept between turns; it is read from the history each time, so that a resumed conversation knows the same.
Tests: tests/adapters/llm/test_persona_talker_memory.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tth.adapters.llm.persona_talker_book import Book
from tth.adapters.llm.persona_talker_wording import clean, first_upper, quote, reflect

Fact = Mapping[str, str]
"""What one pattern found: "pet" and "animal", or "name"."""
_NAMES = ("name", "pet", "person", "home", "origin")


@dataclass(frozen=True, slots=True)
class Memory:
    """Facts in the order in which they were told."""

    facts: tuple[Fact, ...] = ()

    @property
    def latest(self) -> dict[str, str]:
        """The newest value of each kind, and `subject`: the pet or person told of last."""
        values: dict[str, str] = {}
        for fact in self.facts:
            values.update(fact)
            values["subject"] = fact.get("pet") or fact.get("person") or values.get("subject", "")
        return values

    def find(self, asked: Mapping[str, str | None]) -> dict[str, str] | None:
        """The values that fit a question's own words: `animal: cat`, or `pet_asked: rex` for any value "Rex".

        None if the question names something that was never told.
        """
        wanted = {key: value.casefold() for key, value in asked.items() if value}
        if not wanted:
            return self.latest
        for fact in reversed(self.facts):
            told = {value.casefold() for value in fact.values()}
            if all(
                (value in told) if key.endswith("_asked") else fact.get(key, "").casefold() == value
                for key, value in wanted.items()
            ):
                return {**self.latest, **fact}
        return None


def facts_in(text: str, book: Book) -> list[Fact]:
    """What is told in one utterance."""
    words = clean(text)
    found: list[Fact] = []
    for pattern in book.facts:
        for match in pattern.finditer(words):
            fact = _fact(match, book)
            if fact and not any(set(fact.items()) <= set(known.items()) for known in found):
                found.append(fact)
    return found


def remember(texts: Iterable[str], book: Book) -> Memory:
    """Everything told in these utterances, oldest first."""
    return Memory(tuple(fact for text in texts for fact in facts_in(text, book)))


def _fact(match: re.Match[str], book: Book) -> Fact:
    fact = {key: quote(value) for key, value in match.groupdict().items() if value}
    for key in fact:
        if key in _NAMES:
            fact[key] = first_upper(fact[key])
        elif key in book.reflected_facts:
            fact[key] = reflect(fact[key], book.reflect)
        else:
            fact[key] = fact[key].lower()
    return fact if all(fact.values()) else {}
