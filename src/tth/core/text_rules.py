"""Which text may be asked for. Pure. Tests: tests/core/test_text_rules.py."""

from __future__ import annotations

import re

from tth.core.speakable import has_speakable
from tth.errors import InvalidRequest, invalid_field

_NOT_ALLOWED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
"""Unicode's categories Cc and Cs, but for tab and the ends of lines."""
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
MAX_LANGUAGE_CODE = 35
"""Characters; RFC 5646, section 4.4.1: no tag in use is longer."""


def check_text(
    text: str, max_code_points: int, *, path: str = "user_text.text", is_part: bool = False, code_points_before: int = 0
) -> None:
    """Raise InvalidRequest for a text that cannot be a turn's; the text itself is never repeated.

    is_part: one of many parts, which may be white space. code_points_before: of the parts that came before it.
    """
    if code_points_before + len(text) > max_code_points:
        raise invalid_field(path, f"1..{max_code_points} code points in all parts of one turn", "TEXT_TOO_LONG")
    if _NOT_ALLOWED.search(text):
        raise invalid_field(path, "text without control characters", "TEXT_INVALID")
    if not text or (not is_part and not text.strip()):
        raise invalid_field(path, f"1..{max_code_points} code points with something besides white space", "TEXT_EMPTY")


def nothing_to_speak(text: str) -> InvalidRequest | None:
    """The error for a text to be spoken that has no letter and no number in it; None when it has."""
    if has_speakable(text):
        return None
    return invalid_field("user_text.text", "text with at least one letter or number", "NOTHING_SPEAKABLE")


def check_language(code: str, path: str) -> None:
    """Raise InvalidRequest for what cannot be a BCP 47 tag; "" means that none was given."""
    if code and not (len(code) <= MAX_LANGUAGE_CODE and _LANGUAGE.fullmatch(code)):
        raise invalid_field(path, 'a BCP 47 language tag such as "de" or "zh-CN"', "LANGUAGE_INVALID")
