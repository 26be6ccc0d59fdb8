"""What a simulated person does, one thing after the other. Values only; `client` does them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from tth.model.controls import ControlPatch


class Until(StrEnum):
    """What a person waits for."""

    STARTED = "started"
    SOUND = "sound"
    WORD = "word"
    END = "end"


@dataclass(frozen=True, slots=True)
class Rest:
    """Do nothing."""

    ms: int


@dataclass(frozen=True, slots=True)
class Await:
    """Wait for something of the newest turn, but no longer than `ms`."""

    what: Until
    ms: int


@dataclass(frozen=True, slots=True)
class Say:
    """Send a text, in parts or whole."""

    parts: tuple[str, ...]
    mode: str
    """ "say" or "talk"."""
    gap_ms: int = 0
    """Between two parts."""
    ends: str = "whole"
    """whole: not in parts; last_part: the last one is not partial; end_turn; never."""
    turn_id: str = ""
    controls: ControlPatch = ControlPatch()
    language: str = ""


class Position(StrEnum):
    """What a person's player says of where it is."""

    NONE = "none"
    EXACT = "exact"
    BEHIND = "behind"
    AHEAD = "ahead"
    FAR_AHEAD = "far_ahead"
    FAR_BEHIND = "far_behind"


@dataclass(frozen=True, slots=True)
class StopTurn:
    """Interrupt."""

    position: Position
    turn: str = ""
    """ "" = whichever runs, "own" = by its name, "wrong" = one that never was."""


@dataclass(frozen=True, slots=True)
class PauseTurn:
    """Hold the running turn."""

    position: Position
    turn: str = ""
    """As in `StopTurn`."""


@dataclass(frozen=True, slots=True)
class ResumeTurn:
    """Let it go on."""

    turn: str = ""
    """As in `StopTurn`."""


@dataclass(frozen=True, slots=True)
class Change:
    """Update the controls."""

    controls: ControlPatch
    clear_paths: tuple[str, ...] = ()
    ramp_ms: int = 250
    is_good: bool = True


@dataclass(frozen=True, slots=True)
class AskTime:
    """Ping."""


@dataclass(frozen=True, slots=True)
class Misbehave:
    """Send what the contract does not allow."""

    how: str
    """empty_text, long_text, no_payload, end_turn, late_resume, other_session."""


class LastSeq(StrEnum):
    """What a client that resumes says to have taken."""

    RIGHT = "right"
    BEHIND = "behind"
    NOTHING = "nothing"
    AHEAD = "ahead"
    """Of what it took; perhaps of what was sent."""
    FAR_AHEAD = "far_ahead"
    NEGATIVE = "negative"


@dataclass(frozen=True, slots=True)
class Resume:
    """What a client says that goes on where its stream was lost. Its handle is the newest one that it knows, or, where
    that is still good, the one that it showed last."""

    position: Position = Position.EXACT
    last_seq: LastSeq = LastSeq.RIGHT
    shows_last: bool = False
    """The handle of the last resume once more."""
    waits: bool = True
    """What was not acknowledged is sent again when the answer is there; else at once."""
    repeats: int = 0
    """So many messages that were acknowledged are sent again, too."""


MOVES = ("killed", "stopped", "unreachable", "elsewhere")
"""The stream resumes at another server, which shares its store with the first: that one was killed, was stopped, cannot
be reached any more but lives on, or is well."""


@dataclass(frozen=True, slots=True)
class Reopen:
    """End the stream and open another one."""

    how: str
    """half_close, cancel; broken: the server's writes fail before it sees the cancellation; silent: nothing arrives
    any more, either way, and nobody notices for a while; takeover: the new stream comes while the old one is there,
    silent_takeover: and is silent. Or one of `MOVES`. The last two and those only with `resume`."""
    rest_ms: int = 0
    """In between; of a silent stream, before it is noticed."""
    resume: Resume | None = None
    """None: a stream that goes on with nothing."""
    meanwhile: tuple[Step, ...] = ()
    """What the client does while its stream is silent."""
    intruders: tuple[Intrude, ...] = ()
    """Who comes in between."""


@dataclass(frozen=True, slots=True)
class Intrude:
    """Somebody opens another stream to the session who has no right to."""

    how: str
    """wrong, empty or huge: a handle that never was one; old: one that is good no longer; elsewhere: the right one for
    another session; unasked: none, while there is a stream."""


@dataclass(frozen=True, slots=True)
class EndSession:
    """End the session while its stream is open."""


@dataclass(frozen=True, slots=True)
class DrainServer:
    """The server is asked to go away."""


Step: TypeAlias = (
    Rest
    | Await
    | Say
    | StopTurn
    | PauseTurn
    | ResumeTurn
    | Change
    | AskTime
    | Misbehave
    | Reopen
    | Intrude
    | EndSession
    | DrainServer
)
