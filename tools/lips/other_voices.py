"""Voices of other engines with true phoneme times: flite and festival, where they are installed.

They are cut from recordings of people, so they are nearer to the voices of providers than espeak is. Some lessons come
from a few of them (`LEARNT_FROM`), the rest is for measuring. Debian: `flite festival festvox-kallpc16k
festvox-kdlpc16k festvox-us-slt-hts festvox-suopuhe-lj festvox-suopuhe-mv festvox-italp16k festvox-itapc16k`.
"""

from __future__ import annotations

import subprocess
import tempfile
import wave
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr

from tools.lips.corpus import Said
from tools.lips.voices import sentences
from tth.model.media import SAMPLE_RATE_HZ, PhonemeTiming

_ARPABET = {
    "aa": "ɑː", "ae": "æ", "ah": "ʌ", "ao": "ɔː", "aw": "aʊ", "ax": "ə", "axr": "ɚ", "ay": "aɪ", "ch": "tʃ", "dh": "ð",
    "dx": "ɾ", "eh": "ɛ", "el": "əl", "em": "əm", "en": "ən", "er": "ɝ", "ey": "eɪ", "hh": "h", "hv": "ɦ", "ih": "ɪ",
    "ix": "ɨ", "iy": "iː", "jh": "dʒ", "ng": "ŋ", "nx": "ɾ", "ow": "oʊ", "oy": "ɔɪ", "r": "ɹ", "sh": "ʃ", "th": "θ",
    "uh": "ʊ", "uw": "uː", "y": "j", "zh": "ʒ", "pau": "", "ssil": "", "sil": "", "brth": "",
}  # fmt: skip
_ITALIAN = {
    "tS": "tʃ",
    "dZ": "dʒ",
    "S": "ʃ",
    "Z": "ʒ",
    "J": "ɲ",
    "L": "ʎ",
    "E": "ɛ",
    "O": "ɔ",
    "N": "ŋ",
    "SS": "ʃ",
    "#": "",
}
_FINNISH = {"@": "æ", "7": "ø", "a": "ɑ", "#": "", "##": "", "N": "ŋ"}
_FLITE_VOICES = ("slt", "rms", "awb", "kal16")
LEARNT_FROM = ("slt", "rms", "kal16", "ked_diphone")
"""The voices that give lessons; the others are never trained on. All of Carnegie Mellon and Edinburgh, free to use."""
# Voice of festival, language of sentences.yaml, encoding, names of its sounds.
_FESTIVAL_VOICES = (
    ("kal_diphone", "en-us", "ascii", _ARPABET),
    ("ked_diphone", "en-us", "ascii", _ARPABET),
    ("cmu_us_slt_arctic_hts", "en-us", "ascii", _ARPABET),
    ("suo_fi_lj_diphone", "fi", "latin1", _FINNISH),
    ("hy_fi_mv_diphone", "fi", "latin1", _FINNISH),
    ("lp_diphone", "it", "latin1", _ITALIAN),
    ("pc_diphone", "it", "latin1", _ITALIAN),
)


@dataclass(frozen=True, slots=True)
class Spoken:
    """An utterance of another engine."""

    said: Said
    voice: str
    language: str
    text: str


def texts_of(language: str) -> list[str]:
    """All sentences of a language; English in both kinds."""
    both = {**sentences()["trained"], **sentences()["unheard"]}
    return [*both[language], *(both["en-gb"] if language == "en-us" else [])]


def shuffled(language: str, count: int, seed: int) -> list[str]:
    """Texts for lessons: the words of the language's sentences in any order."""
    rng = np.random.default_rng(seed)
    words = np.array(" ".join(texts_of(language)).replace(",", "").replace(".", "").split())
    return [" ".join(rng.choice(words, int(rng.integers(5, 13)))) + "." for _ in range(count)]


def flite(command: str, texts: list[str], voices: tuple[str, ...] = _FLITE_VOICES) -> list[Spoken]:
    """These English texts by each of flite's voices. Raises OSError, CalledProcessError."""
    spoken = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "said.wav"
        for voice in voices:
            for text in texts:
                line = [command, "-voice", voice, "-psdur", "-t", text, "-o", str(path)]
                times = subprocess.run(line, check=True, capture_output=True, text=True).stdout.split()  # noqa: S603
                names = [(float(end), name) for name, _, end in (one.rpartition(":") for one in times)]
                spoken.append(Spoken(_said(path, names, _ARPABET), voice, "en-us", text))
    return spoken


def festival(command: str, texts_in: Callable[[str], list[str]], only: tuple[str, ...] = ()) -> list[Spoken]:
    """What `texts_in` gives for the language of each voice that is installed. Raises OSError.

    only: voices; none = all.
    """
    spoken = []
    with tempfile.TemporaryDirectory() as folder:
        for voice, language, encoding, table in _FESTIVAL_VOICES:
            if only and voice not in only:
                continue
            base = Path(folder) / voice
            texts = texts_in(language)
            script = [f"(voice_{voice})".encode()]
            for number, text in enumerate(texts):
                clean = text.replace('"', "").encode(encoding, "ignore")
                script.append(b'(set! u (Utterance Text "' + clean + b'")) (utt.synth u)')
                script.append(
                    f'(utt.save.wave u "{base}{number}.wav" \'riff)(utt.save.segs u "{base}{number}.lab")'.encode()
                )
            base.with_suffix(".scm").write_bytes(b"\n".join(script))
            line = [command, "-b", str(base.with_suffix(".scm"))]
            subprocess.run(line, check=False, capture_output=True)  # noqa: S603
            for number, text in enumerate(texts):
                labels = Path(f"{base}{number}.lab")
                if labels.exists():
                    spoken.append(
                        Spoken(_said(labels.with_suffix(".wav"), _labels(labels), table), voice, language, text)
                    )
    return spoken


def _labels(path: Path) -> Iterator[tuple[float, str]]:
    for line in path.read_text(encoding="latin1").splitlines():
        parts = line.split()
        if len(parts) == 3:
            yield float(parts[0]), parts[2]


def _said(path: Path, ends: Iterable[tuple[float, str]], table: dict[str, str]) -> Said:
    with wave.open(str(path)) as file:
        raw = np.frombuffer(file.readframes(file.getnframes()), np.int16).astype(np.float32) / 32768
        sound = soxr.resample(raw, file.getframerate(), SAMPLE_RATE_HZ).astype(np.float32)
    phonemes, at = [], 0
    for end_s, name in ends:
        end = round(end_s * SAMPLE_RATE_HZ)
        if end > at:
            phonemes.append(PhonemeTiming(_ipa(name, table), at, end - at))
            at = end
    return Said(sound, tuple(phonemes))


def _ipa(name: str, table: dict[str, str]) -> str:
    """ "a1" is a stressed a, "tts" and "a:" are long: the length does not matter here."""
    plain = name.rstrip("1:")
    if plain in table:
        return table[plain]
    if len(plain) > 1 and plain[1:] in table:
        return table[plain[1:]]
    return "ɡ" if plain == "g" else plain
