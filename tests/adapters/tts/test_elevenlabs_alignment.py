"""Times of characters into times of words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tth.adapters.tts.elevenlabs_alignment import TimedCharacter, WordTimer, timed_characters
from tth.model.media import WordTiming, ms_to_samples

pytestmark = pytest.mark.unit

STARTS, LENGTHS = [0, 60], [60, 80]
HI = (TimedCharacter("H", 0, 60), TimedCharacter("i", 60, 140))


def timed(text: str, start_ms: float = 0.0, each_ms: float = 50.0) -> tuple[TimedCharacter, ...]:
    return tuple(
        TimedCharacter(one, start_ms + each_ms * at, start_ms + each_ms * (at + 1)) for at, one in enumerate(text)
    )


def word(text: str, offset: int, start_ms: float, end_ms: float) -> WordTiming:
    start = ms_to_samples(start_ms)
    return WordTiming(text, offset, start, ms_to_samples(end_ms) - start)


@pytest.mark.parametrize(
    "alignment",
    [
        {"chars": ["H", "i"], "charStartTimesMs": STARTS, "charDurationsMs": LENGTHS},
        {"chars": ["H", "i"], "charsStartTimesMs": STARTS, "charsDurationsMs": LENGTHS},
        {"chars": ["H", "i"], "char_start_times_ms": STARTS, "char_durations_ms": LENGTHS},
        {
            "characters": ["H", "i"],
            "character_start_times_seconds": [0.0, 0.06],
            "character_end_times_seconds": [0.06, 0.14],
        },
    ],
)
def test_every_spelling(alignment: dict[str, Any]) -> None:
    """Of sockets, of dialogues, over HTTP."""
    assert timed_characters(alignment) == HI


@pytest.mark.parametrize(
    "alignment",
    [
        None,
        [],
        {},
        {"chars": ["H", "i"]},
        {"chars": [], "charStartTimesMs": [], "charDurationsMs": []},
        {"chars": ["H"], "charStartTimesMs": STARTS, "charDurationsMs": LENGTHS},
        {"chars": ["H", 1], "charStartTimesMs": STARTS, "charDurationsMs": LENGTHS},
        {"chars": ["H", "i"], "charStartTimesMs": ["0", "1"], "charDurationsMs": LENGTHS},
        {"chars": ["H", "i"], "charStartTimesMs": STARTS, "charDurationsMs": [1]},
    ],
)
def test_what_is_not_understood_says_nothing(alignment: Any) -> None:
    """The sound is worth more than its times."""
    assert timed_characters(alignment) == ()


def test_times_of_a_whole_stretch() -> None:
    """Words and where they stand, without the marks around them, which have no time of their own."""
    timer = WordTimer("Hi, you two.")
    timer.add(timed("Hi, you two. "), 0)
    assert timer.take() == (word("Hi", 0, 0, 100), word("you", 4, 200, 350), word("two", 8, 400, 550))
    assert timer.begun_sample is None
    assert timer.take() == timer.finish() == ()


def test_times_that_restart() -> None:
    """They count from the sound that came before their message; so a stretch without times moves none."""
    timer = WordTimer("one two three")
    timer.add(timed("one "), 0)
    timer.add((), 5000)
    timer.add(timed("two "), ms_to_samples(1000))
    timer.add(timed("three"), ms_to_samples(2000))
    assert timer.take() == (word("one", 0, 0, 150), word("two", 4, 1000, 1150), word("three", 8, 2000, 2250))


def test_times_that_go_on() -> None:
    """They are not moved a second time."""
    timer = WordTimer("one two")
    timer.add(timed("one "), 0)
    timer.add(timed("two", 200), ms_to_samples(200))
    assert timer.take() == (word("one", 0, 0, 150), word("two", 4, 200, 350))


def test_a_word_in_two_messages() -> None:
    """It is told once it is complete, and until then where it began."""
    timer = WordTimer("hello you")
    timer.add(timed("hel"), 0)
    assert timer.take() == ()
    assert timer.begun_sample == 0
    timer.add(timed("lo y"), ms_to_samples(150))
    assert timer.take() == (word("hello", 0, 0, 250),)
    assert timer.begun_sample == ms_to_samples(300)
    assert timer.finish() == (word("you", 6, 300, 350),)


def test_what_was_read_otherwise() -> None:
    """A number has no times of its own letters and is left out; what follows is found again."""
    timer = WordTimer("I have 12 apples")
    timer.add(timed(" I have twelve apples"), 0)
    told = timer.finish()
    assert [one.word for one in told] == ["I", "have", "apples"]
    assert told[2] == word("apples", 10, 750, 1050)


def test_scripts_without_spaces() -> None:
    """Each character is a word of its own."""
    timer = WordTimer("你好, world")
    timer.add(timed("你好, world"), 0)
    assert [(one.word, one.offset) for one in timer.finish()] == [("你", 0), ("好", 1), ("world", 4)]


@given(st.text("ab ,.1", max_size=30), st.lists(st.tuples(st.text("ab ,.1x", max_size=8), st.integers(0, 900))))
def test_any_times_give_words_in_order(text: str, messages: list[tuple[str, int]]) -> None:
    """Whatever is told of whatever text: words of it, in order, without overlap."""
    timer, sound = WordTimer(text), 0
    told: list[WordTiming] = []
    for characters, start_ms in messages:
        timer.add(timed(characters, start_ms), sound)
        told += timer.take()
        sound += 2400
    told += timer.finish()
    offset = known_to = -1
    for one in told:
        assert text[one.offset : one.offset + len(one.word)] == one.word
        assert one.offset > offset
        assert one.start_sample >= known_to
        offset, known_to = one.offset, one.start_sample + one.sample_count
