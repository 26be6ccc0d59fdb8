"""One face over a conversation: everything joined."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.face import scripts
from tests.face.scripts import (
    FRAME,
    Script,
    fastest,
    gap,
    mouth_of,
    moved,
    phonemes,
    play,
    silence,
    speech,
    split,
    vector,
)
from tth.face.limits import speed_limit_per_s
from tth.face.parameters import FaceState, gaze_of
from tth.face.performer import MEMORY_SAMPLES, Performer
from tth.model.controls import Controls, EmotionLabel
from tth.model.media import SAMPLE_RATE_HZ, FrameKind, PhonemeTiming, ms_to_samples

pytestmark = pytest.mark.unit

SENTENCE = "p:70 ɛ:120:2 p:60 ə:80 _:200 m:80 uː:200:2 v:90 ð:60 ə:70 b:60 ɔ:180:2 ks:110 _:200 f:90 aɪ:220:2 v:100"
HAPPY = Controls(emotion_label=EmotionLabel.HAPPY, emotion_intensity=1.0, expressivity=1.0)


def performed(text: str = SENTENCE, seed: int = 1, controls: Controls | None = None) -> list[tuple[int, FaceState]]:
    """A sentence between two silences at 25 fps."""
    performer = Performer(seed)
    performer.change(controls or Controls(), 0, 0)
    performer.feed(silence(0, 480))
    span = speech(phonemes(text, 11520))
    performer.feed(span)
    performer.feed(silence(span.end_sample, 1000))
    return play(performer, performer.end_sample)


@given(scripts.utterances(), st.integers(1, FRAME), scripts.controls)
def test_lips_touch_on_every_bilabial(timings: tuple[PhonemeTiming, ...], phase: int, controls: Controls) -> None:
    """On at least one 25 fps frame, whatever the emotion, the neighbours and the phase of the frames."""
    performer = Performer(1)
    performer.change(controls, 0, 0)
    performer.feed(silence(0, 200))
    span = speech(moved(timings, 4800))
    performer.feed(span)
    performer.feed(silence(span.end_sample, 200))
    faces = play(performer, performer.end_sample, phase)
    for timing in span.phonemes:
        if timing.ipa in ("p", "b", "m"):
            around = [gap(f) for s, f in faces if -FRAME <= s - timing.start_sample < timing.sample_count + FRAME]
            assert min(around) < 0.02, timing


items = st.one_of(
    st.tuples(st.just("speech"), scripts.utterances(), st.booleans()),
    st.tuples(st.just("silence"), st.integers(10, 1500), st.sampled_from(FrameKind)),
    st.tuples(st.just("change"), scripts.controls, st.integers(0, 1000)),
    st.tuples(st.just("cut"), st.floats(0.5, 1), st.none()),
)


@given(st.lists(items, max_size=12), st.sampled_from([400, 800, 960, 1001, 3429]), st.integers(0, 99))
def test_nothing_jumps(steps: list[tuple[str, object, object]], step: int, seed: int) -> None:
    """Any script of speech, silence, changes and cuts: every number is legal and no speed limit is broken."""
    script = Script(Performer(seed))
    for what, first, second in steps:
        match what, first, second:
            case "speech", tuple(timings), bool(has_phonemes):
                span = speech(moved(timings, script.at_sample), loudness=12000)
                script.performer.feed(span if has_phonemes else replace(span, phonemes=()))
                script.at_sample = span.end_sample
            case "silence", int(ms), FrameKind() as kind:
                script.performer.feed(silence(script.at_sample, ms, kind))
                script.at_sample += ms_to_samples(ms)
            case "change", Controls() as controls, int(ramp_ms):
                script.performer.change(controls, script.at_sample, ramp_ms)
            case "cut", float(part), _:
                script.cut(int(part * script.computed_to))
        script.compute(script.at_sample, step)
    assert fastest(script.faces) <= 1 + 1e-4
    for _, face in script.faces:
        numbers = vector(face)
        assert np.isfinite(numbers).all()
        assert (numbers[:52] >= 0).all()
        assert (numbers[:52] <= 1).all()
        assert 0 <= face.breath <= 1


@given(st.lists(st.integers(11521, 11520 + 50_000), max_size=12), st.booleans())
def test_the_cut_into_spans_does_not_matter(edges: list[int], has_phonemes: bool) -> None:
    """The same speech in any pieces gives exactly the same faces, computed as soon as they are answerable."""
    span = speech(phonemes(SENTENCE, 11520), loudness=9000)
    if not has_phonemes:
        span = replace(span, phonemes=())
    whole, pieces = Script(Performer(4)), Script(Performer(4))
    for script, spans in ((whole, [span]), (pieces, split(span, edges))):
        script.performer.feed(silence(0, 480))
        for piece in spans:
            script.performer.feed(piece)
            script.compute(piece.end_sample, FRAME)
        script.performer.feed(silence(span.end_sample, 600))
        script.compute(script.performer.end_sample, FRAME)
    assert [s for s, _ in whole.faces] == [s for s, _ in pieces.faces]
    assert all(np.array_equal(vector(a), vector(b)) for (_, a), (_, b) in zip(whole.faces, pieces.faces, strict=True))


def test_the_same_seed_gives_the_same_faces() -> None:
    """And another seed another person."""
    one, two, other = performed(seed=5), performed(seed=5), performed(seed=6)
    assert all(np.array_equal(vector(a), vector(b)) for (_, a), (_, b) in zip(one, two, strict=True))
    assert any(not np.array_equal(vector(a), vector(b)) for (_, a), (_, b) in zip(one, other, strict=True))


def test_the_mouth_opens_with_the_speech() -> None:
    """Shut in silence, open in vowels."""
    faces = performed("t:60 a:300:2 t:60")
    opened = {sample for sample, face in faces if gap(face) > 0.15}
    vowel = set(range(11520 + 1440, 11520 + 8640))
    assert opened
    assert opened <= vowel | set(range(11520, 11520 + 11000))
    assert len([s for s in opened if s in vowel]) >= 5
    assert all(gap(face) < 0.02 for sample, face in faces if sample < 11520 or sample > 11520 + 10080 + 3600)


def test_motion_gain_0_stills_head_and_body() -> None:
    """Exactly; the eyes still blink and the mouth still speaks."""
    faces = performed(SENTENCE + " _:6000", controls=replace(HAPPY, motion_gain=0.0))
    assert all(face.yaw_deg == face.pitch_deg == face.roll_deg == face.breath == 0 for _, face in faces)
    assert all(gaze_of(face.weights) == (0, 0) for _, face in faces)
    assert max(face.weight("eyeBlinkLeft") for _, face in faces) > 0.95
    assert max(gap(face) for _, face in faces) > 0.2


def test_motion_gain_scales_the_head() -> None:
    """Twice the gain, twice the angle, once it is reached."""
    once, twice = (performed(controls=Controls(motion_gain=gain)) for gain in (1.0, 2.0))
    assert twice[5][1].yaw_deg == pytest.approx(2 * once[5][1].yaw_deg, rel=1e-3)


def test_eyes_stay_on_the_viewer_while_the_head_moves() -> None:
    """For most of the time head and eyes together look within 4 degrees of the camera."""
    performer = Performer(8)
    performer.feed(silence(0, 60_000, FrameKind.LISTENING))
    faces = [face for _, face in play(performer, performer.end_sample)]
    looks = [np.add(gaze_of(face.weights), (face.yaw_deg, face.pitch_deg)) for face in faces]
    assert np.mean([np.hypot(*look) < 4 for look in looks]) > 0.8
    assert np.std([face.yaw_deg for face in faces]) > 0.3


def test_listening_and_thinking_look_different() -> None:
    """The listener tilts the head, the thinker turns away, squints and looks aside."""
    poses = {}
    for kind in (FrameKind.IDLE, FrameKind.LISTENING, FrameKind.THINKING):
        performer = Performer(3)
        performer.feed(silence(0, 20_000, kind))
        faces = [face for _, face in play(performer, performer.end_sample)]
        poses[kind] = np.mean([[abs(f.roll_deg), abs(f.yaw_deg), f.weight("eyeSquintLeft")] for f in faces], axis=0)
    assert poses[FrameKind.LISTENING][0] > poses[FrameKind.IDLE][0] + 1.5
    assert poses[FrameKind.THINKING][1] > poses[FrameKind.IDLE][1] + 2
    assert poses[FrameKind.THINKING][2] > poses[FrameKind.IDLE][2] + 0.05


def test_a_change_in_a_word_ramps() -> None:
    """Half the smile at half the ramp, all of it at its end; the mouth goes on speaking."""
    performer = Performer(1)
    span = speech(phonemes("ɛ:2000"))
    performer.feed(span)
    performer.feed(silence(span.end_sample, 200))
    performer.change(HAPPY, 24000, 400)
    smiles = {s // 240: f.weight("mouthSmileLeft") for s, f in play(performer, span.end_sample)}
    assert smiles[100] < 0.2
    assert 0.3 < smiles[120] < 0.7
    assert smiles[144] > 0.7


def test_the_first_controls_hold_at_once() -> None:
    """A conversation that begins happy begins with a smile."""
    assert performed(controls=HAPPY)[0][1].weight("mouthSmileLeft") > 0.9


def cut_in_a_vowel(computed_ahead_ms: int) -> list[tuple[int, FaceState]]:
    """Speech that is interrupted 480 ms in, when faces had been computed this far ahead; the faces from then on."""
    performer = Performer(2)
    span = speech(phonemes("t:80 a:1500:2 m:80 u:800"))
    performer.feed(span)
    cut = ms_to_samples(480)
    play(performer, cut + ms_to_samples(computed_ahead_ms))
    performer.cut(cut)
    performer.feed(silence(cut, 1000, FrameKind.LISTENING))
    return [(cut - FRAME, FaceState()), *play(performer, cut + 24000, cut)]


def test_after_a_cut_the_face_goes_on_from_what_was_shown() -> None:
    """Faces that were computed ahead but never shown leave no trace."""
    plain, ahead = cut_in_a_vowel(0), cut_in_a_vowel(1200)
    assert all(np.array_equal(vector(a), vector(b)) for (_, a), (_, b) in zip(plain, ahead, strict=True))


def test_a_cut_may_reach_back_as_far_as_the_memory() -> None:
    """Even then the face goes on exactly as if nothing had been computed ahead."""
    cut = 12 * SAMPLE_RATE_HZ
    runs = []
    for ahead in (0, MEMORY_SAMPLES - FRAME):
        performer = Performer(3)
        performer.feed(silence(0, 4000, FrameKind.THINKING))
        performer.feed(speech(phonemes(" ".join([SENTENCE] * 10), performer.end_sample)))
        play(performer, cut + ahead)
        performer.cut(cut)
        performer.feed(silence(cut, 3000, FrameKind.LISTENING))
        runs.append(play(performer, performer.end_sample, cut))
    assert all(np.array_equal(vector(a), vector(b)) for (_, a), (_, b) in zip(*runs, strict=True))


def test_after_a_cut_the_mouth_closes_naturally() -> None:
    """From wherever it was, not in one frame, but within 120 ms."""
    gaps = [gap(face) for _, face in cut_in_a_vowel(600)[1:]]
    assert gaps[0] > 0.15
    assert gaps[3] < 0.02
    assert all(later <= sooner + 1e-6 for sooner, later in pairwise(gaps))


def test_a_cut_takes_back_changes() -> None:
    """What was to change after it does not."""
    performer = Performer(1)
    performer.feed(silence(0, 1000))
    performer.change(HAPPY, 12000, 0)
    performer.cut(12000)
    performer.feed(silence(12000, 1000))
    assert play(performer, 36000)[-1][1].weight("mouthSmileLeft") < 0.2


def test_faces_are_asked_for_in_order() -> None:
    """Twice the same moment, or an earlier one, is a mistake of the caller."""
    performer = Performer(1)
    performer.feed(silence(0, 1000))
    performer.face_at(960)
    with pytest.raises(ValueError, match="960"):
        performer.face_at(960)


def test_a_frame_of_an_hour_ago_is_forgotten() -> None:
    """The memory of a conversation does not grow; after a long hole the face goes on."""
    performer = Performer(1)
    hour = 3600 * SAMPLE_RATE_HZ
    performer.feed(silence(0, 40))
    performer.face_at(0)
    performer.feed(silence(hour, 60_000))
    play(performer, hour + 2 * MEMORY_SAMPLES, hour, 9600)
    performer.cut(hour + 2 * MEMORY_SAMPLES - SAMPLE_RATE_HZ)
    face, viseme = performer.face_at(hour + 2 * MEMORY_SAMPLES)
    assert np.isfinite(vector(face)).all()
    assert viseme == "sil"


def test_rounding_is_seen_before_the_vowel_is_heard() -> None:
    """Also in the whole face: on the frame before an u begins the lips are on their way."""
    faces = dict(performed("a:200 s:160 u:240"))
    onset = 11520 + ms_to_samples(360)
    before = [face for sample, face in faces.items() if onset - FRAME <= sample < onset]
    assert mouth_of(before[0])[2] > 0.2


def test_what_nobody_has_seen_leaves_no_trace() -> None:
    """A pause: 400 ms of speech were shown that the client threw away. The face goes on from the last one that was
    seen, as gently as if the time between had not been."""
    spoken = phonemes("t:80 a:1500:2 m:80 u:800")
    seen, at = ms_to_samples(1300), ms_to_samples(1700)
    performer = Performer(2)
    performer.feed(speech(spoken))
    before = play(performer, at + ms_to_samples(200))
    performer.cut(at, unseen_from=seen)
    performer.feed(silence(at, 1000, FrameKind.LISTENING))
    after = play(performer, at + 24000, at)
    last_seen = [face for sample, face in before if sample < seen][-1]
    step = np.abs(vector(after[0][1]) - vector(last_seen))
    assert (step <= speed_limit_per_s() * 1.5 * FRAME / SAMPLE_RATE_HZ + 1e-6).all()
    gaps = [gap(last_seen), *(gap(face) for _, face in after)]
    assert gaps[0] > 0.15
    assert gaps[4] < 0.02
