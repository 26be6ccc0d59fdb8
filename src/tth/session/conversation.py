"""One conversation: its commands one after the other, its one running turn, its memory, and a face in between.

All decisions happen in one task, so nothing here needs a lock. The turn and the idle frames run in tasks of the
stream's task group; when the stream ends, nothing of it is alive. Tests: tests/session/test_conversation.py.
"""

from __future__ import annotations

import asyncio
import logging
from typing import assert_never

from tth.adapters.base import SessionContext
from tth.core.media_clock import MediaClock
from tth.core.text_rules import check_text, nothing_to_speak
from tth.core.turn import TurnState
from tth.errors import Conflict, TTHError, invalid_field
from tth.model.commands import Attach, Command, EndTurn, Interrupt, Ping, PlaybackReport, UpdateControls, UserText
from tth.model.controls import ControlPatch, IdleMode
from tth.model.events import (
    ControlAck,
    ErrorEvent,
    ErrorScope,
    Event,
    GoAway,
    Pong,
    SessionState,
    TextMode,
    TurnOutcome,
)
from tth.model.ids import SessionId
from tth.model.media import MediaPreferences, VideoCodec
from tth.pipeline.frame_encoder import FrameEncoder
from tth.pipeline.idle_runner import IdleRunner
from tth.pipeline.plan import Sink, Venue
from tth.pipeline.text_stage import GivenText
from tth.pipeline.turn_runner import TurnRunner
from tth.session.control_layers import ControlLayers
from tth.session.engine import Engine
from tth.session.face import Face
from tth.session.history import History
from tth.session.inbox import Inbox
from tth.session.planning import TurnOrder, plan_turn

log = logging.getLogger(__name__)

MAX_RAMP_MS = 10_000
MAX_REASON_CODE_POINTS = 200
REMEMBERED_TURN_IDS = 1000


class Conversation:
    """One session. `run` while a stream is attached; everything else is synchronous."""

    def __init__(
        self,
        session_id: SessionId,
        engine: Engine,
        controls: ControlPatch,
        language_code: str,
        media: MediaPreferences,
    ) -> None:
        """Raises InvalidRequest for controls that are not allowed."""
        self.session_id = session_id
        self.engine = engine
        self.media = media
        self.language_code = language_code
        self.layers = ControlLayers(engine.base_controls, engine.personas, engine.adapters.facts, controls)
        self.media_clock = MediaClock()
        self.encoder = FrameEncoder(media.video_codec, engine.encode_offload)
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
        self._history = History()
        self._turn: TurnRunner | None = None
        self._unfinished: tuple[UserText, GivenText] | None = None  # a TALK text that still arrives
        self._turn_ids: dict[str, None] = {}
        self._heard: tuple[int, float] | None = None
        self._idle: IdleRunner | None = None
        self._idle_task: asyncio.Task[None] | None = None
        self._sink: Sink | None = None
        self._group: asyncio.TaskGroup | None = None
        self._inbox: Inbox | None = None

    # ---- the stream

    @property
    def state(self) -> str:
        """idle, preparing, llm, tts, avatar or streaming."""
        turn = self._turn
        return turn.state.label if turn is not None and turn.state.is_running else TurnState.IDLE.label

    @property
    def is_attached(self) -> bool:
        """A stream is served."""
        return not self._detached.is_set()

    @property
    def current_turn_id(self) -> str:
        return self._turn.plan.turn_id if self._turn is not None else ""

    async def run(self, inbox: Inbox, sink: Sink) -> None:
        """Serve one stream until the client half-closes (the running turn is finished first) or `end` is called.

        Cancelled: the turn is stopped, the session stays usable for another stream. Only one `run` at a time.
        """
        assert not self.is_attached
        self._detached.clear()
        self.end_error = None
        self._inbox, self._sink = inbox, sink
        self.media_clock.start(self.engine.clock.now_s())
        self.encoder.request_keyframe()
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                self._emit(self._session_state())
                self._start_idle()
                while (command := await inbox.get()) is not None:
                    self._handle(command)
                if not inbox.is_ended:
                    await self._finish_turn()
                self._stop_turn(TurnOutcome.CANCELLED)
                self._stop_idle()
        finally:
            # Whatever ended the stream: the turn has its terminal event and no task of ours is left.
            self._stop_turn(TurnOutcome.CANCELLED)
            now_s = self.engine.clock.now_s()
            self.media_clock.stop(now_s)
            self.last_used_s = now_s
            self._detached.set()
            self._group = self._sink = self._inbox = self._idle = self._idle_task = None
            self._face.released()

    def go_away(self, notice: GoAway) -> None:
        """Tell the client to leave, if one is attached."""
        self._emit(notice)

    def end(self, outcome: TurnOutcome, error: TTHError | None = None) -> None:
        """Stop the turn, if any, and end the stream, if any, with `error` as its status. Idempotent."""
        self._stop_turn(outcome)
        self.end_error = self.end_error or error
        if self._inbox is not None:
            self._inbox.end()

    async def detached(self) -> None:
        """Wait until no stream is attached. Bounded by what ends the stream: `end`, or the client."""
        await self._detached.wait()

    async def aclose(self) -> None:
        """Release what the adapters hold for this conversation. The stream must have ended."""
        await self._face.aclose()
        await self._speech.aclose()
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
        self._emit(
            ErrorEvent(
                code=int(error.code),
                reason=error.reason,
                message=error.message,
                scope=ErrorScope.MESSAGE,
                retryable=error.retryable,
                retry_after_ms=error.retry_after_ms,
                client_seq=client_seq,
                violations=error.violations,
                metadata=error.metadata,
            )
        )

    def _user_text(self, command: UserText) -> None:
        growing = self._growing_text(command.turn_id)
        if growing is not None:
            self._add_part(command, growing)
            return
        self._check_turn_id(command.turn_id)
        check_text(command.text, self.engine.max_text_code_points, is_part=command.partial)
        if command.mode is TextMode.SAY and not command.partial and (error := nothing_to_speak(command.text)):
            raise error
        self._check_mode(command.mode)
        text = GivenText(command.text, is_complete=not command.partial)
        if command.partial and command.mode is TextMode.TALK:
            self.layers.for_turn(command.controls)  # refused now rather than at the end
            self._unfinished = (command, text)
        else:
            self._unfinished = None
            self._start_turn(command, text)

    def _growing_text(self, turn_id: str) -> tuple[UserText, GivenText] | None:
        """The text that more parts may be added to: one that was begun with `partial` and not ended."""
        if self._unfinished is not None:
            first, text = self._unfinished
            known_id = first.turn_id
        elif self._turn is not None and not self._turn.text.is_complete and not self._turn.has_ended():
            first, text = UserText("", mode=self._turn.plan.mode), self._turn.text
            known_id = self._turn.plan.turn_id
        else:
            return None
        return (first, text) if turn_id in ("", known_id) else None

    def _add_part(self, command: UserText, growing: tuple[UserText, GivenText]) -> None:
        first, text = growing
        if command.mode is not first.mode:
            raise invalid_field("user_text.mode", "the same in all parts of one turn")
        if command.controls.items():
            raise invalid_field("user_text.controls", "set on the first part of a turn only; send control_update")
        room = self.engine.max_text_code_points - text.code_points
        check_text(command.text, max(room, 0), is_part=True)
        text.add(command.text)
        if not command.partial:
            self._complete(text)

    def _end_turn(self, command: EndTurn) -> None:
        growing = self._growing_text(command.turn_id)
        if growing is None:
            raise Conflict("end_turn: no text has been begun with partial=true", "NO_INPUT")
        self._complete(growing[1])

    def _complete(self, text: GivenText) -> None:
        text.complete()
        if self._unfinished is not None:
            first, whole = self._unfinished
            self._unfinished = None
            check_text(whole.text, self.engine.max_text_code_points)
            self._start_turn(first, whole)

    def _check_turn_id(self, turn_id: str) -> None:
        if turn_id in self._turn_ids:
            raise Conflict("turn_id: this id has been used in this session", "TURN_ID_USED")
        if len(turn_id) > 64:
            raise invalid_field("turn_id", "at most 64 characters")

    def _check_mode(self, mode: TextMode) -> None:
        speech = self._speech
        if mode is TextMode.TALK and speech.llm is None and speech.realtime is None:
            raise Conflict("user_text.mode: TALK needs a language model, this server has none; use SAY", "NO_LLM")
        if mode is TextMode.SAY and speech.tts is None:
            raise Conflict("user_text.mode: SAY needs a voice, this server has a realtime model only", "NO_TTS")

    def _start_turn(self, command: UserText, text: GivenText) -> None:
        decided = self.layers.for_turn(command.controls)
        self._stop_turn(TurnOutcome.SUPERSEDED)
        self._stop_idle()
        self.turn_count += 1
        turn_id = command.turn_id or f"t_{self.turn_count}"
        self._turn_ids[turn_id] = None
        if len(self._turn_ids) > REMEMBERED_TURN_IDS:
            del self._turn_ids[next(iter(self._turn_ids))]
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
        avatar = self._face.of(decided.persona)
        avatar_free = self._face.user
        runner = TurnRunner(plan, self._speech.with_avatar(avatar), self._venue(), text, avatar_free)
        self._turn = runner
        self._heard = None
        assert self._group is not None
        self._face.user = self._group.create_task(self._run_turn(runner), name=f"turn {turn_id}")

    async def _run_turn(self, runner: TurnRunner) -> None:
        await runner.run()
        self._remember(runner)
        if self._turn is runner:
            self._turn = None
            self._start_idle()

    def _interrupt(self, command: Interrupt) -> None:
        if len(command.reason) > MAX_REASON_CODE_POINTS:
            raise invalid_field("interrupt.reason", f"at most {MAX_REASON_CODE_POINTS} code points")
        unfinished, self._unfinished = self._unfinished, None
        turn = self._turn
        if turn is None or turn.has_ended() or command.turn_id not in ("", turn.plan.turn_id):
            if unfinished is not None and command.turn_id in ("", unfinished[0].turn_id):
                return  # a text that was still being typed is dropped
            raise Conflict("interrupt: no such turn is running", "NO_ACTIVE_TURN")
        self._stop_turn(TurnOutcome.INTERRUPTED, command.heard_sample)

    def _update(self, command: UpdateControls) -> None:
        if not 0 <= command.ramp_ms <= MAX_RAMP_MS:
            raise invalid_field("control_update.ramp_ms", f"0..{MAX_RAMP_MS}")
        turn = self._turn if self._turn is not None and not self._turn.has_ended() else None
        decided = self.layers.update(command.controls, command.clear_paths, turn.report.effective if turn else None)
        self._emit(ControlAck(decided.report))
        if turn is not None:
            turn.change_controls(decided.controls, decided.report, command.ramp_ms)
        elif self._idle is not None and not _needs_new_stream(command.controls):
            self._idle.change_controls(decided.controls, decided.report.control_revision, command.ramp_ms)
        else:
            self._stop_idle()
            self._start_idle()

    # ---- turns and idle frames

    async def _finish_turn(self) -> None:
        """The client has half-closed: what it began is finished."""
        growing = self._growing_text("")
        if growing is not None:
            try:
                self._complete(growing[1])
            except TTHError as error:
                self.refuse(error, 0)
        task = self._face.user
        if self._turn is not None and task is not None:
            await asyncio.wait([task])

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
                "session": self.session_id,
                "turn": turn.plan.turn_id,
                "outcome": str(result.outcome),
                "reason": result.error_reason or "-",
                **turn.figures(),
            },
        )

    def _start_idle(self) -> None:
        decided = self.layers.now()
        wants_pictures = self.media.motion or self.media.video_codec is not VideoCodec.NONE
        if self._group is None or self._inbox is None or self._inbox.is_ended or not wants_pictures:
            return
        if decided.controls.idle_mode is IdleMode.NONE:
            return
        avatar = self._face.of(decided.persona)
        if avatar is None:
            return
        order = TurnOrder(self.session_id, "", 0, TextMode.SAY, self.language_code, self.media, 0.0)
        plan = plan_turn(self.engine, order, decided, ())
        self._idle = IdleRunner(
            self._venue(), avatar, decided.controls, self.media, plan.context, plan.pace, self._face.user
        )
        self._idle_task = self._face.user = self._group.create_task(self._idle.run(), name="idle")

    def _stop_idle(self) -> None:
        if self._idle_task is not None:
            self._idle_task.cancel()
        self._idle = self._idle_task = None

    # ---- odds and ends

    def _venue(self) -> Venue:
        assert self._sink is not None
        engine = self.engine
        return Venue(self._sink, engine.clock, self.media_clock, self.encoder, engine.budgets)

    def _emit(self, event: Event) -> None:
        if self._sink is not None:
            self._sink.emit(event)

    def _session_state(self) -> SessionState:
        position = self.media_clock.position(self.engine.clock.now_s())
        return SessionState(self.layers.now().report, self.media, position, self.state)


def _needs_new_stream(patch: ControlPatch) -> bool:
    """These fix an avatar's stream when it begins; a change needs another one."""
    fixed = (patch.persona_id, patch.fps, patch.resolution, patch.background, patch.idle_mode)
    return any(value is not None for value in fixed)


def _seed(session_id: str) -> int:
    """The same session moves the same way, however often it is attached."""
    return int.from_bytes(session_id.encode()[-8:], "big")
