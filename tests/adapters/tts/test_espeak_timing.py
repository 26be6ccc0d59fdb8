"""Times of sounds and words from espeak's events."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tth.adapters.tts.espeak_library import Event, Raw
from tth.adapters.tts.espeak_text import spoken_text
from tth.adapters.tts.espeak_timing import clean_ipa, phones, words

pytestmark = pytest.mark.unit

RATE_HZ = 22_050
LATIN = frozenset({"LATIN"})


def loud(samples: int) -> NDArray[np.int16]:
    return (10_000 * np.sin(np.arange(samples))).astype(np.int16)


def quiet(samples: int) -> NDArray[np.int16]:
    return np.zeros(samples, np.int16)


def raw(events: list[Event], *parts: NDArray[np.int16]) -> Raw:
    return Raw(np.concatenate(parts), RATE_HZ, tuple(events))


def word(sample: int, position: int) -> Event:
    return Event(sample, None, position)


def test_sounds_follow_each_other() -> None:
    """Each sound ends where the next begins, the last one with the sound itself; stress marks become numbers."""
    found = phones(raw([word(0, 0), Event(0, "n"), Event(2000, "ˈoʊ")], loud(6000)), spoken_text("no", LATIN))
    assert [(p.ipa, p.start, p.end, p.stress) for p in found] == [("n", 0, 2000, 2), ("oʊ", 2000, 6000, 2)]


def test_a_stop_begins_with_its_closure() -> None:
    """espeak's event for p is the burst; the lips are closed in the silence before."""
    events = [word(0, 0), Event(0, "ˈʌ"), Event(6000, "p")]
    found = phones(raw(events, loud(4000), quiet(2000), loud(1000)), spoken_text("up", LATIN))
    assert found[1].ipa == "p"
    assert found[1].start == pytest.approx(4000, abs=120)
    assert found[0].end == found[1].start


def test_nameless_events_are_pauses_only_in_silence() -> None:
    """A link between vowels belongs to the vowel before; silence is a pause; two pauses are one."""
    events = [word(0, 0), Event(0, "a"), Event(2000, ""), Event(4000, ""), Event(5000, ""), Event(6000, "b")]
    found = phones(raw(events, loud(4000), quiet(2000), loud(2000)), spoken_text("ab", LATIN))
    assert [(p.ipa, p.start, p.end) for p in found] == [("a", 0, 4000), ("", 4000, 6000), ("b", 6000, 8000)]


def test_sounds_without_duration_are_dropped() -> None:
    """espeak merges some sounds into their neighbour and gives them no time."""
    found = phones(raw([Event(0, "a"), Event(3000, "l"), Event(3000, "m")], loud(6000)), spoken_text("alm", LATIN))
    assert [p.ipa for p in found] == ["a", "m"]


def test_a_syllable_shares_its_stress() -> None:
    """Consonants before a vowel and at the end of the word have that vowel's stress."""
    sounds = ["k", "ə", "n", "t", "ˈɛ", "n", "t"]
    events = [word(0, 0), *(Event(1000 * at, ipa) for at, ipa in enumerate(sounds))]
    found = phones(raw(events, loud(7000)), spoken_text("content", LATIN))
    assert [p.stress for p in found] == [0, 0, 2, 2, 2, 2, 2]


def test_words_last_until_their_last_sound() -> None:
    """The pause behind a word does not belong to it."""
    events = [word(0, 0), Event(0, "a"), Event(3000, ""), word(5000, 3), Event(5000, "b")]
    source = raw(events, loud(3000), quiet(2000), loud(1000))
    text = spoken_text("a, b", LATIN)
    found = words(source, text, phones(source, text))
    assert [(w.word.clause_start, w.start, w.end) for w in found] == [(0, 0, 3000), (3, 5000, 6000)]


def test_a_number_of_many_words_is_one() -> None:
    """espeak's three events inside "3.5" are one word of the text."""
    events = [
        word(0, 0),
        Event(0, "θ"),
        word(1000, 1),
        Event(1000, "p"),
        word(2000, 1),
        Event(2000, "f"),
        word(3000, 4),
    ]
    source = raw([*events, Event(3000, "k")], loud(4000))
    text = spoken_text("3.5 km", LATIN)
    found = words(source, text, phones(source, text))
    assert [(w.start, w.end) for w in found] == [(0, 3000), (3000, 4000)]


def test_words_spoken_as_one_share_the_time() -> None:
    """ "of the" is one word for espeak; both words get their part, by their length."""
    source = raw([word(0, 0), Event(0, "ʌ"), Event(500, "v"), Event(2500, "ə")], loud(5000))
    text = spoken_text("of the", LATIN)
    found = words(source, text, phones(source, text))
    assert [(w.start, w.end) for w in found] == [(0, 2000), (2000, 5000)]


def test_the_first_words_may_have_no_event() -> None:
    """Words before the first event share the first span."""
    source = raw([word(0, 2), Event(0, "b")], loud(2000))
    text = spoken_text("a b", LATIN)
    found = words(source, text, phones(source, text))
    assert [(w.start, w.end) for w in found] == [(0, 1000), (1000, 2000)]


def test_no_sound_no_words() -> None:
    """Without a spoken sound there is no time to give."""
    source = raw([word(0, 0)], quiet(100))
    assert words(source, spoken_text("a", LATIN), []) == []


@pytest.mark.parametrize(
    ("raw_ipa", "ipa"),
    [
        ("ˈoʊ", "oʊ"),
        ("ts.h", "ʈʂʰ"),
        ("i.", "ɨ"),
        ("kh", "kʰ"),
        ("h", "h"),
        ("(en)", ""),
        ("r#", "r"),
        ("a-", "a"),
        ("", ""),
    ],
)
def test_only_ipa_is_left(raw_ipa: str, ipa: str) -> None:
    """Stress marks, language changes and espeak's own letters do not get out."""
    assert clean_ipa(raw_ipa) == ipa
