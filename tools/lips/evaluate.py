"""Measures what the viewer sees: whole faces at 25 fps, from phonemes and from sound alone, of the same speech.

The phoneme path is the measure of the audio path; both are measured against the sound itself. Utterances are such as
were never trained on.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import partial
from importlib.resources import files
from io import BytesIO
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tools.lips import sounds
from tools.lips.corpus import Said, measuring_ways
from tools.lips.other_voices import LEARNT_FROM, Spoken, festival, flite, texts_of
from tools.lips.sounds import Sound
from tools.lips.voices import Voices, Way, sentences
from tth.face.parameters import FaceState
from tth.face.performer import Performer
from tth.face.phonemes import Contact, SoundKind, sounds_of
from tth.face.visemes import MOUTH_SHAPES, aperture
from tth.model.media import SAMPLE_RATE_HZ, PhonemeTiming, SilenceSpan, SpeechSpan, ms_to_samples

FRAME = SAMPLE_RATE_HZ // 25
_LEAD = 5 * FRAME
TOUCHING, SHUT = 0.02, 0.05
"""Openings (`aperture`) up to which lips touch, and up to which a mouth is shut."""
_NEAR = ms_to_samples(60)
_LAGS = range(-4, 5)
VOWELS = ("aa", "E", "I", "O", "U")
"""The visemes of vowels."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Seen:
    """An utterance and its faces at 25 fps."""

    said: Said
    times: NDArray[np.int64]
    """Middle of each frame, in samples of the utterance."""
    mouths: NDArray[np.float64]
    """MOUTH_SHAPES of each, (frames, 8)."""
    visemes: list[str]

    @property
    def openings(self) -> NDArray[np.float64]:
        return np.array([aperture(mouth) for mouth in self.mouths])

    @property
    def roundings(self) -> NDArray[np.float64]:
        return np.asarray(self.mouths[:, 2] + self.mouths[:, 3])


@dataclass(frozen=True, slots=True)
class Score:
    """Shares and correlations 0..1 of the audio path, against the phoneme path."""

    jaw: float
    opening: float
    rounding: float
    closed_on_pbm: float
    """Share of p, b, m on which the lips touch, 60 ms either way."""
    pbm_when_closed: float
    """Share of touching frames in speech that lie within 60 ms of a p, b or m."""
    shut_in_silence: float
    right_viseme: float
    size: float
    """How much the opening moves, of what the phoneme path moves it."""


def seen(said: Said, with_phonemes: bool, step: int = FRAME) -> Seen:
    """The faces of one utterance, as a session makes them: chunks of 40 ms between two silences."""
    performer = Performer(1)
    performer.feed(SilenceSpan(0, _LEAD))
    pcm = (np.clip(said.sound, -1, 1) * 32767).astype(np.int16)
    moved = [
        PhonemeTiming(p.ipa, p.start_sample + _LEAD, p.sample_count, p.stress)
        for p in (said.phonemes if with_phonemes else ())
    ]
    times: list[int] = []
    mouths: list[list[float]] = []
    visemes: list[str] = []

    def show(to_sample: float) -> None:
        while (at := step // 2 + len(times) * step) < to_sample:
            face, viseme = performer.face_at(at)
            times.append(at - _LEAD)
            mouths.append(mouth_of(face))
            visemes.append(viseme)

    for at in range(0, len(pcm), FRAME):
        piece = pcm[at : at + FRAME]
        begin = at + _LEAD
        known = tuple(p for p in moved if begin <= p.start_sample < begin + len(piece))
        performer.feed(SpeechSpan(begin, piece, known))
        show(min(performer.answerable_to_sample, performer.end_sample))
    performer.feed(SilenceSpan(performer.end_sample, 10 * FRAME))
    show(performer.end_sample)
    return Seen(said, np.array(times), np.array(mouths), visemes)


def mouth_of(face: FaceState) -> list[float]:
    """The MOUTH_SHAPES of a face; of two sides the left one."""
    both = ("mouthStretch", "mouthUpperUp", "mouthLowerDown", "mouthPress")
    return [face.weight(name + "Left" if name in both else name) for name in MOUTH_SHAPES]


def is_bilabial(phoneme: PhonemeTiming) -> bool:
    return any(sound.articulation.rule is Contact.BILABIAL for sound in sounds_of(phoneme.ipa))


def silent(said: Said, times: NDArray[np.int64], margin: int) -> NDArray[np.bool_]:
    """Which moments are further than `margin` from everything that is spoken."""
    far = np.ones(len(times), bool)
    for phoneme in said.phonemes:
        if sounds_of(phoneme.ipa)[0].articulation.rule is not Contact.PAUSE:
            end = phoneme.start_sample + phoneme.sample_count
            far &= (times < phoneme.start_sample - margin) | (times > end + margin)
    return far


def closures(one: Seen) -> tuple[int, int, int, int]:
    """(closures met, closures, touching frames near one, touching frames in speech)."""
    touching = one.openings < TOUCHING
    near = np.zeros(len(one.times), bool)
    met = count = 0
    for phoneme in filter(is_bilabial, one.said.phonemes):
        end = phoneme.start_sample + phoneme.sample_count
        here = (one.times >= phoneme.start_sample - _NEAR) & (one.times <= end + _NEAR)
        near |= here
        if here.any():
            met, count = met + bool(touching[here].any()), count + 1
    speaking = touching & ~silent(one.said, one.times, ms_to_samples(40))
    return met, count, int((speaking & near).sum()), int(speaking.sum())


def score(told: Sequence[Seen], heard: Sequence[Seen]) -> Score:
    """The audio path's faces against the phoneme path's, of the same utterances."""
    spoken = [~silent(one.said, one.times, ms_to_samples(60)) for one in told]
    quiet = [silent(one.said, one.times, ms_to_samples(150)) for one in told]

    def joined(of: Callable[[Seen], NDArray[np.float64]], all_seen: Sequence[Seen]) -> NDArray[np.float64]:
        return np.concatenate([of(one)[where] for one, where in zip(all_seen, spoken, strict=True)])

    def alike(of: Callable[[Seen], NDArray[np.float64]]) -> float:
        return float(np.corrcoef(joined(of, told), joined(of, heard))[0, 1])

    met, count, right, touching = np.sum([closures(one) for one in heard], axis=0)
    shut = np.concatenate([one.openings[where] <= SHUT for one, where in zip(heard, quiet, strict=True)])
    pairs = [
        a == b
        for one, other, where in zip(told, heard, spoken, strict=True)
        for a, b, counts in zip(one.visemes, other.visemes, where, strict=True)
        if counts
    ]
    return Score(
        alike(lambda one: one.mouths[:, 0]),
        alike(lambda one: one.openings),
        alike(lambda one: one.roundings),
        float(met / max(count, 1)),
        float(right / max(touching, 1)),
        float(shut.mean()),
        float(np.mean(pairs)),
        float(joined(lambda one: one.openings, heard).std() / joined(lambda one: one.openings, told).std()),
    )


def energy_lag(all_seen: Sequence[Seen]) -> tuple[float, int]:
    """(highest correlation of lip opening and level of the sound, frames by which the lips come later)."""
    sums = np.zeros(len(_LAGS))
    for one in all_seen:
        level = np.array([_level_db(one.said.sound, at) for at in one.times])
        opening = one.openings
        for place, lag in enumerate(_LAGS):
            first, last = max(0, lag), len(level) + min(0, lag)
            sums[place] += np.corrcoef(opening[first:last], level[first - lag : last - lag])[0, 1]
    best = int(np.argmax(sums))
    return float(sums[best] / len(all_seen)), _LAGS[best]


def _level_db(sound: Sound, at: int) -> float:
    part = sound[max(0, at - FRAME // 2) : max(0, at + FRAME // 2)]
    return float(max(20 * np.log10(np.sqrt(np.mean(part**2)) + 1e-9), -50)) if len(part) else -50.0


def vowels_apart(all_seen: Sequence[Seen]) -> dict[str, NDArray[np.float64]]:
    """Mean shapes in the middle of i, e/ɛ, a, o/ɔ, u."""
    groups = {"i": "iɪ", "e": "eɛ", "a": "aɑæ", "o": "oɔ", "u": "uʊ"}
    found: dict[str, list[NDArray[np.float64]]] = {name: [] for name in groups}
    for one in all_seen:
        for phoneme in one.said.phonemes:
            sound = sounds_of(phoneme.ipa)[0].articulation
            middle = phoneme.start_sample + phoneme.sample_count // 2
            nearest = int(np.argmin(np.abs(one.times - middle)))
            for name, letters in groups.items():
                if sound.kind is SoundKind.VOWEL and sound.ipa in letters and len(sounds_of(phoneme.ipa)) == 1:
                    found[name].append(one.mouths[nearest])
    return {name: np.mean(mouths, axis=0) for name, mouths in found.items() if mouths}


def vowel_confusion(told: Sequence[Seen], heard: Sequence[Seen]) -> NDArray[np.float64]:
    """Of the frames on which phonemes show each of VOWELS, the shares that the sound shows as each of them, or as none:
    (5, 6)."""
    counts = np.zeros((len(VOWELS), len(VOWELS) + 1))
    for one, other in zip(told, heard, strict=True):
        for true, found in zip(one.visemes, other.visemes, strict=True):
            if true in VOWELS:
                counts[VOWELS.index(true), VOWELS.index(found) if found in VOWELS else len(VOWELS)] += 1
    return np.asarray(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1))


def conditions(rng: np.random.Generator, babble: Sound) -> dict[str, Callable[[Sound], Sound]]:
    """What can happen to a voice, by name."""

    def noisy(other: Callable[[int], Sound], snr_db: float) -> Callable[[Sound], Sound]:
        return lambda sound: sounds.with_noise(sound, other(len(sound)), snr_db)

    return {
        "as it is": lambda sound: sound,
        "pink noise, 20 dB": noisy(partial(sounds.noise, rng=rng, slope=1.0), 20),
        "pink noise, 10 dB": noisy(partial(sounds.noise, rng=rng, slope=1.0), 10),
        "babble, 15 dB": noisy(lambda count: np.resize(babble, count), 15),
        "music, 15 dB": noisy(partial(sounds.music, rng=rng), 15),
        "telephone": lambda sound: sounds.telephone(sound * np.float32(0.5)),
        "room, 0.5 s": lambda sound: sounds.in_a_room(sound, rng, 0.5, 0.5),
        "20 dB quieter": lambda sound: sound * np.float32(0.1),
    }


def utterances(folder: Path, unheard: bool, quick: bool, speed: float = 1.0) -> list[Said]:
    """Sentences of the embedded voice that were never trained on."""
    voices, rng = Voices(folder), np.random.default_rng(99)
    ways = measuring_ways(rng, unheard)[:: 4 if quick else 1]
    return [spoken(voices, text, way, speed) for text, way in ways]


def spoken(voices: Voices, text: str, way: Way, speed: float = 1.0) -> Said:
    """One utterance with 300 ms of silence after it."""
    faster = Way(way.language, way.variant, 175 if speed == 1 else 220, speed if speed == 1 else speed * 175 / 220)
    clause = voices.say(text, way if speed == 1 else faster, 300)
    return Said(clause.pcm.astype(np.float32) / np.float32(32768), clause.phonemes)


def report(folder: Path, flite_command: str, festival_command: str, quick: bool, say: Say) -> None:
    """Everything that docs/motion.md states of lips, as tables."""
    folder.mkdir(parents=True, exist_ok=True)
    with np.load(BytesIO(files("tth.face.audio_lips").joinpath("weights.npz").read_bytes())) as content:
        if str(content["taught_by"]) != taught_by():
            say("The network was taught with other tables than phonemes.csv and visemes.yaml now hold: train it again.")
    told_report(folder, quick, say)
    sets = {
        "espeak, new sentences": utterances(folder, False, quick),
        "espeak, new voices and languages": utterances(folder, True, quick),
    }
    sets |= others(flite_command, festival_command, quick, say)
    say("\nFrom sound alone, against the phoneme path:\n" + heading())
    for name, said in sets.items():
        told, heard = [seen(one, True) for one in said], [seen(one, False) for one in said]
        correlation, lag = energy_lag(heard)
        say(row(name, score(told, heard)) + f"  energy {correlation:.2f} at {lag:+d} frames")
        _say_vowels(heard, say)
        for vowel, shares in zip(VOWELS, vowel_confusion(told, heard), strict=True):
            found = " ".join(f"{name} {share:.2f}" for name, share in zip((*VOWELS, "none"), shares, strict=True))
            say(f"    {vowel:2s} is shown as {found}")
    mixed = [one for said in sets.values() for one in said[:: max(1, len(said) // (4 if quick else 12))]]
    babble = np.concatenate([one.sound for one in mixed])[::-1].copy()
    say("\nWhat the voice suffers on its way:\n" + heading())
    for name, harm in conditions(np.random.default_rng(5), babble).items():
        told = [seen(one, True) for one in mixed]
        heard = [seen(Said(harm(one.sound), one.phonemes), False) for one in mixed]
        say(row(name, score(told, heard)))


def others(flite_command: str, festival_command: str, quick: bool, say: Say) -> dict[str, list[Said]]:
    """Sentences by voices of other engines: those that gave lessons (with other texts) and those that never did."""
    spoken: list[Spoken] = []
    if shutil.which(flite_command):
        spoken += flite(flite_command, texts_of("en-us"))
    else:
        say("flite: not installed, not measured")
    if shutil.which(festival_command):
        spoken += festival(festival_command, texts_of)
    else:
        say("festival: not installed, not measured")
    sets: dict[str, list[Said]] = {}
    for one in spoken[:: 4 if quick else 1]:
        kind = "known voices" if one.voice in LEARNT_FROM else f"unheard voices, {one.language}"
        sets.setdefault(f"recorded, {kind}", []).append(one.said)
    return sets


def told_report(folder: Path, quick: bool, say: Say) -> None:
    """The phoneme path by itself, at several speeds."""
    say("From phonemes: speed, share of p b m closed at 25 fps, teeth on f v, energy correlation and lag in frames")
    languages = len(sentences()["unheard"])
    for speed in (1.0, 2.0, 3.0, 4.0):
        told = [seen(one, True) for one in utterances(folder, True, quick, speed)]
        met, count, *_ = np.sum([closures(one) for one in told], axis=0)
        correlation, lag = energy_lag(told)
        teeth = [meets for one in told for meets in lips_on_teeth(one)]
        say(
            f"  speed {speed:.0f}: {met} of {count} closed, {sum(teeth)} of {len(teeth)} on the teeth, "
            f"energy {correlation:.2f} at {lag:+d} frames ({languages} languages)"
        )


def lips_on_teeth(one: Seen) -> list[bool]:
    """For each f and v, whether a frame shows the lower lip up, the jaw nearly shut and the upper lip lifted."""
    out = []
    for phoneme in one.said.phonemes:
        if sounds_of(phoneme.ipa)[0].articulation.rule is Contact.LABIODENTAL:
            end = phoneme.start_sample + phoneme.sample_count
            here = (one.times >= phoneme.start_sample - FRAME // 2) & (one.times <= end + FRAME // 2)
            mouths = one.mouths[here]
            out.append(bool(((mouths[:, 6] < 0.06) & (mouths[:, 0] < 0.2)).any()))
    return out


def _say_vowels(heard: Sequence[Seen], say: Say) -> None:
    means = vowels_apart(heard)
    if len(means) > 1:
        apart = {pair: float(np.abs(means[pair[0]] - means[pair[1]]).sum()) for pair in combinations(means, 2)}
        say("    vowels apart: " + ", ".join(f"{a}-{b} {gap:.2f}" for (a, b), gap in apart.items()))


def taught_by() -> str:
    """A mark of the tables that the teacher's mouth follows."""
    tables = (files("tth.face").joinpath(name).read_bytes() for name in ("phonemes.csv", "visemes.yaml"))
    return hashlib.sha256(b"".join(tables)).hexdigest()[:16]


def heading() -> str:
    return " " * 34 + " ".join(f"{one.name[:8]:>8s}" for one in fields(Score))


def row(name: str, one: Score) -> str:
    return f"{name:34s}" + " ".join(f"{getattr(one, item.name):8.2f}" for item in fields(Score))
