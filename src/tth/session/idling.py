"""Whether and how a person is shown between turns. Tests: tests/session/test_idling.py."""

from __future__ import annotations

import asyncio

from tth.errors import AdapterError
from tth.model.commands import UpdateControls
from tth.model.controls import BY_ATTRIBUTE, IdleMode
from tth.model.events import TextMode
from tth.model.media import FrameKind, VideoCodec
from tth.pipeline.idle_runner import CLIP_S, NO_FRAMES, IdleRunner
from tth.pipeline.plan import Venue
from tth.session.control_layers import Decided
from tth.session.engine import Engine
from tth.session.face import Face
from tth.session.planning import TurnOrder, plan_turn
from tth.session.terms import SessionTerms

_FIXED = frozenset(
    BY_ATTRIBUTE[name].path for name in ("persona_id", "fps", "resolution", "background", "framing", "idle_mode")
)
"""What an avatar's stream cannot change once it has begun."""
_UNSEEN = frozenset(BY_ATTRIBUTE[name].path for name in ("speech_rate", "pitch_shift", "latency_mode"))
"""What makes no difference to a picture."""


class Idling:
    """At most one stretch of idle frames at a time, in a task of the stream's group."""

    def __init__(self, engine: Engine, face: Face, terms: SessionTerms) -> None:
        self._engine = engine
        self._face = face
        self._terms = terms
        self._runner: IdleRunner | None = None
        self._task: asyncio.Task[None] | None = None
        self._is_clip = False
        self._kind = FrameKind.IDLE

    def start(self, group: asyncio.TaskGroup, venue: Venue, decided: Decided) -> None:
        """Show this person, in place of whoever was shown before; nobody where nobody wants to see one, or where the
        avatar has nobody to show: the client is told, and the session goes on."""
        self.stop()
        terms, media = self._terms, self._terms.media
        wants_pictures = media.motion or media.video_codec is not VideoCodec.NONE
        if not wants_pictures or decided.controls.idle_mode is IdleMode.NONE:
            return
        try:
            avatar = self._face.of(decided.persona)
        except AdapterError as error:
            venue.tell(venue.health.lost(error.reason, NO_FRAMES))
            return
        if avatar is None:
            return
        order = TurnOrder(terms.session_id, "", 0, TextMode.SAY, terms.language_code, media, 0.0)
        plan = plan_turn(self._engine, order, decided, ())
        free = self._face.free(group)
        self._is_clip = decided.controls.idle_mode is IdleMode.CLIP
        self._runner = IdleRunner(
            venue,
            avatar,
            decided.controls,
            media,
            plan.context,
            plan.pace,
            free,
            self._kind,
            CLIP_S if self._is_clip else None,
        )
        self._task = group.create_task(self._runner.run(), name="idle")
        self._face.used_by(self._task)

    def stop(self) -> None:
        """Show nobody. Idempotent."""
        if self._task is not None:
            self._task.cancel()
        self._runner = self._task = None

    def attend(self, is_listening: bool) -> bool:
        """Somebody is typing, or no longer: whoever is shown listens. False when that needs another `start`."""
        kind = FrameKind.LISTENING if is_listening else FrameKind.IDLE
        if kind is self._kind:
            return True
        self._kind = kind
        if self._runner is not None:
            self._runner.kind = kind
        return not self._is_clip

    def change(self, command: UpdateControls, decided: Decided) -> bool:
        """Let the person shown take over new controls; False when that needs another `start`."""
        touched = {BY_ATTRIBUTE[name].path for name in command.controls.items()} | set(command.clear_paths)
        if self._runner is None or not touched.isdisjoint(_FIXED) or (self._is_clip and not touched <= _UNSEEN):
            return False
        self._runner.change_controls(decided.controls, decided.report.control_revision, command.ramp_ms)
        return True
