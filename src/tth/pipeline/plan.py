"""What a turn is given before it starts: the plan (decided values), the adapter sessions, the venue (where its
output goes and what it shares with its session)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Protocol

from tth.adapters.base import AvatarSession, LlmSession, Persona, RealtimeSession, TtsSession, TurnContext, Utterance
from tth.adapters.moderation import Moderator
from tth.clock import Clock
from tth.core.budget import Budgets
from tth.core.media_clock import MediaClock
from tth.core.pacing import Pace
from tth.model.controls import ControlReport, Controls
from tth.model.events import DegradedMode, Event, TextMode
from tth.model.media import MediaPreferences
from tth.pipeline.frame_encoder import FrameEncoder
from tth.pipeline.picture_health import PictureHealth
from tth.pipeline.sound_packer import MakePacker, make_packer


class Sink(Protocol):
    """Where events go. Never blocks; what to do when nobody reads is the sink's business."""

    def emit(self, event: Event, turn_id: str = "") -> None:
        """Take an event behind all that were emitted before it."""
        ...

    def cut(self, turn_id: str) -> list[Event]:
        """Forget what is left of this turn that has not been sent yet; returns it, oldest first."""
        ...


@dataclass(frozen=True, slots=True)
class TurnPlan:
    """Everything decided before the turn starts."""

    context: TurnContext
    turn_index: int
    mode: TextMode
    controls: Controls
    report: ControlReport
    persona: Persona
    history: tuple[Utterance, ...]
    adapters: tuple[str, ...]
    """ "role=name" of each."""
    pace: Pace
    media: MediaPreferences
    taken_s: float
    """Clock time at which the client's text was taken."""
    asked: frozenset[str] = frozenset()
    """Attributes of `controls` that somebody set; the others are a model's to choose."""

    @property
    def turn_id(self) -> str:
        return self.context.turn_id


@dataclass(frozen=True, slots=True)
class AdapterSessions:
    """The adapter sessions of one conversation. A cascade has llm and tts; a realtime cast has realtime."""

    llm: LlmSession | None = None
    tts: TtsSession | None = None
    realtime: RealtimeSession | None = None
    avatar: AvatarSession | None = None

    def with_avatar(self, avatar: AvatarSession | None) -> AdapterSessions:
        """The same with a face."""
        return replace(self, avatar=avatar)

    async def aclose(self) -> None:
        """Close all but the avatar, which belongs to a `Face`. Idempotent as its members are."""
        for session in (self.llm, self.tts, self.realtime):
            if session is not None:
                await session.aclose()


@dataclass(frozen=True, slots=True)
class Venue:
    """What a turn shares with its session."""

    sink: Sink
    clock: Clock
    media_clock: MediaClock
    encoder: FrameEncoder
    budgets: Budgets
    language_code: str = "en"
    moderator: Moderator | None = None
    health: PictureHealth = field(default_factory=PictureHealth)
    make_packer: MakePacker = make_packer

    def tell(self, notice: DegradedMode | None) -> None:
        """Say how the session is, if there is something to say; belongs to no turn."""
        if notice is not None:
            self.sink.emit(notice)
