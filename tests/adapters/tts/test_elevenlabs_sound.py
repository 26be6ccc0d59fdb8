"""Sound with the times of its words."""

from __future__ import annotations

import numpy as np
import pytest

from tests.adapters.tts.test_elevenlabs_alignment import timed
from tth.adapters.tts.elevenlabs_alignment import TimedCharacter
from tth.adapters.tts.elevenlabs_sound import ClauseSound
from tth.adapters.tts.elevenlabs_wire import Incoming
from tth.model.media import SpeechChunk, ms_to_samples

pytestmark = pytest.mark.unit


def item(ms: float, characters: tuple[TimedCharacter, ...] = ()) -> Incoming:
    return Incoming("c1", np.ones(ms_to_samples(ms), np.int16).tobytes(), characters)


def told(chunks: list[SpeechChunk]) -> list[tuple[str, int]]:
    return [(word.word, word.start_sample) for chunk in chunks for word in chunk.words]


def samples(chunks: list[SpeechChunk]) -> int:
    return sum(len(chunk.pcm) for chunk in chunks)


def test_words_come_ahead_of_their_sound() -> None:
    """Those of a stretch with its first sound."""
    sound = ClauseSound("one two", is_absolute=False)
    assert told(sound.take(item(100, timed("one two")))) == [("one", 0), ("two", ms_to_samples(200))]
    assert samples(sound.take(item(250))) == ms_to_samples(250)
    assert sound.finish() == []


def test_half_a_word_holds_back_its_sound() -> None:
    """So that it leaves with its time, and nothing is told of what has left."""
    sound = ClauseSound("one two", is_absolute=False)
    first = sound.take(item(250, timed("one t")))
    assert samples(first) == ms_to_samples(200)
    assert told(first) == [("one", 0)]
    second = sound.take(item(100, timed("wo")))
    assert samples(second) == ms_to_samples(150)
    assert told(second) == [("two", ms_to_samples(200))]


def test_not_for_ever() -> None:
    """A word whose rest never comes lets the sound go after half a second."""
    sound = ClauseSound("one", is_absolute=False)
    assert sound.take(item(400, timed("on"))) == []
    released = sound.take(item(200))
    assert samples(released) == ms_to_samples(600)
    assert samples(sound.take(item(100))) == ms_to_samples(100)


def test_a_word_that_is_late_begins_where_the_sound_is() -> None:
    """Never behind."""
    sound = ClauseSound("one two", is_absolute=False)
    sound.take(item(600))
    late = sound.take(item(100, (TimedCharacter("o", -500, -400), *timed("ne", -400))))
    assert told(late) == [("one", ms_to_samples(600))]


def test_times_over_http_count_from_the_start() -> None:
    """Also those of a later line that begins with the first character."""
    sound = ClauseSound("one two", is_absolute=True)
    sound.take(item(100))
    assert told(sound.take(item(100, timed("one two", 150)))) == [
        ("one", ms_to_samples(150)),
        ("two", ms_to_samples(350)),
    ]


def test_long_sound_is_cut() -> None:
    """In chunks of 100 ms, none empty."""
    sound = ClauseSound("one", is_absolute=False)
    chunks = sound.take(item(1050))
    assert [len(chunk.pcm) for chunk in chunks] == [2400] * 10 + [1200]
    assert sound.sample_count == ms_to_samples(1050)
