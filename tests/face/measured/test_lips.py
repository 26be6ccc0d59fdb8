"""Lips against sound, measured in pictures of everybody: nothing here looks at a parameter."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.face.measured.conftest import FPS, Spoken
from tests.face.measured.mouths import Mouth, openings
from tests.face.scripts import phonemes, silence, speech
from tth.face.look import list_looks
from tth.face.parameters import FaceState
from tth.face.performer import Performer
from tth.face.phonemes import Contact, sounds_of
from tth.face.shot import Painter
from tth.face.stills import viseme_face
from tth.model.controls import Controls
from tth.model.media import SAMPLE_RATE_HZ, ms_to_samples

pytestmark = [pytest.mark.embedded, pytest.mark.timeout(180)]  # the first run builds heads

OpeningOf = Callable[[str], NDArray[np.float64]]
MouthPainter = Callable[[str], tuple[Painter, Mouth]]
CLOSED = 0.1
"""Opening at which lips touch: less than a tenth of what an "ah" shows, which is a pixel or so between the lips."""
SOUND_ALONE = tuple(dict.fromkeys(("anna", "marco", list_looks()[-1])))
"""For whom the lips from sound alone are looked at: the lips are everybody's, the pictures are not."""
FRAME_SAMPLES = SAMPLE_RATE_HZ // FPS


def lag_frames(opening: NDArray[np.float64], level: NDArray[np.float64]) -> tuple[int, float]:
    """By how many frames the opening lags behind the loudness where they agree best, and how well they agree there."""
    agreement = {
        lag: float(np.corrcoef(opening[5 + lag : len(opening) - 5 + lag], level[5:-5])[0, 1]) for lag in range(-5, 6)
    }
    best = max(agreement, key=agreement.__getitem__)
    return best, agreement[best]


@pytest.mark.parametrize("look", list_looks())
def test_lips_open_when_the_voice_is_heard(look: str, spoken_opening: OpeningOf, spoken: Spoken) -> None:
    """Opening and loudness agree best within one frame of each other: sound and picture are in step."""
    lag, agreement = lag_frames(spoken_opening(look), spoken.level())
    assert abs(lag) <= 1
    assert agreement > 0.45


@pytest.mark.parametrize("look", SOUND_ALONE)
def test_lips_from_sound_alone_are_in_step(look: str, mouth_painter: MouthPainter, heard: Spoken) -> None:
    """For voices that tell no phonemes, too."""
    lag, agreement = lag_frames(openings(*mouth_painter(look), heard.faces), heard.level())
    assert abs(lag) <= 1
    assert agreement > 0.45


@pytest.mark.parametrize("look", list_looks())
def test_lips_meet_on_every_bilabial(look: str, spoken_opening: OpeningOf, spoken: Spoken) -> None:
    """In a frame of each p, b and m no teeth and no dark are seen between the lips."""
    opening = spoken_opening(look)
    found = 0
    for phoneme in spoken.take.phonemes:
        if any(sound.articulation.rule is Contact.BILABIAL for sound in sounds_of(phoneme.ipa)):
            first = phoneme.start_sample // FRAME_SAMPLES
            last = -(-(phoneme.start_sample + phoneme.sample_count) // FRAME_SAMPLES)
            assert opening[first : last + 1].min() < CLOSED, (phoneme.ipa, phoneme.start_sample / SAMPLE_RATE_HZ)
            found += 1
    assert found >= 10


@pytest.mark.parametrize("look", list_looks())
def test_silence_is_a_closed_mouth(look: str, spoken_opening: OpeningOf) -> None:
    """Before the first word and half a second after the last."""
    opening = spoken_opening(look)
    assert max(opening[:8].max(), opening[-8:].max()) < CLOSED


@pytest.mark.parametrize("look", list_looks())
def test_vowels_open_in_their_order(look: str, mouth_painter: MouthPainter) -> None:
    """ "ah" more than "eh", that more than "ee"; "oo" shows less than "oh", and a narrower gap than "eh"."""
    painter, mouth = mouth_painter(look)
    pictures = {vowel: painter.paint(viseme_face(vowel))[..., :3].copy() for vowel in ("aa", "E", "I", "O", "U")}
    opening = {vowel: mouth.opening(picture) for vowel, picture in pictures.items()}
    assert opening["aa"] > opening["E"] + 0.04  # a black beard hides most of the dark
    assert opening["E"] > opening["I"] + 0.1
    assert opening["O"] > opening["U"] + 0.05
    widths = {vowel: mouth.gap_width(picture) for vowel, picture in pictures.items()}
    assert widths["U"] < 0.85 * widths["E"]


@pytest.mark.parametrize("look", list_looks())
def test_an_interrupt_closes_the_mouth_within_120_ms(look: str, mouth_painter: MouthPainter) -> None:
    """In the middle of an "ah": closed after three frames of 40 ms, and not at once."""
    painter, mouth = mouth_painter(look)
    faces = interrupted()
    opening = openings(painter, mouth, faces)
    assert opening[0] > 0.5
    assert opening[1] > 0.1
    assert opening[3] < CLOSED
    assert all(later <= sooner + 0.06 for sooner, later in pairwise(opening))


def interrupted() -> list[FaceState]:
    """The last face before an interrupt, and those of the 160 ms after it."""
    performer, cut = Performer(1), ms_to_samples(700)
    performer.change(Controls(motion_gain=0.0), 0, 0)
    performer.feed(silence(0, 200))
    performer.feed(speech(phonemes("b:80 ɑː:1200:2", ms_to_samples(200))))
    before = [performer.face_at(sample)[0] for sample in range(0, cut, FRAME_SAMPLES)]
    performer.cut(cut)
    performer.feed(silence(cut, 1000))
    after = [performer.face_at(cut + step * FRAME_SAMPLES)[0] for step in range(5)]
    return [before[-1], *after[1:]]
