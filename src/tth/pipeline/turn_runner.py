"""One turn is one task group. When `run` returns, nothing of the turn is alive and exactly one terminal event was sent.

`stop` is the one way to end a turn early, whoever asks: it closes the output first, so nothing older can follow, sends
the metrics and `turn_stopped` at once and only then takes the stages down. `pause` and `resume` hold it in between, as
promptly. Tests: tests/pipeline/test_turn_runner.py, test_pausing.py.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Collection
from typing import ParamSpec

from tth.adapters.moderation import Moment
from tth.core.clauses import Clause
from tth.core.error_event import error_event
from tth.core.turn import TurnState
from tth.errors import AdapterTimeout, Conflict, InternalError, TTHError
from tth.model.controls import ControlReport, Controls
from tth.model.events import (
    ErrorScope,
    Speaking,
    TextMode,
    TurnComplete,
    TurnMetrics,
    TurnOutcome,
    TurnStarted,
    TurnStopped,
)
from tth.pipeline.pausing import TurnDeadline, hold_sample, hold_turn, let_turn_go, take_back_at_stop
from tth.pipeline.placing_stage import PlacingStage
from tth.pipeline.plan import AdapterSessions, TurnPlan, Venue
from tth.pipeline.sending_stage import SendingStage
from tth.pipeline.take import Take
from tth.pipeline.text_stage import GivenText, model_text, run_text_stage
from tth.pipeline.turn_record import TurnRecord, record_of
from tth.pipeline.turn_result import TurnResult
from tth.pipeline.turn_state import TurnInProgress
from tth.pipeline.voice_stage import SpokenQueue, run_realtime_stage, run_voice_stage
from tth.tracebacks import let_go

log = logging.getLogger(__name__)
P = ParamSpec("P")

PAUSED = "paused"
CLAUSE_CAPACITY = 16
SPOKEN_CAPACITY = 16


class TurnRunner:
    """Runs one turn. `run` once, in a task of its own; `stop` and `change_controls` from the same event loop."""

    def __init__(
        self,
        plan: TurnPlan,
        sessions: AdapterSessions,
        venue: Venue,
        text: GivenText,
        avatar_free: asyncio.Task[None] | None = None,
    ) -> None:
        """avatar_free: whatever used the avatar before; the pictures start when it has ended."""
        self.plan = plan
        self.text = text
        self.result: TurnResult | None = None
        """Set with the terminal event."""
        self.is_remembered = False
        """The session has taken the result into its memory."""
        self._turn = TurnInProgress(plan, sessions, venue)
        self._venue = venue
        self._avatar_users = [avatar_free] if avatar_free is not None else []
        self._task: asyncio.Task[None] | None = None
        self._take = Take(self._turn)
        self._deadline = TurnDeadline(venue.budgets)
        self._is_sent = False

    def has_ended(self) -> bool:
        """The terminal event is with the sink."""
        return self.result is not None

    @property
    def state(self) -> TurnState:
        return self._turn.machine.state

    @property
    def label(self) -> str:
        """The state as it stands on the wire: "paused" while the turn is held."""
        return PAUSED if self.is_held else self.state.label

    @property
    def is_held(self) -> bool:
        """Between `pause` and `resume`."""
        return self._turn.hold is not None and not self.has_ended()

    @property
    def report(self) -> ControlReport:
        return self._turn.report

    @property
    def stale_count(self) -> int:
        """Events that came when it had ended, and were dropped."""
        return self._turn.tally.stale_count

    @property
    def turn_id(self) -> str:
        return self.plan.turn_id

    @property
    def mode(self) -> TextMode:
        return self.plan.mode

    @property
    def start_sample(self) -> int:
        """Media clock at which the turn began."""
        return self._turn.timeline.start_sample

    @property
    def speech_end_sample(self) -> int:
        """Media clock at which the last speech that was sent ends; the start where none was."""
        return max(self.start_sample, min(self._turn.timeline.speech_end_sample, self._turn.tally.audio_end_sample))

    def heard_until(self, sample: int) -> str:
        """The part of the text that a listener has heard at this sample, cut at a word."""
        return self._turn.text[: self._turn.heard_code_points(sample)]

    def record(self, heard_sample: int, *, is_told: bool) -> TurnRecord:
        """What another server needs to end this turn, or to mend what is remembered of it."""
        return record_of(self._turn, self.text.text, heard_sample, is_told=is_told)

    def speech_samples_until(self, sample: int) -> int:
        """How much speech, without the silence between, a listener has heard at this sample."""
        return self._turn.timeline.speech_before(sample)

    def change_controls(self, controls: Controls, report: ControlReport, ramp_ms: int, asked: frozenset[str]) -> None:
        """New controls from the next clause and the next frame on. asked: as in `TurnPlan`."""
        self._turn.change_controls(controls, report, ramp_ms, asked)

    def stop(self, outcome: TurnOutcome, asked_s: float, heard_sample: int | None = None) -> bool:
        """End the turn now. Returns False when it had ended already.

        heard_sample: the client's playback position; None = estimate it from the media clock. The terminal event is
        with the sink when this returns; the stages are taken down after that.
        """
        if self.has_ended():
            return False
        self._finish_stopped(outcome, asked_s, heard_sample)
        if self._task is not None:
            self._task.cancel()
        return True

    def pause(self, heard_sample: int | None = None) -> None:
        """Hold the turn now: the person falls silent and listens until `resume`, `stop` or the end of
        `budgets.pause_ms`. `turn_paused` is with the sink when this returns; nothing but pictures follows it.

        heard_sample: as for `stop`. Raises Conflict as `check_pause` does.
        """
        self.check_pause()
        self.begin()
        self._take.cut()
        hold_turn(self._turn, heard_sample)
        self._deadline.switch(is_held=True)
        self._take = Take(self._turn)

    def check_pause(self) -> None:
        """Raises Conflict: NO_ACTIVE_TURN when the turn has ended or been sent completely, ALREADY_PAUSED."""
        if self.has_ended() or self._is_sent or not self.plan.pace.live:
            raise Conflict("pause_turn: no such turn is running", "NO_ACTIVE_TURN")
        if self._turn.hold is not None:
            raise Conflict("pause_turn: the turn is paused", "ALREADY_PAUSED")

    def resume(self) -> None:
        """Let a held turn go on, at the very sample where it was held. Raises Conflict, NOT_PAUSED, when it is not."""
        if not self.is_held:
            raise Conflict("resume_turn: no turn is paused", "NOT_PAUSED")
        start_sample = max(self._turn.timeline.end_sample, self._turn.position())
        self._take.go_on(start_sample)
        self._deadline.switch(is_held=False)
        let_turn_go(self._turn, start_sample)

    async def run(self) -> None:
        """The whole turn. Never raises for a turn that failed or was stopped; passes foreign cancellation on."""
        self._task = asyncio.current_task()
        assert self._task is not None
        if self.has_ended():  # stopped before it could begin
            return
        try:
            async with self._deadline.begin():
                # In a task apart: a task group whose task fails leaves a mark of cancellation on its parent (asyncio
                # before Python 3.13), which nobody could tell from someone else's wish that the turn ends.
                await asyncio.create_task(self._run_stages(), name=f"stages of {self.plan.turn_id}")
        except asyncio.CancelledError as error:
            let_go(error)
            if not self.has_ended():
                self._finish_stopped(TurnOutcome.CANCELLED, self._turn.now_s(), None)
                raise
            self._swallow_own_cancellation()
        except TimeoutError as error:
            let_go(error)
            self._finish_stopped(TurnOutcome.EXPIRED, self._turn.now_s(), None, self._expiry())
        except BaseExceptionGroup as group:
            if not self.has_ended():
                self._finish_stopped(TurnOutcome.FAILED, self._turn.now_s(), None, _cause(group))
            else:  # a stage broke while it was taken down
                self._swallow_own_cancellation()
            let_go(group)
        else:
            self._finish_complete()
        finally:
            self._task, self._avatar_users = None, []  # tasks that have ended hold what their frames held
            self._deadline.end()

    def _swallow_own_cancellation(self) -> None:
        """`stop` cancelled this task and has done its work; raises CancelledError if someone else wants it to end."""
        assert self._task is not None
        if self._task.uncancel() > 0:
            raise asyncio.CancelledError

    # ---- stages

    async def _run_stages(self) -> None:
        self.begin()
        await self._face_ready()
        spoken: SpokenQueue = asyncio.Queue(SPOKEN_CAPACITY)
        async with asyncio.TaskGroup() as group:
            self._start_speech(group, spoken)
            await self._play(group, spoken)

    def begin(self) -> None:
        """Send `turn_started`, once; `run` does it by itself."""
        turn = self._turn
        if turn.machine.state is TurnState.IDLE:
            turn.machine.reach(TurnState.PREPARING)
            turn.tally.started_s = turn.now_s()
            turn.emit(self._started())

    async def _play(self, group: asyncio.TaskGroup, spoken: SpokenQueue) -> None:
        """Take after take, until one is not cut by a pause."""
        turn = self._turn
        placing = PlacingStage(turn, spoken, self._take)
        while not self._is_sent:
            take = self._take
            sending = SendingStage(turn, take)
            sound = [group.create_task(_stage(placing.run, take)), group.create_task(_stage(sending.send_sound))]
            pictures = None
            if take.feed is not None:
                pictures = group.create_task(_stage(self._pictures, sending, tuple(self._avatar_users)))
                self._avatar_users = [*(user for user in self._avatar_users if not user.done()), pictures]
            await take.watch(sound, pictures)
            self._is_sent = take is self._take

    async def _face_ready(self) -> None:
        """Nobody begins to speak without a face that is still being built, as on the first start on a machine; but the
        voice does not wait for it longer than for a first picture."""
        avatar = self._turn.sessions.avatar
        if avatar is None or not self._turn.has_pictures:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._venue.budgets.avatar_first_frame_ms / 1000):
                await avatar.ready(self.plan.controls)
        if self._turn.hold is None:
            self._take.leave_out(self._turn.position())

    def _started(self) -> TurnStarted:
        plan, turn = self.plan, self._turn
        return TurnStarted(plan.turn_index, turn.timeline.start_sample, turn.revision, plan.adapters, plan.mode)

    def _start_speech(self, group: asyncio.TaskGroup, spoken: SpokenQueue) -> None:
        turn = self._turn
        if turn.sessions.realtime is not None and self.plan.mode is TextMode.TALK:
            group.create_task(_stage(self._realtime, spoken))
            return
        clauses: asyncio.Queue[Clause | None] = asyncio.Queue(CLAUSE_CAPACITY)
        group.create_task(_stage(self._write, clauses))
        group.create_task(_stage(run_voice_stage, turn, clauses, spoken))

    async def _write(self, clauses: asyncio.Queue[Clause | None]) -> None:
        if self.plan.mode is TextMode.SAY:
            await run_text_stage(self._turn, self.text.pieces(), clauses, is_whole=self.text.is_whole)
        else:
            question = await self._question()
            await run_text_stage(self._turn, model_text(self._turn, question), clauses)

    async def _realtime(self, spoken: SpokenQueue) -> None:
        await run_realtime_stage(self._turn, await self._question(), spoken)

    async def _question(self) -> str:
        question = "".join([piece.text async for piece in self.text.pieces()])
        await self._turn.check(question, Moment.INPUT)
        return question

    async def _pictures(self, sending: SendingStage, avatar_users: Collection[asyncio.Task[None]]) -> None:
        if avatar_users:
            await asyncio.wait(avatar_users)
        await sending.send_pictures()

    # ---- the end

    def _finish_complete(self) -> None:
        turn = self._turn
        metrics = self._metrics(TurnOutcome.COMPLETED, None)  # what can break comes before it has ended
        complete = TurnComplete(turn.tally.audio_end_sample, turn.tally.video_end_sample, turn.text)
        result = TurnResult(metrics, turn.text, turn.text, turn.tally.audio_end_sample)
        turn.machine.end(TurnOutcome.COMPLETED)
        self.result = result  # with the state: whoever stops it from here on finds that it has ended
        turn.emit(metrics)
        turn.emit(complete)
        turn.is_open = False

    def _finish_stopped(
        self, outcome: TurnOutcome, asked_s: float, heard_sample: int | None, error: TTHError | None = None
    ) -> None:
        turn, sink = self._turn, self._venue.sink
        turn.is_open = False
        take_back_at_stop(turn, sink.cut(self.plan.turn_id))
        # The client drops this turn's pictures that are still on their way: the next one must stand alone.
        self._venue.encoder.request_keyframe()
        heard_at = self._heard_sample(heard_sample)
        heard_text = self.heard_until(heard_at)
        if turn.machine.state.is_running:
            turn.machine.end(outcome)
        else:  # stopped before it could begin: it is seen to begin and to end all the same
            sink.emit(self._started(), self.plan.turn_id)
            turn.machine.reach(TurnState.PREPARING)
            turn.machine.end(outcome)
        if turn.speaks:
            sink.emit(Speaking(False, max(heard_at, turn.speaks_since_sample)), self.plan.turn_id)
        if error is not None:
            sink.emit(error_event(error, ErrorScope.TURN), self.plan.turn_id)
        stop_asked_s = None if outcome in (TurnOutcome.FAILED, TurnOutcome.EXPIRED) else asked_s
        metrics = self._metrics(outcome, stop_asked_s)
        sink.emit(metrics, self.plan.turn_id)
        reason = error.reason if error is not None else ""
        sink.emit(
            TurnStopped(
                outcome,
                turn.tally.audio_end_sample,
                turn.tally.video_end_sample,
                heard_text,
                heard_at,
                heard_sample is None if turn.hold is None else turn.hold.is_estimate,
                reason,
            ),
            self.plan.turn_id,
        )
        if turn.sessions.avatar is not None:
            turn.sessions.avatar.unseen_from(hold_sample(turn, heard_sample))
        self._venue.media_clock.skip_to_end(turn.now_s())
        self.result = TurnResult(metrics, turn.text, heard_text, heard_at, reason)

    def _heard_sample(self, reported: int | None) -> int:
        """The last sample that can have been heard: what the client says, else what the clock says."""
        turn = self._turn
        if turn.hold is not None:
            return turn.hold.heard_sample
        sent = turn.tally.audio_end_sample
        if reported is None and not self.plan.pace.live:
            return sent
        return max(turn.timeline.start_sample, min(sent, turn.position() if reported is None else reported))

    def _expiry(self) -> TTHError:
        budgets = self._venue.budgets
        if self._turn.hold is not None:
            return AdapterTimeout(f"the turn was held for longer than {budgets.pause_ms} ms", "PAUSE_TIMEOUT")
        return AdapterTimeout(f"the turn took longer than {budgets.turn_ms} ms", "TURN_TIMEOUT")

    def _metrics(self, outcome: TurnOutcome, stop_asked_s: float | None) -> TurnMetrics:
        turn = self._turn
        return turn.tally.metrics(
            outcome, turn.report, self.plan.adapters, turn.drift.stats(), turn.now_s(), stop_asked_s
        )


async def _stage(work: Callable[P, Awaitable[None]], *args: P.args, **named: P.kwargs) -> None:
    """A stage as a task: its frames are emptied when it fails or is cancelled, for the task keeps the error and with it
    the frames, and a frame that waited with a time-out knows its task."""
    try:
        await work(*args, **named)
    except BaseException as error:
        let_go(error)
        raise


def _cause(group: BaseExceptionGroup[BaseException]) -> TTHError:
    """The error that ended the stages, fit to be sent. Bugs are logged here, once, under an incident id."""
    first: BaseException = group
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    if isinstance(first, TTHError):
        return first
    incident = InternalError()
    log.error("turn failed", exc_info=first, extra={"incident": incident.metadata["incident"]})
    return incident
