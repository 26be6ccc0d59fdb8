"""A client of TTH on the generated stubs alone: needs grpcio, grpcio-status and ./generate.sh, and no package of TTH.

    with Client("localhost:50051") as client:
        session = client.create_session()
        with client.converse(Session.of(session)) as conversation:
            turn_id = conversation.say("Hello!")
            for event in conversation.events_of(turn_id):
                ...

Blocking: one thread reads events, any thread may send. A conversation comes back by itself when its connection breaks,
hands on each event once, and leaves out the media of turns that were interrupted. Every failure is a TthError.
"""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from tth.v1 import controls_pb2, converse_pb2, errors_pb2, media_pb2, tth_service_pb2
from tth.v1.converse_pb2 import ConverseRequest, ConverseResponse
from tth.v1.tth_service_pb2_grpc import TthServiceStub

SCHEMA_VERSION = "1.0"
DEADLINE_S = 15.0
RECONNECT_S = 60.0
"""How long a lost stream is tried to be resumed; a server keeps a session for 300 s."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 5.0
OUTBOX_MESSAGES = 256
"""Messages that the server has not acknowledged; one more is refused."""
MEDIA = frozenset({"text_delta", "audio_chunk", "video_frame", "motion_frame", "word_timing"})
TERMINAL = frozenset({"turn_complete", "turn_stopped"})
_OF_THE_MOMENT = frozenset({"ping", "playback_report"})
"""Worth nothing later: not sent again."""
_OPTIONS = (
    # A silent peer is noticed after 40 s at most.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    # What the transport holds while nobody reads is stale after an interrupt: about a second of H.264, no more.
    ("grpc.http2.bdp_probe", 0),
    ("grpc.http2.lookahead_bytes", 256 * 1024),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 5_000),
)


@dataclass(eq=False)
class TthError(Exception):
    """A call or a stream that ended badly."""

    code: grpc.StatusCode
    reason: str
    """UPPER_SNAKE, from docs/errors.md; else the name of the code. Compare this, never the message."""
    message: str
    fields: dict[str, str] = field(default_factory=dict)
    """Each field that was refused -> what is allowed there."""
    retry_after_s: float | None = None

    @property
    def retryable(self) -> bool:
        return self.code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED)

    def __str__(self) -> str:
        return "\n  ".join(
            [f"{self.message} ({self.reason})", *(f"{name}: {told}" for name, told in self.fields.items())]
        )


def error_of(error: grpc.RpcError, target: str) -> TthError:
    """What the server said: ErrorInfo, BadRequest and RetryInfo, packed into the trailers of the status."""
    code, text = error.code(), error.details() or ""
    status = rpc_status.from_call(error)
    if status is None:  # made by the transport
        if code is grpc.StatusCode.UNAVAILABLE:
            text = f"no answer from {target}; {_question(text)} ({text})"
        return TthError(code, code.name, text or "the call failed")
    reason, fields, retry_after_s = code.name, dict[str, str](), None
    for detail in status.details:
        info, bad, retry = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest(), error_details_pb2.RetryInfo()
        if detail.Unpack(info):
            reason = info.reason
        elif detail.Unpack(bad):
            fields = {item.field: item.description for item in bad.field_violations}
        elif detail.Unpack(retry):
            retry_after_s = retry.retry_delay.ToMilliseconds() / 1000
    return TthError(code, reason, text.removeprefix(f"{reason}: "), fields, retry_after_s)


def _question(told: str) -> str:
    """What to look at, by what the transport tells."""
    if "CERTIFICATE_VERIFY_FAILED" in told or "Verification Check failed" in told:
        return "is its certificate signed by the CA given here, for this name?"
    if "Socket closed" in told or "Connection reset" in told:
        return "it hangs up: does it want TLS, or a certificate of yours?"
    return "does it speak TLS?" if "WRONG_VERSION_NUMBER" in told else "is a server running there?"


@dataclass(frozen=True)
class Session:
    """What a conversation begins with, and what another program needs to go on with it."""

    session_id: str
    resume_handle: str = field(default="", repr=False)
    """A secret."""
    last_seq: int = 0
    """Every event up to here was taken; 0: a new session."""
    client_seq: int = 0
    """Number of the last message."""
    playback: converse_pb2.PlaybackPosition | None = None
    """Where the player stood, as last reported."""

    @classmethod
    def of(cls, reply: tth_service_pb2.CreateSessionResponse) -> Session:
        return cls(reply.session_id, reply.resume_handle)


class Client:
    """One connection to one server; the first call makes it."""

    def __init__(
        self, target: str, *, credentials: grpc.ChannelCredentials | None = None, token: str | None = None
    ) -> None:
        """target: "host:port". credentials: `grpc.ssl_channel_credentials(ca, key, cert)` for TLS, with key and
        certificate of yours where the server wants to see one; None is plain text."""
        self.target = target
        self.metadata = (("authorization", f"Bearer {token}"),) if token else ()
        self._channel = (
            grpc.insecure_channel(target, _OPTIONS)
            if credentials is None
            else grpc.secure_channel(target, credentials, _OPTIONS)
        )
        self.stub: Any = TthServiceStub(self._channel)
        """Every other call of the contract."""

    def create_session(
        self,
        controls: controls_pb2.Controls | None = None,
        *,
        media: media_pb2.MediaPreferences | None = None,
        language_code: str = "",
    ) -> tth_service_pb2.CreateSessionResponse:
        """Open a conversation. What is not given is the server's default."""
        request = tth_service_pb2.CreateSessionRequest(
            schema_version=SCHEMA_VERSION,
            request_id=str(uuid.uuid4()),
            controls=controls,
            media=media,
            language_code=language_code,
        )
        try:
            reply: tth_service_pb2.CreateSessionResponse = self.stub.CreateSession(
                request, timeout=DEADLINE_S, metadata=self.metadata
            )
        except grpc.RpcError as error:
            raise error_of(error, self.target) from None
        return reply

    def end_session(self, session_id: str) -> None:
        """Stop what runs, and forget the session; without this a server keeps it for 300 s."""
        request = tth_service_pb2.EndSessionRequest(session_id=session_id)
        try:
            self.stub.EndSession(request, timeout=DEADLINE_S, metadata=self.metadata)
        except grpc.RpcError as error:
            raise error_of(error, self.target) from None

    def converse(self, session: Session) -> Conversation:
        """The conversation of a session; one with `last_seq` is resumed. Use it as a context manager."""
        return Conversation(self, session)

    def close(self) -> None:
        """End the connection, and with it every call."""
        self._channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass
class _Turn:
    generation: int
    client_seq: int
    """Of the message that asked for it, or for its last part."""
    is_started: bool = False
    is_interrupted: bool = False


class Conversation:
    """The stream of one session, over as many calls as it takes."""

    def __init__(self, client: Client, session: Session) -> None:
        self.session = session
        """Where it stands."""
        self.generation = 0
        """Raised by every interrupt; a turn belongs to the one in which it was said."""
        self.stale_dropped = 0
        """Events of interrupted turns that were not handed on."""
        self.connections = 0
        """Streams that were opened."""
        self._client = client
        self._call: Any = None
        self._turns: dict[str, _Turn] = {}
        self._ended: set[str] = set()  # by the event last handed on
        self._waits_for_keyframe = False
        self._playback = session.playback
        self._changed = threading.Condition()  # guards what follows
        self._pending: list[ConverseRequest] = []  # not acknowledged; those before `_sent` are with the server
        self._sent = 0
        self._client_seq = session.client_seq
        self._handle, self._last_seq = session.resume_handle, session.last_seq
        self._is_finished = False  # no further message
        self._is_final = False  # no further call

    def __enter__(self) -> Self:
        self._open()
        if not self._last_seq:
            self.send(ConverseRequest(ping=converse_pb2.Ping()))  # the first message attaches
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.close(drain_s=5.0 if kind is None else 0.0)

    # ---- what is said

    def say(
        self,
        text: str,
        *,
        mode: converse_pb2.TextMode = converse_pb2.TEXT_MODE_TALK,
        controls: controls_pb2.Controls | None = None,
    ) -> str:
        """Begin a turn: TALK answers the text, SAY speaks it as it stands. Returns the turn's id."""
        turn_id = f"c_{uuid.uuid4().hex[:12]}"
        self._turns[turn_id] = _Turn(self.generation, self._client_seq + 1)
        user_text = converse_pb2.UserText(text=text, mode=mode, controls=controls)
        self.send(ConverseRequest(turn_id=turn_id, user_text=user_text))
        return turn_id

    def interrupt(self, turn_id: str, playback: converse_pb2.PlaybackPosition | None = None) -> None:
        """Stop a turn; nothing more of its media comes out of `events`. playback: where the player stands, so that the
        conversation remembers what was heard."""
        self.generation += 1
        if turn_id in self._turns:
            self._turns[turn_id].is_interrupted = True
        self.send(ConverseRequest(turn_id=turn_id, interrupt=converse_pb2.Interrupt(playback=playback)))

    def update(self, controls: controls_pb2.Controls) -> None:
        """Change controls now, also while the person speaks. The answer is a control_ack event, or an error."""
        self.send(ConverseRequest(control_update=converse_pb2.ControlUpdate(controls=controls)))

    def report_playback(self, position: converse_pb2.PlaybackPosition) -> None:
        """Where the player stands; every 250-500 ms while it plays."""
        self._playback = position
        self.send(ConverseRequest(playback_report=converse_pb2.PlaybackReport(position=position)))

    def send(self, message: ConverseRequest) -> None:
        """Any message of the contract; never waits."""
        with self._changed:
            if self._is_finished or len(self._pending) >= OUTBOX_MESSAGES:
                text = "the conversation is over" if self._is_finished else "the server takes no messages"
                raise TthError(grpc.StatusCode.FAILED_PRECONDITION, "NOT_SENT", text)
            self._client_seq += 1
            message.schema_version, message.session_id = SCHEMA_VERSION, self.session.session_id
            message.client_seq, message.timestamp_ms = self._client_seq, time.time_ns() // 1_000_000
            self._pending.append(message)
            self._changed.notify_all()

    # ---- what comes

    def events(self) -> Iterator[ConverseResponse]:
        """Everything the server sends, each event once and in its order, without stale media. Raises TthError when the
        stream ended badly and could not be resumed. May be left and entered again."""
        lost_at_s, tries = 0.0, 0
        while True:
            try:
                for event in self._call:
                    tries = 0
                    if self._is_new(event) and self._is_wanted(event):
                        yield event
                return
            except grpc.RpcError as error:
                failure = error_of(error, self._client.target)
            lost_at_s = lost_at_s if tries else time.monotonic()
            if not self._may_return(failure) or time.monotonic() - lost_at_s > RECONNECT_S:
                if self._is_finished:
                    return
                raise failure
            with self._changed:  # a pause that close() ends
                pause_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2**tries) * random.uniform(0.5, 1.0)
                self._changed.wait_for(lambda: self._is_finished, pause_s)
            tries += 1
            self._open()

    def events_of(self, turn_id: str) -> Iterator[ConverseResponse]:
        """The same up to and with the event that ends one turn: its end, the refusal of its text, or the return of a
        connection with which it was lost."""
        for event in self.events():
            yield event
            if turn_id in self._ended:
                return

    def break_off(self) -> Session:
        """Drop the stream without a goodbye; what another conversation needs to resume the session."""
        self._finish()
        self._call.cancel()
        return Session(self.session.session_id, self._handle, self._last_seq, self._client_seq, self._playback)

    def close(self, drain_s: float = 5.0) -> None:
        """Say goodbye, and let the server end within `drain_s`. Events that were not read are thrown away."""
        self._finish()
        patience = threading.Timer(drain_s, self._call.cancel)
        patience.start()
        with suppress(grpc.RpcError):
            for _ in self._call:
                pass
        patience.cancel()

    def _finish(self) -> None:
        with self._changed:
            self._is_finished = self._is_final = True
            self._changed.notify_all()

    # ---- one call after the other

    def _open(self) -> None:
        with self._changed:
            self.connections += 1
            self._sent = 0
            if self._last_seq:
                self._pending = [item for item in self._pending if item.WhichOneof("payload") not in _OF_THE_MOMENT]
            self._changed.notify_all()
        messages = self._messages(self.connections)
        self._call = self._client.stub.Converse(messages, metadata=self._client.metadata)

    def _messages(self, connection: int) -> Iterator[ConverseRequest]:
        """What one call sends: read by a thread of gRPC's. What the server has taken before it drops by its number."""
        if self._last_seq:
            resume = converse_pb2.Resume(resume_handle=self._handle, last_seq=self._last_seq, playback=self._playback)
            yield ConverseRequest(schema_version=SCHEMA_VERSION, session_id=self.session.session_id, resume=resume)
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: self.connections != connection or self._is_finished or self._sent < len(self._pending)
                )
                if self.connections != connection or self._sent == len(self._pending):
                    return
                message = self._pending[self._sent]
                self._sent += 1
            yield message

    def _may_return(self, failure: TthError) -> bool:
        return failure.code is grpc.StatusCode.UNAVAILABLE and bool(self._last_seq) and not self._is_final

    def _is_new(self, event: ConverseResponse) -> bool:
        with self._changed:
            taken = sum(item.client_seq <= event.ack_client_seq for item in self._pending)
            self._pending, self._sent = self._pending[taken:], max(0, self._sent - taken)
            if event.seq <= self._last_seq:
                return False
            self._last_seq = event.seq
        payload = event.WhichOneof("payload")
        if payload == "session_state":
            self._handle = event.session_state.resume_handle
        elif payload == "go_away":
            self._is_final |= event.go_away.action != converse_pb2.GO_AWAY_ACTION_RESUME
        return True

    def _is_wanted(self, event: ConverseResponse) -> bool:
        payload = event.WhichOneof("payload")
        self._note_ends(event, payload)
        turn = self._turns.get(event.turn_id)
        is_h264 = payload == "video_frame" and event.video_frame.codec == media_pb2.VIDEO_CODEC_H264
        if turn is not None and turn.is_interrupted and payload in MEDIA:
            self.stale_dropped += 1
            self._waits_for_keyframe |= is_h264
            return False
        if is_h264 and self._waits_for_keyframe:  # it cannot be decoded without what was dropped
            self._waits_for_keyframe = not event.video_frame.keyframe
        return not (is_h264 and self._waits_for_keyframe)

    def _note_ends(self, event: ConverseResponse, payload: str | None) -> None:
        for turn_id in self._ended:
            self._turns.pop(turn_id, None)
        self._ended = {event.turn_id} if payload in TERMINAL else set()
        if payload == "turn_started" and event.turn_id in self._turns:
            self._turns[event.turn_id].is_started = True
        elif payload == "error" and event.error.scope == errors_pb2.ERROR_SCOPE_MESSAGE:
            self._ended = {
                turn_id
                for turn_id, turn in self._turns.items()
                if turn.client_seq == event.error.client_seq and not turn.is_started
            }
        elif payload == "session_state" and event.session_state.resumed:  # whatever was begun has ended
            self._ended = {name for name, turn in self._turns.items() if turn.client_seq <= event.ack_client_seq}
