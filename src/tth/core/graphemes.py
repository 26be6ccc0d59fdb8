"""Where a text may be cut without breaking a character that is written with several code points.

A close approximation of the extended grapheme clusters of Unicode UAX 29, from `unicodedata` alone: marks, joiners,
variation selectors, skin tones, tags, flags, conjoining Hangul and CR LF. Tests: tests/core/test_graphemes.py.
"""

from __future__ import annotations

import unicodedata

ZERO_WIDTH_JOINER = "\u200d"
_EXTENDING_CATEGORIES = frozenset({"Mn", "Mc", "Me"})


def extends(character: str) -> bool:
    """True for a code point that belongs to the character before it."""
    if character < "\u0300":
        return False
    return (
        unicodedata.category(character) in _EXTENDING_CATEGORIES
        or character in "\u200c\u200d"
        or "\U0001f3fb" <= character <= "\U0001f3ff"  # skin tones
        or "\U000e0020" <= character <= "\U000e007f"  # tags of sub-national flags
        or "\u1160" <= character <= "\u11ff"  # Hangul vowels and finals
    )


def is_border(text: str, position: int, start: int = 0) -> bool:
    """True if `text` may be cut in front of `position`, start..len(text); `start` is known to be a border."""
    if position <= start or position >= len(text):
        return True
    before, after = text[position - 1], text[position]
    if extends(after) or (before == ZERO_WIDTH_JOINER) or (before == "\r" and after == "\n"):
        return False
    return not (_is_flag_half(before) and _is_flag_half(after) and _flag_halves_before(text, position, start) % 2)


def border_at_or_before(text: str, position: int, start: int) -> int:
    """The last border in (start, position]; `position` itself where there is none."""
    for border in range(position, start, -1):
        if is_border(text, border, start):
            return border
    return position


def _is_flag_half(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _flag_halves_before(text: str, position: int, start: int) -> int:
    count = 0
    while position - count > start and _is_flag_half(text[position - 1 - count]):
        count += 1
    return count
