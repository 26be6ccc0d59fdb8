"""What all sessions of a server share: loaded adapters, personas, limits, the clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tth.adapters.base import RealtimeModel, RealtimeSession, SessionContext, TtsSession, Voice
from tth.adapters.moderation import Moderator
from tth.adapters.registry import Adapters
from tth.clock import Clock
from tth.control.personas import PersonaConfig
from tth.control.sound_path import needs_sound_path, with_sound_path
from tth.core.budget import Budgets
from tth.core.replay import ReplayLimits
from tth.model.controls import ControlPatch, Controls, LatencyMode
from tth.model.media import MediaPreferences
from tth.pipeline.frame_encoder import EncodeOffload
from tth.pipeline.plan import AdapterSessions
from tth.pipeline.sound_packer import MakePacker, make_packer
from tth.session.clause_cache import CachedVoice, ClauseCache
from tth.session.control_layers import ControlLayers
from tth.session.history import DEFAULT_MAX_TOKENS
from tth.session.shifted_voice import ShiftedRealtime, ShiftedVoice


@dataclass(frozen=True, slots=True)
class Engine:
    """Everything a session needs that is not its own. Immutable; one per server."""

    adapters: Adapters
    personas: Mapping[str, PersonaConfig]
    clock: Clock
    encode_offload: EncodeOffload
    base_controls: Controls = Controls()
    budgets: Budgets = Budgets()
    max_ahead_ms: Mapping[LatencyMode, int] = field(
        default_factory=lambda: {LatencyMode.LOW: 400, LatencyMode.BALANCED: 1000, LatencyMode.QUALITY: 3000}
    )
    max_text_code_points: int = 4000
    max_turns: int = 10_000
    """Of one session."""
    history_tokens: int = DEFAULT_MAX_TOKENS
    replay: ReplayLimits = field(default_factory=ReplayLimits)
    """Of a session's events that can be told again."""
    moderator: Moderator | None = None
    """None = everything may be asked and said."""
    clause_cache: ClauseCache | None = None
    default_language: str = "en"
    default_media: MediaPreferences = MediaPreferences()
    make_packer: MakePacker = make_packer

    @property
    def adapter_names(self) -> tuple[str, ...]:
        """ "role=name" of each adapter in use."""
        return tuple(f"{adapter.role}={adapter.name}" for adapter in self.adapters)

    def control_layers(self, patch: ControlPatch, media: MediaPreferences) -> ControlLayers:
        """The layers of a session that begins with `patch`. Raises InvalidRequest, naming every wrong field."""
        adapters = self.adapters
        return ControlLayers(
            self.base_controls,
            self.personas,
            lambda persona: with_sound_path(adapters.facts_for(persona)),
            patch,
            media=media,
            backgrounds=adapters.backgrounds,
        )

    def open_speech(self, context: SessionContext) -> AdapterSessions:
        """Sessions of everything but the avatar, which belongs to a persona's look."""
        adapters = self.adapters
        return AdapterSessions(
            llm=adapters.llm.open_session(context) if adapters.llm else None,
            tts=self._voice(adapters.tts, context) if adapters.tts else None,
            realtime=_realtime(adapters.realtime, context) if adapters.realtime else None,
        )

    def _voice(self, adapter: Voice, context: SessionContext) -> TtsSession:
        session = adapter.open_session(context)
        if self.clause_cache is not None:
            session = CachedVoice(session, self.clause_cache)
        return ShiftedVoice(session, adapter.capabilities) if needs_sound_path(adapter.capabilities) else session


def _realtime(adapter: RealtimeModel, context: SessionContext) -> RealtimeSession:
    session = adapter.open_session(context)
    return ShiftedRealtime(session, adapter.capabilities) if needs_sound_path(adapter.capabilities) else session
