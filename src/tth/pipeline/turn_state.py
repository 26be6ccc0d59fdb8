"""What the stages of one running turn share: its plan, its output and its controls as they change.

The output is the one door: after `close` nothing of the turn passes, whatever a stage still does.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from tth.adapters.base import ControlChange, StyleHint, Used
from tth.adapters.moderation import Moment
from tth.core.blend import hinted, hinted_report
from tth.core.drift import DriftController
from tth.core.ledger import SpeechLedger
from tth.core.timeline import Timeline
from tth.core.turn import TurnMachine, TurnState
from tth.errors import AdapterTimeout, ContentRefused
from tth.model.commands import DEFAULT_RAMP_MS
from tth.model.controls import ControlPatch, ControlReport, Controls
from tth.model.events import Event, Speaking
from tth.model.media import VideoCodec
from tth.pipeline.plan import AdapterSessions, TurnPlan, Venue
from tth.pipeline.tally import Tally


@dataclass(frozen=True, slots=True)
class Hold:
    """The turn is held."""

    since_s: float
    heard_sample: int
    """Up to here it was heard."""
    is_estimate: bool
    """The client did not say so."""


class TurnInProgress:
    """One turn's shared state. Used from one event loop only."""

    def __init__(self, plan: TurnPlan, sessions: AdapterSessions, venue: Venue) -> None:
        self.plan = plan
        self.sessions = sessions
        self.venue = venue
        self.machine = TurnMachine()
        self.tally = Tally(plan.taken_s)
        self.ledger = SpeechLedger()
        self.drift = DriftController(plan.pace.live)
        self.timeline = Timeline(venue.media_clock.next_start(venue.clock.now_s()))
        # What sends nothing ends where it began.
        self.tally.audio_end_sample = self.tally.video_end_sample = self.timeline.start_sample
        self.text = ""
        """The turn's text as far as it is known."""
        self.controls: Controls = plan.controls
        self.report: ControlReport = plan.report
        self.pending_change: ControlChange | None = None
        self._said = (plan.controls, plan.report, plan.asked)
        self._hint = ControlPatch()
        self.is_open = True
        self.speaks = False
        """`speaking started` was sent and `speaking finished` was not."""
        self.speaks_since_sample = 0
        """Where it was said to start."""
        self.sound_end_sample: int | None = None
        """End of the chunk that was marked as the last; None when none was."""
        wants_pictures = plan.media.motion or venue.encoder.codec is not VideoCodec.NONE
        self.has_pictures = sessions.avatar is not None and wants_pictures
        """Somebody is seen: False too when the avatar was given up."""
        self.hold: Hold | None = None
        self._goes_on = asyncio.Event()

    @property
    def revision(self) -> int:
        return self.report.control_revision

    def now_s(self) -> float:
        return self.venue.clock.now_s()

    def position(self) -> int:
        """The sample presented now."""
        return self.venue.media_clock.position(self.venue.clock.now_s())

    def emit(self, event: Event) -> bool:
        """Hand an event on; False when the turn has ended and it was dropped."""
        if not self.is_open:
            self.tally.stale_count += 1
            return False
        self.tally.count(event, self.venue.clock.now_s())
        if isinstance(event, Speaking):
            self.speaks = event.started
            if event.started:
                self.speaks_since_sample = event.at_sample
        self.venue.sink.emit(event, self.plan.turn_id)
        return True

    def reach(self, state: TurnState) -> None:
        """Note that a stage has begun."""
        if self.is_open:
            self.machine.reach(state)

    def change_controls(self, controls: Controls, report: ControlReport, ramp_ms: int, asked: frozenset[str]) -> None:
        """New controls: the voice takes them with its next clause, the face with its next frame.

        asked: as in `TurnPlan`; what the model has hinted at goes on where it may.
        """
        self._said = (controls, report, asked)
        self._take_over(ramp_ms)

    def take_note(self, note: StyleHint | Used) -> None:
        """What a model or voice gives besides text and sound.

        A hint says how the model means what follows: it holds for the rest of the turn where nobody asked for
        anything else. What was used is added up for the turn's metrics.
        """
        if isinstance(note, Used):
            self.tally.add_used(note.input_tokens, note.output_tokens, note.cost_micro_usd)
        else:
            self._hint = ControlPatch(emotion_label=note.emotion_label, emotion_intensity=note.emotion_intensity)
            self._take_over(DEFAULT_RAMP_MS)

    def _take_over(self, ramp_ms: int) -> None:
        controls, report, asked = self._said
        self.controls = hinted(controls, self._hint, asked)
        self.report = report if self.controls == controls else hinted_report(report, self.controls)
        self.pending_change = ControlChange(self.timeline.end_sample, self.controls, report.control_revision, ramp_ms)

    def heard_code_points(self, sample: int) -> int:
        """How much of the text has been heard at `sample` of the media clock, cut at a word."""
        return self.ledger.heard_code_points(self.timeline.speech_before(sample))

    def hold_at(self, hold: Hold) -> None:
        """Nothing but pictures is to go out from now on."""
        self.hold = hold
        self._goes_on.clear()

    def go_on(self) -> None:
        """It is held no longer."""
        self.hold = None
        self._goes_on.set()

    async def let_go(self) -> None:
        """Wait while the turn is held."""
        while self.hold is not None:
            await self._goes_on.wait()

    async def check(self, text: str, moment: Moment) -> None:
        """Raises ContentRefused for a text that must not be answered or spoken here, AdapterTimeout or AdapterError
        when nobody can say so in time."""
        moderator = self.venue.moderator
        if moderator is None or not text.strip():
            return
        budget_ms = self.venue.budgets.moderation_ms
        try:
            async with asyncio.timeout(budget_ms / 1000):
                is_allowed = await moderator.allows(text, moment, self.plan.context.language_code)
        except TimeoutError:
            raise AdapterTimeout(f"the moderator gave no answer within {budget_ms} ms", role="moderator") from None
        if not is_allowed:
            raise ContentRefused(f"the {moment} is not allowed on this server", role="moderator")

    async def wait_until_due(self, sample: int, ahead_samples: int) -> None:
        """Wait until `sample` is at most `ahead_samples` in the future. Returns at once in a batch."""
        if not self.plan.pace.live:
            return
        delay_s = self.venue.media_clock.delay_until_s(sample, ahead_samples, self.venue.clock.now_s())
        if delay_s > 0:
            await asyncio.sleep(delay_s)
