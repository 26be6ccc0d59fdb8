"""What one simulated client received and did, as the checks read it.

Tests: tests/testing/simulator/test_checks.py.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from tth.testing.simulator.cast import Cast
from tth.v1.converse_pb2 import ConverseResponse

MEDIA = frozenset(("audio_chunk", "video_frame", "motion_frame"))
TERMINAL = frozenset(("turn_complete", "turn_stopped"))


class Got(NamedTuple):
    """One message as the client took it."""

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


def got(message: ConverseResponse, at_s: float, stream: int) -> Got:
    """A message as a record."""
    kind = message.WhichOneof("payload") or ""
    return Got(at_s, stream, message.seq, message.turn_id, kind, getattr(message, kind), message.ack_client_seq)


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


@dataclass(slots=True)
class StreamLog:
    """One stream as the client saw it."""

    opened_s: float
    closed_s: float = 0.0
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
    def is_whole(self) -> bool:
        """All that the server had to say came through."""
        if self.cancelled or self.reads == "never":
            return False
        return self.status == "OK" or (self.is_quick and self.status != "")


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
    sent: list[Sent] = field(default_factory=list)
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
    ended: bool = False
    """The session was ended while its stream was open."""
    drained: bool = False
    """The server was asked to go away."""

    @cached_property
    def of_turn(self) -> dict[str, list[Got]]:
        """By turn, in order."""
        found: dict[str, list[Got]] = defaultdict(list)
        for one in self.got:
            if one.turn_id:
                found[one.turn_id].append(one)
        return found

    @cached_property
    def of_kind(self) -> dict[str, list[Got]]:
        """By payload, in order."""
        found: dict[str, list[Got]] = defaultdict(list)
        for one in self.got:
            found[one.kind].append(one)
        return found

    @cached_property
    def of_stream(self) -> list[list[Got]]:
        """By stream, in order."""
        found: list[list[Got]] = [[] for _ in self.streams]
        for one in self.got:
            found[one.stream].append(one)
        return found
