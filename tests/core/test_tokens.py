"""How many tokens a text is."""

from __future__ import annotations

import pytest

from tth.core.tokens import MESSAGE_TOKENS, estimate_tokens

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        ("The quick brown fox jumps over the lazy dog.", 11),
        ("Müller trinkt Kaffee – täglich.", 8),
        ("你好，世界。", 6),
        ("こんにちは", 5),
        ("안녕하세요", 5),
        ("สวัสดี", 3),
        ("🙂", 1),
    ],
)
def test_scripts_have_their_own_measure(text: str, tokens: int) -> None:
    """Four letters a token; a sign of a script with thousands of signs is one of its own."""
    assert estimate_tokens(text) == tokens + MESSAGE_TOKENS
