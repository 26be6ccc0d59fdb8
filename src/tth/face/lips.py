"""Where the mouth of speech comes from: from phonemes where they say it, from the sound where they do not.

Which of the two is decided for each moment by itself, from what lies around it: a voice is never taken for one with or
without phonemes, so one whose phonemes come late has them from then on. At the borders one fades into the other. Pure.
Tests: tests/face/test_lips.py.
"""

from __future__ import annotations

from tth.face.audio_lips.estimator import SOUND_LOOKAHEAD_SAMPLES, AudioMouth
from tth.face.visemes import LOOKAHEAD_SAMPLES, Mouth, MouthTrack, hold_contacts
from tth.model.media import SilenceSpan, SpeechSpan

# At a border a contact moves out of sight with this distance in time where both count half.
_CONTACT_FADE_S = 0.1


class Lips:
    """The speech of a conversation, fed span by span, and its mouth at any moment."""

    def __init__(self) -> None:
        self._track = MouthTrack()
        self._audio = AudioMouth()

    def add(self, span: SpeechSpan | SilenceSpan) -> None:
        """Take the next span."""
        if isinstance(span, SpeechSpan):
            self._track.add(span.phonemes)
            self._audio.add(span.start_sample, span.pcm)
        else:
            self._audio.end()

    def cut(self, at_sample: int) -> None:
        """Forget everything from `at_sample` on."""
        self._track.cut(at_sample)
        self._audio.cut(at_sample)

    def forget(self, before_sample: int) -> None:
        """Drop phonemes that cannot move the mouth at `before_sample` or later."""
        self._track.forget(before_sample)

    def forget_sound(self, before_sample: int) -> None:
        """Drop sound that cannot move the mouth at `before_sample` or later. A `cut` needs none of it: what is asked
        for behind a cut was not asked for before."""
        self._audio.forget(before_sample)

    def final_to_sample(self, end_sample: int) -> float:
        """Moments of speech before this one have their final mouth, when the sound is known up to `end_sample`.

        A moment near phonemes waits for those of the next LOOKAHEAD_SAMPLES, any other for the sound of the next
        SOUND_LOOKAHEAD_SAMPLES.
        """
        by_sound = end_sample - SOUND_LOOKAHEAD_SAMPLES
        told_to = self._track.end_sample
        if told_to + LOOKAHEAD_SAMPLES <= end_sample:
            return by_sound
        by_phonemes = max(end_sample, told_to) - LOOKAHEAD_SAMPLES
        return (
            by_phonemes
            if by_phonemes <= by_sound
            else min(by_phonemes, self._track.covered_to_sample(by_sound, end_sample))
        )

    def mouth_at(self, sample: int, is_speech: bool, visible_to_sample: float) -> Mouth:
        """The mouth at `sample`, contacts held, not limited in speed.

        is_speech: somebody speaks at `sample`; in silence phonemes alone count. visible_to_sample: as in `MouthTrack`.
        """
        mouth = self._track.mouth_at(sample, visible_to_sample)
        if not is_speech or mouth.coverage >= 1:
            return mouth
        heard = self._audio.mouth_at(sample, self._track.told_to_sample(sample))
        return _faded(mouth, heard, mouth.coverage) if mouth.coverage else heard


def _faded(told: Mouth, heard: Mouth, share: float) -> Mouth:
    """`share` (above 0, below 1) of what phonemes tell, the rest of what the sound says; contacts of both."""

    def mixed(one: float, other: float) -> float:
        return share * one + (1 - share) * other

    def nearer(one_s: float, other_s: float) -> float:
        odds = share / (1 - share)
        return min(one_s + _CONTACT_FADE_S / odds, other_s + _CONTACT_FADE_S * odds)

    mouth = Mouth(
        [mixed(*pair) for pair in zip(told.shapes, heard.shapes, strict=True)],
        [mixed(*pair) for pair in zip(told.visemes, heard.visemes, strict=True)],
        mixed(told.level, heard.level),
        share,
        nearer(told.lips_s, heard.lips_s),
        nearer(told.teeth_s, heard.teeth_s),
        nearer(told.sibilant_s, heard.sibilant_s),
    )
    mouth.shapes = hold_contacts(mouth.shapes, mouth)
    return mouth
