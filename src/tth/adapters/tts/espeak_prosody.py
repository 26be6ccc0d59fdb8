"""From controls to the settings of the embedded voice. Pure. Tests: tests/adapters/tts/test_espeak_prosody.py.

What espeak can do by itself it is asked to do; the rest is left for the sound afterwards: `tempo` stretches time and
`resample` moves pitch beyond espeak's own range. The figures come from `python bench/voice.py --mapping`
(espeak-ng 1.52, five languages, ten voices).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from tth.adapters.base import Persona
from tth.adapters.tts.espeak_languages import espeak_language, is_tonal
from tth.model.controls import CIRCUMPLEX, Controls, EmotionLabel

NORMAL_WPM = 175
"""espeak's speed at speech_rate 1."""
MIN_WPM, MAX_WPM = 88, 220
"""Between these the duration follows 175 / wpm within 6 % in en, de, fr, es and cmn; below 88 espeak gets no slower,
above 220 the languages part (at 420 wpm es -12 %, cmn +11 %)."""
MIN_SPEED, MAX_SPEED = 0.25, 5.0
"""speech_rate times emotion; the emotion may pass the control's maximum a little."""

PITCH_SETTINGS = (0, 12, 25, 37, 50, 62, 75, 87, 99)
PITCH_OCTAVES = (-0.63, -0.485, -0.33, -0.175, 0.0, 0.175, 0.37, 0.555, 0.745)
"""Mean pitch against setting 50, measured with the range moved along; +-0.06 between voices."""
RANGE_FOLLOWS_PITCH = 0.6
"""The range setting counts in hertz: times 2 ** (0.6 * octaves) keeps the melody's width in semitones (measured)."""
OCTAVES_PER_RANGE = 0.0037
"""A wider range lifts the mean pitch: this much for each step of the setting above 50 (measured; a tonal language
hardly lifts, its range is kept near 50 anyway)."""
MIN_RANGE, MIN_TONAL_RANGE, MAX_RANGE = 8, 35, 99
MAX_SHIFT_OCTAVES = 1.3
"""pitch_shift plus emotion."""


@dataclass(frozen=True, slots=True)
class EspeakProsody:
    """How one clause is spoken."""

    voice: str
    """espeak's name: language, or language+variant."""
    rate_wpm: int
    tempo: float
    """Speed-up of the finished sound, 1 = none."""
    pitch: int
    """0..99, 50 = the voice's own."""
    pitch_range: int
    """0..99, 50 = the voice's own."""
    resample: float
    """Pitch and formants of the finished sound times this, at the same duration; 1 = none."""
    gain_db: float
    """Against the normal level of -20 dBFS."""
    brightness_db: float
    """Treble against normal."""

    @property
    def speed(self) -> float:
        """Against normal speech: 2 = half the duration."""
        return self.rate_wpm / NORMAL_WPM * self.tempo * self.resample


@dataclass(frozen=True, slots=True)
class EmotionColour:
    """What an emotion does to the voice at intensity 1; at 0 nothing."""

    speed: float = 1.0
    octaves: float = 0.0
    range_gain: float = 1.0
    gain_db: float = 0.0
    brightness_db: float = 0.0


COLOURS: Mapping[EmotionLabel, EmotionColour] = MappingProxyType(
    {
        EmotionLabel.NEUTRAL: EmotionColour(),
        EmotionLabel.HAPPY: EmotionColour(1.10, 0.22, 1.55, 2.0, 2.0),
        EmotionLabel.SAD: EmotionColour(0.78, -0.18, 0.55, -4.5, -5.0),
        EmotionLabel.ANGRY: EmotionColour(1.14, -0.06, 1.65, 4.5, 4.5),
        EmotionLabel.SURPRISED: EmotionColour(1.06, 0.36, 1.85, 1.5, 1.5),
        EmotionLabel.FEARFUL: EmotionColour(1.28, 0.30, 0.80, -1.5, 1.0),
        EmotionLabel.DISGUSTED: EmotionColour(0.85, -0.12, 1.15, -1.0, -2.0),
    }
)
"""Directions after Murray and Arnott, "Toward the simulation of emotion in synthetic speech", JASA 93 (1993), table I,
and Scherer, "Vocal communication of emotion", Speech Communication 40 (2003); sizes chosen by measurement so that any
two differ by at least 10 % in speed, a semitone in pitch or 3 dB in level. Differing from the table: anger is
low and pressed, so that it is not taken for joy; fear is narrow, so that it is not taken for surprise."""

SPEED_PER_AROUSAL, OCTAVES_PER_AROUSAL, RANGE_PER_AROUSAL, DB_PER_AROUSAL = 0.25, 0.20, 0.6, 4.0
OCTAVES_PER_VALENCE, RANGE_PER_VALENCE = 0.05, 0.2
"""What a caller's own valence and arousal add to the label, per unit away from the label's own point (speed and range
in octaves). Signs as in Schroeder et al., "Acoustic correlates of emotion dimensions", Eurospeech 2001."""


def prosody(control: Controls, persona: Persona, language_code: str, default_variant: str = "f3") -> EspeakProsody:
    """The settings for one clause.

    language_code: BCP 47. Raises ValueError for one that espeak does not speak; nothing else can fail. A value that
    leaves the voice's whole range is held at its end.
    """
    language = espeak_language(language_code)
    if language is None:
        raise ValueError("language not spoken")
    colour = _colour(control)
    speed = min(max(control.speech_rate * colour.speed, MIN_SPEED), MAX_SPEED)
    width = colour.range_gain * _expression(control.expressivity)
    pitch, pitch_range, resample = _melody(control.pitch_shift + colour.octaves, width, is_tonal(language))
    rate_wpm = round(min(max(NORMAL_WPM * speed / resample, MIN_WPM), MAX_WPM))
    return EspeakProsody(
        voice=_voice(persona, language, default_variant),
        rate_wpm=rate_wpm,
        tempo=_or_one(speed / resample * NORMAL_WPM / rate_wpm, 0.01),
        pitch=pitch,
        pitch_range=pitch_range,
        resample=resample,
        gain_db=round(colour.gain_db, 2),
        brightness_db=round(colour.brightness_db, 2),
    )


def _colour(control: Controls) -> EmotionColour:
    """The label's colour at its intensity, moved by a valence and arousal of the caller's own."""
    full, level = COLOURS[control.emotion_label], control.emotion_intensity
    label_valence, label_arousal = CIRCUMPLEX[control.emotion_label]
    valence, arousal = control.affect
    more_valence, more_arousal = valence - label_valence * level, arousal - label_arousal * level
    return EmotionColour(
        speed=full.speed**level * 2 ** (SPEED_PER_AROUSAL * more_arousal),
        octaves=full.octaves * level + OCTAVES_PER_AROUSAL * more_arousal + OCTAVES_PER_VALENCE * more_valence,
        range_gain=full.range_gain**level * 2 ** (RANGE_PER_AROUSAL * more_arousal + RANGE_PER_VALENCE * more_valence),
        gain_db=full.gain_db * level + DB_PER_AROUSAL * more_arousal,
        brightness_db=full.brightness_db * level + DB_PER_AROUSAL / 2 * more_arousal,
    )


def _expression(expressivity: float) -> float:
    """Width of the melody: 0.3 at 0, 1 at the default 0.6, 1.5 at 1 (chosen by measurement: 2.5 to 12 semitones)."""
    return float(np.interp(expressivity, (0.0, 0.6, 1.0), (0.3, 1.0, 1.5)))


def _melody(octaves: float, width: float, tonal: bool) -> tuple[int, int, float]:
    """(pitch, pitch_range, resample) for a mean `octaves` above the voice's own and a melody `width` times as wide."""
    octaves = min(max(octaves, -MAX_SHIFT_OCTAVES), MAX_SHIFT_OCTAVES)
    lowest = MIN_TONAL_RANGE if tonal else MIN_RANGE
    still_range = min(max(50 * width, lowest), MAX_RANGE)
    lift = 0.0 if tonal else OCTAVES_PER_RANGE * (still_range - 50)
    native = min(max(octaves - lift, PITCH_OCTAVES[0]), PITCH_OCTAVES[-1])
    pitch = round(float(np.interp(native, PITCH_OCTAVES, PITCH_SETTINGS)))
    pitch_range = round(min(max(still_range * 2 ** (RANGE_FOLLOWS_PITCH * native), lowest), MAX_RANGE))
    return pitch, pitch_range, _or_one(2 ** (octaves - lift - native), 0.005)


def _or_one(ratio: float, tolerance: float) -> float:
    """Exactly 1 where the ratio is so near that nobody hears it, so that the sound is left alone."""
    return 1.0 if math.isclose(ratio, 1.0, abs_tol=tolerance) else ratio


def _voice(persona: Persona, language: str, default_variant: str) -> str:
    """espeak's voice name: the persona's, as far as it fits the language that is to be spoken.

    A persona names "variant", "language" or "language+variant". Its language counts only where it is a form of the
    turn's ("en-gb" in an English turn); its variant always.
    """
    base, plus, variant = persona.voices.get("espeak", "").partition("+")
    own_language = espeak_language(base) if base else None
    if base and not plus and own_language is None:
        base, variant = "", base
    if own_language is not None and own_language.split("-")[0] == language.split("-")[0]:
        language = own_language
    variant = variant or default_variant
    return f"{language}+{variant}" if variant else language
