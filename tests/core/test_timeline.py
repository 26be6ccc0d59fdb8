"""Placing speech on the media clock."""

from __future__ import annotations

from dataclasses import replace

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


def voiced(total: int) -> SpeechChunk:
    """Sound whose samples count from 1; words of 100 samples each, each a phoneme too."""
    starts = range(0, total, 100)
    return SpeechChunk(
        np.arange(1, total + 1, dtype=np.int16),
        tuple(PhonemeTiming("a", start, 100) for start in starts),
        tuple(WordTiming("w", start // 100, start, 100) for start in starts),
    )


def test_speech_is_counted_without_its_holes() -> None:
    """How much lies before a sample of the media clock, and where the next of it begins."""
    timeline = Timeline(1000)
    timeline.begin_clause()
    timeline.place(chunk(500), 0, 1)
    timeline.place_silence(300, FrameKind.THINKING)
    timeline.place(chunk(200), 0, 1)
    assert [timeline.speech_before(at) for at in (0, 1000, 1250, 1500, 1700, 1900, 9999)] == [
        0,
        0,
        250,
        500,
        500,
        600,
        700,
    ]
    assert [timeline.next_speech(at) for at in (0, 1200, 1500, 1999, 2000)] == [1000, 1200, 1800, 1999, None]
    assert (timeline.speech_samples, timeline.speech_end_sample) == (700, 2000)


def test_what_was_not_heard_is_placed_again() -> None:
    """From the sample on at which it was held, with its timings; the word of which more is to come, with its rest."""
    timeline = Timeline(1000)
    timeline.begin_clause()
    timeline.place(voiced(400), 0, 1)
    timeline.place(SpeechChunk(np.arange(401, 601, dtype=np.int16)), 0, 1)
    timeline.rewind(1230, 5000, heard_code_points=2)
    assert (timeline.end_sample, timeline.speech_samples) == (5000, 230)
    timeline.place_silence(50, FrameKind.LISTENING)
    first, second = timeline.place_again(), timeline.place_again()
    assert not timeline.has_taken_back
    assert (first.start_sample, second.start_sample, second.end_sample) == (5050, 5220, 5420)
    assert first.pcm.tolist() == list(range(231, 401))
    assert [(w.offset, w.start_sample, w.sample_count) for w in first.words] == [(2, 5050, 70), (3, 5120, 100)]
    assert [(p.start_sample, p.sample_count) for p in first.phonemes] == [(5050, 70), (5120, 100)]
    assert timeline.speech_before(5050) == 230
    assert timeline.speech_samples == 600


def test_a_word_that_counts_as_heard_is_not_told_again() -> None:
    """Its sound comes again all the same, and the mouth moves to it."""
    timeline = Timeline(0)
    timeline.begin_clause()
    timeline.place(voiced(300), 0, 1)
    timeline.rewind(170, 1000, heard_code_points=2)
    again = timeline.place_again()
    assert [w.offset for w in again.words] == [2]
    assert [(p.start_sample, p.sample_count) for p in again.phonemes] == [(1000, 30), (1030, 100)]


def test_a_word_that_was_made_in_part_is_told_again_with_what_is_made_later() -> None:
    """Held where the sound that there was ends: the rest of the word comes with the next chunk, however late."""
    timeline = Timeline(0)
    timeline.begin_clause()
    whole = voiced(300)
    timeline.place(replace(whole, pcm=whole.pcm[:230]), 0, 1)
    timeline.rewind(230, 1000, heard_code_points=2)
    assert not timeline.has_taken_back
    timeline.rewind(1000, 2000, heard_code_points=2)
    timeline.place_silence(500, FrameKind.LISTENING)
    rest = timeline.place(SpeechChunk(whole.pcm[230:]), 0, 1)
    assert [(w.offset, w.start_sample, w.sample_count) for w in rest.words] == [(2, 2500, 70)]
    assert [(p.start_sample, p.sample_count) for p in rest.phonemes] == [(2500, 70)]
    assert timeline.place(chunk(10), 0, 1).words == ()


def test_the_rest_of_a_word_that_never_comes_is_not_told() -> None:
    """The voice ended its clause in the middle of it."""
    timeline = Timeline(0)
    timeline.begin_clause()
    whole = voiced(300)
    timeline.place(replace(whole, pcm=whole.pcm[:230]), 0, 1)
    timeline.rewind(230, 1000, heard_code_points=2)
    timeline.begin_clause()
    assert timeline.place(chunk(100), 9, 1).words == ()


def test_memory_of_what_was_placed_is_bounded() -> None:
    """What was forgotten cannot be taken back: the floor rises."""
    timeline = Timeline(0)
    timeline.begin_clause()
    for _ in range(10):
        timeline.place(chunk(100), 0, 1)
    timeline.forget(450)
    assert timeline.floor_sample == 400
    timeline.rewind(400, 2000, 0)
    assert timeline.floor_sample == 2000
    samples = 0
    while timeline.has_taken_back:
        samples += len(timeline.place_again().pcm)
    assert samples == 600


@given(
    st.lists(st.tuples(st.integers(1, 400), st.integers(0, 50), st.integers(0, 500), st.integers(0, 99)), min_size=1)
)
def test_any_number_of_pauses_loses_nothing(steps: list[tuple[int, int, int, int]]) -> None:
    """Whatever is placed and taken back when, each sample of the voice is heard once, in order."""
    timeline = Timeline(0)
    timeline.begin_clause()
    said, heard = 0, dict[int, int]()
    for count, hole, back, silence in steps:
        pieces = []
        while timeline.has_taken_back:
            pieces.append(timeline.place_again())
        pieces.append(timeline.place(SpeechChunk((np.arange(said, said + count) % 30_000).astype(np.int16)), 0, 1))
        said += count
        for piece in pieces:
            heard |= {piece.start_sample + n: int(value) for n, value in enumerate(piece.pcm)}
        timeline.place_silence(hole, FrameKind.THINKING)
        at = max(timeline.floor_sample, timeline.end_sample - back)
        heard = {sample: value for sample, value in heard.items() if sample < at}
        assert timeline.speech_before(at) == len(heard)
        timeline.rewind(at, timeline.end_sample + 7, 0)
        timeline.place_silence(silence, FrameKind.LISTENING)
    while timeline.has_taken_back:
        piece = timeline.place_again()
        heard |= {piece.start_sample + n: int(value) for n, value in enumerate(piece.pcm)}
    assert [value for _, value in sorted(heard.items())] == [n % 30_000 for n in range(said)]
    assert timeline.speech_samples == said
    whens = [timeline.when_spoken(count) for count in range(0, said + 1, 17)]
    assert [timeline.speech_before(when) for when in whens] == list(range(0, said + 1, 17))
    assert timeline.when_spoken(said + 5) == timeline.speech_end_sample + 5
