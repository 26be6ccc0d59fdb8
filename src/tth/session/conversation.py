"""One conversation: its commands one after the other, its one running turn, its memory, and a face in between.

All decisions happen in one task, so nothing here needs a lock. The turn and the idle frames run in tasks of the
stream's task group; when the stream ends, nothing of it is alive. Tests: tests/session/test_conversation.py.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import assert_never

from tth.adapters.base import SessionContext
from tth.core.error_event import error_event
from tth.core.media_clock import MediaClock
from tth.core.text_rules import check_text
from tth.core.turn import TurnState
from tth.errors import Conflict, Draining, TTHError, invalid_field
from tth.model.commands import Attach, Command, EndTurn, Interrupt, Ping, PlaybackReport, UpdateControls, UserText
from tth.model.controls import ControlPatch
from tth.model.events import (
    ControlAck,
    ErrorScope,
    Event,
    GoAway,
    Pong,
    SessionState,
    TextMode,
    TurnOutcome,
)
from tth.model.ids import SessionId, log_name
from tth.model.media import MediaPreferences, VideoCodec
from tth.pipeline.frame_encoder import FrameEncoder
from tth.pipeline.picture_health import PictureHealth
from tth.pipeline.plan import Sink, Venue
from tth.pipeline.text_stage import GivenText
from tth.pipeline.turn_runner import TurnRunner
from tth.session.closing import close_all
from tth.session.engine import Engine
from tth.session.face import Face
from tth.session.growing_text import GrowingText
from tth.session.history import History
from tth.session.idling import Idling
from tth.session.inbox import Inbox
from tth.session.order_rules import check_order
from tth.session.planning import TurnOrder, plan_turn
from tth.session.turn_ids import TurnIds

log = logging.getLogger(__name__)

MAX_RAMP_MS = 10_000
MAX_REASON_CODE_POINTS = 200
LET_GO_S = 1.0
"""How long adapters are waited for that promise to let go of a stopped turn within 50 ms."""


class Conversation:
    """One session. `run` while a stream is attached; its commands are worked off synchronously."""

    def __init__(
        self,
        session_id: SessionId,
        engine: Engine,
        controls: ControlPatch,
        language_code: str,
        media: MediaPreferences,
    ) -> None:
        """Raises InvalidRequest for controls that are not allowed, AdapterError when an adapter takes no session."""
        self.session_id = session_id
        self.engine = engine
        self.media = media
        self.language_code = language_code
        self.layers = engine.control_layers(controls, media)
        self.media_clock = MediaClock()
        self.encoder = FrameEncoder(media.video_codec, engine.encode_offload)
        self._health = PictureHealth()
        self.turn_count = 0
        self._detached = asyncio.Event()
        self._detached.set()
        self.last_used_s = engine.clock.now_s()
        self.last_seq = 0
        """Of the last message written to the client; goes on from stream to stream."""
        self.end_error: TTHError | None = None
        """The status that a stream ended by the server ends with; None = OK."""
        context = SessionContext(session_id, language_code, seed=_seed(session_id))
        self._face = Face(engine.adapters.avatar, context, draw=media.video_codec is not VideoCodec.NONE)
        self._speech = engine.open_speech(context)
        self._prepare_face()
        self._history = History()
        self._turn: TurnRunner | None = None
        self._turn_task: asyncio.Task[None] | None = None
        self._unfinished: GrowingText | None = None  # a TALK text that still arrives
        self._turn_ids = TurnIds()
        self._heard: tuple[int, float] | None = None
        self._idling = Idling(engine, self._face, session_id, language_code, media)
        self._sink: Sink | None = None
        self._group: asyncio.TaskGroup | None = None
        self._inbox: Inbox | None = None
        self._is_leaving = False
        self._stopped = asyncio.Event()  # neither turn nor idle frames are alive
        self._stopped.set()

    # ---- the stream

    @property
    def state(self) -> str:
        """idle, preparing, llm, tts, avatar or streaming."""
        turn = self._turn
        return turn.state.label if turn is not None and turn.state.is_running else TurnState.IDLE.label

    @property
    def current_turn_id(self) -> str:
        """ "" when no turn runs."""
        return self._turn.plan.turn_id if self._turn is not None and not self._turn.has_ended() else ""

    @property
    def is_attached(self) -> bool:
        """A stream is served."""
        return not self._detached.is_set()

    @contextmanager
    def attached(self) -> Iterator[None]:
        """Be the session's one stream, from its first message until its last event is out. Raises Conflict."""
        if self.is_attached:
            raise Conflict("session_id: another stream is attached to this session", "SESSION_ATTACHED")
        self._detached.clear()
        self.end_error = None
        try:
            yield
        finally:
            self._detached.set()

    async def run(self, inbox: Inbox, sink: Sink) -> None:
        """Serve one stream until the client half-closes (the running turn is finished first) or `end` is called.

        Cancelled: the turn is stopped, the session stays usable for another stream. Only one `run` at a time.
        """
        assert self._stopped.is_set()
        self._stopped.clear()
        self._inbox, self._sink = inbox, sink
        self.media_clock.start(self.engine.clock.now_s())
        self.encoder.request_keyframe()
        self._health.attach()
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                position = self.media_clock.position(self.engine.clock.now_s())
                self._emit(SessionState(self.layers.now().report, self.media, position, self.state))
                self._start_idle()
                while (command := await inbox.get()) is not None:
                    self._handle(command)
                if not inbox.is_ended:
                    await self._finish_turn()
                self._stop_turn(TurnOutcome.CANCELLED)
                self._idling.stop()
        finally:
            # Whatever ended the stream: the turn has its terminal event and no task of ours is left.
            self._stop_turn(TurnOutcome.CANCELLED)
            now_s = self.engine.clock.now_s()
            self.media_clock.stop(now_s)
            self.last_used_s = now_s
            self._idling.stop()
            self._group = self._sink = self._inbox = None
            self._turn = self._turn_task = self._unfinished = self._heard = None
            self._stopped.set()

    def go_away(self, notice: GoAway) -> None:
        """Tell the client to leave, if one is attached. What runs goes on, no further turn is begun."""
        self._is_leaving = True
        self._emit(notice)

    def end(self, outcome: TurnOutcome, error: TTHError | None = None) -> None:
        """Stop the turn, if any, and end the stream, if any, with `error` as its status. Idempotent."""
        self._stop_turn(outcome)
        self.end_error = self.end_error or error
        if self._inbox is not None:
            self._inbox.end()

    async def detached(self) -> None:
        """Wait until the session has no stream: its last event is out, or given up."""
        await self._detached.wait()

    async def stopped(self) -> None:
        """Wait until nothing of a stream is alive here. Bounded by what ends it: `end`, or the client."""
        await self._stopped.wait()

    async def aclose(self, outcome: TurnOutcome = TurnOutcome.CANCELLED) -> None:
        """End the session for good and release what the adapters hold for it, also when cancelled. Idempotent."""
        self.end(outcome)
        try:
            await self.stopped()
        finally:
            with suppress(TimeoutError):  # cancelled: adapters are not taken away from a turn that still ends
                async with asyncio.timeout(LET_GO_S):
                    await self.stopped()
            await close_all([self._face, self._speech])
            self.encoder.close()

    # ---- commands

    def _handle(self, command: Command) -> None:
        self.last_used_s = self.engine.clock.now_s()
        try:
            match command:
                case UserText():
                    self._user_text(command)
                case UpdateControls():
                    self._update(command)
                case Interrupt():
                    self._interrupt(command)
                case EndTurn():
                    self._end_turn(command)
                case PlaybackReport():
                    if command.heard_sample is not None:
                        self._heard = (command.heard_sample, self.last_used_s)
                case Ping():
                    self._emit(Pong(command.client_time_ms, command.server_receive_ms))
                case Attach():
                    pass
                case _:
                    assert_never(command)
        except TTHError as error:
            self.refuse(error, command.client_seq)

    def refuse(self, error: TTHError, client_seq: int) -> None:
        """Answer one message with an error; nothing else changes."""
        self._emit(error_event(error, ErrorScope.MESSAGE, client_seq))

    def _user_text(self, command: UserText) -> None:
        growing = self._growing_text()
        if growing is not None and growing.is_meant(command.turn_id):
            growing.add(command, self.engine.max_text_code_points)
            if not command.partial:
                self._complete(growing)
            return
        if self._is_leaving:
            raise Draining("no turn is begun any more: go_away was sent", retry_after_ms=1000)
        self._turn_ids.check(command.turn_id)
        check_order(command, self.engine)
        text = GivenText(command.text, is_complete=not command.partial)
        if command.partial and command.mode is TextMode.TALK:
            self._unfinished = GrowingText(text, command.mode, command.turn_id, command)
        else:
            self._unfinished = None
            self._start_turn(command, text)

    def _growing_text(self) -> GrowingText | None:
        """The text that more parts may be added to: one that was begun with `partial` and not ended."""
        if self._unfinished is not None:
            return self._unfinished
        turn = self._turn
        if turn is None or turn.text.is_complete or turn.has_ended():
            return None
        return GrowingText(turn.text, turn.plan.mode, turn.plan.turn_id)

    def _end_turn(self, command: EndTurn) -> None:
        growing = self._growing_text()
        if growing is None or not growing.is_meant(command.turn_id):
            raise Conflict("end_turn: no text has been begun with partial=true", "NO_INPUT")
        self._complete(growing)

    def _complete(self, growing: GrowingText) -> None:
        growing.text.complete()
        if growing.order is not None:
            self._unfinished = None
            check_text(growing.text.text, self.engine.max_text_code_points)
            self._start_turn(growing.order, growing.text)

    def _start_turn(self, command: UserText, text: GivenText) -> None:
        assert self._group is not None
        decided = self.layers.for_turn(command.controls)
        avatar = self._face.of(decided.persona)
        self._stop_turn(TurnOutcome.SUPERSEDED)
        self._idling.stop()
        self.turn_count += 1
        turn_id = self._turn_ids.take(command.turn_id, self.turn_count)
        order = TurnOrder(
            session_id=self.session_id,
            turn_id=turn_id,
            turn_index=self.turn_count,
            mode=command.mode,
            language_code=command.language_code or self.language_code,
            media=self.media,
            taken_s=self.engine.clock.now_s(),
        )
        plan = plan_turn(self.engine, order, decided, self._history.snapshot())
        sessions = self._speech.with_avatar(avatar)
        runner = TurnRunner(plan, sessions, self._venue(), text, self._face.free(self._group))
        self._turn, self._heard = runner, None
        self._turn_task = self._group.create_task(self._run_turn(runner), name=f"turn {turn_id}")
        self._face.used_by(self._turn_task)

    async def _run_turn(self, runner: TurnRunner) -> None:
        await runner.run()
        self._remember(runner)
        if self._turn is runner:
            self._turn = None
            self.last_used_s = self.engine.clock.now_s()
            self._start_idle()

    def _interrupt(self, command: Interrupt) -> None:
        if len(command.reason) > MAX_REASON_CODE_POINTS:
            raise invalid_field("interrupt.reason", f"at most {MAX_REASON_CODE_POINTS} code points")
        turn, typed = self._turn, self._unfinished
        if turn is not None and not turn.has_ended() and command.turn_id in ("", turn.plan.turn_id):
            self._stop_turn(TurnOutcome.INTERRUPTED, command.heard_sample)
        elif typed is not None and typed.is_meant(command.turn_id):
            self._unfinished = None  # a text that was still being typed is dropped
        else:
            raise Conflict("interrupt: no such turn is running", "NO_ACTIVE_TURN")

    def _update(self, command: UpdateControls) -> None:
        if not 0 <= command.ramp_ms <= MAX_RAMP_MS:
            raise invalid_field("control_update.ramp_ms", f"0..{MAX_RAMP_MS}")
        turn = self._turn if self._turn is not None and not self._turn.has_ended() else None
        decided = self.layers.update(command.controls, command.clear_paths, turn.report.effective if turn else None)
        self._emit(ControlAck(decided.report))
        if turn is not None:
            turn.change_controls(decided.controls, decided.report, command.ramp_ms)
            self._prepare_face()
        elif self._turn is None and not self._idling.change(command, decided):
            self._start_idle()
        # Behind a turn that is being taken down idle frames begin by themselves.

    # ---- turns and idle frames

    async def _finish_turn(self) -> None:
        """The client has half-closed: what it began is finished."""
        growing = self._growing_text()
        if growing is not None:
            try:
                self._complete(growing)
            except TTHError as error:
                self.refuse(error, 0)
        if self._turn is not None and self._turn_task is not None:
            await asyncio.wait([self._turn_task])

    def _stop_turn(self, outcome: TurnOutcome, heard_sample: int | None = None) -> None:
        turn = self._turn
        if turn is None:
            return
        now_s = self.engine.clock.now_s()
        if heard_sample is None and self._heard is not None:
            reported, at_s = self._heard
            heard_sample = reported + self.media_clock.position(now_s) - self.media_clock.position(at_s)
        turn.stop(outcome, now_s, heard_sample)
        self._remember(turn)

    def _remember(self, turn: TurnRunner) -> None:
        """Put an ended turn into the memory, once."""
        if turn.result is None or turn.is_remembered:
            return
        turn.is_remembered = True
        result = turn.result
        if turn.plan.mode is TextMode.TALK:
            self._history.add_user(turn.text.text)
        self._history.add_person(result.heard_text, result.outcome is not TurnOutcome.COMPLETED)
        log.info(
            "turn ended",
            extra={
                "session": log_name(self.session_id),
                "turn": turn.plan.turn_id,
                "outcome": str(result.outcome),
                "reason": result.error_reason or "-",
                **turn.figures(),
            },
        )

    def _start_idle(self) -> None:
        if self._group is not None and self._inbox is not None and not self._inbox.is_ended:
            self._idling.start(self._group, self._venue(), self.layers.now())

    # ---- odds and ends

    def _prepare_face(self) -> None:
        """Whoever is shown next, and how: the avatar gets ready while nobody waits for it."""
        if self.media.video_codec is not VideoCodec.NONE:
            now = self.layers.now()
            self._face.prepare(now.persona, now.controls)

    def _venue(self) -> Venue:
        assert self._sink is not None
        engine = self.engine
        return Venue(self._sink, engine.clock, self.media_clock, self.encoder, engine.budgets, health=self._health)

    def _emit(self, event: Event) -> None:
        if self._sink is not None:
            self._sink.emit(event)


def _seed(session_id: str) -> int:
    """The same session moves the same way, however often it is attached."""
    return int.from_bytes(session_id.encode()[-8:], "big")
