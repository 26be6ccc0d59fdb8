"""The turns of one session: the one that runs, and those that wait behind it. How they begin, wait and end.

Synchronous decisions in the session's task; a turn itself runs in a task of the stream's group.
Tests: tests/session/test_conversation.py, test_overlap.py, test_pausing.py, test_turn_log.py.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass

from tth.core.text_rules import check_text
from tth.core.turn import TurnState
from tth.errors import Conflict, LimitExceeded, TTHError, invalid_field
from tth.model.commands import EndTurn, Interrupt, PauseTurn, ResumeTurn, UserText
from tth.model.events import GoAway, TextMode, TurnOutcome
from tth.model.ids import log_name
from tth.pipeline.plan import AdapterSessions, Venue
from tth.pipeline.text_stage import GivenText
from tth.pipeline.turn_record import TurnRecord
from tth.pipeline.turn_runner import TurnRunner
from tth.session.control_layers import ControlLayers, Decided
from tth.session.engine import Engine
from tth.session.face import Face
from tth.session.growing_text import GrowingText
from tth.session.heard import Heard
from tth.session.leaving import too_late_for_turn
from tth.session.order_rules import check_order
from tth.session.planning import TurnOrder, plan_turn
from tth.session.terms import OverlapPolicy, SessionTerms
from tth.session.turn_ids import TurnIds

log = logging.getLogger(__name__)

MAX_REASON_CODE_POINTS = 200
MAX_WAITING = 8
"""Turns behind the running one; the contract's number. Texts are bounded each, so this bounds memory."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What a stream brings along for its turns."""

    group: asyncio.TaskGroup
    venue: Venue
    begins: Callable[[], None]
    """A turn is about to begin: nobody else may show the face."""
    rests: Callable[[], None]
    """Nothing runs and nothing waits any more."""
    refuse: Callable[[TTHError, int], None]
    """Answer the message with this client_seq with an error."""


@dataclass(frozen=True, slots=True)
class _Accepted:
    """A turn that will be begun."""

    command: UserText
    text: GivenText
    turn_id: str
    turn_index: int
    taken_s: float


class Turns:
    """One session's. Everything but `finish` is synchronous."""

    def __init__(
        self,
        terms: SessionTerms,
        engine: Engine,
        layers: ControlLayers,
        face: Face,
        speech: AdapterSessions,
        heard: Heard,
    ) -> None:
        self._terms = terms
        self._engine = engine
        self._layers = layers
        self._face = face
        self._speech = speech
        self._heard = heard
        self._stage: Stage | None = None
        self.ids = TurnIds()
        self.count = 0
        """Turns that were accepted so far."""
        self._waiting: deque[_Accepted] = deque()
        self._runner: TurnRunner | None = None
        self._task: asyncio.Task[None] | None = None
        self.leaving: GoAway | None = None
        """Behind this notice no further turn is begun; None = it has not been given."""
        self._unfinished: GrowingText | None = None  # a TALK text that still arrives

    # ---- what is going on

    @property
    def running(self) -> TurnRunner | None:
        """The turn that has not ended."""
        return self._runner if self._runner is not None and not self._runner.has_ended() else None

    @property
    def state(self) -> str:
        """idle, preparing, llm, tts, avatar, streaming or paused."""
        runner = self._runner
        return runner.label if runner is not None and runner.state.is_running else TurnState.IDLE.label

    @property
    def waiting_count(self) -> int:
        return len(self._waiting)

    @property
    def is_resting(self) -> bool:
        """Nothing of a turn is alive and nothing waits."""
        return self._runner is None and not self._waiting

    @property
    def are_used_up(self) -> bool:
        """There have been as many as a session may have."""
        return self.count >= self._engine.max_turns

    # ---- the stream

    def attach(self, stage: Stage) -> None:
        """A stream begins."""
        self._stage = stage
        self._heard.attach(stage.venue)

    def detach(self) -> None:
        """The stream is over; all turns have been stopped before and their tasks have ended."""
        self._stage = self._runner = self._task = self._unfinished = None
        self._heard.detach()
        self._waiting.clear()

    def close(self, notice: GoAway) -> None:
        """No further turn is begun; what runs goes on."""
        self.leaving = notice

    async def finish(self) -> None:
        """The client has half-closed: what it began, and what waits, is finished."""
        assert self._stage is not None
        growing = self._growing("")
        if growing is not None:
            try:
                self._complete(growing)
            except TTHError as error:
                self._stage.refuse(error, 0)
        if self._runner is not None and self._runner.is_held:  # nobody could let it go on any more
            self._runner.resume()
        while self._task is not None and not self.is_resting:
            await asyncio.wait([self._task])

    # ---- texts

    def take_text(self, command: UserText) -> None:
        """A text or a part of one. Raises TTHError; nothing has changed then."""
        growing = self._growing(command.turn_id)
        if growing is not None:
            growing.add(command, self._engine.max_text_code_points)
            if not command.partial:
                self._complete(growing)
            return
        self._check_room()
        self.ids.check(command.turn_id)
        check_order(command, self._engine)
        text = GivenText(command.text, is_complete=not command.partial)
        if command.partial and command.mode is TextMode.TALK:
            self._unfinished = GrowingText(text, command.mode, command.turn_id, command)
        else:
            self._accept(command, text)
            self._unfinished = None

    def end_text(self, command: EndTurn) -> None:
        """No more parts. Raises Conflict when none are expected."""
        growing = self._growing(command.turn_id)
        if growing is None:
            raise Conflict("end_turn: no text has been begun with partial=true", "NO_INPUT")
        self._complete(growing)

    def is_listening(self) -> bool:
        """A text arrives part by part that nothing can begin with yet."""
        return self._unfinished is not None

    def _growing(self, turn_id: str) -> GrowingText | None:
        """The text that a part with this turn_id belongs to: begun with `partial` and not ended, the newest first."""
        if self._unfinished is not None:
            candidates = [self._unfinished]
        else:
            candidates = [
                GrowingText(turn.text, turn.command.mode, turn.turn_id)
                for turn in reversed(self._waiting)
                if not turn.text.is_complete
            ]
            runner = self.running
            if runner is not None and not runner.text.is_complete:
                candidates.append(GrowingText(runner.text, runner.plan.mode, runner.plan.turn_id))
        return next((growing for growing in candidates if growing.is_meant(turn_id)), None)

    def _complete(self, growing: GrowingText) -> None:
        growing.text.complete()
        if growing.order is not None:
            self._unfinished = None
            check_text(growing.text.text, self._engine.max_text_code_points)
            self._check_room()
            self._accept(growing.order, growing.text)

    def _check_room(self) -> None:
        """Raises Draining, Conflict or LimitExceeded when no other turn is taken now."""
        if self.are_used_up:
            raise LimitExceeded(f"this session has had {self.count} turns, the limit", "SESSION_TURNS")
        if self.leaving is not None:
            raise too_late_for_turn(self.leaving)
        overlap = self._terms.overlap
        if overlap is OverlapPolicy.REJECT and self.running is not None:
            raise Conflict("user_text: a turn is running, and the session's overlap_policy is REJECT", "TURN_RUNNING")
        if overlap is OverlapPolicy.QUEUE and len(self._waiting) >= MAX_WAITING:
            raise LimitExceeded(
                f"user_text: {MAX_WAITING} turns are waiting, the limit", "TURN_QUEUE_FULL", retryable=True
            )

    # ---- beginning

    def _accept(self, command: UserText, text: GivenText) -> None:
        """Begin this turn, now or when its time has come. Raises TTHError; nothing has changed then."""
        waits = self._terms.overlap is OverlapPolicy.QUEUE and (self.running is not None or bool(self._waiting))
        index = self.count + 1
        turn_id = command.turn_id or self.ids.next_free(index)
        accepted = _Accepted(command, text, turn_id, index, self._engine.clock.now_s())
        if waits:
            self._waiting.append(accepted)
        else:
            self._start(accepted)
        self.count = index
        self.ids.use(turn_id)

    def _start(self, accepted: _Accepted) -> None:
        """Raises InvalidRequest or AdapterError; nothing has changed then."""
        stage = self._stage
        assert stage is not None
        decided = self._layers.for_turn(accepted.command.controls)
        self._face.of(decided.persona)
        if self._speech.tts is not None:
            self._speech.tts.prepare(decided.persona)
        self._stop_running(TurnOutcome.SUPERSEDED)
        stage.begins()
        runner = self._runner_of(accepted, decided, self._face.free(stage.group))
        self._runner = runner
        runner.begin()  # told now: what is remembered from here on is no part of what it is asked with
        self._task = stage.group.create_task(self._run(runner), name=f"turn {accepted.turn_id}")
        self._face.used_by(self._task)

    def _runner_of(
        self, accepted: _Accepted, decided: Decided, face_free: asyncio.Task[None] | None = None
    ) -> TurnRunner:
        """Raises AdapterError."""
        assert self._stage is not None
        terms, command = self._terms, accepted.command
        order = TurnOrder(
            session_id=terms.session_id,
            turn_id=accepted.turn_id,
            turn_index=accepted.turn_index,
            mode=command.mode,
            language_code=command.language_code or terms.language_code,
            media=terms.media,
            taken_s=accepted.taken_s,
        )
        plan = plan_turn(self._engine, order, decided, self._heard.memory.history.snapshot())
        sessions = self._speech.with_avatar(self._face.of(decided.persona))
        return TurnRunner(plan, sessions, self._stage.venue, accepted.text, face_free)

    async def _run(self, runner: TurnRunner) -> None:
        await runner.run()
        self._remember(runner)
        if self._runner is runner:
            self._runner = None
            self._start_next()

    def _start_next(self) -> None:
        """Begin what waits; what cannot be begun any more is answered and left out."""
        stage = self._stage
        if self.leaving is not None:
            self._drop_waiting(TurnOutcome.DRAINED)
        while stage is not None and self._runner is None:
            if not self._waiting:
                stage.rests()
                return
            accepted = self._waiting.popleft()
            try:
                self._start(accepted)
            except TTHError as error:
                stage.refuse(error, accepted.command.client_seq)

    # ---- ending

    def interrupt(self, command: Interrupt) -> None:
        """Stop the turn that is meant: the running one, one that waits, a text that is being typed, or the rest of
        one that was sent and is still being heard. Raises Conflict when there is none, InvalidRequest for the reason.
        """
        if len(command.reason) > MAX_REASON_CODE_POINTS:
            raise invalid_field("interrupt.reason", f"at most {MAX_REASON_CODE_POINTS} code points")
        runner = self.running
        waiting = next((turn for turn in self._waiting if turn.turn_id == command.turn_id), None)
        if runner is not None and command.turn_id in ("", runner.plan.turn_id):
            self._stop_running(TurnOutcome.INTERRUPTED, command.heard_sample)
        elif waiting is not None:
            self._waiting.remove(waiting)
            self._drop(waiting, TurnOutcome.INTERRUPTED)
        elif self._unfinished is not None and self._unfinished.is_meant(command.turn_id):
            self._unfinished = None
        elif not self._heard.cut_off(command.turn_id, self._heard.told(command.heard_sample)):
            raise Conflict("interrupt: no such turn is running", "NO_ACTIVE_TURN")

    def pause(self, command: PauseTurn) -> None:
        """Hold the running turn. Raises Conflict when it does not run, has been sent completely or is held already."""
        runner = self.running
        if runner is None or command.turn_id not in ("", runner.plan.turn_id):
            raise Conflict("pause_turn: no such turn is running", "NO_ACTIVE_TURN")
        runner.check_pause()
        told = self._heard.told(command.heard_sample)
        self._heard.cut(told)  # as for a stop
        runner.pause(told)
        self._heard.forget_reports()

    def resume(self, command: ResumeTurn) -> None:
        """Let the held turn go on. Raises Conflict when none is held."""
        runner = self.running
        if runner is None or command.turn_id not in ("", runner.plan.turn_id):
            raise Conflict("resume_turn: no such turn is paused", "NOT_PAUSED")
        runner.resume()
        self._heard.forget_reports()

    def stop_all(self, outcome: TurnOutcome) -> None:
        """End the running turn and all that wait, now: their terminal events are with the sink when this returns."""
        self._stop_running(outcome)
        self._drop_waiting(outcome)

    def lost(self, outcome: TurnOutcome = TurnOutcome.CANCELLED) -> None:
        """The client is gone: what it had in hand and had not played is not heard any more, until it says more."""
        memory = self._heard.memory
        is_open = self.running is not None or not memory.is_settled
        self._heard.cut(self._heard.told())
        self.stop_all(outcome)
        if is_open:
            memory.lose()  # also what should have been heard by now: the client was gone before it was missed

    def _stop_running(self, outcome: TurnOutcome, heard_sample: int | None = None) -> None:
        runner = self.running
        if runner is not None:
            told = self._heard.told(heard_sample)
            self._heard.cut(told)  # the listener may not even have come to this turn
            runner.stop(outcome, self._engine.clock.now_s(), told)
        if self._runner is not None:
            self._remember(self._runner)

    def records(self, told_turn_ids: Collection[str]) -> tuple[TurnRecord, ...]:
        """What another server needs to know of turns: the last one as long as its end may not have been heard, the one
        that runs, and those that wait. told_turn_ids: among them those of which their client is told in any case."""
        heard_sample = self._heard.now()
        last = self._heard.memory.record(heard_sample)
        begun = [self.running] if self.running is not None else []
        waiting = [self._runner_of(accepted, self._layers.now()) for accepted in self._waiting]
        unfinished = (turn.record(heard_sample, is_told=turn.turn_id in told_turn_ids) for turn in (*begun, *waiting))
        return (*(() if last is None else (last,)), *unfinished)

    def _drop_waiting(self, outcome: TurnOutcome) -> None:
        while self._waiting:
            self._drop(self._waiting.popleft(), outcome)

    def _drop(self, accepted: _Accepted, outcome: TurnOutcome) -> None:
        """A turn that never began is seen to begin and to end all the same; the memory knows nothing of it."""
        self._runner_of(accepted, self._layers.now()).stop(outcome, self._engine.clock.now_s())

    def _remember(self, runner: TurnRunner) -> None:
        """Put an ended turn into the memory, once."""
        result = runner.result
        if result is None or runner.is_remembered:
            return
        runner.is_remembered = True
        self._heard.memory.take(runner, result, runner.text.text if runner.plan.mode is TextMode.TALK else "")
        log.info(
            "turn ended",
            extra={
                "session": log_name(self._terms.session_id),
                "turn": runner.plan.turn_id,
                "outcome": str(result.outcome),
                "reason": result.error_reason or "-",
                **result.figures(),
                "stale": runner.stale_count,
            },
        )
