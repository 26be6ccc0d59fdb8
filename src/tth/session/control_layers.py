"""A session's controls: what was asked for when, which of it holds now, and the report on it.

Layers from weak to strong: product and configuration, persona, session, update, turn.
Tests: tests/session/test_control_layers.py.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from tth.adapters.base import Persona
from tth.adapters.registry import AdapterFacts
from tth.control.fit import fit_to_adapters
from tth.control.personas import PersonaConfig, cast
from tth.control.report import build_report
from tth.core.blend import apply_update, merge, unknown_paths, validate_patch
from tth.errors import FieldViolation, InvalidRequest
from tth.model.controls import BACKGROUNDS, FIELDS, TRANSPARENT, ControlPatch, ControlReport, Controls
from tth.model.media import MediaPreferences, VideoCodec


@dataclass(frozen=True, slots=True)
class Decided:
    """Who speaks now, how, and what became of what was asked."""

    persona: Persona
    controls: Controls
    report: ControlReport
    asked: frozenset[str] = frozenset()
    """Attributes of `Controls` that somebody set; the others are a model's to choose."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a session asks for, besides its turns."""

    session: ControlPatch
    updated: ControlPatch
    revision: int


class ControlLayers:
    """The layers of one session."""

    def __init__(
        self,
        base: Controls,
        personas: Mapping[str, PersonaConfig],
        facts_for: Callable[[Persona], tuple[AdapterFacts, ...]],
        session_patch: ControlPatch,
        *,
        media: MediaPreferences | None = None,
        backgrounds: Collection[str] = BACKGROUNDS,
    ) -> None:
        """Raises InvalidRequest, naming every field, for a session patch with a value that is not allowed.

        facts_for: what the adapters can do when this persona speaks. media: what is sent (None = no pictures); with
        `alpha` a session that names no background has none. backgrounds: names that one may have.
        """
        self._base = base
        self._personas = personas
        self._facts_for = facts_for
        self._backgrounds = backgrounds
        self._codec = media.video_codec if media is not None else VideoCodec.NONE
        self._check(session_patch, "controls")
        if media is not None and media.alpha and session_patch.background is None:
            session_patch = replace(session_patch, background=TRANSPARENT)
        self._session_patch = session_patch
        self._update_patch = ControlPatch()
        self._turn_patch = ControlPatch()
        self._revision = 1
        self._now: Decided | None = None  # of this revision: to decide takes longer than all else that begins a turn

    @property
    def asked(self) -> Asked:
        """For a record of the session."""
        return Asked(self._session_patch, self._update_patch, self._revision)

    def restore(self, updated: ControlPatch, revision: int) -> None:
        """Go on where a session of another server was. Raises InvalidRequest for what is not allowed here."""
        self._check(updated, "control_update.controls")
        self._update_patch, self._revision = updated, revision

    def now(self) -> Decided:
        """What holds for a turn that asks for nothing."""
        if self._now is None or self._now.report.control_revision != self._revision:
            requested = merge(self._session_patch, self._update_patch)
            self._now = self._decide(ControlPatch(), requested, None)
        return self._now

    def for_turn(self, turn_patch: ControlPatch) -> Decided:
        """What holds for a turn with controls of its own. Raises InvalidRequest; nothing changes then."""
        self._check(turn_patch, "user_text.controls")
        self._turn_patch = turn_patch
        if not turn_patch.items():
            return self.now()
        self._revision += 1
        return self._decide(turn_patch, merge(self._session_patch, self._update_patch, turn_patch), None)

    def update(self, patch: ControlPatch, clear_paths: tuple[str, ...], turn: Controls | None) -> Decided:
        """Change the update layer; `turn` = the controls of the turn that is running, if one is.

        The report has a result for each path of `patch`. What the running turn asked for itself stays as it is, and so
        does what waits for the next turn. Raises InvalidRequest; nothing changes then.
        """
        self._check(patch, "control_update.controls")
        refuse([replace(found, field=f"control_update.{found.field}") for found in unknown_paths(clear_paths)])
        self._update_patch = apply_update(self._update_patch, patch, clear_paths)
        self._revision += 1
        return self._decide(ControlPatch() if turn is None else self._turn_patch, patch, turn)

    def _decide(self, turn_patch: ControlPatch, requested: ControlPatch, running: Controls | None) -> Decided:
        """running: the controls of a turn that goes on under the new layers."""
        chosen = cast(self._base, self._personas, self._session_patch, self._update_patch, turn_patch)
        facts = self._facts_for(chosen.persona)
        controls = fit_to_adapters(chosen.controls, facts, self._codec)
        if running is not None:
            held = {field.attribute: getattr(running, field.attribute) for field in FIELDS if field.next_turn_only}
            controls = replace(controls, **held)
        report = build_report(
            requested, controls, self._revision, facts, in_turn=running is not None, codec=self._codec
        )
        return Decided(chosen.persona, report.effective, report, chosen.asked)

    def _check(self, patch: ControlPatch, path: str) -> None:
        check_patch(patch, self._personas, self._backgrounds, path)


def check_patch(patch: ControlPatch, personas: Collection[str], backgrounds: Collection[str], path: str) -> None:
    """Raises InvalidRequest that names every wrong field below `path` and what is allowed there."""
    found = validate_patch(patch, tuple(personas), backgrounds)
    refuse([replace(violation, field=f"{path}.{violation.field}") for violation in found])


def refuse(violations: Sequence[FieldViolation]) -> None:
    """Raises InvalidRequest when there are any."""
    if violations:
        text = "; ".join(f"{violation.field}: must be {violation.allowed}" for violation in violations)
        raise InvalidRequest(text, "CONTROL_INVALID", tuple(violations))
