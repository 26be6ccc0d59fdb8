"""The streams of a simulated client, one after the other: numbers of both directions, handles, what is sent again.

Tests: tests/testing/simulator/test_line.py.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from random import Random

from tth.errors import TTHError
from tth.server.app import TthServer
from tth.server.interceptors import only_ours
from tth.testing.simulator import wire
from tth.testing.simulator.recording import Comeback, Got, Recording, Sent, StreamLog, got
from tth.testing.simulator.servers import Servers
from tth.testing.simulator.steps import LastSeq, Resume
from tth.testing.simulator.transport import Reading, SimulatedCall
from tth.testing.simulator.world import World
from tth.v1.converse_pb2 import ConverseRequest, ConverseResponse

STREAM_ENDS_S = 90.0
"""Longer than any budget of a turn; a stream that has not ended by then never will."""
ANSWER_S = 3.0
"""How long a client waits for the answer to its resume before it sends again what may be missing."""
_NOT_SENT_AGAIN = frozenset(("attach", "playback_report"))


class SimulatedLine:
    """One client's way to one session; at most one stream is its own at a time."""

    def __init__(
        self, servers: Servers, world: World, recording: Recording, random: Random, take: Callable[[Got], None]
    ) -> None:
        """take: a message that the client did not have yet."""
        self._servers = servers
        self._world = world
        self._recording = recording
        self._random = random
        self._on_take = take
        self._loop = asyncio.get_running_loop()
        self.session_id = ""
        self.news = asyncio.Event()
        """Something came, or a stream ended."""
        self._call: SimulatedCall | None = None
        self._calls: list[SimulatedCall] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._left: list[asyncio.Task[None]] = []  # of streams that others have taken the place of
        self._uplink: deque[tuple[SimulatedCall, ConverseRequest | None]] = deque()
        self._sent: list[tuple[str, ConverseRequest]] = []
        """Of this numbering, with their kinds; the first has the number 1."""
        self._acked = 0
        self._taken_seq = 0
        self._shown = ""
        """The handle of the last resume."""
        self._is_newest_good = True
        """The newest handle that the client knows is; not when an older one was shown since and the answer was lost."""
        self._stated: set[int] = set()
        """Streams that have told their state."""
        self._answered: set[int] = set()
        """Those from which it arrived."""

    # ---- what is

    @property
    def is_open(self) -> bool:
        """There is a stream, though it may have ended."""
        return self._call is not None

    @property
    def number(self) -> int:
        """Of the newest stream, from 0."""
        return len(self._recording.streams) - 1

    @property
    def log(self) -> StreamLog:
        """Of the newest stream."""
        return self._recording.streams[-1]

    @property
    def has_state(self) -> bool:
        """The newest stream has told its state: it is the session's."""
        return self.number in self._stated

    @property
    def is_known_here(self) -> bool:
        """The server that is used now has the session; another one has to be shown the handle first."""
        last = max(self._stated, default=None)
        return self._servers.number == (self._recording.streams[last].server if last is not None else 0)

    @property
    def next_client_seq(self) -> int:
        """The number of the message that is sent next."""
        return len(self._sent) + 1

    @property
    def may_resume(self) -> bool:
        """It is certain from where on messages are counted: not so where the client began anew and had no answer."""
        return self.log.numbering == 0 or self.log.numbering in self._answered

    def old_handle(self) -> str | None:
        """One that was good and is no longer; None when there is none, as far as the client knows."""
        good = (self._shown, self._recording.handles[-1])
        old = [handle for handle in self._recording.handles if handle not in good]
        return old[-1] if old and self._shown and self._shown != self._recording.handles[-1] else None

    # ---- streams

    async def open(self, reading: Reading) -> None:
        """A stream that goes on with nothing: messages count from 1."""
        await self._leave_others()
        self._sent.clear()
        self._acked = 0
        self._start(reading, None)
        self.send(ConverseRequest(session_id=self.session_id), "attach")

    async def resume(self, reading: Reading, resume: Resume, told_sample: int | None, played_sample: int) -> None:
        """A stream that goes on where the last one is, or was."""
        handles = self._recording.handles
        handle = self._shown if self._shown and (resume.shows_last or not self._is_newest_good) else handles[-1]
        self._is_newest_good = handle == handles[-1]
        last_seq = self._claimed(resume.last_seq)
        if self._call is not None:
            self._let_go()
        self._start(reading, Comeback(handle, last_seq, self._taken_seq, told_sample, played_sample))
        self._shown = handle
        assert self._call is not None
        self._deliver_later(self._call, wire.resume_session(self.session_id, handle, last_seq, told_sample))
        if resume.waits:
            number = self.number
            with suppress(TimeoutError):
                async with asyncio.timeout(ANSWER_S):
                    while not (number in self._stated or self.log.status):
                        self.news.clear()
                        await self.news.wait()

    def unacknowledged(self, repeats: int) -> list[tuple[int, str, ConverseRequest]]:
        """Messages that may not have been taken, and so many more that were: number, kind, message."""
        first = max(0, self._acked - repeats)
        left = [(number, *one) for number, one in enumerate(self._sent[first:], first + 1)]
        return [one for one in left if one[1] not in _NOT_SENT_AGAIN]

    def send_again(self, message: ConverseRequest) -> None:
        """With the number that it has."""
        if self._call is not None:
            self._deliver_later(self._call, message)

    def _claimed(self, how: LastSeq) -> int:
        taken, random = self._taken_seq, self._random
        match how:
            case LastSeq.BEHIND:
                return max(0, taken - random.choice((1, 3, 20, 200)))
            case LastSeq.NOTHING:
                return 0
            case LastSeq.AHEAD:
                return taken + random.choice((1, 2, 5, 30))
            case LastSeq.FAR_AHEAD:
                return 2**63 - 1
            case LastSeq.NEGATIVE:
                return -5
            case LastSeq.RIGHT:
                return taken

    def _start(self, reading: Reading, comeback: Comeback | None) -> None:
        streams, number = self._recording.streams, self.number + 1
        numbering = number if comeback is None else self.log.numbering
        streams.append(StreamLog(self._loop.time(), comeback, self._servers.number, numbering, reads=reading.reads))
        call = SimulatedCall(reading, lambda message: self._take(message, number))
        self._call = call
        self._calls.append(call)
        self._tasks = [
            asyncio.create_task(self._serve(self._servers.here, call, number), name=f"call {number}"),
            asyncio.create_task(call.read(), name=f"client reads {number}"),
        ]

    async def close(self) -> None:
        """Half-close and wait until the server has ended the stream."""
        if self._call is None:
            return
        self.log.half_closed = not self.log.status
        self._deliver_later(self._call, None)
        await self._ended()

    def fall_silent(self) -> None:
        """Nothing arrives any more, either way, and the server does not know."""
        if self._call is not None and not self.log.status:
            self._call.is_silent = self.log.fell_silent = True

    def cut_off(self) -> None:
        """The server that is used is gone, and all streams to it with it."""
        self.fall_silent()
        for number, log in enumerate(self._recording.streams[:-1]):
            if log.server == self._servers.number and not log.status:
                self._calls[number].is_silent = log.cancelled = True

    async def lose(self, *, is_broken: bool) -> None:
        """The stream is gone, and the server gets to know it. is_broken: a write may fail before that."""
        assert self._call is not None
        if self.log.status:
            await self._ended()
            return
        self.log.cancelled, self.log.gone_s = True, self._loop.time()
        if is_broken:
            self._call.is_gone = True
            await asyncio.sleep(self._random.choice((0.0, 0.01, 0.3)))
        self._call.is_silent = True
        self._uplink.clear()
        self._tasks[0].cancel()
        await self._ended()
        self.log.status = self.log.status or "CANCELLED"  # before the server knew of it

    def _let_go(self) -> None:
        """Another stream takes the place of this one, which the server may still serve."""
        if not self.log.status:
            self.log.taken_over, self.log.gone_s = True, self._loop.time()
        self._left += self._tasks
        self._call = None

    async def _leave_others(self) -> None:
        """Streams that were let go are no longer needed, whoever has the session now."""
        left, self._left = self._left, []
        for number, log in enumerate(self._recording.streams):
            if log.taken_over and not log.status:
                log.cancelled = True
                self._calls[number].is_silent = True
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def finish(self) -> None:
        """Nothing comes any more: what the transport still holds is lost. Streams that were taken over have ended."""
        serving = [task for task in self._left if not task.done() and task.get_name().startswith("call")]
        if serving and (await asyncio.wait(serving, timeout=STREAM_ENDS_S))[1]:
            self._recording.complaints.append(f"a stream was taken over and had not ended {STREAM_ENDS_S:g} s later")
        await self._leave_others()
        for number, call in enumerate(self._calls):
            call.give_up()
            for at_s, message in sorted(call.lost, key=lambda lost: lost[1].seq):
                self._lose(message, number, at_s)
        self._recording.sort_out()

    async def _ended(self) -> None:
        call, (serving, *others) = self._call, self._tasks
        assert call is not None
        done, _ = await asyncio.wait([serving], timeout=STREAM_ENDS_S)
        if not done:
            self._recording.complaints.append(f"a stream had not ended {STREAM_ENDS_S:g} s after its half-close")
            serving.cancel()
            await asyncio.wait([serving])
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        call.read_rest()
        call.give_up()
        self._call = None
        self._uplink.clear()

    async def _serve(self, server: TthServer, call: SimulatedCall, number: int) -> None:
        """The call as the transport runs it."""
        log = self._recording.streams[number]
        try:
            await server.service.Converse(call, call)  # type: ignore[arg-type]
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
        self.news.set()

    # ---- from the server

    def _take(self, message: ConverseResponse, number: int) -> None:
        if number != self.number or self.log.gone_s is not None:
            self._lose(message, number, self._loop.time())
            return
        one = got(message, self._loop.time(), number, is_again=self._is_again(message, number))
        if one.seq <= self._taken_seq:
            self._recording.repeated.append(one)
            return
        self._taken_seq = one.seq
        self._recording.got.append(one)
        self._acked = max(self._acked, one.ack)
        if one.kind == "session_state":
            self._answered.add(number)
            self._is_newest_good = True
        if one.kind == "session_state" and one.body.resume_handle != self._recording.handles[-1]:
            self._recording.handles.append(one.body.resume_handle)
        self._on_take(one)
        self.news.set()

    def _lose(self, message: ConverseResponse, number: int, at_s: float) -> None:
        self._recording.lost.append(got(message, at_s, number, is_again=self._is_again(message, number)))

    def _is_again(self, message: ConverseResponse, number: int) -> bool:
        """It happened before the stream was opened. Messages of a stream are asked for in their order."""
        if message.WhichOneof("payload") == "session_state":
            self._stated.add(number)
        return self._recording.streams[number].comeback is not None and number not in self._stated

    # ---- to the server

    def send(self, message: ConverseRequest, kind: str, *, text: str = "", mode: str = "", good: bool = True) -> None:
        """The next message, if there is a stream."""
        if self._call is None:
            return
        self._sent.append((kind, message))
        message.client_seq = len(self._sent)
        self._recording.sent.append(
            Sent(
                self._loop.time(),
                self.number,
                message.client_seq,
                kind,
                text,
                message.turn_id,
                mode,
                good,
                message.ping.client_time_ms,
            )
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
