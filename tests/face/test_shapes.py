"""What expressions and sounds look like: the sculpted face measured in its pictures, at 256x256."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.face.conftest import HeadOf
from tests.face.scripts import phonemes
from tth.face.expression import mood_of
from tth.face.look import list_sculpted_looks
from tth.face.painter import SculptedPainter
from tth.face.parameters import INDEX, FaceState, neutral_weights
from tth.face.performer import _speak
from tth.face.sculpt.sculpture import Section
from tth.face.shot import Shot
from tth.face.visemes import MouthTrack
from tth.model.controls import Controls, EmotionLabel

pytestmark = [pytest.mark.embedded, pytest.mark.timeout(180)]  # the first picture may build a head and compile

Picture = NDArray[np.int_]

FACE, MOUTH, LIPS = np.s_[60:170, 75:181], np.s_[125:180, 95:161], np.s_[128:166, 104:152]
"""Places in a picture of 256x256."""
TOLD_APART = 2.5
"""Mean difference of two faces, in levels of 256, at which people tell their expressions apart at a glance (checked by
eye on a sheet of all looks, 2026-11); two frames of a still face differ by 0."""
SOUNDS = {
    "sil": "_", "PP": "p", "FF": "f", "TH": "θ", "DD": "d", "kk": "k", "CH": "ʃ", "SS": "s", "nn": "n", "RR": "ɹ",
    "aa": "a", "E": "ɛ", "I": "i", "O": "ɔ", "U": "u",
}  # fmt: skip
VOWELS = ("aa", "E", "I", "O", "U")


def felt(label: EmotionLabel, intensity: float = 0.7) -> FaceState:
    """The face of a label, without the posture of the head: that alone would make any two pictures differ."""
    return FaceState(mood_of(Controls(emotion_label=label, emotion_intensity=intensity)).weights.astype(np.float32))


def said(ipa: str, label: EmotionLabel = EmotionLabel.NEUTRAL) -> FaceState:
    """The middle of a long sound."""
    timings, track = phonemes(f"{ipa}:300:1"), MouthTrack()
    track.add(timings)
    weights = np.array(mood_of(Controls(emotion_label=label, emotion_intensity=0.7)).weights, float)
    _speak(weights, track.mouth_at(timings[0].sample_count // 2), 1.0)
    return FaceState(weights.astype(np.float32))


def mouth_pictures(painter: SculptedPainter, where: tuple[slice, slice] = MOUTH) -> dict[str, Picture]:
    return {viseme: painter.paint(said(ipa)).astype(int)[where] for viseme, ipa in SOUNDS.items()}


def difference(one: Picture, other: Picture) -> float:
    return float(np.abs(one - other).mean())


def dark(picture: Picture) -> int:
    """Pixels of the inside of the mouth."""
    return int((picture.sum(-1) < 150).sum())


def bright(picture: Picture) -> int:
    """Pixels of teeth: light and hardly coloured."""
    return int(((picture.min(-1) > 130) & (picture.max(-1) - picture.min(-1) < 40)).sum())


@pytest.fixture(scope="module")
def painter(head_of: HeadOf) -> SculptedPainter:
    return SculptedPainter(head_of("anna"), Shot(256, 256))


@pytest.mark.parametrize("name", ["anna", "leo", "amara"])
def test_a_face_grows_with_intensity(head_of: HeadOf, name: str) -> None:
    """Each step of intensity takes every emotion's picture further from the neutral one."""
    painter = SculptedPainter(head_of(name), Shot(256, 256))
    neutral = painter.paint(felt(EmotionLabel.NEUTRAL)).astype(int)[FACE]
    for label in EmotionLabel:
        if label is EmotionLabel.NEUTRAL:
            continue
        away = [
            difference(painter.paint(felt(label, level)).astype(int)[FACE], neutral) for level in np.linspace(0, 1, 11)
        ]
        assert away[0] == 0
        assert all(more > less + 0.05 for less, more in pairwise(away)), (label, away)


@pytest.mark.parametrize("name", list_sculpted_looks())
def test_emotions_are_told_apart_at_256_px(head_of: HeadOf, name: str) -> None:
    """At intensity 0.7 any two of the seven differ plainly, on everybody."""
    painter = SculptedPainter(head_of(name), Shot(256, 256))
    pictures = {label: painter.paint(felt(label)).astype(int)[FACE] for label in EmotionLabel}
    for one, other in combinations(pictures, 2):
        assert difference(pictures[one], pictures[other]) > TOLD_APART, (one, other)


def test_vowels_are_told_apart(painter: SculptedPainter) -> None:
    """The five vowels differ from each other more than any emotion must, round the mouth."""
    pictures = mouth_pictures(painter)
    for one, other in combinations(VOWELS, 2):
        assert difference(pictures[one], pictures[other]) > 2 * TOLD_APART, (one, other)


def test_visemes_are_told_apart(painter: SculptedPainter) -> None:
    """No two of the fifteen look the same."""
    pictures = mouth_pictures(painter)
    for one, other in combinations(pictures, 2):
        assert difference(pictures[one], pictures[other]) > 1.2, (one, other)


def test_open_sounds_show_the_inside_of_the_mouth(painter: SculptedPainter) -> None:
    """In the order of the vowels' openness; lips that touch hide all of it."""
    pictures = mouth_pictures(painter, LIPS)
    assert dark(pictures["PP"]) == dark(pictures["sil"])
    assert dark(pictures["aa"]) > dark(pictures["E"]) > dark(pictures["I"]) + 5


def test_f_shows_the_upper_teeth_and_nothing_below(painter: SculptedPainter) -> None:
    """The lower lip lies at the teeth: a little white, no dark; p shows no teeth at all."""
    pictures = mouth_pictures(painter, LIPS)
    assert bright(pictures["FF"]) > bright(pictures["PP"]) + 3
    assert dark(pictures["FF"]) <= dark(pictures["PP"]) + 2


def test_rounded_vowels_are_narrow(painter: SculptedPainter) -> None:
    """The corners of the mouth stand closer in u and o than in i."""

    def width(sound: str) -> float:
        painter.paint(said(sound))
        corner = painter._canvas.screen[_corner_vertices(painter), 0]
        return float(corner.max() - corner.min())

    assert width("u") < width("ɔ") < width("i") - 3


@pytest.mark.parametrize("ipa", ["i", "ɛ", "a"])
def test_a_smile_stays_a_smile_in_speech(painter: SculptedPainter, ipa: str) -> None:
    """The corners of a happy mouth stand higher and wider than those of a neutral one in the same vowel."""
    corner = _corner_vertices(painter)
    places = []
    for label in (EmotionLabel.NEUTRAL, EmotionLabel.HAPPY):
        painter.paint(said(ipa, label))
        places.append(painter._canvas.screen[corner, :2].copy())
    neutral, happy = places
    assert happy[:, 1].mean() < neutral[:, 1].mean() - 1, "higher"
    assert np.ptp(happy[:, 0]) > np.ptp(neutral[:, 0]) + 1, "wider"


def test_a_smile_lifts_cheeks_and_lower_lids(painter: SculptedPainter) -> None:
    """The mark of Duchenne: the eyes smile, too."""
    lower = painter.sculpture.margin_lower.ravel()
    heights = []
    for label in (EmotionLabel.NEUTRAL, EmotionLabel.HAPPY):
        painter.paint(felt(label))
        heights.append(float(painter._canvas.screen[lower, 1].mean()))
    assert heights[1] < heights[0] - 0.4


def test_the_tongue_comes_out(painter: SculptedPainter) -> None:
    """At weight 1 it reaches well in front of the lips; at the weight of d and n it stays behind the teeth."""
    tongue = painter.sculpture.range_of(Section.TONGUE)
    lips = float(painter.sculpture.points[_corner_vertices(painter), 2].mean())
    reach = []
    for out in (0.38, 1.0):
        weights = neutral_weights()
        weights[INDEX["tongueOut"]] = out
        weights[INDEX["jawOpen"]] = 0.3
        painter.paint(FaceState(weights))
        reach.append(float(painter._body.points[2, tongue].max()))
    assert reach[0] < lips + 4
    assert reach[1] > reach[0] + 20


def _corner_vertices(painter: SculptedPainter) -> list[int]:
    """The two vertices that a half smile on each side moves outwards most."""
    head = painter.sculpture
    found = []
    for name in ("mouthStretchLeft", "mouthStretchRight"):
        position = list(INDEX).index(name)
        part = slice(int(head.shape_start[position]), int(head.shape_start[position + 1]))
        found.append(int(head.shape_index[part][np.abs(head.shape_offset[part, 0]).argmax()]))
    return found


@pytest.mark.parametrize("name", ["anna", "leo"])
def test_lashes_stay_on_the_lid(head_of: HeadOf, name: str) -> None:
    """In a blink the roots of the lashes lie where the upper lid's margin is, not above or below it."""
    head = head_of(name)
    painter, weights = SculptedPainter(head, Shot(64, 64)), neutral_weights()
    weights[[INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]] = 1
    shut = painter.vertices(FaceState(weights))
    margin = shut[head.margin_upper[0]]
    roots = shut[head.range_of(Section.LASHES_LEFT)][:68:2]  # one edge of the band at the roots
    line = np.interp(roots[:, 0], margin[:, 0], margin[:, 1])
    assert np.abs(roots[:, 1] - line).max() < 0.8
