"""A simulated person with a client: opens streams, does what the script says, plays and writes down what comes.

Tests: tests/testing/simulator/test_run.py.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from random import Random

from tth.errors import TTHError
from tth.model.media import ms_to_samples, samples_to_us, us_to_samples
from tth.server.app import TthServer
from tth.server.interceptors import only_ours
from tth.server.outbox import Outbox
from tth.session.conversation import Conversation
from tth.session.terms import OverlapPolicy
from tth.testing.simulator import wire
from tth.testing.simulator.player import Player
from tth.testing.simulator.recording import TERMINAL, Pause, Recording, Sent, Stop, StreamLog, got
from tth.testing.simulator.steps import (
    AskTime,
    Await,
    Change,
    DrainServer,
    EndSession,
    Misbehave,
    PauseTurn,
    Position,
    Reopen,
    Rest,
    ResumeTurn,
    Say,
    Step,
    StopTurn,
    Until,
)
from tth.testing.simulator.transport import Reading, SimulatedCall
from tth.testing.simulator.world import World
from tth.v1 import tth_service_pb2
from tth.v1.converse_pb2 import ConverseRequest, ConverseResponse

STREAM_ENDS_S = 90.0
"""Longer than any budget of a turn; a stream that has not ended by then never will."""
TURN_ENDS_S = 20.0
"""For a turn in which nothing goes wrong."""
_OFF_MS = {Position.BEHIND: -700, Position.AHEAD: 700, Position.FAR_AHEAD: 3_600_000, Position.FAR_BEHIND: -3_600_000}


class SimulatedClient:
    """One person, one session."""

    def __init__(self, server: TthServer, world: World, recording: Recording) -> None:
        self._server = server
        self._world = world
        self._recording = recording
        self._random = Random(world.seed + 1)
        self._loop = asyncio.get_running_loop()
        self._player = Player()
        self._session_id = ""
        self._conversation: Conversation | None = None
        self._client_seq = 0
        self._call: SimulatedCall | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._uplink: deque[tuple[SimulatedCall, ConverseRequest | None]] = deque()
        self._news = asyncio.Event()
        self._open: list[str] = []
        """Turns that have begun and not ended, as far as the client knows; one that waited may end beside another."""
        self._newest: str | None = None
        """The first turn that began after the last text; None = none has."""
        self._seen: set[str] = set()
        """What came of the newest turn: kinds of messages."""
        self._asked_seq = 0
        """The message that asked for the newest turn."""
        self._reported_turn = ""
        self.is_over = False
        """The session was ended, by whomever."""

    # ---- the session

    async def create(self) -> None:
        """Make the session. Raises TTHError when the server takes none."""
        request = wire.create_session(self._world)
        created = await self._server.service.CreateSession(request, None)  # type: ignore[arg-type]
        self._session_id = created.session_id
        self._conversation = self._server.sessions.get(created.session_id)

    async def act(self, steps: tuple[Step, ...]) -> None:
        """Do one thing after the other."""
        for step in steps:
            if self.is_over:
                return
            if self._call is None:
                self.open(self._world.reading)
            await self._do(step)

    async def finale(self) -> None:
        """Whatever has happened: the session can be used, by a good client with good adapters, and is ended."""
        self._recording.cast.is_calm = True
        await self.close()
        if not self.is_over:
            self.open(Reading())
            await self._do(Say(("And now?",), "talk"))
            await self._do(Await(Until.END, int(TURN_ENDS_S * 1000)))
            if "turn_complete" not in self._seen:
                self._recording.complaints.append(f"the last turn was not completed: {sorted(self._seen)}")
            await self.close()
        await self._end_session()

    async def _end_session(self) -> None:
        request = tth_service_pb2.EndSessionRequest(session_id=self._session_id)
        with suppress(TTHError):
            async with asyncio.timeout(STREAM_ENDS_S):
                await self._server.service.EndSession(request, None)  # type: ignore[arg-type]
        self.is_over = True

    # ---- streams

    def open(self, reading: Reading) -> None:
        """Open a stream to the session."""
        recording, number = self._recording, len(self._recording.streams)
        recording.streams.append(StreamLog(self._loop.time(), reads=reading.reads))
        call = SimulatedCall(reading, lambda message: self._take(message, number))
        self._call = call
        self._open.clear()
        self._tasks = [asyncio.create_task(self._serve(call, number), name=f"call {number}")]
        self._tasks.append(asyncio.create_task(call.read(), name=f"client reads {number}"))
        if self._world.report_ms:
            self._tasks.append(asyncio.create_task(self._report(), name=f"client reports {number}"))
        self._send(ConverseRequest(session_id=self._session_id), "attach")

    async def close(self) -> None:
        """Half-close and wait until the server has ended the stream."""
        call = self._call
        if call is None:
            return
        log = self._recording.streams[-1]
        log.half_closed = not log.status
        self._deliver_later(call, None)
        await self._ended()

    async def _ended(self) -> None:
        serving, *others = self._tasks
        done, _ = await asyncio.wait([serving], timeout=STREAM_ENDS_S)
        if not done:
            self._recording.complaints.append(f"a stream had not ended {STREAM_ENDS_S:g} s after its half-close")
            serving.cancel()
            await asyncio.wait([serving])
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        if self._call is not None:
            self._call.read_rest()
        self._call = None
        self._uplink.clear()

    async def _serve(self, call: SimulatedCall, number: int) -> None:
        """The call as the transport runs it."""
        log = self._recording.streams[number]
        try:
            await self._server.service.Converse(call, call)  # type: ignore[arg-type]
            log.status = "OK"
        except asyncio.CancelledError:
            task = asyncio.current_task()
            assert task is not None
            log.status = "CANCELLED" if task.cancelling() else "FOREIGN_CANCELLATION"
        except TTHError as error:
            log.status = error.reason
        except ExceptionGroup as group:
            ours = only_ours(group)
            log.status = ours.reason if ours is not None else f"INTERNAL: {group!r}"
        except Exception as error:
            log.status = f"INTERNAL: {error!r}"
        log.closed_s = self._loop.time()
        self._news.set()

    def _take(self, message: ConverseResponse, number: int) -> None:
        recording = self._recording
        one = got(message, self._loop.time(), number)
        recording.got.append(one)
        recording.most_waiting = max(recording.most_waiting, self._waiting())
        self._player.take(one)
        if one.kind == "turn_started":
            self._open.append(one.turn_id)
            self._newest = self._newest or one.turn_id
        elif one.kind in TERMINAL and one.turn_id in self._open:
            self._open.remove(one.turn_id)
        if one.turn_id and one.turn_id == self._newest:
            self._seen.add(one.kind)
        elif one.kind == "error" and one.body.client_seq >= self._asked_seq:
            self._seen.add("refused")
        self._news.set()

    def _waiting(self) -> int:
        sink = self._conversation._sink if self._conversation is not None else None
        return len(sink) if isinstance(sink, Outbox) else 0

    @property
    def _running(self) -> str:
        """The turn that is being heard; "" = none."""
        return self._open[0] if self._open else ""

    # ---- to the server

    def _send(self, message: ConverseRequest, kind: str, *, text: str = "", mode: str = "", good: bool = True) -> None:
        if self._call is None:
            return
        self._client_seq += 1
        message.client_seq = self._client_seq
        stream = len(self._recording.streams) - 1
        self._recording.sent.append(
            Sent(self._loop.time(), stream, self._client_seq, kind, text, message.turn_id, mode, good)
        )
        self._deliver_later(self._call, message)

    def _deliver_later(self, call: SimulatedCall, message: ConverseRequest | None) -> None:
        """Over an uplink that keeps the order. None = the half-close."""
        self._uplink.append((call, message))
        if self._world.uplink_ms:
            self._loop.call_later(self._world.uplink_ms / 1000, self._deliver)
        else:
            self._deliver()

    def _deliver(self) -> None:
        if not self._uplink:
            return
        call, message = self._uplink.popleft()
        if message is None:
            call.half_close()
        else:
            call.send(message)

    async def _report(self) -> None:
        """Tell where the player is, in time."""
        off_ms: dict[str, Callable[[], int]] = {
            "exact": lambda: 0,
            "lagging": lambda: -400,
            "lying": lambda: self._random.randint(-5000, 5000),
        }
        while True:
            await asyncio.sleep(self._world.report_ms / 1000)
            now_s = self._loop.time()
            sample = self._player.heard(now_s) + ms_to_samples(off_ms[self._world.reports]())
            self._send(wire.report(sample, self._running), "playback_report")
            self._reported_turn = self._running

    # ---- steps

    async def _do(self, step: Step) -> None:
        match step:
            case Rest(ms):
                await asyncio.sleep(ms / 1000)
            case Await():
                await self._await(step)
            case Say():
                await self._say(step)
            case StopTurn():
                self._stop(step)
            case PauseTurn():
                self._pause(step)
            case ResumeTurn(turn):
                self._send(wire.resume(self._named(turn)), "resume_turn")
            case Change():
                self._send(wire.change(step), "control_update", good=step.is_good)
            case AskTime():
                self._send(wire.ping(), "ping")
            case Misbehave(how):
                self._send(wire.misdeed(how), how, good=False)
            case Reopen():
                await self._reopen(step)
            case EndSession():
                self._recording.ended = True
                await self._end_session()
            case DrainServer():
                self.is_over = self._recording.drained = True
                await self._server.drain()

    async def _await(self, step: Await) -> None:
        wanted = {
            Until.STARTED: {"turn_started"},
            Until.SOUND: {"audio_chunk"},
            Until.WORD: {"word_timing"},
            Until.END: set(TERMINAL),
        }[step.what]
        wanted |= {"refused", *TERMINAL}
        with suppress(TimeoutError):
            async with asyncio.timeout(step.ms / 1000):
                while not (wanted & self._seen or self._recording.streams[-1].status):
                    self._news.clear()
                    await self._news.wait()

    async def _say(self, step: Say) -> None:
        self._newest = None
        self._seen.clear()
        self._asked_seq = self._client_seq + 1
        if self._world.overlap is OverlapPolicy.SUPERSEDE and step.ends == "whole":
            self._hear_no_more(None, by_text=True)
        last = len(step.parts) - 1
        for number, part in enumerate(step.parts):
            partial = step.ends in ("end_turn", "never") or (step.ends == "last_part" and number < last)
            message = wire.user_text(step, part, partial=partial, is_first=number == 0)
            self._send(message, "user_text", text=part, mode=step.mode)
            if step.gap_ms and number < last:
                await asyncio.sleep(step.gap_ms / 1000)
        if step.ends == "end_turn":
            self._send(wire.end_turn(step.turn_id), "end_turn")

    def _stop(self, step: StopTurn) -> None:
        told = self._told(step.position)
        name = self._named(step.turn)
        if step.turn != "wrong":
            self._hear_no_more(told, by_text=False)
        self._send(wire.interrupt(name, told), "interrupt")

    def _pause(self, step: PauseTurn) -> None:
        """What is heard until the answer comes is not counted: a player holds at once."""
        told, now_s = self._told(step.position), self._loop.time()
        self._recording.pauses.append(Pause(now_s, self._player.heard(now_s), told))
        self._send(wire.pause(self._named(step.turn), told), "pause_turn")

    def _told(self, position: Position) -> int | None:
        """What a message says of where the player is."""
        if position is Position.NONE:
            return None
        told = self._player.heard(self._loop.time()) + ms_to_samples(_OFF_MS.get(position, 0))
        return us_to_samples(samples_to_us(told))

    def _named(self, turn: str) -> str:
        return {"": "", "own": self._running, "wrong": "never_was"}[turn]

    def _hear_no_more(self, told: int | None, *, by_text: bool) -> None:
        """The player throws away what it has in the moment in which its user asks for it."""
        now_s, turn_id = self._loop.time(), self._running
        is_reported = bool(turn_id) and self._reported_turn == turn_id
        played = self._player.heard(now_s)
        self._recording.stops.append(Stop(turn_id, by_text, now_s, played, told, is_reported))
        self._player.flush(turn_id)

    async def _reopen(self, step: Reopen) -> None:
        if step.how == "half_close":
            await self.close()
        else:
            assert self._call is not None
            self._recording.streams[-1].cancelled = True
            if step.how == "broken":
                self._call.is_gone = True
                await asyncio.sleep(self._random.choice((0.0, 0.01, 0.3)))
            self._uplink.clear()
            log = self._recording.streams[-1]
            self._tasks[0].cancel()
            await self._ended()
            log.status = log.status or "CANCELLED"  # before the server knew of it
            self._player.lose()
        await asyncio.sleep(step.rest_ms / 1000)
