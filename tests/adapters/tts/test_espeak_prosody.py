"""Controls become settings of the embedded voice."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tth.adapters.base import Persona
from tth.adapters.tts.espeak_prosody import MAX_WPM, MIN_WPM, EspeakProsody, prosody
from tth.model.controls import Controls, EmotionLabel

pytestmark = pytest.mark.unit

PERSONA = Persona("p")
NEUTRAL = Controls()


def settings(language: str = "en", persona: Persona = PERSONA, **changes: object) -> EspeakProsody:
    return prosody(replace(NEUTRAL, **changes), persona, language)  # type: ignore[arg-type]


def test_neutral_is_the_voice_itself() -> None:
    """With every control at its default espeak speaks with its own settings and the sound is left alone."""
    assert settings() == EspeakProsody("en-us+f3", 175, 1.0, 50, 50, 1.0, 0.0, 0.0)


def test_seven_emotions_are_seven_voices() -> None:
    """Any two labels differ by 10 % in speed, a semitone in pitch or 3 dB in level."""
    all_settings = [settings(emotion_label=label, emotion_intensity=1.0) for label in EmotionLabel]
    for one, other in itertools.combinations(all_settings, 2):
        speed = max(one.speed, other.speed) / min(one.speed, other.speed)
        assert speed >= 1.1 or abs(one.pitch - other.pitch) >= 6 or abs(one.gain_db - other.gain_db) >= 3


@pytest.mark.parametrize("label", EmotionLabel)
def test_an_emotion_grows_from_nothing(label: EmotionLabel) -> None:
    """At intensity 0 every label is neutral; half the intensity lies between."""
    none, half, full = (settings(emotion_label=label, emotion_intensity=level) for level in (0.0, 0.5, 1.0))
    assert none == settings()
    assert abs(half.gain_db) <= abs(full.gain_db)
    assert abs(half.rate_wpm - 175) <= abs(full.rate_wpm - 175)


def test_the_callers_own_affect_is_heard() -> None:
    """More arousal than the label's own makes the voice faster, higher and louder; less does the opposite."""
    calm, own, excited = (settings(emotion_arousal=arousal) for arousal in (-0.8, None, 0.8))
    assert calm.rate_wpm < own.rate_wpm < excited.rate_wpm
    assert calm.pitch < own.pitch < excited.pitch
    assert calm.gain_db < own.gain_db < excited.gain_db
    assert settings(emotion_valence=0.9) != own


def test_the_labels_own_affect_changes_nothing() -> None:
    """Saying valence and arousal as the label has them is the same as not saying them."""
    label = EmotionLabel.HAPPY
    assert settings(emotion_label=label, emotion_intensity=1.0, emotion_valence=0.8, emotion_arousal=0.5) == settings(
        emotion_label=label, emotion_intensity=1.0
    )


@pytest.mark.parametrize("rate", [0.25, 0.5, 0.8, 1.0, 1.25, 2.0, 4.0])
def test_speech_rate_is_the_speed(rate: float) -> None:
    """espeak's speed and the stretching afterwards make up the rate, each within its limits."""
    found = settings(speech_rate=rate)
    assert found.speed == pytest.approx(rate, rel=0.02)
    assert MIN_WPM <= found.rate_wpm <= MAX_WPM


def test_espeak_does_what_it_can() -> None:
    """Near normal speed and pitch nothing is done to the finished sound."""
    found = settings(speech_rate=0.8, pitch_shift=0.5)
    assert (found.tempo, found.resample) == (1.0, 1.0)


def test_pitch_shift_keeps_the_speed() -> None:
    """Where the sound is resampled for its pitch, espeak speaks so much slower or faster before."""
    assert settings(pitch_shift=1.0).resample > 1.0
    assert settings(pitch_shift=-1.0).resample < 1.0
    assert settings(pitch_shift=1.0).speed == pytest.approx(1.0, rel=0.02)
    assert settings(pitch_shift=-1.0).speed == pytest.approx(1.0, rel=0.02)


def test_pitch_shift_widens_in_step() -> None:
    """A higher voice moves over more hertz, so that the melody stays as wide to the ear."""
    assert settings(pitch_shift=-0.5).pitch_range < 50 < settings(pitch_shift=0.5).pitch_range


def test_expressivity_is_the_width_of_the_melody() -> None:
    """More expressivity moves the pitch further; a tonal language keeps enough to tell words apart."""
    flat, normal, lively = (settings(expressivity=level).pitch_range for level in (0.0, 0.6, 1.0))
    assert flat < normal < lively
    assert settings("zh", expressivity=0.0).pitch_range >= 35


@given(
    st.sampled_from(EmotionLabel),
    st.floats(0, 1),
    st.none() | st.floats(-1, 1),
    st.floats(0.25, 4),
    st.floats(-1, 1),
    st.floats(0, 1),
    st.sampled_from(["en", "de", "zh"]),
)
def test_every_control_gives_legal_settings(
    label: EmotionLabel, level: float, arousal: float | None, rate: float, shift: float, expressivity: float, code: str
) -> None:
    """Whatever is asked for within the contract, espeak gets numbers that it accepts."""
    found = settings(
        code,
        emotion_label=label,
        emotion_intensity=level,
        emotion_arousal=arousal,
        speech_rate=rate,
        pitch_shift=shift,
        expressivity=expressivity,
    )
    assert MIN_WPM <= found.rate_wpm <= MAX_WPM
    assert 0 <= found.pitch <= 99
    assert 0 <= found.pitch_range <= 99
    assert 0.6 < found.resample < 1.6
    assert 0.1 < found.tempo < 5


@pytest.mark.parametrize(
    ("voice", "language", "expected"),
    [
        ("", "en", "en-us+f3"),
        ("m3", "en", "en-us+m3"),
        ("en-gb", "en", "en-gb+f3"),
        ("en-gb+f2", "en", "en-gb+f2"),
        ("en-us+m7", "de", "de+m7"),
        ("de", "fr", "fr+f3"),
        ("Mr serious", "en", "en-us+Mr serious"),
        ("m3", "zh-CN", "cmn+m3"),
    ],
)
def test_a_personas_voice_speaks_the_turns_language(voice: str, language: str, expected: str) -> None:
    """The variant always counts, the language only where it is a form of the turn's."""
    assert settings(language, Persona("p", voices={"espeak": voice})).voice == expected


def test_no_default_variant() -> None:
    """An empty default is espeak's plain voice."""
    assert prosody(NEUTRAL, PERSONA, "de", "").voice == "de"


def test_an_unknown_language_is_an_error() -> None:
    """Nothing is spoken in another language instead."""
    with pytest.raises(ValueError, match="language"):
        settings("xx")
