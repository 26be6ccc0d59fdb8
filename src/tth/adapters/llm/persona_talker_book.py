"""What the persona talker can say in one language: the phrase book, read from `talk/<language>.yaml`.

The files hold all words and patterns; the code holds none. Broken files are a bug of ours and raise KeyError,
TypeError or re.error when they are read; tests read them all. Tests: tests/adapters/llm/test_persona_talker_book.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib.resources import files
from typing import Any

import yaml

Patterns = tuple[re.Pattern[str], ...]
Texts = tuple[str, ...]

LANGUAGES = ("en", "de", "fr", "es", "zh")
_MACRO = re.compile(r"(?<!\?P)<(\w+)>")


@dataclass(frozen=True, slots=True)
class Rule:
    """An answer to what matches one of its patterns."""

    rule_id: str
    match: Patterns
    replies: Texts
    styles: Mapping[str, Texts]
    """By style, in place of `replies`."""
    moods: Mapping[str, Texts]
    """By emotion, in place of both."""
    is_urgent: bool = False
    """Goes before anything else that the user said."""
    is_grave: bool = False
    """No place for moods and manners."""
    is_plain: bool = False
    """Stands for itself: nothing is put before or behind it."""
    joins: bool = False
    """May follow the answer to a new fact: "I'm Tim, who are you?"."""
    is_short: bool = False
    """Only for a few words."""
    needs: str = ""
    """A value that must be known: `subject`, the pet or person last spoken of."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question about what was told before."""

    match: Patterns
    known: Texts
    unknown: Texts


@dataclass(frozen=True, slots=True)
class Say:
    """Something to say and something to ask."""

    say: Texts
    ask: Texts = ()


@dataclass(frozen=True, slots=True)
class Style:
    """How a kind of persona speaks."""

    words: Texts = ()
    """Any of these in a persona's description or prompt means this style."""
    openers: Texts = ()
    exclaims: bool = False
    replace: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Mood:
    """What an emotion puts before a reply."""

    mild: Texts
    strong: Texts


@dataclass(frozen=True, slots=True)
class Sums:
    """Simple arithmetic in words."""

    signs: Mapping[str, Texts]
    """Words for + - * /."""
    replies: Say
    no_result: Texts


@dataclass(frozen=True, slots=True)
class Book:
    """Everything of one language. Field names are the file's keys; see `talk/en.yaml` for their meaning."""

    shortest_reply: int
    """Characters; a shorter reply gets another sentence."""
    reflect: Mapping[str, str]
    facts: Patterns
    reflected_facts: Texts
    learned: Mapping[str, Say]
    asked: tuple[Asked, ...]
    known_facts: Mapping[str, str]
    last_and: str
    recalls: Mapping[str, Texts]
    go_on: Patterns
    more: Patterns
    troubles: Patterns
    """Words after which nobody wants to hear "How exciting!"."""
    resumed: Texts
    lost: Texts
    once_more: Texts
    after_interruption: Texts
    said_twice: Texts
    sums: Sums
    rules: tuple[Rule, ...]
    answers: Say
    statements: Say
    questions: Say
    unreadable: Texts
    asks: Texts
    fillers: Texts
    """Behind a reply that is too short; they fit behind a question."""
    styles: Mapping[str, Style]
    moods: Mapping[str, Mood]
    space: str = " "
    """Between sentences."""


def load_book(language: str) -> Book:
    """Read one of `LANGUAGES` from the package."""
    path = files("tth.adapters.llm") / "talk" / f"{language}.yaml"
    data: dict[str, Any] = yaml.load(path.read_text("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    macros = data.pop("macros", {})
    patterns = partial(_patterns, macros)
    sums = data.pop("sums")
    return Book(
        facts=patterns(data.pop("facts")),
        reflected_facts=tuple(data.pop("reflected_facts")),
        learned={key: _say(entry) for key, entry in data.pop("learned").items()},
        asked=tuple(
            Asked(patterns(entry["match"]), tuple(entry["known"]), tuple(entry["unknown"]))
            for entry in data.pop("asked")
        ),
        recalls=_texts(data.pop("recalls")),
        go_on=patterns(data.pop("go_on")),
        more=patterns(data.pop("more")),
        troubles=patterns(data.pop("troubles")),
        sums=Sums(
            {sign: tuple(sums[name]) for sign, name in zip("+-*/", ("plus", "minus", "times", "over"), strict=True)},
            Say(tuple(sums["replies"]), tuple(sums["ask"])),
            tuple(sums["no_result"]),
        ),
        rules=tuple(_rule(entry, patterns(entry["match"])) for entry in data.pop("rules")),
        answers=_say(data.pop("answers")),
        statements=_say(data.pop("statements")),
        questions=_say(data.pop("questions")),
        styles={name: _style(entry) for name, entry in data.pop("styles").items()},
        moods={name: Mood(tuple(entry["mild"]), tuple(entry["strong"])) for name, entry in data.pop("moods").items()},
        **_plain(data),
    )


def _plain(data: Mapping[str, Any]) -> dict[str, Any]:
    """What needs no work but lists made into tuples."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in data.items()}


def _patterns(macros: Mapping[str, str], texts: list[str]) -> Patterns:
    def expand(text: str) -> str:
        return _MACRO.sub(lambda match: expand(macros[match.group(1)]), text)

    return tuple(re.compile(expand(text), re.IGNORECASE) for text in texts)


def _say(entry: Mapping[str, list[str]]) -> Say:
    return Say(tuple(entry["say"]), tuple(entry.get("ask", ())))


def _texts(entry: Mapping[str, list[str]] | None) -> dict[str, Texts]:
    return {key: tuple(texts) for key, texts in (entry or {}).items()}


def _style(entry: Mapping[str, Any]) -> Style:
    return Style(
        tuple(entry.get("words", ())),
        tuple(entry.get("openers", ())),
        entry.get("exclaims", False),
        entry.get("replace", {}),
    )


def _rule(entry: Mapping[str, Any], match: Patterns) -> Rule:
    return Rule(
        rule_id=entry["id"],
        match=match,
        replies=tuple(entry["replies"]),
        styles=_texts(entry.get("styles")),
        moods=_texts(entry.get("moods")),
        is_urgent=entry.get("urgent", False),
        is_grave=entry.get("grave", False),
        is_plain=entry.get("plain", False),
        joins=entry.get("joins", False),
        is_short=entry.get("short", False),
        needs=entry.get("needs", ""),
    )
