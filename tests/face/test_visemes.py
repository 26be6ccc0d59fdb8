"""The mouth of speech, by measurement."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.face.scripts import FRAME, phonemes, utterances
from tth.face.phonemes import VISEMES
from tth.face.visemes import LOOKAHEAD_SAMPLES, MouthTrack, aperture, mouth_rules
from tth.model.media import PhonemeTiming, ms_to_samples

pytestmark = pytest.mark.unit

JAW, PUCKER, FUNNEL, STRETCH = 0, 2, 3, 4


def track(text: str) -> MouthTrack:
    made = MouthTrack()
    made.add(phonemes(text))
    return made


def at(text: str, ms: float) -> list[float]:
    """The mouth's shapes in the middle of an utterance."""
    return track(text).mouth_at(ms_to_samples(ms)).shapes


@given(utterances(), st.integers(0, FRAME - 1))
def test_lips_touch_on_every_bilabial_at_25_fps(timings: tuple[PhonemeTiming, ...], phase: int) -> None:
    """Wherever the frames fall, each p, b and m has one on which the lips touch."""
    made = MouthTrack()
    made.add(timings)
    for timing in timings:
        if timing.ipa not in ("p", "b", "m"):
            continue
        first = timing.start_sample - FRAME
        first += (phase - first) % FRAME
        frames = range(first, timing.start_sample + timing.sample_count + FRAME, FRAME)
        assert min(aperture(made.mouth_at(sample).shapes) for sample in frames) <= 1e-9


@pytest.mark.parametrize("sound", ["f", "v"])
def test_the_lower_lip_meets_the_teeth(sound: str) -> None:
    """In f and v between open vowels the lower lip is up, the upper lip lifted, the jaw nearly shut."""
    jaw, _, _, _, _, upper, lower, _ = at(f"a:150:2 {sound}:90 a:150:2", 195)
    assert jaw <= mouth_rules().labiodental_jaw_max
    assert lower == 0
    assert upper >= mouth_rules().labiodental_upper_min


@pytest.mark.parametrize("sound", ["s", "z", "ʃ"])
def test_sibilants_nearly_shut_the_jaw(sound: str) -> None:
    """Between open vowels, too."""
    assert at(f"a:150:2 {sound}:110 a:150:2", 205)[JAW] <= mouth_rules().sibilant_jaw_max


def test_opening_follows_the_vowels() -> None:
    """The opener the vowel, the further the jaw: i < e < a; and open vowels open the lips."""
    jaws = [at(f"t:60 {vowel}:160 t:60", 140)[JAW] for vowel in ("i", "e", "ɛ", "a")]
    assert jaws == sorted(jaws)
    assert jaws[-1] > 2 * jaws[0]
    assert aperture(at("p:80 a:160 p:80", 160)) > 0.3


def test_vowels_look_different() -> None:
    """The corner vowels are well apart in rounding, spreading or opening."""
    shapes = [at(f"t:60 {vowel}:160 t:60", 140) for vowel in ("i", "a", "u", "o", "ɛ")]
    for one, other in combinations(shapes, 2):
        assert max(abs(a - b) for a, b in zip(one, other, strict=True)) > 0.1
    assert shapes[0][STRETCH] > 0.2
    assert shapes[2][PUCKER] > 0.5
    assert shapes[3][FUNNEL] > 0.3


def test_rounding_leads_the_vowel() -> None:
    """In "su" the lips are half rounded 30 to 100 ms before the vowel is heard."""
    made = track("a:120 s:120 u:180")
    onset, ms = ms_to_samples(240), ms_to_samples(1)
    peak = made.mouth_at(onset + 80 * ms).shapes[PUCKER]
    half = next(s for s in range(0, onset, ms) if made.mouth_at(s).shapes[PUCKER] > peak / 2)
    assert 30 <= (onset - half) / ms <= 100


def test_coarticulation_shows_the_neighbours() -> None:
    """The same t is rounder before u than before i."""
    assert at("t:80 u:150", 60)[PUCKER] > at("t:80 i:150", 60)[PUCKER] + 0.2


def test_stress_opens_the_jaw() -> None:
    """Primary more than secondary more than none."""
    jaws = [at(f"t:60 a:140:{stress} t:60", 130)[JAW] for stress in (0, 1, 2)]
    assert jaws[0] < jaws[1] < jaws[2]


def test_lips_part_within_a_stop() -> None:
    """A p is open before its burst is over, an aspirated one sooner; an m stays shut to its end."""
    made = {sound: track(f"a:100 {sound}:120 a:150") for sound in ("p", "pʰ", "m")}
    parted = {
        s: next(t for t in range(110, 300) if aperture(m.mouth_at(ms_to_samples(t)).shapes) > 0.02)
        for s, m in made.items()
    }
    assert parted["pʰ"] < parted["p"] < 220 <= parted["m"]


def test_silence_is_a_closed_mouth() -> None:
    """Before, in a long pause, and after."""
    made = track("a:200 _:400 a:200")
    for ms in (-200, 400, 900):
        mouth = made.mouth_at(ms_to_samples(ms))
        assert aperture(mouth.shapes) < 0.02
        assert mouth.viseme == "sil"


@pytest.mark.parametrize(
    ("text", "viseme"),
    [*zip("pvθtkʃsnɹaɛiɔu", VISEMES[1:], strict=True)],
)
def test_every_viseme_is_named(text: str, viseme: str) -> None:
    """In the middle of its sound."""
    mouth = track(f"ə:80 {text}:100 ə:80").mouth_at(ms_to_samples(130))
    assert mouth.viseme == viseme
    assert len(mouth.visemes) == len(VISEMES)
    assert sum(mouth.visemes) == pytest.approx(1)


@given(utterances(), st.data())
def test_what_lies_beyond_the_look_ahead_does_not_matter(
    timings: tuple[PhonemeTiming, ...], data: st.DataObject
) -> None:
    """The mouth at a moment is final as soon as the sounds of the next 100 ms are known."""
    whole, part = MouthTrack(), MouthTrack()
    whole.add(timings)
    end = timings[-1].start_sample + timings[-1].sample_count
    sample = data.draw(st.integers(0, end))
    part.add(timing for timing in timings if timing.start_sample < sample + LOOKAHEAD_SAMPLES)
    assert part.mouth_at(sample) == whole.mouth_at(sample)


@given(utterances())
def test_the_mouth_is_always_legal(timings: tuple[PhonemeTiming, ...]) -> None:
    """Every weight is a number in 0..1 at any moment."""
    made = MouthTrack()
    made.add(timings)
    for sample in range(-FRAME, timings[-1].start_sample + 3 * FRAME, FRAME // 3):
        assert all(0 <= weight <= 1 for weight in made.mouth_at(sample).shapes)


def test_a_cut_ends_the_sound_that_is_being_spoken() -> None:
    """After it the mouth closes; what came before is as it was."""
    made, same = track("a:300 a:300"), track("a:300 a:300")
    cut = ms_to_samples(150)
    made.cut(cut)
    assert made.mouth_at(ms_to_samples(40)) == same.mouth_at(ms_to_samples(40))
    assert aperture(made.mouth_at(cut + ms_to_samples(120)).shapes) < 0.02


def test_forgetting_changes_nothing_that_can_be_asked() -> None:
    """Only what is long over goes."""
    made, same = track("a:200 m:80 u:200 f:90 i:200"), track("a:200 m:80 u:200 f:90 i:200")
    now = ms_to_samples(420)
    made.forget(now)
    assert made.mouth_at(now) == same.mouth_at(now)


def test_overlapping_phonemes_are_put_in_order() -> None:
    """A voice whose timings overlap by rounding does no harm."""
    made = MouthTrack()
    made.add([PhonemeTiming("a", 0, 3000), PhonemeTiming("m", 2900, 2000), PhonemeTiming("u", 4000, 100)])
    assert aperture(made.mouth_at(4000).shapes) <= 0
