"""A model's reply on its way to the engine: the style tag becomes a hint, the rest is text; and how a reply can fail.

Tests: tests/adapters/test_provider_reply.py.
"""

from __future__ import annotations

from collections.abc import Iterator

from tth.adapters.base import StyleHint, TextPiece
from tth.adapters.provider_errors import Source
from tth.core.style_tag import StyleTagReader
from tth.errors import AdapterRejected, ContentRefused


class Reply:
    """One reply."""

    def __init__(self, *, style_hints: bool) -> None:
        """style_hints: a tag was asked for; without, everything is text."""
        self._tag = StyleTagReader() if style_hints else None
        self._is_hinted = False
        self.has_text = False
        """Some text was given out."""

    def take(self, text: str) -> Iterator[StyleHint | TextPiece]:
        """What the next piece of the model's text gives; pieces may be empty."""
        yield from self._out(self._tag.feed(text) if self._tag is not None else text)

    def finish(self) -> Iterator[StyleHint | TextPiece]:
        """What was held back."""
        if self._tag is not None:
            yield from self._out(self._tag.finish())

    def _out(self, text: str) -> Iterator[StyleHint | TextPiece]:
        hint = self._tag.hint if self._tag is not None else None
        if hint is not None and not self._is_hinted:
            self._is_hinted = True
            yield StyleHint(hint.emotion_label, hint.emotion_intensity)
        if text:
            self.has_text = True
            yield TextPiece(text)


def withheld(source: Source) -> ContentRefused:
    """The provider will not say this."""
    message = f"{source.adapter} withheld its answer for what it is about"
    return ContentRefused(message, role=source.role, adapter=source.adapter)


def all_thought(source: Source) -> AdapterRejected:
    """The limit was reached before the first word: a model that thinks needs more room, or must think less."""
    message = f"{source.adapter} used up max_output_tokens before its first word"
    return AdapterRejected(message, role=source.role, adapter=source.adapter)
