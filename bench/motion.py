"""What the embedded face costs apart from painting: faces without pictures, idle and speaking."""

from __future__ import annotations

import time
from enum import Enum

import numpy as np

from bench.figures import Figure, Target, distribution
from bench.run import Run
from tth.face.performer import Performer
from tth.model.controls import Controls, EmotionLabel
from tth.model.media import FrameKind, PhonemeTiming, SilenceSpan, SpeechSpan, ms_to_samples

NAME = "motion"
TARGET = Target(5000, at_least=True)
FRAME_SAMPLES = 960
SYLLABLES = ("p", "ɛ", "t", "ɹ", "iː", "m", "a", "s", "tʃ", "uː", "v", "oʊ", "n", "d", "ɪ")
SOUND_MS = 80


class Says(Enum):
    """What a voice gives."""

    PHONEMES = "sound and phonemes"
    SOUND = "sound alone"
    NOTHING = "silence"


async def measure(run: Run) -> list[Figure]:
    """Faces a second of one core's time, by runs of ten seconds at 25 fps."""
    figures = []
    for label, says in (("speaking", Says.PHONEMES), ("speaking, by sound alone", Says.SOUND), ("idle", Says.NOTHING)):
        rates = []
        for number in range(run.count(20, 2)):
            performer = _performer(number, says)
            count = performer.end_sample // FRAME_SAMPLES
            begin_s = time.process_time()
            for frame in range(count):
                performer.face_at(frame * FRAME_SAMPLES)
            rates.append(count / (time.process_time() - begin_s))
        figures.append(distribution(NAME, f"faces without pictures, {label}", "1/s", rates, TARGET))
    return figures


def _performer(seed: int, says: Says) -> Performer:
    performer = Performer(seed)
    performer.change(Controls(EmotionLabel.HAPPY, 0.8), 0, 0)
    performer.feed(SilenceSpan(0, FRAME_SAMPLES, FrameKind.THINKING))
    count = 250 * FRAME_SAMPLES
    if says is not Says.NOTHING:
        sound = ms_to_samples(SOUND_MS)
        phonemes = tuple(
            PhonemeTiming(SYLLABLES[k % len(SYLLABLES)], FRAME_SAMPLES + k * sound, sound, k % 3)
            for k in range(count // sound)
        )
        pcm = np.random.default_rng(seed).integers(-3000, 3000, count).astype(np.int16)
        performer.feed(SpeechSpan(FRAME_SAMPLES, pcm, phonemes if says is Says.PHONEMES else ()))
        performer.feed(SilenceSpan(performer.end_sample, 3 * FRAME_SAMPLES))
    else:
        performer.feed(SilenceSpan(FRAME_SAMPLES, count, FrameKind.LISTENING))
    return performer
