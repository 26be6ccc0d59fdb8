"""One conversation: its commands one after the other, its one running turn, its memory, and a face in between.

All decisions happen in one task, so nothing here needs a lock. The turn and the idle frames run in tasks of the
stream's task group; when the stream ends, nothing of it is alive. Tests: tests/session/test_conversation.py.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import assert_never

from tth.adapters.base import SessionContext
from tth.core.error_event import error_event
from tth.core.media_clock import MediaClock
from tth.errors import Conflict, TTHError, invalid_field
from tth.model.commands import (
    Attach,
    Command,
    EndTurn,
    Interrupt,
    PauseTurn,
    Ping,
    PlaybackReport,
    Resume,
    ResumeTurn,
    Unusable,
    UpdateControls,
    UserText,
)
from tth.model.controls import ControlPatch
from tth.model.events import (
    ControlAck,
    ErrorScope,
    Event,
    GoAway,
    Pong,
    SessionState,
    TurnOutcome,
)
from tth.model.ids import SessionId
from tth.model.media import MediaPreferences, VideoCodec
from tth.pipeline.frame_encoder import FrameEncoder
from tth.pipeline.picture_health import PictureHealth
from tth.pipeline.plan import Sink, Venue
from tth.session.attendance import Attendance
from tth.session.closing import close_all
from tth.session.engine import Engine
from tth.session.face import Face
from tth.session.handover import Handover
from tth.session.heard import Heard
from tth.session.history import History
from tth.session.idling import Idling
from tth.session.inbox import Inbox
from tth.session.leaving import too_late_for_stream
from tth.session.resumption import Reopening, Resumption
from tth.session.terms import SessionTerms
from tth.session.turns import Stage, Turns

log = logging.getLogger(__name__)

MAX_RAMP_MS = 10_000
MAX_REASON_CODE_POINTS = 200
LET_GO_S = 1.0
"""How long adapters are waited for that promise to let go of a stopped turn within 50 ms."""


class Conversation:
    """One session. `run` while a stream is attached; its commands are worked off synchronously."""

    def __init__(self, terms: SessionTerms, engine: Engine, controls: ControlPatch) -> None:
        """Raises InvalidRequest for controls that are not allowed, AdapterError when an adapter takes no session."""
        self.terms = terms
        self.engine = engine
        self.layers = engine.control_layers(controls, terms.media)
        self.media_clock = MediaClock()
        self.encoder = FrameEncoder(terms.media.video_codec, engine.encode_offload)
        self.health = PictureHealth()
        self.last_used_s = engine.clock.now_s()
        self.created_s, self.created_ms = engine.clock.now_s(), engine.clock.wall_ms()
        self.attendance = Attendance(engine.clock)
        self.resumption = Resumption(engine.replay)
        self.untold: list[tuple[Event, str]] = []
        """Events from before this stream and their turns, that nobody has numbered yet."""
        self._reopening: Reopening | None = None
        self.on_change: Callable[[], None] = _nothing
        """Called, from the session's task, when something has changed that a record of the session should have."""
        self.handover = Handover()
        self.is_severed = False
        """The stream's client is not waited for."""
        self.end_error: TTHError | None = None
        """The status that a stream ended by the server ends with; None = OK."""
        context = SessionContext(terms.session_id, terms.language_code, seed=_seed(terms.session_id))
        self._face = Face(engine.adapters.avatar, context, draw=terms.media.video_codec is not VideoCodec.NONE)
        self._speech = engine.open_speech(context)
        self._prepare_face()
        self._prepare_voice()
        history = History(engine.history_tokens)
        self.heard = Heard(history, self._speech.realtime, self.media_clock, engine.clock)
        self.turns = Turns(terms, engine, self.layers, self._face, self._speech, self.heard)
        self._idling = Idling(engine, self._face, terms)
        self._sink: Sink | None = None
        self._group: asyncio.TaskGroup | None = None
        self._inbox: Inbox | None = None
        self._stopped = asyncio.Event()  # neither turn nor idle frames are alive
        self._stopped.set()

    # ---- the stream

    @property
    def session_id(self) -> SessionId:
        return self.terms.session_id

    @property
    def media(self) -> MediaPreferences:
        return self.terms.media

    @property
    def state(self) -> str:
        """idle, preparing, llm, tts, avatar, streaming or paused."""
        return self.turns.state

    @property
    def current_turn_id(self) -> str:
        """ "" when no turn runs."""
        running = self.turns.running
        return running.plan.turn_id if running is not None else ""

    @property
    def is_attached(self) -> bool:
        """A stream is served."""
        return self.attendance.is_there

    @property
    def is_leaving(self) -> bool:
        """`go_away` was called."""
        return self.turns.leaving is not None

    def check_stays(self) -> None:
        """Raises what a stream is told that comes too late: Draining or SessionNotFound, as a moment later."""
        if self.turns.leaving is not None:
            raise too_late_for_stream(self.turns.leaving)

    @contextmanager
    def attached(self) -> Iterator[None]:
        """Be the session's one stream, from its first message until its last event is out. Raises Conflict, and what
        `check_stays` does."""
        self.check_stays()
        if self.is_attached:
            raise Conflict("session_id: another stream is attached to this session", "SESSION_ATTACHED")
        self.attendance.come()
        self.last_used_s = self.engine.clock.now_s()
        self.end_error, self.is_severed = None, False
        self.on_change()
        try:
            yield
        finally:
            self.attendance.go()
            self.on_change()

    def begin(self) -> None:
        """The stream attached now resumes nothing."""
        self._reopening = None
        self.resumption.begin()

    def reopen(self, resume: Resume) -> Reopening:
        """The stream attached now goes on where another one was lost; its handle has been found good."""
        self._reopening = self.resumption.reopen(resume.handle.reveal(), resume.last_seq)
        heard = self.heard.memory.regain(resume.heard_sample)
        if heard is not None:
            self.untold.append((heard, ""))
        self.on_change()
        return self._reopening

    async def run(self, inbox: Inbox, sink: Sink) -> None:
        """Serve one stream until the client half-closes (the running turn is finished first) or `end` is called.

        Cancelled: the turn is stopped, the session stays usable for another stream. Only one `run` at a time.
        """
        assert self._stopped.is_set()
        self._stopped.clear()
        self._inbox, self._sink = inbox, sink
        self.media_clock.start(self.engine.clock.now_s())
        self.encoder.request_keyframe()
        self.health.attach()
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                self.turns.attach(Stage(group, self._venue(), self._begins, self._rest, self.refuse))
                self.show_life()
                self._start_idle()
                await self._work_off(inbox)
                self.turns.stop_all(TurnOutcome.CANCELLED)
                self._idling.stop()
        finally:
            # Whatever ended the stream: every turn has its terminal event and no task of ours is left.
            self.turns.stop_all(TurnOutcome.CANCELLED)
            self.turns.detach()
            now_s = self.engine.clock.now_s()
            self.media_clock.stop(now_s)
            self.last_used_s = now_s
            self._idling.stop()
            self._group = self._sink = self._inbox = None
            self._stopped.set()

    async def _work_off(self, inbox: Inbox) -> None:
        """Every command, then what they have begun. Cancelled: the client is lost while its turn still runs, and what
        it had heard is decided before the turn's tasks are taken down, for they do not know who wanted that."""
        try:
            while (command := await inbox.get()) is not None:
                self._handle(command)
            if not inbox.is_ended:
                await self.turns.finish()
        except asyncio.CancelledError:
            self.turns.lost()
            raise

    def show_life(self) -> None:
        """Tell the client, if one is attached, how the session is: first of all, and when nothing else is sent."""
        opening, resumption = self._reopening, self.resumption
        self._emit(
            SessionState(
                self.layers.now().report,
                self.media,
                self.media_clock.position(self.engine.clock.now_s()),
                self.state,
                resumption.handle.reveal(),
                resumed=opening is not None,
                gap=opening is not None and opening.gap,
                oldest_replayable_seq=resumption.oldest_replayable_seq,
            )
        )

    def go_away(self, notice: GoAway) -> None:
        """Tell the client to leave, if one is attached. What runs goes on, no further turn is begun."""
        self.turns.close(notice)
        self._emit(notice)

    def end(self, outcome: TurnOutcome, error: TTHError | None = None) -> None:
        """Stop the turn, if any, and end the stream, if any, with `error` as its status. Idempotent."""
        if outcome is TurnOutcome.DRAINED or error is not None:
            self.turns.lost(outcome)  # its client may come again, here or elsewhere, and say what it had heard
        self.turns.stop_all(outcome)
        self.end_error = self.end_error or error
        if self._inbox is not None:
            self._inbox.end()

    def lose(self, error: TTHError | None = None) -> None:
        """End the stream of a client that is gone, or is to be gone, without waiting for it. Idempotent."""
        self.turns.lost()
        self.is_severed = True
        self.end(TurnOutcome.CANCELLED, error)

    async def detached(self) -> None:
        """Wait until there is no stream: its last event is out, or given up."""
        await self.attendance.gone()

    async def stopped(self) -> None:
        """Wait until nothing of a stream is alive here. Bounded by what ends it: `end`, or the client."""
        await self._stopped.wait()

    async def put_away(self) -> None:
        """Give up what is large and only a stream needs. Idempotent."""
        self.attendance.is_put_away = True
        self.encoder.close()
        await self._face.put_away()

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
            self.heard.memory.forget()
            self.handover.forget()

    # ---- commands

    def _handle(self, command: Command) -> None:
        self.last_used_s = self.engine.clock.now_s()
        if self.resumption.is_repeated(command.client_seq):
            return
        try:
            match command:
                case UserText():
                    self.turns.take_text(command)
                case UpdateControls():
                    self._update(command)
                case Interrupt():
                    self.turns.interrupt(command)
                case PauseTurn():
                    self.turns.pause(command)
                case ResumeTurn():
                    self.turns.resume(command)
                case EndTurn():
                    self.turns.end_text(command)
                case PlaybackReport():
                    if command.heard_sample is not None:
                        self.heard.note(command.heard_sample)
                case Ping():
                    self._emit(Pong(command.client_time_ms, command.server_receive_ms))
                case Attach():
                    pass
                case Unusable():
                    raise command.error
                case _:
                    assert_never(command)
        except TTHError as error:
            self.refuse(error, command.client_seq)
        if not self._idling.attend(self.turns.is_listening()) and self.turns.is_resting:
            self._start_idle()
        changes = not isinstance(command, PlaybackReport | Ping | Attach)
        self.resumption.take(command.client_seq, changes=changes)
        if changes:
            self.on_change()

    def refuse(self, error: TTHError, client_seq: int) -> None:
        """Answer one message with an error; nothing else changes."""
        self._emit(error_event(error, ErrorScope.MESSAGE, client_seq))

    def _update(self, command: UpdateControls) -> None:
        if not 0 <= command.ramp_ms <= MAX_RAMP_MS:
            raise invalid_field("control_update.ramp_ms", f"0..{MAX_RAMP_MS}")
        turn = self.turns.running
        decided = self.layers.update(command.controls, command.clear_paths, turn.report.effective if turn else None)
        self._emit(ControlAck(decided.report))
        self._prepare_voice()
        if turn is not None:
            turn.change_controls(decided.controls, decided.report, command.ramp_ms, decided.asked)
            self._prepare_face()
        elif self.turns.is_resting and not self._idling.change(command, decided):
            self._start_idle()
        # Behind a turn that is being taken down idle frames begin by themselves.

    # ---- idle frames

    def _begins(self) -> None:
        """A turn is about to."""
        self._idling.stop()
        self.on_change()

    def _rest(self) -> None:
        """No turn runs any more."""
        self.last_used_s = self.engine.clock.now_s()
        self._start_idle()
        self.on_change()

    def _start_idle(self) -> None:
        if self._group is not None and self._inbox is not None and not self._inbox.is_ended:
            self._idling.start(self._group, self._venue(), self.layers.now())

    # ---- odds and ends

    def _prepare_face(self) -> None:
        """Whoever is shown next, and how: the avatar gets ready while nobody waits for it."""
        if self.media.video_codec is not VideoCodec.NONE:
            now = self.layers.now()
            self._face.prepare(now.persona, now.controls)

    def _prepare_voice(self) -> None:
        """Whoever is heard next: the voice gets ready."""
        if self._speech.tts is not None:
            self._speech.tts.prepare(self.layers.now().persona)

    def _venue(self) -> Venue:
        assert self._sink is not None
        engine = self.engine
        return Venue(
            self._sink,
            engine.clock,
            self.media_clock,
            self.encoder,
            engine.budgets,
            moderator=engine.moderator,
            health=self.health,
            make_packer=engine.make_packer,
        )

    def _emit(self, event: Event) -> None:
        if self._sink is not None:
            self._sink.emit(event)


def _nothing() -> None:
    """Nobody keeps a record."""


def _seed(session_id: str) -> int:
    """The same session moves the same way, however often it is attached."""
    return int.from_bytes(session_id.encode()[-8:], "big")
