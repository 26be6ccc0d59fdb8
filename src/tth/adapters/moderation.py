"""What may be asked and said here: the hook, and a list of words as its simplest form.

Tests: tests/adapters/test_moderation.py.
"""

from __future__ import annotations

import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Iterable
from enum import StrEnum


class Moment(StrEnum):
    """When a text is looked at."""

    INPUT = "input"
    """A question, before the language model sees it."""
    OUTPUT = "output"
    """A clause, before the voice speaks it. A realtime model's reply has no such moment: it comes as sound."""


class Moderator(ABC):
    """One per server, shared by all sessions."""

    async def load(self) -> None:
        """Acquire what it needs. Raises AdapterUnavailable."""

    async def aclose(self) -> None:
        """Release everything; idempotent."""

    @abstractmethod
    async def allows(self, text: str, moment: Moment, language_code: str) -> bool:
        """May this be answered, or spoken? Called for each clause in turn, so quick; raises AdapterError only.

        Where it cannot say, the turn fails: what was not looked at is not spoken.
        """


class WordList(Moderator):
    """Refuses texts that hold one of some words or phrases, whatever their case and accents."""

    def __init__(self, words: Iterable[str]) -> None:
        folded = [_folded(word) for word in words if word.strip()]
        pattern = "|".join(re.escape(word) for word in sorted(folded, key=len, reverse=True))
        # As whole words; scripts without spaces have no such border, so there a word is found anywhere.
        self._pattern = re.compile(rf"(?<![a-z0-9])(?:{pattern})(?![a-z0-9])") if folded else None

    async def allows(self, text: str, moment: Moment, language_code: str) -> bool:
        return self._pattern is None or self._pattern.search(_folded(text)) is None


def _folded(text: str) -> str:
    """Lower case, no accents, single spaces."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(plain.casefold().split())
