"""Phonemes whose times nobody tells."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.face.scripts import SOUNDS
from tth.face.durations import Phone, spread, spread_words, typical_ms
from tth.model.media import WordTiming

pytestmark = pytest.mark.unit


def phones(text: str) -> list[Phone]:
    return [Phone(ipa) for ipa in text.split()]


@given(st.lists(st.sampled_from(SOUNDS), min_size=1, max_size=12), st.integers(0, 9999), st.integers(0, 40_000))
def test_the_sounds_fill_the_time_exactly(names: list[str], start: int, count: int) -> None:
    """Without holes or overlaps, in their order."""
    timings = spread([Phone(name) for name in names], start, start + count)
    at = start
    for timing in timings:
        assert timing.start_sample == at
        at += timing.sample_count
    assert at == start + count
    order = iter(names)
    assert all(timing.ipa in order for timing in timings)


def test_each_sound_gets_its_usual_share() -> None:
    """Vowels last longer than stops, long and stressed ones longer still."""
    assert typical_ms(Phone("a")) > typical_ms(Phone("t"))
    assert typical_ms(Phone("aː")) > typical_ms(Phone("a", 2)) > typical_ms(Phone("a", 1)) > typical_ms(Phone("a"))
    t, a = spread(phones("t a"), 0, 16500)
    assert (t.sample_count, a.sample_count) == (7000, 9500)


def test_a_word_without_time_is_left_out() -> None:
    """Nothing to spread over."""
    assert spread(phones("t a"), 100, 100) == ()


def test_sounds_stay_within_their_words() -> None:
    """With pauses between words, and where a word has no sounds; overlapping words are put in order."""
    words = [WordTiming("ma", 0, 1000, 2400), WordTiming("*", 3, 3400, 600), WordTiming("pu", 5, 5000, 2400)]
    words.append(WordTiming("a", 8, 7000, 2400))
    timings = spread_words(words, [phones("m a"), [], phones("p u"), phones("a")])
    assert [timing.ipa for timing in timings] == ["m", "a", "", "p", "u", "a"]
    assert [timings[2].start_sample, timings[3].start_sample, timings[5].start_sample] == [3400, 5000, 7400]
    assert timings[-1].start_sample + timings[-1].sample_count == 9400
