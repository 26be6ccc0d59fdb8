"""A simulated person with a client: opens streams, does what the script says, plays and writes down what comes.

Tests: tests/testing/simulator/test_run.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from random import Random

from tth.errors import TTHError
from tth.model.media import ms_to_samples, samples_to_us, us_to_samples
from tth.server.outbox import Outbox
from tth.session.terms import OverlapPolicy
from tth.testing.simulator import wire
from tth.testing.simulator.intruder import first_message, intrude
from tth.testing.simulator.line import STREAM_ENDS_S, SimulatedLine
from tth.testing.simulator.player import Player
from tth.testing.simulator.recording import TERMINAL, Got, Pause, Recording, Stop
from tth.testing.simulator.servers import Servers
from tth.testing.simulator.steps import (
    MOVES,
    AskTime,
    Await,
    Change,
    DrainServer,
    EndSession,
    Intrude,
    Misbehave,
    PauseTurn,
    Position,
    Reopen,
    Rest,
    Resume,
    ResumeTurn,
    Say,
    Step,
    StopTurn,
    Until,
)
from tth.testing.simulator.transport import Reading
from tth.testing.simulator.world import World
from tth.v1 import tth_service_pb2
from tth.v1.converse_pb2 import GO_AWAY_ACTION_RESUME, ConverseRequest

TURN_ENDS_S = 20.0
"""For a turn in which nothing goes wrong."""
_OFF_MS = {Position.BEHIND: -700, Position.AHEAD: 700, Position.FAR_AHEAD: 3_600_000, Position.FAR_BEHIND: -3_600_000}


class SimulatedClient:
    """One person, one session."""

    def __init__(self, servers: Servers, world: World, recording: Recording) -> None:
        self._servers = servers
        self._world = world
        self._recording = recording
        self._random = Random(world.seed + 1)
        self._loop = asyncio.get_running_loop()
        self._player = Player()
        self._line = SimulatedLine(servers, world, recording, self._random, self._take)
        self._reporting: asyncio.Task[None] | None = None
        self._open: list[str] = []
        """Turns that have begun and not ended, as far as the client knows; one that waited may end beside another."""
        self._newest: str | None = None
        """The first turn that began after the last text; None = none has."""
        self._seen: set[str] = set()
        """What came of the newest turn: kinds of messages."""
        self._asked_seq = 0
        """The message that asked for the newest turn."""
        self._stated = -1
        """The newest stream that has told its state."""
        self._reported_turn = ""
        self._answers: dict[int, Stop | Pause] = {}
        """By the number of the message that asked for it, of this numbering."""
        self._pause_seq = 0
        """The message that asked for the newest pause."""
        self._is_dismissed = False
        """The server has said that the session ends."""
        self._is_ended = False

    # ---- the session

    @property
    def session_id(self) -> str:
        return self._line.session_id

    @property
    def is_over(self) -> bool:
        """The session was ended, by whomever."""
        if self._is_ended or not self._recording.streams:
            return self._is_ended
        status = self._line.log.status
        return status == "SESSION_NOT_FOUND" or (self._is_dismissed and status != "")

    async def create(self) -> None:
        """Make the session. Raises TTHError when the server takes none."""
        request = wire.create_session(self._world)
        self._recording.created_s = self._loop.time()
        created = await self._servers.here.service.CreateSession(request, None)  # type: ignore[arg-type]
        self._line.session_id = created.session_id
        self._recording.handles.append(created.resume_handle)

    async def act(self, steps: tuple[Step, ...]) -> None:
        """Do one thing after the other."""
        for step in steps:
            if self.is_over:
                return
            if not self._line.is_open:
                await self._begin(self._world.reading)
            await self._do(step)

    async def finale(self) -> None:
        """Whatever has happened: the session can be used, by a good client with good adapters, and is ended."""
        self._recording.cast.is_calm = True
        await self._close()
        if not self.is_over and not self._line.is_known_here:
            await self._resume(Resume(), Reading())
            await self._close()
        if not self.is_over:
            await self._begin(Reading())
            await self._do(Say(("And now?",), "talk"))
            await self._do(Await(Until.END, int(TURN_ENDS_S * 1000)))
            await self._close()
            if "turn_complete" not in self._seen and self._world.limits.are_usual:
                self._recording.complaints.append(f"the last turn was not completed: {sorted(self._seen)}")
        await self._end_session()
        await self._line.finish()

    async def _end_session(self) -> None:
        request = tth_service_pb2.EndSessionRequest(session_id=self._line.session_id)
        with suppress(TTHError):
            async with asyncio.timeout(STREAM_ENDS_S):
                await self._servers.here.service.EndSession(request, None)  # type: ignore[arg-type]
        self._is_ended = True

    # ---- streams

    async def _begin(self, reading: Reading) -> None:
        self._open.clear()
        if not self._line.is_known_here:
            await self._resume(Resume(), reading)
            return
        self._answers.clear()
        await self._line.open(reading)
        self._start_reports()

    async def _close(self) -> None:
        await self._line.close()
        await self._stop_reports()

    async def _reopen(self, step: Reopen) -> None:
        line, how = self._line, step.how
        if how in MOVES and not line.may_resume:
            how = "cancel"  # without its handle nobody finds a session on another server
        if how == "half_close":
            await self._close()
        elif how in ("silent", "silent_takeover", "unreachable"):
            line.fall_silent()
            for one in step.meanwhile:
                await self._do(one)
        elif how == "killed":
            self._servers.cut_off()
            line.cut_off()
            await self._lose(is_broken=False)
            await self._servers.bury()
        elif how == "stopped":
            await self._servers.stop_here()
            await self._lose(is_broken=False)
        elif how not in ("takeover", "elsewhere"):
            await self._lose(is_broken=how == "broken")
        await asyncio.sleep(step.rest_ms / 1000)
        if how in MOVES:
            await self._servers.move()
        if how == "silent":
            await self._lose(is_broken=False)
        for one in step.intruders:
            await self._intrude(one)
        if step.resume is not None and line.may_resume and not self.is_over:
            await self._resume(step.resume, self._world.reading)
        elif line.is_open and how != "half_close":  # it was to be taken over
            await self._lose(is_broken=False)

    async def _lose(self, *, is_broken: bool) -> None:
        await self._stop_reports()
        await self._line.lose(is_broken=is_broken)
        self._player.lose()

    async def _resume(self, resume: Resume, reading: Reading) -> None:
        """The player stops in the moment in which it is told where it was."""
        await self._stop_reports()
        now_s = self._loop.time()
        self._player.leave(now_s)
        self._player.lose()
        played = self._player.listened(now_s)
        await self._line.resume(reading, resume, self._said(resume.position, played), played)
        for client_seq, kind, message in self._line.unacknowledged(resume.repeats):
            self._recording.sent_again[kind] += 1
            asked = self._answers.get(client_seq)
            if isinstance(asked, Stop):
                self._recording.stops.append(replace(asked, at_s=self._loop.time(), turn_id=""))
            elif asked is not None:
                self._recording.pauses.append(replace(asked, at_s=self._loop.time()))
            self._line.send_again(message)
        self._start_reports()

    async def _intrude(self, step: Intrude) -> None:
        handle = self._recording.handles[-1]
        if step.how == "old":
            old = self._line.old_handle()
            if old is None:
                return
            handle = old
        line = self._line
        is_there = line.is_open and line.has_state and line.is_known_here and not line.log.status
        if step.how == "unasked" and not is_there:
            return
        tried = await intrude(self._servers.here, step.how, first_message(step.how, self._line.session_id, handle))
        if step.how != "unasked" or not self._line.log.status:  # else its stream may have been the only one
            self._recording.intruders.append(tried)

    def _start_reports(self) -> None:
        if self._world.report_ms and self._reporting is None:
            self._reporting = asyncio.create_task(self._report(), name="client reports")

    async def _stop_reports(self) -> None:
        if self._reporting is not None:
            self._reporting.cancel()
            await asyncio.wait([self._reporting])
            self._reporting = None

    def _take(self, one: Got) -> None:
        recording = self._recording
        recording.most_waiting = max(recording.most_waiting, self._waiting())
        self._player.take(one)
        if one.kind == "turn_started":
            self._open.append(one.turn_id)
            self._newest = self._newest or one.turn_id
        elif one.kind in TERMINAL and one.turn_id in self._open:
            self._open.remove(one.turn_id)
        elif one.kind == "session_state" and one.stream != self._stated:
            self._stated = one.stream
            self._open.clear()  # every turn from before has ended, also one whose end was lost
        elif one.kind == "turn_resumed" or (one.kind == "error" and one.body.client_seq == self._pause_seq):
            self._player.go_on()
        elif one.kind == "go_away":
            self._is_dismissed |= one.body.action != GO_AWAY_ACTION_RESUME
        if one.turn_id and one.turn_id == self._newest:
            self._seen.add(one.kind)
        elif one.kind == "error" and one.body.client_seq >= self._asked_seq:
            self._seen.add("refused")

    def _waiting(self) -> int:
        conversation = self._servers.here.sessions.find(self.session_id)
        sink = conversation._sink if conversation is not None else None
        return len(sink) if isinstance(sink, Outbox) else 0

    @property
    def _running(self) -> str:
        """The turn that is being heard; "" = none."""
        return self._open[0] if self._open else ""

    # ---- to the server

    def _send(self, message: ConverseRequest, kind: str, *, text: str = "", mode: str = "", good: bool = True) -> None:
        self._line.send(message, kind, text=text, mode=mode, good=good)

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
                self._send(wire.ping(self._line.next_client_seq), "ping")
            case Misbehave(how):
                self._send(wire.misdeed(how), how, good=False)
            case Reopen():
                await self._reopen(step)
            case Intrude():
                await self._intrude(step)
            case EndSession():
                self._recording.ended_s = self._loop.time()
                await self._end_session()
            case DrainServer():
                self._is_ended = self._recording.drained = True
                await self._servers.here.drain()

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
                while not (wanted & self._seen or self._line.log.status):
                    self._line.news.clear()
                    await self._line.news.wait()

    async def _say(self, step: Say) -> None:
        self._newest = None
        self._seen.clear()
        self._asked_seq = self._line.next_client_seq
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
        pause = Pause(now_s, self._player.heard(now_s), told)
        self._recording.pauses.append(pause)
        self._pause_seq = self._line.next_client_seq
        self._answers[self._pause_seq] = pause
        self._player.leave(now_s)
        self._send(wire.pause(self._named(step.turn), told), "pause_turn")

    def _told(self, position: Position) -> int | None:
        """What a message says of where the player is."""
        return self._said(position, self._player.heard(self._loop.time()))

    def _said(self, position: Position, played_sample: int) -> int | None:
        if position is Position.NONE:
            return None
        return us_to_samples(samples_to_us(played_sample + ms_to_samples(_OFF_MS.get(position, 0))))

    def _named(self, turn: str) -> str:
        return {"": "", "own": self._running, "wrong": "never_was"}[turn]

    def _hear_no_more(self, told: int | None, *, by_text: bool) -> None:
        """The player throws away what it has in the moment in which its user asks for it."""
        now_s, turn_id = self._loop.time(), self._running
        is_reported = bool(turn_id) and self._reported_turn == turn_id
        played = self._player.heard(now_s)
        stop = Stop(turn_id, by_text, now_s, played, told, is_reported)
        self._recording.stops.append(stop)
        self._answers[self._line.next_client_seq] = stop
        if turn_id or not by_text:
            self._player.leave(now_s)
        self._player.flush(turn_id)
