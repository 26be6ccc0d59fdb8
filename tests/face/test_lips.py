"""Phonemes where they say it, sound where they do not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.face.scripts import FRAME, hum, moved, phonemes, silence, speech, utterances
from tth.face.lips import Lips
from tth.face.visemes import LOOKAHEAD_SAMPLES, MOUTH_SHAPES, MouthTrack, aperture, mouth_rules
from tth.model.media import PhonemeTiming, SpeechSpan, ms_to_samples

pytestmark = pytest.mark.unit

WORDS = phonemes("t:80 a:160:2 m:80 u:200 p:70 a:160 n:80 i:200")
END = WORDS[-1].start_sample + WORDS[-1].sample_count
MS = ms_to_samples(1)


def lips(*spans: SpeechSpan) -> Lips:
    made = Lips()
    for span in spans:
        made.add(span)
    return made


def spoken(timings: tuple[PhonemeTiming, ...], ms: int) -> SpeechSpan:
    """A voice hums for so long and brings these phonemes at once."""
    return SpeechSpan(0, hum(ms), timings)


def test_where_phonemes_tell_the_sound_is_not_listened_to() -> None:
    """Exactly the mouth of the phonemes."""
    made, track = lips(spoken(WORDS, 1030)), MouthTrack()
    track.add(WORDS)
    for at in range(0, END, FRAME):
        assert made.mouth_at(at, True, 1e9) == track.mouth_at(at)


def test_without_phonemes_a_moment_waits_for_60_ms_of_sound() -> None:
    """And not for phonemes that could still come."""
    assert lips(spoken((), 400)).final_to_sample(400 * MS) == 340 * MS


def test_near_phonemes_a_moment_waits_for_those_of_the_next_100_ms() -> None:
    """Whether they are known already or would have to come; then for the sound alone."""
    timings = phonemes("a:400")
    assert lips(spoken(timings, 400)).final_to_sample(400 * MS) == 300 * MS
    assert lips(spoken(timings, 460)).final_to_sample(460 * MS) == 360 * MS
    assert lips(spoken(timings, 600)).final_to_sample(600 * MS) == 540 * MS


def test_phonemes_that_are_known_ahead_make_moments_final() -> None:
    """As far as there is sound, the mouth need not wait."""
    assert lips(spoken(WORDS, 200)).final_to_sample(200 * MS) >= 200 * MS


def test_a_hole_in_known_phonemes_waits_for_its_sound() -> None:
    """What they do not tell must be heard."""
    holed = (*phonemes("a:200"), *phonemes("a:200", 600 * MS))
    final = lips(spoken(holed, 400)).final_to_sample(400 * MS)
    assert 245 * MS <= final <= 340 * MS


def test_phonemes_that_come_late_are_used_from_then_on() -> None:
    """A voice is not taken for one without phonemes because its first chunk had none."""
    made, track = lips(spoken((), 200)), MouthTrack()
    made.mouth_at(100 * MS, True, 1e9)
    late = moved(phonemes("m:80 a:160:2 m:80 u:200"), 200 * MS)
    made.add(SpeechSpan(200 * MS, hum(600), late))
    track.add(late)
    for at in range(240 * MS, 700 * MS, FRAME):
        assert made.mouth_at(at, True, 1e9) == track.mouth_at(at)


def test_at_the_borders_one_fades_into_the_other() -> None:
    """From phonemes to sound and back no shape of the wanted mouth jumps faster than a mouth may move."""
    told = (*phonemes("a:300"), *phonemes("o:300", 700 * MS))
    made = lips(spoken(told, 1300))
    limits = mouth_rules().speed_limit_per_s
    before = made.mouth_at(100 * MS, True, 1e9).shapes
    for at in range(101 * MS, 1200 * MS, MS):
        shapes = made.mouth_at(at, True, 1e9).shapes
        for old, new, limit, name in zip(before, shapes, limits, MOUTH_SHAPES, strict=True):
            assert abs(new - old) <= 4 * limit / 1000, (at / MS, name)
        before = shapes


def test_in_silence_sound_does_not_count() -> None:
    """Only phonemes that fade out do."""
    made = lips(spoken((), 400))
    assert aperture(made.mouth_at(200 * MS, False, 1e9).shapes) == 0


def test_a_cut_takes_both_away() -> None:
    """Phonemes and sound."""
    made = lips(spoken(WORDS, 1030))
    made.cut(300 * MS)
    made.add(silence(300 * MS, 100))
    assert aperture(made.mouth_at(450 * MS, True, 1e9).shapes) == 0


@settings(max_examples=30)
@given(utterances(), st.integers(0, 400), st.data())
def test_what_is_final_stays(timings: tuple[PhonemeTiming, ...], from_ms: int, data: st.DataObject) -> None:
    """Phonemes that begin anywhere in the speech, known from the start of their own sound: whatever comes later, a
    mouth that was final is the same in the end."""
    timings = moved(timings, from_ms * MS)
    whole = replace(speech(moved(timings, -from_ms * MS)), start_sample=0)
    pcm = hum(from_ms + 300 + len(whole.pcm) // MS)
    known = data.draw(st.integers(1, len(pcm)))
    part, all_known = Lips(), Lips()
    part.add(SpeechSpan(0, pcm[:known], tuple(p for p in timings if p.start_sample < known)))
    all_known.add(SpeechSpan(0, pcm, timings))
    final = int(min(part.final_to_sample(known), known))
    for at in range(max(0, final - 5 * FRAME), final, FRAME // 3):
        assert part.mouth_at(at, True, 1e9) == all_known.mouth_at(at, True, 1e9)


def test_the_look_ahead_shrinks_gradually_behind_the_last_phoneme() -> None:
    """A phoneme that comes 61 ms behind a moment is foreseen right behind another one, and not far from any."""
    near = (*phonemes("t:100"), *phonemes("u:200", 160 * MS))
    far = phonemes("u:200", 160 * MS)
    pucker = [MouthTrack(), MouthTrack()]
    for track, timings in zip(pucker, (near, far), strict=True):
        track.add(timings)
    assert pucker[0].mouth_at(99 * MS).shapes[2] > 0
    assert pucker[1].mouth_at(99 * MS).shapes[2] == 0
    assert LOOKAHEAD_SAMPLES == 100 * MS
