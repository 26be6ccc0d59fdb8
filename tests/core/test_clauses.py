"""A stream of text cut into clauses."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tth.core.clauses import PACES, Clause, ClauseCutter, has_speakable
from tth.core.graphemes import extends
from tth.model.controls import LatencyMode

pytestmark = pytest.mark.unit


def cut(pieces: list[str], language: str = "en", mode: LatencyMode = LatencyMode.BALANCED) -> list[Clause]:
    cutter = ClauseCutter(language, mode)
    return [*(clause for piece in pieces for clause in cutter.feed(piece)), *cutter.finish()]


def texts(text: str, language: str = "en", mode: LatencyMode = LatencyMode.BALANCED) -> list[str]:
    return [clause.text for clause in cut([text], language, mode)]


SIGNS = st.sampled_from(
    [
        *"aZé1 .,!?;:-—…\n\"'()«»“”。！？，、的はक।؟م",
        *("Mr.", "z. B.", " 3. ", "e.g.", "The ", "https://a.b/c?d", "  \n\n", "x" * 50, " " * 45, "!" * 99),
        *("👍🏽", "👨\u200d👩\u200d👧", "🇩🇪", "\u0301", "\u200d"),
    ]
)
TEXTS = st.one_of(st.lists(SIGNS, max_size=80).map("".join), st.text(max_size=300))
LANGUAGES = st.sampled_from(["en", "de", "fr", "es", "zh", "hi"])
MODES = st.sampled_from(list(LatencyMode))


@settings(deadline=None)
@given(TEXTS, st.lists(st.integers(0, 400), max_size=12), LANGUAGES, MODES)
def test_any_split_gives_the_same_clauses(text: str, places: list[int], language: str, mode: LatencyMode) -> None:
    """In one piece, in pieces of any size, character by character."""
    borders = sorted({0, len(text), *(min(place, len(text)) for place in places)})
    pieces = [text[begin:end] for begin, end in pairwise(borders)]
    whole = cut([text], language, mode)
    assert cut(pieces, language, mode) == whole
    assert cut(list(text), language, mode) == whole


@settings(deadline=None)
@given(TEXTS, LANGUAGES, MODES)
def test_nothing_is_lost(text: str, language: str, mode: LatencyMode) -> None:
    """Clauses stand in the text at their offsets, in order, with nothing but white space between them."""
    end = 0
    clauses = cut([text], language, mode)
    for clause in clauses:
        assert clause.text == clause.text.strip() != ""
        assert not text[end : clause.offset].strip()
        assert text[clause.offset :].startswith(clause.text)
        end = clause.offset + len(clause.text)
    assert not text[end:].strip()
    assert [clause.is_last for clause in clauses] == [False] * (len(clauses) - 1) + [True] * bool(clauses)


@settings(deadline=None)
@given(TEXTS, LANGUAGES, MODES)
def test_no_clause_is_too_long_or_begins_inside_a_character(text: str, language: str, mode: LatencyMode) -> None:
    """At most twice the measure, which only signs can fill; and no clause starts with a mark or joiner of its own."""
    for clause in cut([text], language, mode):
        assert len(clause.text) <= 2 * PACES[mode][1].most_characters
        is_first = not text[: clause.offset].strip()
        long_cluster = len(text) > 100 and all(extends(c) for c in text[max(0, clause.offset - 99) : clause.offset])
        assert is_first or long_cluster or not extends(clause.text[0])


@settings(deadline=None)
@given(TEXTS, MODES)
def test_signs_alone_make_no_clause_where_words_are_near(text: str, mode: LatencyMode) -> None:
    """A clause with nothing to say appears only beside a long row of signs, or where there is nothing else."""
    clauses = cut([text], "en", mode)
    if len(clauses) > 1:
        for clause in clauses:
            assert has_speakable(clause.text) or len(clause.text) > 60 or _has_long_row(text)


def _has_long_row(text: str) -> bool:
    row = 0
    for character in text:
        row = 0 if character.isalnum() else row + 1
        if row >= 90:
            return True
    return False


@pytest.mark.parametrize(
    ("mode", "want"),
    [
        (LatencyMode.LOW, ["Well then,", "let me tell you what I think, for I know it. It is late."]),
        (LatencyMode.BALANCED, ["Well then, let me tell you what I think,", "for I know it.", "It is late."]),
        (LatencyMode.QUALITY, ["Well then, let me tell you what I think, for I know it.", "It is late."]),
    ],
)
def test_the_first_clause_is_as_early_as_the_mode_asks(mode: LatencyMode, want: list[str]) -> None:
    """LOW takes the first comma, BALANCED one after a few words, QUALITY the sentence."""
    got = texts("Well then, let me tell you what I think, for I know it. It is late.", mode=mode)
    assert got[0] == want[0]
    if mode is not LatencyMode.LOW:
        assert got == want


def test_the_first_clause_comes_before_the_reply_is_complete() -> None:
    """As soon as the next word shows that the sentence is over."""
    cutter = ClauseCutter("en", LatencyMode.BALANCED)
    assert list(cutter.feed("Hello there.")) == []
    assert list(cutter.feed(" ")) == []
    assert list(cutter.feed("H")) == [Clause("Hello there.", 0, False)]


def test_a_first_clause_without_any_sign_is_cut_after_a_breath() -> None:
    """Speech does not wait for the end of a long sentence."""
    cutter = ClauseCutter("en", LatencyMode.LOW)
    clauses = [clause for word in range(14) for clause in cutter.feed(f"word{word} ")]
    assert [len(clause.text.split()) for clause in clauses] == [10]


def test_very_short_sentences_are_spoken_together() -> None:
    """After the first clause a lone "Yes." waits for the next sentence, but not over a new line."""
    assert texts("Here I am. Yes. It is so.") == ["Here I am.", "Yes. It is so."]
    assert texts("Here I am. Yes.\nIt is so.") == ["Here I am.", "Yes.", "It is so."]


def test_a_long_sentence_is_cut_at_its_best_place() -> None:
    """At the last comma that is not far too early, else between words."""
    with_comma = "Go on. " + "Word " * 20 + "comma, " + "word " * 20 + "end."
    assert [part.split()[-1] for part in texts(with_comma)] == ["on.", "comma,", "end."]
    assert [len(part.split()) for part in texts("Go on. " + "Word " * 45 + "end.")] == [2, 30, 16]


@pytest.mark.parametrize("text", ["x" * 4000, "的" * 4000, "สวัสดี" * 667, "👍x" * 2000, "a\u0301" * 2000])
def test_a_text_without_any_place_to_cut_is_cut(text: str) -> None:
    """4,000 characters without a sign or a space still become clauses of bounded length."""
    parts = texts(text)
    assert len(parts) >= 4000 // 200
    assert max(len(part) for part in parts) <= 200
    assert "".join(parts) == text


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("", []),
        (" \n\t ", []),
        ("👍", ["👍"]),
        ("...", ["..."]),
        ("Hi", ["Hi"]),
        ("  Hi  \n", ["Hi"]),
        ("Good morning! 👍👍", ["Good morning! 👍👍"]),
        ("Good morning.\n\n— —", ["Good morning.\n\n— —"]),
        ("🎉🎉 Good morning.", ["🎉🎉 Good morning."]),
        ("- - Good morning.", ["- - Good morning."]),
    ],
)
def test_signs_go_with_their_neighbour(text: str, want: list[str]) -> None:
    """Nothing, only signs, signs behind and signs in front."""
    assert texts(text) == want


@pytest.mark.parametrize(
    ("language", "text", "want"),
    [
        ("en", "Dr. Who paid 3.14 dollars at 5 p.m. He left!", ["Dr. Who paid 3.14 dollars at 5 p.m.", "He left!"]),
        ("de", "Am 3. Mai, z. B. mittags, kam Dr. Weiß. Ja.", ["Am 3. Mai, z. B. mittags,", "kam Dr. Weiß.", "Ja."]),
        ("fr", "M. Hugo est là, je crois. Quelle joie !", ["M. Hugo est là,", "je crois.", "Quelle joie !"]),
        ("es", "¿Cómo está Ud. hoy? ¡Muy bien, gracias!", ["¿Cómo está Ud. hoy?", "¡Muy bien, gracias!"]),
        ("zh", "你好，我是小唐。很高兴认识你！想聊吗？", ["你好，我是小唐。", "很高兴认识你！", "想聊吗？"]),
        ("ja", "こんにちは。今日は、いい天気ですね。", ["こんにちは。", "今日は、いい天気ですね。"]),
        ("hi", "नमस्ते दोस्त। आप कैसे हैं? ठीक हूँ।", ["नमस्ते दोस्त।", "आप कैसे हैं?", "ठीक हूँ।"]),
        ("ar", "مرحبا بك. كيف حالك؟ أنا بخير.", ["مرحبا بك.", "كيف حالك؟", "أنا بخير."]),
    ],
)  # fmt: skip
def test_languages(language: str, text: str, want: list[str]) -> None:
    """A reply in each of them, balanced."""
    assert texts(text, language) == want


def test_finishing_twice_gives_nothing_more() -> None:
    """The rest is given once."""
    cutter = ClauseCutter("en", LatencyMode.LOW)
    assert list(cutter.feed("Hi there")) == []
    assert list(cutter.finish()) == [Clause("Hi there", 0, True)]
    assert list(cutter.finish()) == []
