"""What is known of the media clock."""

from __future__ import annotations

import math

import pytest

from tests.face.scripts import phonemes, silence, speech
from tth.face.timeline import Timeline
from tth.model.media import FrameKind, SilenceSpan, SpeechSpan

pytestmark = pytest.mark.unit

SPEECH = speech(phonemes("a:200 m:80"), loudness=100)


def timeline(*spans: SpeechSpan | SilenceSpan) -> Timeline:
    made = Timeline()
    for span in spans:
        made.add(span)
    return made


def test_silence_is_no_open_speech() -> None:
    """Up to its last sample, and nothing behind it is foreseen."""
    made = timeline(silence(0, 40, FrameKind.THINKING))
    assert made.end_sample == 960
    assert not made.is_speech_open
    assert made.kind_at(959) is FrameKind.THINKING
    assert made.visible_to_sample(500) == 500


def test_speech_stays_open_until_silence_follows() -> None:
    """More of it may come, and may be foreseen."""
    made = timeline(SPEECH)
    assert made.is_speech_open
    assert made.visible_to_sample(0) == math.inf
    over = timeline(SPEECH, silence(SPEECH.end_sample, 40))
    assert not over.is_speech_open
    assert over.visible_to_sample(0) == SPEECH.end_sample


def test_a_hole_is_idle_silence() -> None:
    """The next span may start later than the last one ended."""
    made = timeline(silence(0, 40, FrameKind.LISTENING), silence(2400, 40, FrameKind.THINKING))
    assert [made.kind_at(at) for at in (0, 1000, 2400)] == [FrameKind.LISTENING, FrameKind.IDLE, FrameKind.THINKING]


def test_a_pause_that_calls_itself_speaking_is_silence() -> None:
    """Nobody knows what follows it."""
    made = timeline(silence(0, 40, FrameKind.SPEAKING))
    assert made.kind_at(0) is FrameKind.IDLE
    assert not made.is_speech_open


def test_spans_must_not_go_back() -> None:
    """Without a cut that is a mistake of the caller."""
    made = timeline(silence(0, 40))
    with pytest.raises(ValueError, match="starts at 900"):
        made.add(silence(900, 40))


def test_a_cut_forgets_what_comes_after() -> None:
    """The clock goes on from there, also in the middle of speech."""
    made = timeline(silence(0, 40), speech(phonemes("a:200", 960)), silence(5760, 40))
    made.cut(2000)
    assert made.end_sample == 2000
    made.add(silence(2000, 40, FrameKind.LISTENING))
    assert made.speech_ends(0, 3000) == [2000]
    made.cut(0)
    assert made.end_sample == 0


def test_ends_of_speech_are_known_when_silence_follows() -> None:
    """Not before, since more speech may come."""
    made = timeline(SPEECH)
    assert made.speech_ends(0, SPEECH.end_sample) == []
    made.add(silence(SPEECH.end_sample, 40))
    assert made.speech_ends(0, SPEECH.end_sample) == [SPEECH.end_sample]
    assert made.speech_ends(SPEECH.end_sample, SPEECH.end_sample + 1) == []


def test_forgetting_keeps_the_end() -> None:
    """Even if all of it is old."""
    made = timeline(SPEECH, silence(SPEECH.end_sample, 40))
    made.forget(10**9)
    assert made.end_sample == SPEECH.end_sample + 960
    assert made.stretch_at(0) is None
