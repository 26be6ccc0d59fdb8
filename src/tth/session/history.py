"""What a conversation remembers: what the user asked and what was heard of the answers.

Bounded in tokens, as a language model counts them. Policy: the oldest exchange (a question and what was heard of its
answer) goes first and as a whole, so that no answer is left without its question; the newest exchange always stays.
Tests: tests/session/test_history.py.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from tth.adapters.base import Speaker, Utterance
from tth.core.tokens import estimate_tokens

DEFAULT_MAX_TOKENS = 6000
"""Fits the smallest context window in use (8,192) with room for the persona and the answer."""


class History:
    """The utterances of one conversation, oldest first."""

    def __init__(self, max_tokens: int = DEFAULT_MAX_TOKENS, utterances: Iterable[Utterance] = ()) -> None:
        self._max_tokens = max_tokens
        self._utterances: deque[Utterance] = deque(utterances)
        self._tokens = sum(estimate_tokens(utterance.text) for utterance in self._utterances)

    def add_user(self, text: str) -> None:
        """The user said this."""
        self._add(Utterance(Speaker.USER, text))

    def add_person(self, heard_text: str, interrupted: bool) -> None:
        """The person was heard to say this; nothing heard leaves no trace."""
        if heard_text.strip():
            self._add(Utterance(Speaker.PERSON, heard_text, interrupted))

    def correct_person(self, remembered: str, heard_text: str, interrupted: bool = True) -> None:
        """What was added last as `remembered` was heard to be this instead."""
        last = self._utterances[-1] if self._utterances else None
        if last is not None and last.speaker is Speaker.PERSON and last.text == remembered:
            self._tokens -= estimate_tokens(self._utterances.pop().text)
        elif remembered.strip():
            return  # it has been forgotten meanwhile
        self.add_person(heard_text, interrupted)

    def restore(self, utterances: Iterable[Utterance]) -> None:
        """Go on with these in place of all there were."""
        self._utterances, self._tokens = deque(), 0
        for utterance in utterances:
            self._add(utterance)

    def snapshot(self) -> tuple[Utterance, ...]:
        """All of it, oldest first."""
        return tuple(self._utterances)

    def _add(self, utterance: Utterance) -> None:
        self._utterances.append(utterance)
        self._tokens += estimate_tokens(utterance.text)
        while self._tokens > self._max_tokens and (count := self._oldest_exchange()) < len(self._utterances):
            for _ in range(count):
                self._tokens -= estimate_tokens(self._utterances.popleft().text)

    def _oldest_exchange(self) -> int:
        """How many utterances it has: a question goes with its answer, speech that nobody asked for alone."""
        has_answer = (
            len(self._utterances) > 1
            and self._utterances[0].speaker is Speaker.USER
            and self._utterances[1].speaker is Speaker.PERSON
        )
        return 2 if has_answer else 1
