"""One `Converse` stream as a hand-made client: sends what it is told to, keeps everything that comes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from tth.adapters.registry import Adapters
from tth.server.app import TthServer
from tth.testing.fast_time import DEFAULT_FACTOR, run_fast
from tth.testing.harness import RunningServer, make_server, mock_adapters, running_server
from tth.testing.scripted import Script, ScriptedModel
from tth.v1 import media_pb2
from tth.v1.controls_pb2 import IDLE_MODE_NONE, Controls, Render
from tth.v1.converse_pb2 import (
    TEXT_MODE_SAY,
    TEXT_MODE_TALK,
    ConverseRequest,
    ConverseResponse,
    EndTurn,
    Interrupt,
    PlaybackPosition,
    Resume,
    TextMode,
    UserText,
)
from tth.v1.errors_pb2 import Error
from tth.v1.media_pb2 import MediaPreferences
from tth.v1.tth_service_pb2 import CreateSessionRequest

if TYPE_CHECKING:
    Call = grpc.aio.StreamStreamCall[ConverseRequest, ConverseResponse]

T = TypeVar("T")
LIMIT_S = 160.0
"""Of the loop's fast seconds: 20 real ones. Only a test that hangs meets it."""
GRACE_S = 8.0
"""Of fast time, for the transport to end its tasks behind a test."""
SOUND_ONLY = MediaPreferences(video_codec=media_pb2.VIDEO_CODEC_NONE)
QUIET = Controls(render=Render(idle_mode=IDLE_MODE_NONE))
LONG = "one two three four five six seven eight nine ten. " * 20
"""More than any test waits for."""
TERMINAL = ("turn_complete", "turn_stopped")


def media(codec: media_pb2.VideoCodec, *, motion: bool = False) -> MediaPreferences:
    """What a session wants to see."""
    return MediaPreferences(video_codec=codec, motion=motion)


def with_model(*scripts: Script[str]) -> TthServer:
    """A server whose language model follows a script, for each call one."""
    mocks = mock_adapters()
    return make_server(Adapters(llm=ScriptedModel(*scripts), tts=mocks.tts, avatar=mocks.avatar))


def kind(event: ConverseResponse) -> str:
    """The name of the payload."""
    return event.WhichOneof("payload") or ""


class Errors(logging.Handler):
    """Keeps everything that is logged as an error, by whomever.

    Except the poller's noise: two event loops of one process, one after the other, may wake for each other's events
    (grpc/grpc#36096), which asyncio reports and which means nothing.
    """

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        if "PollerCompletionQueue._handle_events" not in record.getMessage():
            self.records.append(record)


def run(main: Coroutine[Any, Any, T], *, errors: int = 0, factor: float = DEFAULT_FACTOR) -> T:
    """Run a test on fast time. Afterwards no task but the test's own is left, and `errors` errors were logged."""

    async def whole() -> T:
        async with asyncio.timeout(LIMIT_S):
            result = await main
        left = [task for task in asyncio.all_tasks() if _is_ours(task)]
        if left:  # the transport's own take a moment to end
            _, pending = await asyncio.wait(left, timeout=GRACE_S)
            assert not pending, pending
        return result

    seen = Errors()
    logging.getLogger().addHandler(seen)
    try:
        result = run_fast(whole(), factor)
    finally:
        logging.getLogger().removeHandler(seen)
    assert len(seen.records) == errors, [record.getMessage() for record in seen.records]
    return result


def _is_ours(task: asyncio.Task[Any]) -> bool:
    """Neither this one nor of the client library, which forgets a call whose write failed."""
    name = str(getattr(task.get_coro(), "__qualname__", ""))
    return task is not asyncio.current_task() and not name.startswith("_AioCall.")


ServerTest = Callable[[RunningServer], Coroutine[Any, Any, None]]


def served(
    make: Callable[[], TthServer] = make_server, *, errors: int = 0
) -> Callable[[ServerTest], Callable[[], None]]:
    """Make a test of an async function that is given a running server."""

    def decorate(test: ServerTest) -> Callable[[], None]:
        async def main() -> None:
            async with running_server(make()) as server:
                await test(server)

        def test_function() -> None:
            run(main(), errors=errors)

        test_function.__name__ = test.__name__
        test_function.__doc__ = test.__doc__
        return test_function

    return decorate


class Caller:
    """One stream. `events` grows as the server sends; `next_of` and `until` walk through it."""

    def __init__(self, call: Call, session_id: str) -> None:
        self.call = call
        self.session_id = session_id
        self.events: list[ConverseResponse] = []
        self._seen = 0
        self._changed = asyncio.Event()
        self._has_ended = False
        self.error: grpc.aio.AioRpcError | None = None

    async def read_all(self) -> None:
        """The one reader."""
        try:
            while (event := await self.call.read()) is not grpc.aio.EOF:
                assert isinstance(event, ConverseResponse)
                self.note(event)
        except grpc.aio.AioRpcError as error:
            self.error = error
        finally:
            self.note_end()

    def note(self, event: ConverseResponse) -> None:
        """One more event has come."""
        self.events.append(event)
        self._changed.set()

    def note_end(self) -> None:
        """No more will."""
        self._has_ended = True
        self._changed.set()

    async def send(self, **fields: Any) -> None:
        """One message to this session."""
        await self.call.write(ConverseRequest(**{"session_id": self.session_id, **fields}))

    async def text(
        self,
        text: str,
        mode: TextMode = TEXT_MODE_SAY,
        *,
        partial: bool = False,
        controls: Controls | None = None,
        turn_id: str = "",
        client_seq: int = 0,
    ) -> None:
        """A user_text."""
        said = UserText(text=text, mode=mode, partial=partial, controls=controls)
        await self.send(user_text=said, turn_id=turn_id, client_seq=client_seq)

    async def talk(self, text: str) -> None:
        """A question to the language model."""
        await self.text(text, TEXT_MODE_TALK)

    async def interrupt(self, turn_id: str = "", **fields: Any) -> None:
        await self.send(interrupt=Interrupt(**fields), turn_id=turn_id)

    async def end_turn(self, turn_id: str = "") -> None:
        await self.send(end_turn=EndTurn(), turn_id=turn_id)

    async def next_event(self) -> ConverseResponse:
        """The next event that has not been looked at. Raises AssertionError when the stream has ended."""
        while self._seen >= len(self.events):
            assert not self._has_ended, f"the stream has ended: {self.error}"
            self._changed.clear()
            await self._changed.wait()
        self._seen += 1
        return self.events[self._seen - 1]

    async def until(self, wanted: Callable[[ConverseResponse], bool]) -> ConverseResponse:
        """The next event that is wanted; those before it count as looked at."""
        while not wanted(event := await self.next_event()):
            pass
        return event

    async def next_of(self, *kinds: str) -> ConverseResponse:
        """The next event with one of these payloads."""
        return await self.until(lambda event: kind(event) in kinds)

    async def turn(self, turn_id: str = "") -> list[ConverseResponse]:
        """All events of one turn, up to its end; the next turn to end where no id is given."""
        end = await self.until(lambda e: kind(e) in TERMINAL and turn_id in ("", e.turn_id))
        return [event for event in self.events if event.turn_id == end.turn_id]

    async def refusal(self) -> Error:
        """The next error."""
        return (await self.next_of("error")).error

    async def finish(self) -> None:
        """Half-close, then wait for the server to end."""
        await self.call.done_writing()
        await self.ended()

    async def ended(self) -> None:
        """Wait for the end of the stream, whatever it is."""
        while not self._has_ended:
            self._changed.clear()
            await self._changed.wait()

    async def status(self) -> tuple[grpc.StatusCode, str]:
        """How the stream ended: its code and reason ("" = OK)."""
        await self.ended()
        if self.error is None:
            return await self.call.code(), ""
        return self.error.code(), reason_of(self.error)


@asynccontextmanager
async def resuming(
    server: RunningServer, session_id: str, handle: str, last_seq: int = 0, playback: PlaybackPosition | None = None
) -> AsyncIterator[Caller]:
    """A stream that goes on with a session."""
    async with calling(server, session_id, greet=False) as caller:
        await caller.send(resume=Resume(resume_handle=handle, last_seq=last_seq, playback=playback))
        yield caller


@asynccontextmanager
async def calling(server: RunningServer, session_id: str, *, greet: bool = True) -> AsyncIterator[Caller]:
    """A stream to a session. greet: send the first message, that attaches. Left: the call is cancelled."""
    call: Call = server.stub.Converse()
    caller = Caller(call, session_id)
    reader = asyncio.create_task(caller.read_all(), name="caller")
    try:
        if greet:
            await caller.send()
        yield caller
    finally:
        call.cancel()
        reader.cancel()
        await asyncio.wait([reader])


async def new_session(server: RunningServer, **fields: Any) -> str:
    """The id of a fresh session; sound only where no media are given."""
    fields = {"media": SOUND_ONLY, **fields}
    return (await server.stub.CreateSession(CreateSessionRequest(**fields))).session_id


@asynccontextmanager
async def conversation(server: RunningServer, **fields: Any) -> AsyncIterator[Caller]:
    """A fresh session and a stream to it."""
    async with calling(server, await new_session(server, **fields)) as caller:
        yield caller


async def check_alive(caller: Caller) -> None:
    """The session takes the next text as if nothing had been."""
    await caller.text("Fine.", turn_id="alive")
    assert (await caller.turn("alive"))[-1].turn_complete.text == "Fine."


def check_order(events: Sequence[ConverseResponse]) -> None:
    """The invariants of every stream: seq without gaps, each medium's time never back, each turn whole."""
    assert [event.seq for event in events] == list(range(events[0].seq, events[0].seq + len(events)))
    for name in ("audio_chunk", "video_frame", "motion_frame"):
        times = [getattr(event, name).pts_us for event in events if kind(event) == name]
        assert times == sorted(times), name
        assert len(set(times)) == len(times), name
    turns: dict[str, list[str]] = {}
    for event in events:
        if event.turn_id:
            turns.setdefault(event.turn_id, []).append(kind(event))
    for names in turns.values():
        check_turn(names)


def check_turn(names: Sequence[str]) -> None:
    """turn_started first, then turn_metrics and exactly one terminal event last; speaking is paired, pauses too."""
    assert names[0] == "turn_started"
    assert names[-2] == "turn_metrics"
    assert names[-1] in TERMINAL
    assert sum(name in TERMINAL for name in names) == 1
    assert names.count("turn_metrics") == names.count("turn_started") == 1
    pauses = names.count("turn_paused")
    assert names.count("turn_resumed") in (pauses, pauses - 1)
    assert names.count("speaking") in range(0, 2 * pauses + 3, 2)


def reason_of(error: grpc.aio.AioRpcError) -> str:
    """The reason in the status' details."""
    for detail in details_of(error):
        if isinstance(detail, error_details_pb2.ErrorInfo):
            return str(detail.reason)
    return ""


def fields_of(error: grpc.aio.AioRpcError) -> dict[str, str]:
    """Wrong fields and what is allowed there."""
    return {
        violation.field: violation.description
        for detail in details_of(error)
        if isinstance(detail, error_details_pb2.BadRequest)
        for violation in detail.field_violations
    }


def details_of(error: grpc.aio.AioRpcError) -> list[Any]:
    """The details of a status as messages."""
    status = rpc_status.from_call(error)
    found = []
    for detail in status.details if status is not None else ():
        for known in (error_details_pb2.ErrorInfo, error_details_pb2.BadRequest, error_details_pb2.RetryInfo):
            message = known()
            if detail.Unpack(message):
                found.append(message)
    return found
