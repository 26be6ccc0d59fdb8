"""How many tokens a text is for a language model, estimated without any model's own table.

Four characters of English are about one token, the rule of thumb that the vendors publish. Scripts that models have
seen less of cost more: a Han, kana or hangul character counts as one token here and two Thai, Lao, Burmese or Khmer
ones as one, which errs on the high side. For bounding a memory, not for billing.
Tests: tests/core/test_tokens.py.
"""

from __future__ import annotations

MESSAGE_TOKENS = 4
"""What the frame around one utterance (role, separators) costs."""


def estimate_tokens(text: str) -> int:
    """Tokens of one utterance, its frame included."""
    quarters = sum(_quarters(character) for character in text)
    return MESSAGE_TOKENS + -(-quarters // 4)


def _quarters(character: str) -> int:
    """Quarters of a token that one character is."""
    if character < "\u0e00":
        return 1
    if character < "\u1100" or "\u1780" <= character <= "\u17ff":
        return 2  # South-East Asian scripts without spaces
    return 4 if character >= "\u1100" and not "\u1e00" <= character <= "\u2bff" else 1
