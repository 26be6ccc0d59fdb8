"""Tests of tth.adapters.provider_reply."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tth.adapters.base import StyleHint, TextPiece
from tth.adapters.provider_errors import Source
from tth.adapters.provider_reply import Reply, all_thought, withheld
from tth.model.controls import EmotionLabel

pytestmark = pytest.mark.unit


def outputs(*pieces: str, style_hints: bool = True) -> Sequence[object]:
    reply = Reply(style_hints=style_hints)
    return [output for piece in pieces for output in reply.take(piece)] + list(reply.finish())


def test_a_tag_becomes_a_hint() -> None:
    """Once, before the text; no piece is empty."""
    hint = StyleHint(EmotionLabel.HAPPY, 0.7)
    assert outputs("[happy", " 0.7] ", "", "Hello", " there") == [hint, TextPiece("Hello"), TextPiece(" there")]
    assert outputs("[happy 0.7]") == [hint]


def test_without_hints_everything_is_text() -> None:
    """Nobody asked for a tag, so none is taken out."""
    assert outputs(" [happy]", "Hi", style_hints=False) == [TextPiece(" [happy]"), TextPiece("Hi")]


def test_whether_there_was_text() -> None:
    """A tag alone is none."""
    reply = Reply(style_hints=True)
    list(reply.take("[happy] "))
    assert not reply.has_text
    list(reply.take("Hi"))
    assert reply.has_text


def test_how_a_reply_fails() -> None:
    """With who failed, and never worth a second try."""
    for error in (withheld(Source("llm", "x")), all_thought(Source("llm", "x"))):
        assert (error.role, error.adapter, error.retryable) == ("llm", "x", False)
