"""What really happened in a case, read from the record of the wire. Tests: tests/clients/test_cases.py."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from clients.conformance.wire import CONVERSE, MEDIA, TERMINAL, Call, Passed, Wire, kind
from tth.v1.converse_pb2 import ConverseRequest, ConverseResponse, TurnMetrics, UserText
from tth.v1.media_pb2 import AudioChunk, VideoFrame, WordTiming


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn as it went over the wire, over as many calls as it took; what came again is here once."""

    turn_id: str
    asked: UserText
    events: tuple[Passed[ConverseResponse], ...]
    """From the first to the terminal one."""

    @property
    def pairs(self) -> list[tuple[int, str]]:
        return [(item.message.seq, kind(item.message)) for item in self.events]

    @property
    def media(self) -> list[Passed[ConverseResponse]]:
        return [item for item in self.events if kind(item.message) in MEDIA]

    @property
    def text(self) -> str:
        return "".join(item.message.text_delta.text for item in self.events)

    @property
    def audio(self) -> list[AudioChunk]:
        return [item.message.audio_chunk for item in self.events if item.message.HasField("audio_chunk")]

    @property
    def frames(self) -> list[VideoFrame]:
        return [item.message.video_frame for item in self.events if item.message.HasField("video_frame")]

    @property
    def words(self) -> list[WordTiming]:
        return [item.message.word_timing for item in self.events if item.message.HasField("word_timing")]

    @property
    def metrics(self) -> TurnMetrics | None:
        found = [item.message.turn_metrics for item in self.events if item.message.HasField("turn_metrics")]
        return found[-1] if found else None

    @property
    def end(self) -> ConverseResponse | None:
        """The terminal event."""
        last = self.events[-1].message if self.events else None
        return last if last is not None and kind(last) in TERMINAL else None


def events_of(wire: Wire) -> dict[int, Passed[ConverseResponse]]:
    """Every event that the server sent to the program, by its number."""
    found: dict[int, Passed[ConverseResponse]] = {}
    for call in wire.of(CONVERSE):
        for item in call.down:
            found.setdefault(item.message.seq, item)
    return dict(sorted(found.items()))


def sent(wire: Wire, payload: str) -> list[tuple[Call, Passed[ConverseRequest]]]:
    """Every message of this kind that the program sent."""
    return [(call, item) for call in wire.of(CONVERSE) for item in call.up if kind(item.message) == payload]


def only_turn(wire: Wire) -> Turn | str:
    """The one turn of a case, or what is wrong with it."""
    asked = sent(wire, "user_text")
    started = [item.message.turn_id for item in events_of(wire).values() if kind(item.message) == "turn_started"]
    if len(asked) != 1 or len(started) != 1:
        return f"one turn was to be said; the wire saw {len(asked)} texts and {len(started)} turns"
    events = tuple(_to_the_end(item for item in events_of(wire).values() if item.message.turn_id == started[0]))
    turn = Turn(started[0], asked[0][1].message.user_text, events)
    return turn if turn.end is not None else "the program went away before the turn's terminal event came"


def _to_the_end(events: Iterator[Passed[ConverseResponse]]) -> Iterator[Passed[ConverseResponse]]:
    for item in events:
        yield item
        if kind(item.message) in TERMINAL:
            return
