"""Placing speech on the media clock."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tth.core.timeline import Timeline
from tth.model.media import FrameKind, PhonemeTiming, SpeechChunk, WordTiming

pytestmark = pytest.mark.unit


def chunk(count: int, *starts: int) -> SpeechChunk:
    """Sound with a word and a phoneme at each start, in clause time."""
    return SpeechChunk(
        np.zeros(count, np.int16),
        tuple(PhonemeTiming("a", start, 10) for start in starts),
        tuple(WordTiming("w", 2 * n, start, 10) for n, start in enumerate(starts)),
    )


def test_speech_follows_speech() -> None:
    """Chunks lie end to end from the start of the turn."""
    timeline = Timeline(5000)
    timeline.begin_clause()
    first = timeline.place(chunk(960), 0, 1)
    second = timeline.place(chunk(480), 0, 1)
    assert (first.start_sample, second.start_sample, timeline.end_sample) == (5000, 5960, 6440)


def test_timings_move_to_the_media_clock() -> None:
    """Clause time becomes media time, clause offsets become offsets in the turn's text."""
    timeline = Timeline(5000)
    timeline.begin_clause()
    span = timeline.place(chunk(960, 100), 30, 1)
    assert span.phonemes[0].start_sample == 5100
    assert (span.words[0].start_sample, span.words[0].offset) == (5100, 30)


def test_a_hole_moves_what_comes_after_it() -> None:
    """Timings told ahead go out with the sound they belong to, so silence in mid-clause shifts them too."""
    timeline = Timeline(0)
    timeline.begin_clause()
    first = timeline.place(chunk(960, 100, 1500), 0, 1)
    assert len(first.words) == 1
    timeline.place_silence(2400, FrameKind.THINKING)
    second = timeline.place(chunk(960), 0, 1)
    assert second.start_sample == 3360
    assert second.words[0].start_sample == 1500 + 2400


def test_each_clause_counts_from_zero() -> None:
    """The second clause's times are its own."""
    timeline = Timeline(0)
    timeline.begin_clause()
    timeline.place(chunk(960, 0), 0, 1)
    timeline.begin_clause()
    assert timeline.place(chunk(960, 50), 10, 2).words[0].start_sample == 1010


@given(st.integers(1, 5000), st.lists(st.integers(0, 4999), max_size=8), st.lists(st.integers(1, 900), max_size=9))
def test_any_chunking_gives_the_same_times(total: int, starts: list[int], cuts: list[int]) -> None:
    """However a clause's sound is cut into chunks, its words lie at the same places and none is lost."""
    words = tuple(WordTiming("w", n, min(start, total - 1), 1) for n, start in enumerate(sorted(starts)))
    timeline = Timeline(77)
    timeline.begin_clause()
    placed: list[WordTiming] = []
    left = total
    for number, size in enumerate([*cuts, total]):
        count = min(size, left)
        if count:
            piece = SpeechChunk(np.zeros(count, np.int16), (), words if number == 0 else ())
            placed += timeline.place(piece, 0, 1).words
            left -= count
    assert [w.start_sample for w in placed] == [w.start_sample + 77 for w in words]
