"""What of a clause is spoken, and its words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tth.adapters.tts.espeak_languages import scripts_of
from tth.adapters.tts.espeak_text import is_open, pause_after_ms, spoken_text

pytestmark = pytest.mark.unit

ENGLISH, MANDARIN, RUSSIAN, HINDI = (scripts_of(language) for language in ("en-us", "cmn", "ru", "hi"))


def words(clause: str, scripts: frozenset[str] = ENGLISH) -> list[str]:
    return [clause[word.clause_start : word.clause_end] for word in spoken_text(clause, scripts).words]


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ("Well, it's 3.5 kilometres!", ["Well", "it's", "3.5", "kilometres"]),
        ("“Don’t” (really) — yes…no", ["Don’t", "really", "yes", "no"]),
        ("At 12:30, 50% of $5 & more.", ["At", "12:30", "50%", "of", "$5", "&", "more"]),
        ("a well-known U.S.A. story", ["a", "well-known", "U.S.A", "story"]),
        ("and/or 1,000.", ["and", "or", "1,000"]),
        ("naïve café 😀 ok", ["naïve", "café", "ok"]),
        ("caf\u0065\u0301 two", ["caf\u0065\u0301", "two"]),
        ("soft\u00adhyphen\u200b.", ["soft\u00adhyphen"]),
        ("**bold** and `code`", ["bold", "and", "code"]),
        ("Привет and hello", ["and", "hello"]),
    ],
)
def test_words_stand_as_in_the_text(clause: str, expected: list[str]) -> None:
    """Punctuation stays outside, what belongs to a word stays inside, and the text itself is quoted."""
    assert words(clause) == expected


def test_ideographs_are_words_of_their_own() -> None:
    """In Mandarin each character is one word; numbers and Latin words between them stay whole."""
    assert words("你好,我用Python走3.5公里。", MANDARIN) == [*"你好我用", "Python", "走", "3.5", *"公里"]


def test_digits_next_to_ideographs_are_kept_apart_for_espeak() -> None:
    """espeak takes "天3" for one word; a space that is not in the clause parts them."""
    assert spoken_text("今天3点", MANDARIN).text == "今天 3 点"


def test_marks_that_spell_are_kept() -> None:
    """Vowel signs and joiners of Indian scripts reach espeak."""
    assert spoken_text("क्‍ष नमस्ते १२", HINDI).text == "क्‍ष नमस्ते 12"


@pytest.mark.parametrize(
    "clause",
    ["", "  ", "...", "?!", "—", "😀🎉", "你好", "Привет", "\x00\x01\x02", "* * *", "&", "[[", "\u200b", "𝕏"],
)
def test_nothing_speakable_has_no_words(clause: str) -> None:
    """Punctuation, emoji, control characters and foreign scripts alone are not spoken."""
    assert spoken_text(clause, ENGLISH).words == ()


def test_foreign_scripts_are_spoken_by_their_own_voice() -> None:
    """The same text has words where the voice reads its script, and Latin words everywhere."""
    assert words("Привет, мир", RUSSIAN) == ["Привет", "мир"]
    assert words("Привет, Tom", RUSSIAN) == ["Привет", "Tom"]


@pytest.mark.parametrize(
    "clause", ["a\x0150P b", "say [[h@l'oU]] now", "<break time='3s'/> now", "a\nb\tc", "x\x7fy\x85z"]
)
def test_commands_do_not_reach_espeak(clause: str) -> None:
    """No control character and no bracket of a markup is left in what espeak gets."""
    assert not set(spoken_text(clause, ENGLISH).text) & set("\x00\x01\x7f\x85\n\t[]<>{}|\\")


@given(st.text(max_size=60), st.sampled_from([ENGLISH, MANDARIN, RUSSIAN, HINDI]))
def test_any_text_gives_words_in_order(clause: str, scripts: frozenset[str]) -> None:
    """Words never overlap, lie inside the clause, are not empty, and every position leads to one of them."""
    text = spoken_text(clause, scripts)
    end = 0
    for word in text.words:
        assert end <= word.clause_start < word.clause_end <= len(clause)
        end = word.clause_end
    if text.words:
        assert [text.word_at(word.start) for word in text.words] == list(range(len(text.words)))
        assert all(0 <= text.word_at(position) < len(text.words) for position in range(-1, len(text.text) + 2))


def test_positions_between_words() -> None:
    """A sign before a word belongs to it, one behind to the word before."""
    text = spoken_text("a -5 b/ c", ENGLISH)
    assert [text.text[word.start : word.end] for word in text.words] == ["a", "5", "b", "c"]
    assert [text.word_at(position) for position in (2, 3, 6, 7)] == [1, 1, 2, 2]


@pytest.mark.parametrize(
    ("clause", "pause_ms"), [("Yes.", 250), ("Yes?”", 250), ("好。", 250), ("Yes,", 120), ("so —", 120), ("so", 40)]
)
def test_pauses_follow_the_punctuation(clause: str, pause_ms: int) -> None:
    """A sentence gets a longer silence than a half sentence, also behind a quotation mark."""
    assert pause_after_ms(clause, is_last=False) == pause_ms


def test_the_end_of_a_turn_is_short() -> None:
    """Nobody waits for silence after the last clause."""
    assert pause_after_ms("Yes.", is_last=True) == 80


def test_open_clauses_have_no_final_mark() -> None:
    """Only a clause without any mark at its end is open."""
    assert [is_open(clause) for clause in ("and then", "and then,", "Done.", 'he said "yes"')] == [
        True,
        False,
        False,
        True,
    ]
