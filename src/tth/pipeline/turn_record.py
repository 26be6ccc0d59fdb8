"""What is written down of a turn while its server lives, so that another one can end it. Samples are media clock.

Tests: tests/session/test_record.py.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace

from tth.model.events import TextMode, TurnOutcome
from tth.pipeline.turn_state import TurnInProgress


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """One turn at one moment."""

    turn_id: str
    turn_index: int
    mode: TextMode
    user_text: str
    text: str
    """The person's, as far as it is known."""
    start_sample: int
    heard_sample: int
    """What the listener heard then, as far as it was known."""
    speech_end_sample: int
    """Where its speech ends, also what was not sent yet."""
    audio_end_sample: int
    """Of what was sent."""
    video_end_sample: int
    speaks: bool
    """`speaking started` was told and `speaking finished` was not."""
    is_told: bool
    """Its client has been told that it began."""
    outcome: TurnOutcome | None = None
    """None: it runs, or waits for its time."""
    heard_text: str = ""
    """Of one that has ended: as the history has it."""
    held_sample: int | None = None
    """It is held, and was heard up to here; None = it is not."""
    held_is_estimate: bool = False
    points: tuple[tuple[int, int], ...] = ()
    """(sample, code points): from this sample on so much of the text counts as heard; rising."""

    def heard_until(self, sample: int) -> str:
        """The part of the text that is heard at this sample, cut at a word."""
        index = bisect_right(self.points, sample, key=_sample_of)
        return self.text[: self.points[index - 1][1]] if index else ""

    def speech_samples_until(self, sample: int) -> int:
        """How much lies between the start and this sample; holes count, for nothing is written down of them."""
        return max(0, sample - self.start_sample)

    def record(self, heard_sample: int, *, is_told: bool) -> TurnRecord:
        """The same at another moment."""
        return replace(self, heard_sample=heard_sample, is_told=is_told)


def _sample_of(point: tuple[int, int]) -> int:
    return point[0]


def record_of(turn: TurnInProgress, user_text: str, heard_sample: int, *, is_told: bool) -> TurnRecord:
    """A turn that runs, or has just ended; whoever knows how it ended adds that."""
    points = ((turn.timeline.when_spoken(spoken), count) for spoken, count in turn.ledger.heard_points())
    return TurnRecord(
        turn_id=turn.plan.turn_id,
        turn_index=turn.plan.turn_index,
        mode=turn.plan.mode,
        user_text=user_text,
        text=turn.text,
        start_sample=turn.timeline.start_sample,
        heard_sample=heard_sample,
        speech_end_sample=turn.timeline.speech_end_sample,
        audio_end_sample=turn.tally.audio_end_sample,
        video_end_sample=turn.tally.video_end_sample,
        speaks=turn.speaks,
        is_told=is_told,
        held_sample=turn.hold.heard_sample if turn.hold is not None else None,
        held_is_estimate=turn.hold is not None and turn.hold.is_estimate,
        points=tuple(points),
    )
