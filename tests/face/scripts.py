"""Speech written down for tests of the face."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import combinations, pairwise

import numpy as np
from hypothesis import strategies as st

from tth.face.limits import speed_limit_per_s
from tth.face.parameters import FaceState
from tth.face.performer import Performer
from tth.face.visemes import MOUTH_SHAPES, aperture
from tth.model.controls import Controls, EmotionLabel
from tth.model.media import SAMPLE_RATE_HZ, FrameKind, Pcm, PhonemeTiming, SilenceSpan, SpeechSpan, ms_to_samples

FRAME = SAMPLE_RATE_HZ // 25

VOWELS = ("iː", "ɪ", "ɛ", "æ", "a", "ɑː", "ɔ", "oʊ", "ʊ", "uː", "ə", "aɪ", "ɝ", "y", "ø")
CONSONANTS = (
    "p",
    "b",
    "m",
    "f",
    "v",
    "θ",
    "t",
    "d",
    "n",
    "l",
    "s",
    "z",
    "ʃ",
    "tʃ",
    "ɹ",
    "k",
    "ɡ",
    "ŋ",
    "j",
    "w",
    "h",
    "pʰ",
    "pf",
)
SOUNDS = (*VOWELS, *CONSONANTS, "")


def phonemes(text: str, start_sample: int = 0) -> tuple[PhonemeTiming, ...]:
    """ "p:60 a:120:2 _:200": sound, milliseconds, stress; "_" is a pause."""
    out: list[PhonemeTiming] = []
    for word in text.split():
        name, ms, *stress = word.split(":")
        timing = PhonemeTiming(
            "" if name == "_" else name, start_sample, ms_to_samples(float(ms)), int(stress[0]) if stress else 0
        )
        out.append(timing)
        start_sample += timing.sample_count
    return tuple(out)


def speech(timings: tuple[PhonemeTiming, ...], loudness: int = 4000) -> SpeechSpan:
    """A span that holds exactly these phonemes; the sound is noise."""
    start = timings[0].start_sample
    count = timings[-1].start_sample + timings[-1].sample_count - start
    pcm = np.random.default_rng(1).integers(-loudness, loudness + 1, count).astype(np.int16)
    return SpeechSpan(start, pcm, timings)


def hum(ms: float, seed: int = 0) -> Pcm:
    """A sound that moves somewhat like a voice: syllables of overtones and hiss. No phonemes belong to it."""
    rng = np.random.default_rng(seed)
    count = ms_to_samples(ms)
    t = np.arange(count) / SAMPLE_RATE_HZ
    tone = sum(np.sin(2 * np.pi * 130 * k * t + rng.uniform(0, 6)) / k for k in range(1, 20))
    syllables = np.sin(2 * np.pi * 2.3 * t + rng.uniform(0, 6)) ** 2
    return np.asarray((tone * syllables + 0.1 * rng.standard_normal(count)) * 3000).astype(np.int16)


def silence(start_sample: int, ms: float, kind: FrameKind = FrameKind.IDLE) -> SilenceSpan:
    return SilenceSpan(start_sample, ms_to_samples(ms), kind)


def split(span: SpeechSpan, at: list[int]) -> list[SpeechSpan]:
    """The same speech in pieces that end at these samples; a phoneme goes with the piece in which it starts."""
    edges = sorted({span.start_sample, span.end_sample, *(a for a in at if span.start_sample < a < span.end_sample)})
    return [
        SpeechSpan(
            begin,
            span.pcm[begin - span.start_sample : end - span.start_sample],
            tuple(p for p in span.phonemes if begin <= p.start_sample < end),
        )
        for begin, end in pairwise(edges)
    ]


def mouth_of(face: FaceState) -> list[float]:
    """The shapes of speech of a whole face, in the order of MOUTH_SHAPES."""
    return [
        face.weight(n if n in ("jawOpen", "mouthClose", "mouthPucker", "mouthFunnel") else n + "Left")
        for n in MOUTH_SHAPES
    ]


def gap(face: FaceState) -> float:
    """How far the lips are apart; 0 or less = they touch."""
    return aperture(mouth_of(face))


def vector(face: FaceState) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """All that moves, in the order of `speed_limit_per_s`."""
    return np.array([*face.weights, face.yaw_deg, face.pitch_deg, face.roll_deg, face.breath], np.float64)


def play(performer: Performer, to_sample: int, from_sample: int = 0, step: int = FRAME) -> list[tuple[int, FaceState]]:
    """Faces at every `step` from `from_sample`, as far as `to_sample`."""
    return [(sample, performer.face_at(sample)[0]) for sample in range(from_sample, to_sample, step)]


def fastest(faces: list[tuple[int, FaceState]]) -> float:
    """The largest speed of anything between neighbouring faces, as a part of its limit."""
    worst = 0.0
    for (begin, before), (end, after) in pairwise(faces):
        speed = np.abs(vector(after) - vector(before)) / ((end - begin) / SAMPLE_RATE_HZ)
        worst = max(worst, float((speed / speed_limit_per_s()).max()))
    return worst


def least_distance(faces: list[FaceState]) -> float:
    """How far the two most similar of these faces are apart, by the sum of all weights' differences."""
    return min(float(np.abs(a.weights - b.weights).sum()) for a, b in combinations(faces, 2))


sounds = st.tuples(st.sampled_from(SOUNDS), st.integers(30, 220), st.integers(0, 2))


@st.composite
def utterances(draw: st.DrawFn, start_sample: int = 0) -> tuple[PhonemeTiming, ...]:
    """Any sequence of sounds, 30..220 ms each."""
    out = []
    for ipa, ms, stress in draw(st.lists(sounds, min_size=1, max_size=20)):
        out.append(PhonemeTiming(ipa, start_sample, ms_to_samples(ms), stress))
        start_sample += out[-1].sample_count
    return tuple(out)


def moved(timings: tuple[PhonemeTiming, ...], by_samples: int) -> tuple[PhonemeTiming, ...]:
    return tuple(replace(timing, start_sample=timing.start_sample + by_samples) for timing in timings)


controls = st.builds(
    Controls,
    emotion_label=st.sampled_from(EmotionLabel),
    emotion_intensity=st.floats(0, 1),
    emotion_valence=st.none() | st.floats(-1, 1),
    emotion_arousal=st.none() | st.floats(-1, 1),
    expressivity=st.floats(0, 1),
    motion_gain=st.floats(0, 2),
)


@dataclass
class Script:
    """Random input for a performer; keeps where the media clock is."""

    performer: Performer
    at_sample: int = 0
    computed_to: int = 0
    faces: list[tuple[int, FaceState]] = field(default_factory=list)

    def compute(self, to_sample: float, step: int) -> None:
        """Ask for all faces that are answerable before `to_sample`."""
        while self.computed_to < min(to_sample, self.performer.answerable_to_sample):
            self.faces.append((self.computed_to, self.performer.face_at(self.computed_to)[0]))
            self.computed_to += step

    def cut(self, at_sample: int) -> None:
        """Interrupt: what was computed from `at_sample` on was never shown."""
        self.performer.cut(at_sample)
        self.faces = [(sample, face) for sample, face in self.faces if sample < at_sample]
        self.at_sample = self.computed_to = at_sample
