"""Is there anything in a text that a voice could say? Tests: tests/core/test_speakable.py."""

from __future__ import annotations


def has_speakable(text: str) -> bool:
    """True if the text holds at least one letter or number of any script; signs, emoji and spaces are none."""
    return any(character.isalnum() for character in text)
