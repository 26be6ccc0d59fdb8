"""Speech sounds in IPA -> what lips and jaw do for them: reads `phonemes.csv` and takes IPA strings apart.

Knows nothing of time but shares; `visemes.py` puts the pieces on the media clock. IPA only. Tests:
tests/face/test_phonemes.py.
"""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache, lru_cache
from importlib.resources import files

VISEMES: tuple[str, ...] = (
    "sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "I", "O", "U",
)  # fmt: skip
"""Oculus / Meta viseme names in their order."""


class SoundKind(StrEnum):
    PAUSE = "pause"
    STOP = "stop"
    NASAL = "nasal"
    TRILL = "trill"
    TAP = "tap"
    FRICATIVE = "fric"
    APPROXIMANT = "approx"
    VOWEL = "vowel"


class Contact(StrEnum):
    """What must happen at the lips, whatever the neighbours are."""

    FREE = ""
    BILABIAL = "bilabial"
    LABIODENTAL = "labiodental"
    SIBILANT = "sibilant"
    NARROW = "narrow"
    TRANSPARENT = "transparent"
    PAUSE = "pause"


@dataclass(frozen=True, slots=True)
class Articulation:
    """Targets of one sound. Weights and dominances are 0..1; the columns of phonemes.csv."""

    ipa: str
    kind: SoundKind
    viseme: str
    second: str
    """Another viseme that the sound partly is; "" = none."""
    share: float
    """How much of the sound is `second`."""
    jaw: float
    pucker: float
    funnel: float
    stretch: float
    upper: float
    lower: float
    press: float
    jaw_dominance: float
    round_dominance: float
    lip_dominance: float
    rule: Contact

    @property
    def is_rounded(self) -> bool:
        return self.pucker + self.funnel > 0.3


@dataclass(frozen=True, slots=True)
class Sound:
    """One piece of a phoneme: a letter with its marks already worked in."""

    articulation: Articulation
    share: float
    """Part of the phoneme's duration; the shares of a phoneme add up to 1."""
    is_aspirated: bool = False


PAUSE_LETTER = "_"
_TRANSPARENT_LETTER = "h"
# Letters of voices that are not in the table -> letters that are.
_SPELLINGS: Mapping[str, str] = {
    "ʦ": "ts", "ʣ": "dz", "ʧ": "tʃ", "ʤ": "dʒ", "ʨ": "tɕ", "ʥ": "dʑ", "g": "ɡ", "ε": "ɛ", "ɩ": "ɪ", "ꭧ": "ʈʂ", "ᵊ": "ə",
    "ɿ": "ɨ", "ʅ": "ɨ", "ⁿ": "n", "ᵐ": "m", "Φ": "ɸ",
}  # fmt: skip
_LENGTH: Mapping[str, float] = {"ː": 1.7, "ˑ": 1.3, "̯": 0.6, "̆": 0.6}
_ASPIRATION = "ʰʱ"
# The second part of an affricate is the longer one, so is the first of a diphthong: chosen by eye, 2026-11.
_AFFRICATE_RELEASE_SHARE = 1.2
_DIPHTHONG_NUCLEUS_SHARE = 1.2


@cache
def articulations() -> Mapping[str, Articulation]:
    """The table of phonemes.csv by IPA letter; "_" is the pause. Constant: shared by all."""
    text = files("tth.face").joinpath("phonemes.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return {row["ipa"]: _articulation(row) for row in rows}


def _articulation(row: Mapping[str, str]) -> Articulation:
    names = ("kind", "rule", "ipa", "viseme", "second")
    numbers = {name: float(value) for name, value in row.items() if name not in names}
    return Articulation(
        ipa=row["ipa"],
        kind=SoundKind(row["kind"]),
        viseme=row["viseme"],
        second=row["second"],
        rule=Contact(row["rule"]),
        **numbers,
    )


@lru_cache(maxsize=1024)
def sounds_of(ipa: str) -> tuple[Sound, ...]:
    """Take one phoneme apart: affricates, diphthongs and marks. Never empty, never fails.

    A string without a letter is a pause. Letters that are not in the table are left out; where none is left, the sound
    is transparent: the mouth goes on to its neighbour's shape.
    """
    table = articulations()
    pieces: list[Sound] = []
    for character in "".join(_SPELLINGS.get(letter, letter) for letter in ipa):
        whole = character in table and character != PAUSE_LETTER
        for mark in character if whole else unicodedata.normalize("NFD", character):
            if mark in table and mark != PAUSE_LETTER:
                pieces.append(Sound(table[mark], 1.0))
            elif pieces:
                pieces[-1] = _marked(pieces[-1], mark)
    if not pieces:
        is_word = any(unicodedata.category(letter) in ("Ll", "Lu", "Lo") for letter in ipa)
        return (Sound(table[_TRANSPARENT_LETTER if is_word else PAUSE_LETTER], 1.0),)
    return _with_shares(pieces)


def _marked(sound: Sound, mark: str) -> Sound:
    """The sound with one diacritic or modifier letter applied; marks without a visible effect change nothing."""
    shape = sound.articulation
    if mark in _LENGTH:
        return replace(sound, share=sound.share * _LENGTH[mark])
    if mark in _ASPIRATION:
        return replace(sound, is_aspirated=True)
    if mark == "ʷ":
        shape = replace(
            shape,
            pucker=max(shape.pucker, 0.45),
            funnel=max(shape.funnel, 0.15),
            round_dominance=max(shape.round_dominance, 0.6),
        )
    elif mark == "ʲ":
        shape = replace(shape, stretch=shape.stretch + 0.08, round_dominance=max(shape.round_dominance, 0.12))
    elif mark == "˞":
        shape = replace(shape, pucker=shape.pucker + 0.12, funnel=shape.funnel + 0.1, second="RR", share=0.4)
    else:
        return sound
    return replace(sound, articulation=shape)


def _with_shares(pieces: list[Sound]) -> tuple[Sound, ...]:
    shares = [piece.share for piece in pieces]
    for index in range(len(pieces) - 1):
        kinds = pieces[index].articulation.kind, pieces[index + 1].articulation.kind
        if kinds == (SoundKind.STOP, SoundKind.FRICATIVE):
            shares[index + 1] *= _AFFRICATE_RELEASE_SHARE
        elif kinds == (SoundKind.VOWEL, SoundKind.VOWEL):
            shares[index] *= _DIPHTHONG_NUCLEUS_SHARE
    total = sum(shares)
    return tuple(replace(piece, share=share / total) for piece, share in zip(pieces, shares, strict=True))
