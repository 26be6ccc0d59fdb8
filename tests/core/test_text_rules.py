"""Which text may be asked for."""

from __future__ import annotations

import pytest

from tth.core.text_rules import check_language, check_text, nothing_to_speak
from tth.errors import InvalidRequest

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "TEXT_EMPTY"),
        (" \n\t ", "TEXT_EMPTY"),
        ("x" * 4001, "TEXT_TOO_LONG"),
        ("a\x00b", "TEXT_INVALID"),
        ("a\x1b[31mb", "TEXT_INVALID"),
        ("a\ud800b", "TEXT_INVALID"),
    ],
)
def test_refused_texts(text: str, reason: str) -> None:
    """Each names the field and what is allowed, and repeats nothing of the text."""
    with pytest.raises(InvalidRequest) as caught:
        check_text(text, 4000)
    assert caught.value.reason == reason
    assert caught.value.violations[0].field == "user_text.text"
    assert "must be" in caught.value.message
    assert len(text.strip()) < 3 or text not in caught.value.message


@pytest.mark.parametrize("text", ["Hi", "你好", "a\nb\tc\r\n", "x" * 4000, "😀", "!"])
def test_accepted_texts(text: str) -> None:
    """Any script, line breaks, emoji: what a language model can answer."""
    check_text(text, 4000)


def test_a_part_may_be_white_space() -> None:
    """A space between two parts of one text is part of it."""
    check_text(" ", 4000, is_part=True)


@pytest.mark.parametrize("text", ["...", "😀👍", "—", "!?"])
def test_nothing_to_speak(text: str) -> None:
    """Signs alone cannot be spoken."""
    error = nothing_to_speak(text)
    assert error is not None
    assert error.reason == "NOTHING_SPEAKABLE"


def test_something_to_speak() -> None:
    """One letter or number is enough."""
    assert nothing_to_speak("... 7") is None


def test_parts_count_together() -> None:
    """The range is that of the whole turn, however little room is left."""
    check_text("ab", 10, is_part=True, code_points_before=8)
    with pytest.raises(InvalidRequest, match=r"1\.\.10 code points in all parts"):
        check_text("abc", 10, is_part=True, code_points_before=8)


@pytest.mark.parametrize("code", ["", "en", "de-AT", "zh-Hans-CN", "cmn", "x" * 8])
def test_languages_that_can_be(code: str) -> None:
    """Any well-formed BCP 47 tag; none is the session's."""
    check_language(code, "language_code")


@pytest.mark.parametrize(
    "code", ["e", "de_AT", "en-", "-en", "en us", "SECRETWORD", "en-" + "x" * 9, "en" + "-ab" * 12]
)
def test_languages_that_cannot_be(code: str) -> None:
    """The field is named and the code is not repeated."""
    with pytest.raises(InvalidRequest) as caught:
        check_language(code, "language_code")
    assert caught.value.reason == "LANGUAGE_INVALID"
    assert caught.value.violations[0].field == "language_code"
    assert "SECRETWORD" not in caught.value.message
