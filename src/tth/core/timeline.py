"""Places a turn's speech on the media clock, sample by sample, and says when silence must fill a hole.

Speech follows speech without a gap; when the voice is late, the face goes on in silence and the speech starts where
the silence ended. Tests: tests/core/test_timeline.py.
"""

from __future__ import annotations

from dataclasses import replace

from tth.model.media import FrameKind, PhonemeTiming, SilenceSpan, SpeechChunk, SpeechSpan, WordTiming


class Timeline:
    """One turn's stretch of the media clock."""

    def __init__(self, start_sample: int) -> None:
        self.start_sample = start_sample
        self.end_sample = start_sample
        """End of what has been placed."""
        self._clause_sample = 0  # how much of the current clause has been placed
        self._phonemes: list[PhonemeTiming] = []  # of the current clause, not yet placed; clause time
        self._words: list[WordTiming] = []

    def begin_clause(self) -> None:
        """The next chunk is the first of a new clause: its times count from zero again."""
        self._clause_sample = 0
        self._phonemes.clear()
        self._words.clear()

    def place(self, chunk: SpeechChunk, text_offset: int, control_revision: int) -> SpeechSpan:
        """Put the next chunk of the current clause at the end.

        text_offset: code points from the start of the turn's text to the clause.
        A timing goes out with the chunk in which it begins, so that a hole in the middle of a clause moves
        everything that comes after it.
        """
        self._phonemes.extend(chunk.phonemes)
        self._words.extend(chunk.words)
        until = self._clause_sample + len(chunk.pcm)
        shift = self.end_sample - self._clause_sample
        phonemes = tuple(
            replace(p, start_sample=p.start_sample + shift) for p in self._phonemes if p.start_sample < until
        )
        words = tuple(
            replace(w, start_sample=w.start_sample + shift, offset=w.offset + text_offset)
            for w in self._words
            if w.start_sample < until
        )
        self._phonemes = [p for p in self._phonemes if p.start_sample >= until]
        self._words = [w for w in self._words if w.start_sample >= until]
        span = SpeechSpan(self.end_sample, chunk.pcm, phonemes, words, control_revision)
        self._clause_sample = until
        self.end_sample = span.end_sample
        return span

    def place_silence(self, sample_count: int, kind: FrameKind) -> SilenceSpan:
        """Put silence at the end."""
        span = SilenceSpan(self.end_sample, sample_count, kind)
        self.end_sample = span.end_sample
        return span
