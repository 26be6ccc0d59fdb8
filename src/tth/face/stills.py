"""Faces for test sheets, measurements and exports: one moment of an emotion, a viseme or a pose. Pure.

Tests: tests/face/test_stills.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from tth.face.expression import mood_of
from tth.face.parameters import INDEX, FaceState, set_gaze
from tth.face.performer import Performer
from tth.model.controls import Controls, EmotionLabel
from tth.model.media import PhonemeTiming, SilenceSpan, SpeechSpan, ms_to_samples

VISEME_SOUNDS: Mapping[str, str] = MappingProxyType(
    {
        "sil": "", "PP": "m", "FF": "f", "TH": "θ", "DD": "d", "kk": "k", "CH": "tʃ", "SS": "s", "nn": "n",
        "RR": "ɹ", "aa": "ɑː", "E": "ɛ", "I": "iː", "O": "oʊ", "U": "uː",
    }
)  # fmt: skip
"""A sound for each viseme, IPA."""
SOUND_MS = 400
"""So long is the sound in whose middle `viseme_face` looks: its mouth has settled."""
_BEFORE_MS, _STEP_MS = 200, 10
_EYES = tuple(position for name, position in INDEX.items() if name.startswith("eye"))


def mood_face(controls: Controls) -> FaceState:
    """What the controls ask of a face at rest, looking at the viewer: emotion and posture, no life and no speech."""
    mood = mood_of(controls)
    yaw, pitch, roll = (controls.motion_gain * angle for angle in mood.posture_deg)
    return posed(FaceState(mood.weights.astype(np.float32)), yaw, pitch, roll)


def emotion_face(label: EmotionLabel, intensity: float) -> FaceState:
    """One emotion with everything else at the product's defaults. intensity: 0..1."""
    return mood_face(Controls(emotion_label=label, emotion_intensity=intensity))


def viseme_face(viseme: str, controls: Controls | None = None) -> FaceState:
    """The middle of a long stressed sound of this viseme, spoken by a neutral person with still head and open eyes.

    Raises KeyError for a viseme that is not in VISEME_SOUNDS.
    """
    sound, start = VISEME_SOUNDS[viseme], ms_to_samples(_BEFORE_MS)
    count = ms_to_samples(SOUND_MS)
    performer = Performer()
    performer.change(replace(controls or Controls(), motion_gain=0.0), 0, 0)
    performer.feed(SilenceSpan(0, start))
    performer.feed(SpeechSpan(start, np.zeros(count, np.int16), (PhonemeTiming(sound, start, count, 1),)))
    performer.feed(SilenceSpan(start + count, count))
    moments = range(0, start + count // 2 + 1, ms_to_samples(_STEP_MS))
    face = [performer.face_at(moment)[0] for moment in moments][-1]
    weights = face.weights.copy()
    weights[list(_EYES)] = 0  # a blink or a glance may fall into this moment
    return FaceState(weights)


def posed(face: FaceState, yaw_deg: float = 0.0, pitch_deg: float = 0.0, roll_deg: float = 0.0) -> FaceState:
    """The face with its head turned and its eyes still on the viewer, as far as eyes go."""
    weights = face.weights.copy()
    set_gaze(weights, -yaw_deg, -pitch_deg)
    return FaceState(weights, yaw_deg, pitch_deg, roll_deg, face.breath)
