"""How long sounds usually last, for phonemes whose times nobody tells: spread over a word or a stretch. Pure.

Used by the aligner (audio_lips/align.py). `spread` and `spread_words` wait for somebody who turns the text of a voice
that tells words but no phonemes into sounds; today nobody calls them (docs/motion.md).
Tests: tests/face/test_durations.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tth.face.phonemes import SoundKind, sounds_of
from tth.model.media import PhonemeTiming, WordTiming


@dataclass(frozen=True, slots=True)
class Phone:
    """A speech sound of a transcript: known, but not when."""

    ipa: str
    """As in `PhonemeTiming`; "" is a pause that may be made there, or not."""
    stress: int = 0


# Means of the embedded voice at normal speed over 40 languages, 2026-11; those of read speech (Klatt 1976) are near.
_TYPICAL_MS: Mapping[SoundKind, float] = {
    SoundKind.VOWEL: 95,
    SoundKind.STOP: 70,
    SoundKind.FRICATIVE: 90,
    SoundKind.NASAL: 70,
    SoundKind.APPROXIMANT: 65,
    SoundKind.TRILL: 60,
    SoundKind.TAP: 35,
    SoundKind.PAUSE: 200,
}
# A stressed vowel lasts longer (Klatt 1976).
_STRESS_GAIN = (1.0, 1.15, 1.3)


def typical_ms(phone: Phone) -> float:
    """The usual duration of a sound at normal speed; of an affricate or diphthong, of both its parts."""
    sounds = sounds_of(phone.ipa)
    gain = _STRESS_GAIN[phone.stress] if sounds[0].articulation.kind is SoundKind.VOWEL else 1.0
    longest = max(_TYPICAL_MS[sound.articulation.kind] for sound in sounds)
    return gain * (longest * (1.4 if len(sounds) > 1 else 1.0)) * (1.4 if "ː" in phone.ipa else 1.0)


def spread(phones: Sequence[Phone], start_sample: int, end_sample: int) -> tuple[PhonemeTiming, ...]:
    """The sounds one after the other from `start_sample` to `end_sample`, each as long as it usually is against the
    others. Sounds shorter than a sample are left out."""
    total_ms = sum(typical_ms(phone) for phone in phones)
    timings, passed_ms, start = [], 0.0, start_sample
    for phone in phones:
        passed_ms += typical_ms(phone)
        end = start_sample + round((end_sample - start_sample) * passed_ms / total_ms)
        if end > start:
            timings.append(PhonemeTiming(phone.ipa, start, end - start, phone.stress))
            start = end
    return tuple(timings)


def spread_words(words: Sequence[WordTiming], phones_of: Sequence[Sequence[Phone]]) -> tuple[PhonemeTiming, ...]:
    """Phonemes within words whose times a voice tells, with pauses between them.

    phones_of: the sounds of each word, as many entries as `words`; words without sounds leave a pause.
    """
    timings: list[PhonemeTiming] = []
    for word, phones in zip(words, phones_of, strict=True):
        known_to = timings[-1].start_sample + timings[-1].sample_count if timings else word.start_sample
        if word.start_sample > known_to:
            timings.append(PhonemeTiming("", known_to, word.start_sample - known_to))
        timings += spread(phones, max(word.start_sample, known_to), word.start_sample + word.sample_count)
    return tuple(timings)
