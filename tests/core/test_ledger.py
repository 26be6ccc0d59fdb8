"""Which text was heard."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tth.core.ledger import SpeechLedger
from tth.model.media import WordTiming

pytestmark = pytest.mark.unit
TEXT = "one two three four"


def by_words() -> SpeechLedger:
    """Four words of 1000 samples each, from 10000 on."""
    ledger = SpeechLedger()
    for index, word in enumerate(TEXT.split()):
        ledger.add_word(WordTiming(word, TEXT.index(word), 10_000 + 1000 * index, 1000))
    return ledger


@pytest.mark.parametrize(
    ("sample", "heard"),
    [
        (0, ""),
        (10_000, ""),
        (10_400, ""),
        (10_600, "one"),
        (11_400, "one"),
        (11_600, "one two"),
        (99_999, TEXT),
    ],
)
def test_cut_at_a_word(sample: int, heard: str) -> None:
    """A word counts when more than half of it was heard."""
    assert TEXT[: by_words().heard_code_points(sample)] == heard


def test_without_word_times_the_text_is_spread_over_the_sound() -> None:
    """Half of the sound is half of the text, cut at a space."""
    ledger = SpeechLedger()
    ledger.add_clause(0, TEXT, 0, 1800)
    assert TEXT[: ledger.heard_code_points(900)] == "one two"
    assert TEXT[: ledger.heard_code_points(1800)] == TEXT
    assert ledger.heard_code_points(0) == 0


def test_a_clause_without_word_times_is_heard_while_it_is_spoken() -> None:
    """As far as people come in that time, and as soon as the voice is known, as far as it comes."""
    ledger = SpeechLedger()
    ledger.grow_clause(0, TEXT, 0, 4800)
    assert TEXT[: ledger.heard_code_points(5 * 1600)] == "one"
    ledger.add_clause(0, TEXT, 0, 800 * len(TEXT))  # twice as fast
    start = 800 * len(TEXT)
    ledger.grow_clause(len(TEXT), TEXT, start, start + 1600)
    assert TEXT[: ledger.heard_code_points(start + 800 * 8) - len(TEXT)] == "one two"


def test_a_clause_that_grows_longer_than_thought() -> None:
    """Never more of it counts as heard than its sound has come, as a share of the whole."""
    ledger = SpeechLedger()
    ledger.grow_clause(0, TEXT, 0, 10**6)
    assert TEXT[: ledger.heard_code_points(500_000)] == "one two"


def test_scripts_without_spaces_are_cut_at_a_sign() -> None:
    """Half of the sound is half of the signs."""
    ledger = SpeechLedger()
    ledger.add_clause(0, "我们明天去北京。", 0, 8000)
    assert ledger.heard_code_points(4000) == 4


def test_words_that_were_announced_and_not_spoken() -> None:
    """A voice broke off: what comes next is counted where it is, and what was not spoken is not."""
    ledger = SpeechLedger()
    for word, offset, start in (("one", 0, 0), ("two", 4, 5000), ("three", 8, 6000)):
        ledger.add_word(WordTiming(word, offset, start, 1000))
    ledger.end_words(1000)
    ledger.add_word(WordTiming("four", 14, 1000, 1000))
    assert [ledger.heard_code_points(sample) for sample in (900, 1400, 1600, 9000)] == [3, 3, 18, 18]
    assert ledger.heard_points() == ((501, 3), (1501, 18))


def test_a_sign_counts_from_its_very_sample_on() -> None:
    """Where a share is no binary fraction, too: one of 49 samples is one of 49 signs."""
    ledger = SpeechLedger()
    ledger.add_clause(0, "a " + 47 * "b", 0, 49)
    assert ledger.heard_code_points(1) == 1
    assert ledger.heard_points()[0] == (1, 1)


@given(st.lists(st.integers(0, 20_000), min_size=2))
def test_more_time_never_means_less_text(samples: list[int]) -> None:
    """What was heard by a sample was heard by every later one."""
    ledger = by_words()
    counts = [ledger.heard_code_points(sample) for sample in sorted(samples)]
    assert counts == sorted(counts)


TEXTS = st.text(st.sampled_from("ab  天รั"), min_size=1, max_size=30)
CLAUSES = st.lists(st.tuples(TEXTS, st.integers(0, 5000), st.booleans()), max_size=6)


@given(CLAUSES, st.integers(0, 40_000))
def test_the_points_say_the_same_for_every_sample(clauses: list[tuple[str, int, bool]], sample: int) -> None:
    """With word times and without, mixed: the last point that is not behind the sample is what was heard."""
    ledger, offset, start = SpeechLedger(), 0, 100
    for text, length, has_words in clauses:
        if has_words:
            share = length // max(1, len(text.split()))
            for index, found in enumerate(re.finditer(r"\S+", text)):
                ledger.add_word(WordTiming(found[0], offset + found.start(), start + index * share, share))
        else:
            ledger.add_clause(offset, text, start, start + length)
        offset, start = offset + len(text), start + length + 1
    points = ledger.heard_points()
    assert list(points) == sorted(points)
    assert max((count for at, count in points if at <= sample), default=0) == ledger.heard_code_points(sample)
