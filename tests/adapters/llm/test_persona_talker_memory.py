"""What the talker remembers."""

from __future__ import annotations

import pytest

from tth.adapters.llm.persona_talker_book import load_book
from tth.adapters.llm.persona_talker_memory import facts_in, remember

pytestmark = pytest.mark.unit

ENGLISH = load_book("en")


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("My name is Tim", {"name": "Tim"}),
        ("my name’s tim.", {"name": "Tim"}),
        ("Hi, I'm Ann and I like tea", {"name": "Ann", "like": "tea"}),
        ("Call me Mary Jane please", {"name": "Mary Jane"}),
        ("I have a small dog called Rex.", {"animal": "dog", "pet": "Rex"}),
        ("My cat is called Mia", {"animal": "cat", "pet": "Mia"}),
        ("I have a brother named Paul", {"kin": "brother", "person": "Paul"}),
        ("My sister Ann came", {"kin": "sister", "person": "Ann"}),
        ("I live in New York, you know", {"home": "New York"}),
        ("I'm from the Netherlands.", {"origin": "The Netherlands"}),
        ("I am a retired teacher", {"job": "retired teacher"}),
        ("I work as a fire fighter in Rome", {"job": "fire fighter"}),
        ("I really love my garden because it is quiet", {"like": "your garden"}),
        ("I can't stand loud music", {"dislike": "loud music"}),
        ("My favourite colour is blue", {"kind": "colour", "favourite": "blue"}),
        ("I'm 34 years old", {"age": "34"}),
        ("I'm going to visit my mother tomorrow", {"plan": "visit your mother tomorrow"}),
    ],
)
def test_facts_are_found(text: str, facts: dict[str, str]) -> None:
    """Names begin with a capital, the user's own words are turned round."""
    found: dict[str, str] = {}
    for fact in facts_in(text, ENGLISH):
        found.update(fact)
    assert found == facts


@pytest.mark.parametrize(
    "text",
    ["Hello there", "I'm tired", "I'm German.", "I like you", "I like it", "What is my name?", "I love when it rains"],
)
def test_what_is_no_fact_is_not_kept(text: str) -> None:
    """Moods, nations and pronouns are no names and no likes."""
    assert facts_in(text, ENGLISH) == []


def test_the_newest_holds() -> None:
    """A corrected name replaces the old one; older pets can still be asked for."""
    memory = remember(["I'm Tim", "I have a dog called Rex", "I have a cat called Mia", "call me Tom"], ENGLISH)
    assert memory.latest["name"] == "Tom"
    assert memory.latest["subject"] == "Mia"
    found = memory.find({"animal": "Dog"})
    assert found is not None
    assert found["pet"] == "Rex"
    assert memory.find({"pet_asked": "rex"}) is not None
    assert memory.find({"animal": "horse"}) is None
