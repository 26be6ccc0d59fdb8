"""What one simulated client received and did, as the checks read it.

Tests: tests/testing/simulator/test_checks.py.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple

from tth.session.resumption import MAX_UNRECORDED
from tth.testing.simulator.cast import Cast
from tth.v1.converse_pb2 import ConverseResponse

MEDIA = frozenset(("audio_chunk", "video_frame", "motion_frame"))
TERMINAL = frozenset(("turn_complete", "turn_stopped"))
OF_THE_MOMENT = MEDIA | {"idle_clip", "session_state", "degraded_mode", "go_away", "pong"}
"""What is never told again on another stream; by the contract, not by the server's own list."""


_CUT_OFF = frozenset(("", "CANCELLED", "SLOW_CONSUMER", "SESSION_TAKEN_OVER"))


class Got(NamedTuple):
    """One message as the client took it, or as it was lost on its way."""

    at_s: float
    """Virtual time."""
    stream: int
    """Which of the session's streams, from 0."""
    seq: int
    turn_id: str
    kind: str
    """The payload's name."""
    body: Any
    """The payload."""
    ack: int
    is_again: bool = False
    """It came before the `session_state` of a stream that resumed: it happened before."""


def got(message: ConverseResponse, at_s: float, stream: int, *, is_again: bool = False) -> Got:
    """A message as a record."""
    kind = message.WhichOneof("payload") or ""
    body, ack = getattr(message, kind), message.ack_client_seq
    return Got(at_s, stream, message.seq, message.turn_id, kind, body, ack, is_again)


def was_server_lost(events: list[Got]) -> bool:
    """The turn was ended by another server than that which spoke it, as far as that one had written it down."""
    return events[-1].kind == "turn_stopped" and events[-1].body.error_reason == "SERVER_LOST"


@dataclass(slots=True)
class Sent:
    """One message that the client sent."""

    at_s: float
    stream: int
    client_seq: int
    kind: str
    text: str = ""
    turn_id: str = ""
    mode: str = ""
    is_good: bool = True
    """The contract allows it, in any state of the session."""
    ping_ms: int = 0
    """By which its pong is known."""


@dataclass(slots=True)
class Stop:
    """The client wanted to hear no more: what it had played by then, and what it said of that."""

    turn_id: str
    """The turn that ran, as far as the client knew; "" = none."""
    by_text: bool
    """By new text and not by an interrupt."""
    at_s: float
    played_sample: int
    """Media clock; what lies before it was heard."""
    told_sample: int | None
    """What the message said; None = nothing."""
    reported: bool
    """Playback reports were sent before, in this turn."""


@dataclass(slots=True)
class Pause:
    """The client asked for a turn to be held: what it had played by then, and what it said of that."""

    at_s: float
    played_sample: int
    told_sample: int | None
    """What the message said; None = nothing."""


@dataclass(frozen=True, slots=True)
class Comeback:
    """How a stream resumed: what its client said, and what was true."""

    handle: str
    """The one that was shown; a good one."""
    last_seq: int
    """As it was said."""
    taken_seq: int
    """The highest that had been taken."""
    told_sample: int | None
    """Where the player stood, as it was said; None = nothing."""
    played_sample: int
    """Where it stood."""


@dataclass(frozen=True, slots=True)
class Intruder:
    """Somebody who opened a stream to the session and had no right to."""

    how: str
    """What was shown: see `steps.Intrude`."""
    at_s: float
    status: str
    """How it ended: a reason, or "OK"."""
    message: str
    """What was said of that."""
    got_count: int
    """Messages that came."""


@dataclass(frozen=True, slots=True)
class Fork:
    """A server took the session up from the record of another one."""

    server: int
    stream: int
    """The one that resumes there."""
    last_seq: int
    """Of the record: what another server said behind that is its own."""
    at_s: float
    is_uncertain: bool
    """That server had a stream, so it may have said more."""


@dataclass(slots=True)
class StreamLog:
    """One stream as the client saw it."""

    opened_s: float
    comeback: Comeback | None = None
    """How it resumed; None = it did not."""
    server: int = 0
    """Which of the servers it goes to, from 0."""
    numbering: int = 0
    """Which of the client's: its messages count from 1 on every stream that does not resume."""
    gone_s: float | None = None
    """When the client let it go: it was lost, or another one takes its place."""
    fell_silent: bool = False
    """What either side sent vanished for a while."""
    taken_over: bool = False
    """By another stream of the session, while this one was open."""
    closed_s: float = 0.0
    """When the server was done with it."""
    status: str = ""
    """ "OK", the reason of an error, "INTERNAL", or "CANCELLED" by the client."""
    half_closed: bool = False
    """By the client, and nothing had ended it before."""
    cancelled: bool = False
    """By the client."""
    reads: str = "quick"

    @property
    def is_quick(self) -> bool:
        """Nothing waits for the client."""
        return self.reads in ("quick", "yielding")

    @property
    def last_s(self) -> float:
        """Until when its client may have got something."""
        return self.closed_s if self.gone_s is None else self.gone_s

    def was_going(self, at_s: float) -> bool:
        """Its client was gone by then, or was being sent away: what is told then is what was known when it was lost."""
        is_at_end = self.status != "OK" and at_s >= self.closed_s
        return is_at_end or (self.gone_s is not None and at_s >= self.gone_s)

    @property
    def is_cut_off(self) -> bool:
        """It ended before the server had said all that it had to say."""
        return self.cancelled or self.status in _CUT_OFF or not (self.is_quick or self.status == "OK")


@dataclass(slots=True)
class Sample:
    """What the server held at one moment."""

    at_s: float
    waiting: int
    """Events in the outbox."""


@dataclass(repr=False, eq=False)
class Recording:
    """Everything of one conversation. Without a `repr`: asyncio's runner would write thousands of messages to look
    whether a task is a signal handler."""

    cast: Cast
    got: list[Got] = field(default_factory=list)
    """What the client took, each message once: one with a number that it had taken is dropped."""
    lost: list[Got] = field(default_factory=list)
    """What the server sent and the client never took, with the time of its sending."""
    forks: list[Fork] = field(default_factory=list)
    void: list[Got] = field(default_factory=list)
    """What a server said that had lost the session, or whose last words nobody wrote down: no client took it, and the
    server that has the session knows nothing of it, so it never happened."""
    repeated: list[Got] = field(default_factory=list)
    """What was dropped for its number."""
    intruders: list[Intruder] = field(default_factory=list)
    handles: list[str] = field(default_factory=list)
    """Of the session, as the client learnt them; the first is that of CreateSession."""
    created_s: float = 0.0
    sent: list[Sent] = field(default_factory=list)
    """Each message once, with its first sending."""
    sent_again: Counter[str] = field(default_factory=Counter)
    """By kind."""
    stops: list[Stop] = field(default_factory=list)
    pauses: list[Pause] = field(default_factory=list)
    streams: list[StreamLog] = field(default_factory=list)
    most_waiting: int = 0
    """Events in the outbox, at most."""
    tasks_left: list[str] = field(default_factory=list)
    """Names of tasks that outlived the session."""
    bugs_logged: list[str] = field(default_factory=list)
    """What the server's log says of its own bugs."""
    complaints: list[str] = field(default_factory=list)
    """What the simulated people found wrong themselves, such as an answer that never came."""
    ended_s: float = math.inf
    """When the session was ended while its stream was open."""
    stopped: set[int] = field(default_factory=set)
    """Servers that were stopped, and their sessions left to others."""
    drained: bool = False
    """The server was asked to go away."""

    def sort_out(self) -> None:
        """Put what never happened aside. Once, when all is known."""
        self.void = [one for one in self.lost if self._is_void(one)]
        self.lost = [one for one in self.lost if not self._is_void(one)]

    def _is_void(self, one: Got) -> bool:
        return any(one.seq > fork.last_seq for fork in self.forks_behind(one.stream))

    def forks_behind(self, number: int) -> list[Fork]:
        """How the session went on elsewhere when this stream's server had it."""
        server = self.streams[number].server
        own = [at for at, fork in enumerate(self.forks) if fork.server == server and fork.stream <= number]
        return self.forks[own[-1] + 1 :] if own else self.forks

    def is_uncertain(self, number: int) -> bool:
        """What a server said behind its record may be missing for the client of this stream that resumes, and it has
        not been told so."""
        comeback = self.streams[number].comeback
        for fork in self.forks:
            heir = self.streams[fork.stream].comeback
            if fork.is_uncertain and fork.stream <= number and comeback is not None and heir is not None:
                beyond = min(heir.last_seq, fork.last_seq + MAX_UNRECORDED)
                if comeback.last_seq <= max(fork.last_seq, beyond):
                    return True
        return False

    @property
    def ended(self) -> bool:
        """The session was ended while its stream was open."""
        return self.ended_s < math.inf

    @cached_property
    def told(self) -> list[Got]:
        """All that the server said, whether or not it arrived, each message once, in the order of its numbers."""
        by_seq = {one.seq: one for one in (*self.repeated, *self.got)}
        by_seq |= {one.seq: one for one in self.lost if not one.is_again or one.seq not in by_seq}
        return [by_seq[seq] for seq in sorted(by_seq)]

    @cached_property
    def holes(self) -> list[tuple[int, int]]:
        """Runs of numbers, first and last, of which nobody knows what they were: they belong to events that waited when
        a stream was lost, and that no stream has told since."""
        seqs = [0, *(one.seq for one in self.told)]
        return [(before + 1, after - 1) for before, after in pairwise(seqs) if after > before + 1]

    def has_hole(self, after_seq: int, before_seq: int | None = None, *, at_forks: bool = False) -> bool:
        """Something is unknown between these two. None = to the end: also what the last stream may have left untold.
        at_forks: or the session went from one server to another."""
        if before_seq is None:
            if self.is_end_unknown:
                return True
            before_seq = self.told[-1].seq if self.told else 0
        if at_forks and any(after_seq < seq <= before_seq for seq in self._fork_seqs):
            return True
        return any(first > after_seq and last < before_seq for first, last in self.holes)

    @cached_property
    def _fork_seqs(self) -> list[int]:
        """The first number of each server that took the session up."""
        return [
            min((one.seq for one in self.told if one.stream >= fork.stream and one.seq > fork.last_seq), default=0)
            for fork in self.forks
        ]

    @property
    def is_end_unknown(self) -> bool:
        """The last stream that told anything, or one behind it, was lost: what it still had to say is not known."""
        last_stream = self.told[-1].stream if self.told else 0
        return any(log.is_cut_off for log in self.streams[last_stream:])

    def is_prompt(self, one: Got) -> bool:
        """It was told when it happened: nothing waited for the client, and it is not told again."""
        return self.streams[one.stream].is_quick and not one.is_again

    def has_strayed(self, stream: int) -> bool:
        """A message for another session was sent on it, or may have been sent again."""
        bad = [one for one in self.sent if one.kind == "other_session"]
        return any(self.streams[one.stream].numbering == self.streams[stream].numbering for one in bad)

    def numbering_of(self, one: Got) -> int:
        """Which of the client's numberings an event speaks of; what is told again may be from before the newest."""
        numbering = self.streams[one.stream].numbering
        while one.is_again and numbering in self.states and one.seq < self.states[numbering].seq and numbering:
            numbering = self.streams[numbering - 1].numbering
        return numbering

    @cached_property
    def refused(self) -> set[tuple[int, int]]:
        """The client's messages that were answered with an error: numbering and number."""
        return {(self.numbering_of(one), one.body.client_seq) for one in self.of_kind["error"]}

    @cached_property
    def states(self) -> dict[int, Got]:
        """The first `session_state` of each stream that got as far."""
        found: dict[int, Got] = {}
        for one in self.of_kind["session_state"]:
            found.setdefault(one.stream, one)
        return found

    @cached_property
    def of_turn(self) -> dict[str, list[Got]]:
        """What was told by turn, in order."""
        found: dict[str, list[Got]] = defaultdict(list)
        for one in self.told:
            if one.turn_id:
                found[one.turn_id].append(one)
        return found

    @cached_property
    def known_turns(self) -> dict[str, list[Got]]:
        """Those of which nothing is missing from their beginning to the last event that is known. Where a server was
        lost before it had told all of one, text, words and speaking events may be."""
        heirs = {fork.stream for fork in self.forks}
        found: dict[str, list[Got]] = {}
        for turn_id, events in self.of_turn.items():
            first = events[0]
            begin_seq = first.seq if first.kind == "turn_started" else 0
            was_left = first.is_again and first.stream in heirs
            if not was_left and not self.has_hole(begin_seq, events[-1].seq, at_forks=True):
                found[turn_id] = events
        return found

    @cached_property
    def of_kind(self) -> dict[str, list[Got]]:
        """What was told by payload, in order."""
        found: dict[str, list[Got]] = defaultdict(list)
        for one in self.told:
            found[one.kind].append(one)
        return found

    @cached_property
    def of_stream(self) -> list[list[Got]]:
        """What was told by stream, in order."""
        found: list[list[Got]] = [[] for _ in self.streams]
        for one in self.told:
            found[one.stream].append(one)
        return found
