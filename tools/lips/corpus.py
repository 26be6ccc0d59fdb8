"""Sound with the mouth that belongs to it: the network's lessons.

The teacher is `MouthTrack`, fed with the true phonemes: what the network learns to say from sound alone is what the
phoneme path says.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from tools.lips.sounds import Sound, altered, music, noise
from tools.lips.voices import UNHEARD_VARIANTS, Voices, Way, sentences, training_text, training_way
from tth.face.audio_lips.features import HOP_SAMPLES, WINDOW_SAMPLES, log_mel
from tth.face.audio_lips.network import FIRST_STEP_SAMPLES, LEVEL, OUTPUTS, SHAPES_END, STEP_SAMPLES, VISEMES_END
from tth.face.visemes import MouthTrack
from tth.model.media import SAMPLE_RATE_HZ, PhonemeTiming

CLIP_STEPS = 300
CLIP_FRAMES = 2 * CLIP_STEPS + 2
CLIP_SAMPLES = (CLIP_FRAMES - 1) * HOP_SAMPLES + WINDOW_SAMPLES
"""Six seconds."""
_SILENT_SHARE = 0.06


@dataclass(frozen=True, slots=True)
class Said:
    """A stretch of sound, float32 (n,), and what is said in it."""

    sound: Sound
    phonemes: tuple[PhonemeTiming, ...]


@dataclass(frozen=True, slots=True)
class Lessons:
    """Clips side by side."""

    heard: NDArray[np.float16]
    """Log-mel, not levelled, (clips, CLIP_FRAMES, BANDS)."""
    wanted: NDArray[np.float16]
    """What the network should say, (clips, CLIP_STEPS, OUTPUTS); visemes as shares, contacts as 0 or 1."""


def wanted_at(phonemes: tuple[PhonemeTiming, ...], steps: int) -> NDArray[np.float32]:
    """The teacher's mouth at every step, (steps, OUTPUTS)."""
    track = MouthTrack()
    track.add(phonemes)
    out = np.zeros((steps, OUTPUTS), np.float32)
    for step, row in enumerate(out):
        mouth = track.mouth_at(FIRST_STEP_SAMPLES + step * STEP_SAMPLES)
        row[:SHAPES_END] = mouth.shapes
        row[LEVEL] = mouth.level
        row[LEVEL + 1 : VISEMES_END] = mouth.visemes
        row[VISEMES_END:] = [away_s == 0 for away_s in (mouth.lips_s, mouth.teeth_s, mouth.sibilant_s)]
    return out


def speech(voices: Voices, rng: np.random.Generator, samples: int) -> Said:
    """Some utterances of one voice with pauses between, exactly this long; the last may be cut off."""
    language = str(rng.choice(list(sentences()["trained"])))
    way = training_way(rng, language)
    pieces: list[Sound] = []
    phonemes: list[PhonemeTiming] = []
    at = int(rng.choice(np.array([0, rng.integers(0, SAMPLE_RATE_HZ // 2)])))
    pieces.append(np.zeros(at, np.float32))
    while at < samples:
        clause = voices.say(training_text(rng, language), way, float(rng.uniform(40, 500)))
        if not len(clause.pcm):
            at += len(pieces[0])
            way = training_way(rng, language)
            continue
        pieces.append(clause.pcm.astype(np.float32) / np.float32(32768))
        phonemes += [PhonemeTiming(p.ipa, at + p.start_sample, p.sample_count, p.stress) for p in clause.phonemes]
        at += len(clause.pcm)
    sound = np.concatenate([*pieces, np.zeros(samples, np.float32)])[:samples]
    return Said(sound, tuple(p for p in phonemes if p.start_sample < samples))


def joined(pieces: Iterable[Said], rng: np.random.Generator) -> Iterator[Said]:
    """Utterances one after the other, with pauses, as clips of CLIP_SAMPLES."""
    sounds: list[Sound] = []
    phonemes: list[PhonemeTiming] = []
    at = 0
    for piece in pieces:
        pause = np.zeros(int(rng.integers(0, SAMPLE_RATE_HZ // 2)), np.float32)
        phonemes += [PhonemeTiming(p.ipa, at + p.start_sample, p.sample_count, p.stress) for p in piece.phonemes]
        sounds += [piece.sound, pause]
        at += len(piece.sound) + len(pause)
        if at >= CLIP_SAMPLES:
            kept = tuple(p for p in phonemes if p.start_sample < CLIP_SAMPLES)
            yield Said(np.concatenate(sounds)[:CLIP_SAMPLES], kept)
            sounds, phonemes, at = [], [], 0


def heard_in_ways(said: Sequence[Said], copies: int, rng: np.random.Generator) -> Lessons:
    """Each clip in `copies` ways of sounding, and some that are no speech."""
    heard, wanted = [], []
    for one in said:
        target = wanted_at(one.phonemes, CLIP_STEPS)
        borders = np.array([p.start_sample for p in one.phonemes], np.int64)
        for copy in range(copies):
            chosen = rng.choice(len(said), min(5, len(said)), replace=False)
            babble = cast(Sound, sum(said[other].sound for other in chosen))
            sound = altered(one.sound, rng, babble, borders) if copy or rng.random() < 0.7 else one.sound
            heard.append(log_mel(sound).astype(np.float16))
            wanted.append(target.astype(np.float16))
    nothing = np.zeros((CLIP_STEPS, OUTPUTS), np.float16)
    nothing[:, LEVEL + 1] = 1
    for _ in range(int(_SILENT_SHARE * len(heard))):
        other = music(CLIP_SAMPLES, rng) if rng.random() < 0.5 else noise(CLIP_SAMPLES, rng)
        heard.append(log_mel(other * np.float32(0.3 * 10 ** rng.uniform(-2.5, 0))).astype(np.float16))
        wanted.append(nothing)
    return Lessons(np.stack(heard), np.stack(wanted))


def lessons(folder: Path, clips: int, copies: int, seed: int, part: int) -> Lessons:
    """`clips` stretches of the embedded voice's speech."""
    rng = np.random.default_rng([seed, part])
    voices = Voices(folder)
    return heard_in_ways([speech(voices, rng, CLIP_SAMPLES) for _ in range(clips)], copies, rng)


def make(folder: Path, clips: int, copies: int, seed: int, processes: int) -> Lessons:
    """The whole corpus, by several processes; the same for the same numbers, however many processes."""
    Voices(folder)  # the copy of espeak's data, made once
    part_clips = 40
    parts = range(max(1, clips // part_clips))
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        made = pool.map(partial(lessons, folder, part_clips, copies, seed), parts, chunksize=1)
    return Lessons(np.concatenate([m.heard for m in made]), np.concatenate([m.wanted for m in made]))


def measuring_ways(rng: np.random.Generator, unheard: bool) -> list[tuple[str, Way]]:
    """(sentence, way) pairs that were never trained on: other sentences by known voices and languages, or all new."""
    out = []
    for language, said in sentences()["unheard" if unheard else "trained"].items():
        for text in said[:3] if unheard else said[-1:]:
            from_known = str(rng.choice(["f1", "m3", "Alex", "klatt2", "f3", "m7"]))
            variant = str(rng.choice(UNHEARD_VARIANTS)) if unheard else from_known
            out.append((text, Way(language, variant, int(rng.integers(135, 205)), 1.0, int(rng.integers(30, 70)))))
    return out
