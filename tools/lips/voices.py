"""Utterances of the embedded voice with their phoneme times: any language, any variant, and variants made up here.

The made-up variants (formants, pitch, breath and tone at random) are written into a copy of espeak's data, since a
network that is to read real voices must not lean on the few that ship with espeak.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import espeakng_loader
import numpy as np
import yaml

from tth.adapters.tts.espeak_languages import SCRIPTS, scripts_of
from tth.adapters.tts.espeak_library import Library
from tth.adapters.tts.espeak_prosody import EspeakProsody
from tth.adapters.tts.espeak_sound import SILENCE, SpokenClause, finish
from tth.adapters.tts.espeak_text import spoken_text

TRAINED_VARIANTS = (
    "f1", "f2", "f3", "f4", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "klatt", "klatt2", "klatt3", "klatt4", "Alex",
    "Alicia", "Andrea", "Andy", "Denis", "Diogo", "Henrique", "Hugo", "Jacky", "Lee", "Marco", "Michael", "Mike",
    "Nguyen", "anika", "boris", "caleb", "ian", "iven", "john", "linda", "marcelo", "michel", "miguel", "pablo",
    "paul", "pedro", "quincy", "rob", "sandro", "shelby", "steph", "travis", "zac", "whisper", "whisperf", "croak",
    "adam", "david", "edward", "benjamin",
)  # fmt: skip
UNHEARD_VARIANTS = (
    "f5", "m8", "klatt5", "Annie", "steph3", "Mario", "grandma", "belinda", "Storm", "ed", "victor", "norbert", "Gene2",
    "aunty", "max",
)  # fmt: skip
"""Never trained on: the voices of the measurement."""
MADE_UP = 140
_SHARE_MADE_UP = 0.7


@dataclass(frozen=True, slots=True)
class Way:
    """How an utterance is spoken."""

    language: str
    variant: str
    wpm: int = 175
    tempo: float = 1.0
    pitch: int = 50
    pitch_range: int = 50
    resample: float = 1.0
    toned: bool = True


@cache
def sentences() -> dict[str, dict[str, list[str]]]:
    """sentences.yaml: `trained` and `unheard`, language -> sentences; only what the embedded voice speaks."""
    content = yaml.safe_load(files("tools.lips").joinpath("sentences.yaml").read_text(encoding="utf-8"))
    return {part: {lang: list(said) for lang, said in by.items() if lang in SCRIPTS} for part, by in content.items()}


class Voices:
    """espeak-ng in this process, with the made-up variants. One at a time: the library works by globals."""

    def __init__(self, folder: Path) -> None:
        """folder: where the copy of espeak's data is kept, some 20 MB."""
        self._data = folder / "espeak-ng-data"
        if not self._data.exists():
            partial = folder / "espeak-ng-data.partial"
            shutil.rmtree(partial, ignore_errors=True)
            shutil.copytree(espeakng_loader.get_data_path(), partial)
            _prune(partial / "lang")
            for number in range(MADE_UP):
                (partial / "voices" / "!v" / f"made{number}").write_text(_variant(number))
            partial.rename(self._data)

    def say(self, text: str, way: Way, pause_ms: float = 80) -> SpokenClause:
        """One utterance at 24 kHz with its phonemes; empty where nothing can be spoken."""
        clean = spoken_text(text, scripts_of(way.language))
        if not clean.words:
            return SILENCE
        voice = f"{way.language}+{way.variant}" if way.variant else way.language
        settings: dict[str, Any] = {"gain_db": 0.0, "brightness_db": 0.0, "resample": way.resample}
        prosody = EspeakProsody(voice, way.wpm, way.tempo, way.pitch, way.pitch_range, **settings)
        library = Library(self._data)
        try:
            raw = library.speak(clean.text, voice, way.wpm, way.pitch, way.pitch_range, lambda: False)
        finally:
            library.close()
        return finish(raw, text, clean, prosody, pause_ms, way.toned)


def training_way(rng: np.random.Generator, language: str) -> Way:
    """A voice and a manner at random, of those that are trained on."""
    made_up = rng.random() < _SHARE_MADE_UP
    return Way(
        language,
        f"made{rng.integers(MADE_UP)}" if made_up else str(rng.choice(TRAINED_VARIANTS)),
        int(rng.integers(105, 215)),
        float(rng.uniform(0.85, 1.7)) if rng.random() < 0.25 else 1.0,
        int(rng.integers(20, 80)),
        int(rng.integers(20, 90)),
        float(rng.uniform(0.86, 1.18)) if rng.random() < 0.5 else 1.0,
        bool(rng.random() < 0.5),
    )


def training_text(rng: np.random.Generator, language: str) -> str:
    """A sentence of the language (never its last, which is kept for measuring), or its words in any order."""
    own = sentences()["trained"][language][:-1]
    if rng.random() < 0.5:
        return str(rng.choice(own))
    words = " ".join(own).split()
    chosen = [str(word) for word in rng.choice(words, int(rng.integers(5, 14)))]
    if rng.random() < 0.4:
        chosen[len(chosen) // 2] += ","
    return " ".join(chosen) + "."


def _prune(languages: Path) -> None:
    """espeak lists at most 350 voices; made-up ones must be among them, so languages that nobody needs go."""
    needed = {language for part in sentences().values() for language in part} | {"en"}
    for path in languages.rglob("*"):
        if path.is_file() and path.name.lower() not in needed:
            path.unlink()


def _variant(number: int) -> str:
    """espeak's description of a made-up voice: another throat, another pitch, another tone."""
    rng = np.random.default_rng([7, number])
    throat = float(np.exp(rng.uniform(-0.17, 0.22)))
    base_hz = rng.uniform(70, 150) if throat < 1.05 else rng.uniform(120, 240)
    lines = ["language variant", f"name made{number}", f"pitch {base_hz:.0f} {base_hz * rng.uniform(1.1, 1.8):.0f}"]
    for formant in range(9):
        place = 100 * throat * np.exp(rng.normal(0, 0.04)) if formant else 100
        lines.append(f"formant {formant} {place:.0f} {rng.uniform(60, 140):.0f} {rng.uniform(70, 170):.0f}")
    if rng.random() < 0.35:
        lines.append(f"klatt {rng.integers(1, 6)}")
    lines.append(f"voicing {rng.uniform(50, 140):.0f}")
    lines.append(f"consonants {rng.uniform(70, 140):.0f} {rng.uniform(70, 140):.0f}")
    if rng.random() < 0.4:
        lines.append("breath " + " ".join(f"{value:.0f}" for value in rng.uniform(0, 25, 8)))
    if rng.random() < 0.5:
        lines.append(f"flutter {rng.integers(1, 12)}")
    if rng.random() < 0.7:
        gains = zip((300, 900, 2000, 3500, 6000), rng.uniform(70, 255, 5), strict=True)
        lines.append("tone " + " ".join(f"{hz} {gain:.0f}" for hz, gain in gains))
    return "\n".join(lines) + "\n"
