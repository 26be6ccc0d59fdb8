"""What a client asks for on a stream, as values. The server makes these from protobuf; numbers are not yet checked
against their ranges, that is the session's business."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from tth.errors import TTHError
from tth.model.controls import ControlPatch
from tth.model.events import TextMode
from tth.model.secret import Secret

DEFAULT_RAMP_MS = 250


@dataclass(frozen=True, slots=True)
class UserText:
    text: str
    mode: TextMode = TextMode.TALK
    partial: bool = False
    language_code: str = ""
    """ "" = the session's."""
    controls: ControlPatch = ControlPatch()
    turn_id: str = ""
    """ "" = the server chooses."""
    client_seq: int = 0


@dataclass(frozen=True, slots=True)
class UpdateControls:
    controls: ControlPatch
    clear_paths: tuple[str, ...] = ()
    ramp_ms: int = DEFAULT_RAMP_MS
    client_seq: int = 0


@dataclass(frozen=True, slots=True)
class Interrupt:
    turn_id: str = ""
    reason: str = ""
    heard_sample: int | None = None
    """Media clock of what the client's listener hears; None = not reported."""
    client_seq: int = 0


@dataclass(frozen=True, slots=True)
class PauseTurn:
    turn_id: str = ""
    heard_sample: int | None = None
    """As in `Interrupt`."""
    client_seq: int = 0


@dataclass(frozen=True, slots=True)
class ResumeTurn:
    turn_id: str = ""
    client_seq: int = 0


@dataclass(frozen=True, slots=True)
class EndTurn:
    turn_id: str = ""
    client_seq: int = 0


@dataclass(frozen=True, slots=True)
class PlaybackReport:
    heard_sample: int | None
    taken_seq: int = 0
    """The client has taken every event up to here; 0 = it does not say."""
    client_seq: int = 0


@dataclass(frozen=True, slots=True)
class Ping:
    client_time_ms: int
    server_receive_ms: int
    client_seq: int = 0


@dataclass(frozen=True, slots=True)
class Attach:
    """Nothing but "here I am": the first message of a stream may be empty."""

    client_seq: int = 0


@dataclass(frozen=True, slots=True)
class Unusable:
    """A message that is no command; it is answered in its turn, with this."""

    error: TTHError
    client_seq: int = 0


@dataclass(frozen=True, slots=True)
class Resume:
    """How a stream begins that goes on where another one was lost."""

    handle: Secret
    last_seq: int
    """Everything up to here was taken."""
    heard_sample: int | None
    """Media clock of what was heard last; None = not reported."""


Command: TypeAlias = (
    UserText | UpdateControls | Interrupt | PauseTurn | ResumeTurn | EndTurn | PlaybackReport | Ping | Attach | Unusable
)
