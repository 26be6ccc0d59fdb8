"""Speech sounds in IPA."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tth.face.phonemes import VISEMES, Contact, SoundKind, articulations, sounds_of

pytestmark = pytest.mark.unit


def letters(ipa: str) -> str:
    return " ".join(sound.articulation.ipa for sound in sounds_of(ipa))


def test_the_table_is_sound() -> None:
    """Every number is 0..1, every viseme has its Oculus name, lips that touch are not open."""
    for shape in articulations().values():
        numbers = [shape.jaw, shape.pucker, shape.funnel, shape.stretch, shape.upper, shape.lower, shape.press]
        numbers += [shape.share, shape.jaw_dominance, shape.round_dominance, shape.lip_dominance]
        assert all(0 <= number <= 1 for number in numbers), shape.ipa
        assert shape.viseme in VISEMES
        assert shape.second in ("", *VISEMES)
        assert bool(shape.second) == (shape.share > 0)
        if shape.rule is Contact.BILABIAL:
            assert shape.upper == shape.lower == 0


def test_the_table_covers_the_ipa_chart() -> None:
    """Every pulmonic consonant and vowel of the IPA chart (2020) is known."""
    chart = "pbtdʈɖcɟkɡqɢʔmɱnɳɲŋɴʙrʀⱱɾɽɸβfvθðszʃʒʂʐçʝxɣχʁħʕhɦɬɮʋɹɻjɰlɭʎʟiyɨʉɯuɪʏʊeøɘɵɤoəɛœɜɞʌɔæɐaɶɑɒwʍɥɕʑɺɧ"
    assert [letter for letter in chart if letter not in articulations()] == []


@pytest.mark.parametrize(
    ("ipa", "expected"),
    [
        ("iː", "i"),
        ("tʃ", "t ʃ"),
        ("ʧ", "t ʃ"),
        ("aɪ", "a ɪ"),
        ("g", "ɡ"),
        ("pʰ", "p"),
        ("ã", "a"),
        ("ç", "ç"),
        ("ɚ", "ɚ"),
    ],
)
def test_a_phoneme_comes_apart_into_letters(ipa: str, expected: str) -> None:
    """Affricates and diphthongs in two, marks and spellings worked in."""
    assert letters(ipa) == expected


@pytest.mark.parametrize("ipa", ["", "_", "_:", "ˈ", " ", "☺", "."])
def test_no_letter_is_a_pause(ipa: str) -> None:
    """Marks alone are a pause."""
    assert [sound.articulation.kind for sound in sounds_of(ipa)] == [SoundKind.PAUSE]


def test_an_unknown_letter_is_transparent() -> None:
    """The mouth goes on to its neighbours' shape instead of closing."""
    assert [sound.articulation.rule for sound in sounds_of("Ж")] == [Contact.TRANSPARENT]


def test_marks_change_the_articulation() -> None:
    """Rounded, palatal and rhotic sounds are seen as such; aspiration is kept; length makes a part longer."""
    plain = sounds_of("k")[0].articulation
    assert sounds_of("kʷ")[0].articulation.is_rounded > plain.is_rounded
    assert sounds_of("kʲ")[0].articulation.stretch > plain.stretch
    assert sounds_of("ə˞")[0].articulation.second == "RR"
    assert sounds_of("pʰ")[0].is_aspirated
    assert sounds_of("aɪː")[1].share > sounds_of("aɪ")[1].share


@given(st.text(max_size=6))
def test_any_text_is_understood(ipa: str) -> None:
    """Whatever a voice sends, the shares add up to one."""
    assert sum(sound.share for sound in sounds_of(ipa)) == pytest.approx(1)
