"""What a conversation remembers: what the user asked and what was heard of the answers.

Bounded: the oldest exchange goes first. Tests: tests/session/test_history.py.
"""

from __future__ import annotations

from collections import deque

from tth.adapters.base import Speaker, Utterance

MAX_CODE_POINTS = 24_000
"""About 6,000 tokens of English: fits the smallest context window in use with room for the answer."""


class History:
    """The utterances of one conversation, oldest first."""

    def __init__(self) -> None:
        self._utterances: deque[Utterance] = deque()
        self._code_points = 0

    def add_user(self, text: str) -> None:
        """The user said this."""
        self._add(Utterance(Speaker.USER, text))

    def add_person(self, heard_text: str, interrupted: bool) -> None:
        """The person was heard to say this; nothing heard leaves no trace."""
        if heard_text.strip():
            self._add(Utterance(Speaker.PERSON, heard_text, interrupted))

    def snapshot(self) -> tuple[Utterance, ...]:
        """All of it, oldest first."""
        return tuple(self._utterances)

    def _add(self, utterance: Utterance) -> None:
        self._utterances.append(utterance)
        self._code_points += len(utterance.text)
        while self._code_points > MAX_CODE_POINTS and len(self._utterances) > 1:
            self._code_points -= len(self._utterances.popleft().text)
