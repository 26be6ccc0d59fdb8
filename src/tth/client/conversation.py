"""One stream of one session: what is said goes in, events come out.

A reader and a writer task own the call; everybody else talks to their queues. So a time-out around `anext(events)` is
safe here, where one around gRPC's own read would end the whole stream. Tests: tests/client/test_conversation.py.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from types import TracebackType
from typing import Self

import grpc

from tth.client.errors import TthRpcError
from tth.client.line import SCHEMA_VERSION, Line, LineState, ResumePoint
from tth.client.pauses import Pauses
from tth.v1 import controls_pb2, converse_pb2, errors_pb2, media_pb2
from tth.v1.converse_pb2 import ConverseRequest, ConverseResponse

STREAM_ENDED = "STREAM_ENDED"
"""The client's own reason: something was sent after the server had ended the stream."""
_MEDIA = frozenset({"text_delta", "audio_chunk", "video_frame", "motion_frame", "word_timing"})
_TERMINAL = frozenset({"turn_complete", "turn_stopped"})
_OPENING = frozenset({"user_text", "end_turn"})
"""A refusal of one of these before turn_started means that there will be no turn."""


class Conversation:
    """Made by `TthClient.converse`; use as an async context manager.

    Sending never waits for the network, only for room in a queue of 256 messages. One task at a time reads events.
    """

    def __init__(self, line: Line, open_ones: set[Conversation]) -> None:
        self.session_id = line.session_id
        self.turn_id = ""
        """The turn last said here, until its end has been read."""
        self.ended_turn_id = ""
        """The turn that the event last read has ended: by its terminal event, or because its text was refused."""
        self.stale_count = 0
        """Events of interrupted turns that were dropped here; what a pause made void is not among them."""
        self.undecodable_count = 0
        """H.264 frames dropped after those, up to the next key frame."""
        self._line = line
        self._open_ones = open_ones
        self._is_open = False
        self._interrupted: set[str] = set()
        self._pauses = Pauses()
        self._ready: deque[ConverseResponse] = deque()  # received, and not kept back
        self._begun: set[str] = set()  # turns that have not ended
        self._lost_turns: set[str] = set()  # those that were ended by the event last read, all at once
        self._unanswered: dict[int, str] = {}  # client_seq of texts whose turn has not started -> turn
        self._waits_for_keyframe = False
        self._half_closed = False

    @property
    def state(self) -> LineState:
        """OPEN, LOST while the session is being resumed, or ENDED."""
        return self._line.state

    @property
    def resumed_count(self) -> int:
        """How often a lost stream was replaced by another one. Each time a session_state with `resumed` comes by."""
        return self._line.resumed_count

    @property
    def resume_point(self) -> ResumePoint | None:
        """What another client needs to go on behind the event last read; None before the first. Holds a secret."""
        return self._line.resume_point

    async def __aenter__(self) -> Self:
        """Open the stream and attach to the session. A refusal comes out of `events`."""
        self._open_ones.add(self)
        self._is_open = True
        self._line.open()
        await self.ping()  # the first message attaches: idle pictures begin before anything is said
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close(drain_s=5.0 if kind is None else 0.0)

    async def say(
        self,
        text: str,
        *,
        mode: converse_pb2.TextMode = converse_pb2.TEXT_MODE_TALK,
        controls: controls_pb2.Controls | None = None,
        language_code: str = "",
        partial: bool = False,
        turn_id: str = "",
    ) -> str:
        """Begin a turn; returns its id.

        TALK: the person answers the text. SAY: the person speaks the text as it stands.
        partial: more text of this turn follows, with the same turn_id, until `end_turn`.
        A running turn is stopped or waited for, by the session's overlap policy.
        """
        self.turn_id = turn_id or f"c_{secrets.token_hex(6)}"
        user_text = converse_pb2.UserText(
            text=text, partial=partial, mode=mode, language_code=language_code, controls=controls
        )
        await self._send(ConverseRequest(turn_id=self.turn_id, user_text=user_text))
        return self.turn_id

    async def end_turn(self, turn_id: str = "") -> None:
        """The text of a partial turn is complete."""
        await self._send(ConverseRequest(turn_id=turn_id or self.turn_id, end_turn=converse_pb2.EndTurn()))

    async def update(
        self,
        controls: controls_pb2.Controls | None = None,
        *,
        clear_paths: tuple[str, ...] = (),
        ramp_ms: int | None = None,
    ) -> None:
        """Change controls now, also while the person speaks. The answer is a control_ack event."""
        update = converse_pb2.ControlUpdate(controls=controls, clear_paths=clear_paths, ramp_ms=ramp_ms)
        await self._send(ConverseRequest(control_update=update))

    async def interrupt(
        self, turn_id: str = "", *, playback: converse_pb2.PlaybackPosition | None = None, reason: str = ""
    ) -> None:
        """Stop a turn: the given one, else the last said. Nothing more of its media comes out of `events`.

        playback: where the caller's player stood, so that the conversation remembers only what was heard.
        """
        turn_id = turn_id or self.turn_id
        if turn_id:
            self._interrupted.add(turn_id)
        interrupt = converse_pb2.Interrupt(reason=reason, playback=playback)
        await self._send(ConverseRequest(turn_id=turn_id, interrupt=interrupt))

    async def pause(self, turn_id: str = "", *, playback: converse_pb2.PlaybackPosition | None = None) -> None:
        """Hold a turn: the given one, else the last said. The answer is turn_paused, or an error.

        Media of the turn that arrive until then come out of `events` with the answer, as far as they lie before the
        moment that it names; what lies behind it does not come at all. What came before is the caller's to flush.
        playback: where the caller's player stood, which should stand still now.
        """
        turn_id = turn_id or self.turn_id
        if turn_id:
            self._pauses.ask(turn_id, self._line.client_seq + 1)
        await self._send(ConverseRequest(turn_id=turn_id, pause_turn=converse_pb2.PauseTurn(playback=playback)))

    async def resume(self, turn_id: str = "") -> None:
        """Let the held turn go on, where it was held. The answer is turn_resumed, or an error."""
        await self._send(ConverseRequest(turn_id=turn_id, resume_turn=converse_pb2.ResumeTurn()))

    async def report_playback(self, position: converse_pb2.PlaybackPosition) -> None:
        """Tell where the caller's player stands; every 250-500 ms while it plays."""
        self._line.stood_at(position)
        report = converse_pb2.PlaybackReport(position=position)
        await self._send(ConverseRequest(playback_report=report))

    async def ping(self) -> None:
        """Ask for a pong event."""
        await self._send(ConverseRequest(ping=converse_pb2.Ping(client_time_ms=_wall_ms())))

    async def finish(self) -> None:
        """Nothing more will be said. What runs is finished; `events` ends after it."""
        if not self._half_closed:
            self._half_closed = True
            await self._line.put(None)

    async def events(self) -> AsyncGenerator[ConverseResponse, None]:
        """Everything the server sends, in its order, without the media of turns interrupted here and without what a
        `pause` made void.

        Ends when the stream ends; raises TthRpcError when it ended badly. May be left and entered again: nothing is
        lost, also when a time-out cancels the wait.
        """
        line = self._line
        while True:
            while self._ready:
                event = self._ready.popleft()
                line.taken_seq = max(line.taken_seq, event.seq)  # media that were kept back come behind others
                if self._is_wanted(event):
                    yield event
            if line.has_ended and line.is_empty():
                self._ready.extend(self._pauses.give_up())
                if not self._ready:
                    break
            elif (received := await line.get()) is not None:
                if received.session_state.resumed:
                    self._ready.extend(self._pauses.give_up())  # the turn has ended, and its answer may be lost
                self._ready.extend(self._pauses.take(received))
        if line.error is not None:
            raise line.error

    async def events_of(self, turn_id: str) -> AsyncGenerator[ConverseResponse, None]:
        """The same up to and with the event that ends one turn: turn_complete, turn_stopped, or the error that refuses
        its text. Idle pictures and other turns come along. Ends early when the stream ends.
        """
        async with aclosing(self.events()) as events:
            async for event in events:
                yield event
                if self.ended_turn_id == turn_id or turn_id in self._lost_turns:
                    return

    async def close(self, drain_s: float = 5.0) -> None:
        """Say that nothing more comes, let the server end within `drain_s`, then end the call. Idempotent.

        Events that were not read are thrown away.
        """
        if not self._is_open:
            return
        self._is_open = False
        self._open_ones.discard(self)
        self._ready.clear()
        began_s = time.monotonic()
        if drain_s > 0 and not self._line.has_ended:
            with suppress(TimeoutError):
                async with asyncio.timeout(drain_s):
                    await self.finish()
        await self._line.close(drain_s - (time.monotonic() - began_s))

    async def _send(self, message: ConverseRequest) -> None:
        if not self._is_open or self._half_closed:
            raise RuntimeError("the conversation is closed")
        line = self._line
        if line.has_ended:
            raise line.error or TthRpcError(grpc.StatusCode.UNAVAILABLE, STREAM_ENDED, "the server ended the stream")
        line.client_seq += 1
        message.schema_version = SCHEMA_VERSION
        message.session_id = self.session_id
        message.timestamp_ms = _wall_ms()
        message.client_seq = line.client_seq
        if message.WhichOneof("payload") in _OPENING:
            self._unanswered[line.client_seq] = message.turn_id
        await line.put(message)

    def _is_wanted(self, event: ConverseResponse) -> bool:
        payload = event.WhichOneof("payload")
        self._note_turn(event, payload)
        is_h264 = payload == "video_frame" and event.video_frame.codec == media_pb2.VIDEO_CODEC_H264
        if payload in _MEDIA and event.turn_id in self._interrupted:
            self.stale_count += 1
            self._waits_for_keyframe |= is_h264
            return False
        if is_h264 and self._waits_for_keyframe:
            self._waits_for_keyframe = not event.video_frame.keyframe
            self.undecodable_count += self._waits_for_keyframe
            return not self._waits_for_keyframe
        return True

    def _note_turn(self, event: ConverseResponse, payload: str | None) -> None:
        self.ended_turn_id = ""
        self._lost_turns = set()
        if payload == "turn_started":
            self._unanswered = {seq: turn for seq, turn in self._unanswered.items() if turn != event.turn_id}
            self._begun.add(event.turn_id)
        elif payload in _TERMINAL:
            self.ended_turn_id = event.turn_id
            self._begun.discard(event.turn_id)
        elif payload == "session_state" and event.session_state.resumed:
            self._note_resumed(event.ack_client_seq)
        elif payload == "error" and event.error.scope == errors_pb2.ERROR_SCOPE_MESSAGE:
            self.ended_turn_id = self._unanswered.pop(event.error.client_seq, "")
        if self.ended_turn_id:
            self._interrupted.discard(self.ended_turn_id)
            if self.ended_turn_id == self.turn_id:
                self.turn_id = ""

    def _note_resumed(self, ack_client_seq: int) -> None:
        """Every turn of the lost stream has ended, also one whose beginning or end was lost with it."""
        answered = {seq: turn for seq, turn in self._unanswered.items() if seq <= ack_client_seq}
        self._unanswered = {seq: turn for seq, turn in self._unanswered.items() if seq not in answered}
        self._lost_turns = self._begun | set(answered.values())
        self._begun = set()
        if self.turn_id in self._lost_turns:
            self.ended_turn_id = self.turn_id


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000
