"""Measures `audio_lips.align`: the sounds that the embedded voice makes of a text, laid over another engine's sound."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tools.lips.corpus import Said
from tools.lips.evaluate import Seen, heading, is_bilabial, row, score, seen
from tools.lips.other_voices import Spoken, festival, flite, texts_of
from tools.lips.voices import Voices, Way
from tth.face.audio_lips.align import Aligner
from tth.face.durations import Phone
from tth.model.media import ms_to_samples, samples_to_ms

_FESTIVAL = ("kal_diphone", "suo_fi_lj_diphone", "lp_diphone")
_WHOLE_CLAUSE_MS = 3000
_CHUNK = ms_to_samples(40)


def aligned(one: Spoken, voices: Voices, delay_ms: int) -> Said:
    """The utterance with the times that are found for espeak's sounds of its text."""
    phones = [Phone(p.ipa, p.stress) for p in voices.say(one.text, Way(one.language, "f3")).phonemes]
    aligner, pcm = Aligner(phones, delay_ms), (one.said.sound * 32767).astype(np.int16)
    chunks = [chunk for at in range(0, len(pcm), _CHUNK) for chunk in aligner.add(pcm[at : at + _CHUNK])]
    chunks += aligner.finish()
    return Said(one.said.sound, tuple(phoneme for chunk in chunks for phoneme in chunk.phonemes))


def border_errors_ms(true: Said, found: Said) -> list[float]:
    """How far the beginnings of bilabials are off, where both have as many."""
    begins = [[p.start_sample for p in one.phonemes if is_bilabial(p)] for one in (true, found)]
    if len(begins[0]) != len(begins[1]):
        return []
    return [abs(samples_to_ms(a - b)) for a, b in zip(*begins, strict=True)]


def report(folder: Path, flite_command: str, festival_command: str, quick: bool, say: Callable[[str], None]) -> None:
    """Voices by themselves, at several delays, with sound alone for comparison; each second sentence."""
    if not (shutil.which(flite_command) and shutil.which(festival_command)):
        return
    spoken = flite(flite_command, texts_of("en-us"), ("slt", "awb")) + festival(festival_command, texts_of, _FESTIVAL)
    voices = Voices(folder)
    say("\nKnown text, times found in the sound:\n" + heading())
    for name in dict.fromkeys(one.voice for one in spoken):
        some = [one for one in spoken if one.voice == name][:: 6 if quick else 2]
        told = [seen(one.said, True) for one in some]
        say(row(f"{name}, sound alone", score(told, [seen(one.said, False) for one in some])))
        for delay_ms in (100, 200, 400, _WHOLE_CLAUSE_MS):
            found = [aligned(one, voices, delay_ms) for one in some]
            faces = [seen(one, True) for one in found]
            # Measured against what was truly said.
            against = [Seen(true.said, f.times, f.mouths, f.visemes) for true, f in zip(told, faces, strict=True)]
            errors = [e for one, other in zip(some, found, strict=True) for e in border_errors_ms(one.said, other)]
            quarters = np.percentile(errors, [50, 75, 90]) if errors else np.zeros(3)
            say(row(f"{name}, {delay_ms} ms", score(told, against)) + f"  off by {quarters.round()} ms")
