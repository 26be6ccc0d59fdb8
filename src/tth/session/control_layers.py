"""A session's controls: what was asked for when, which of it holds now, and the report on it.

Layers from weak to strong: product and configuration, persona, session, update, turn.
Tests: tests/session/test_control_layers.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from tth.adapters.base import Persona
from tth.adapters.registry import AdapterFacts
from tth.control.fit import fit_to_adapters
from tth.control.personas import PersonaConfig, cast
from tth.control.report import build_report
from tth.core.blend import apply_update, merge, validate_patch
from tth.errors import FieldViolation, InvalidRequest
from tth.model.controls import BY_PATH, FIELDS, ControlPatch, ControlReport, Controls


@dataclass(frozen=True, slots=True)
class Decided:
    """Who speaks now, how, and what became of what was asked."""

    persona: Persona
    controls: Controls
    report: ControlReport


class ControlLayers:
    """The layers of one session."""

    def __init__(
        self,
        base: Controls,
        personas: Mapping[str, PersonaConfig],
        facts: tuple[AdapterFacts, ...],
        session_patch: ControlPatch,
    ) -> None:
        """Raises InvalidRequest, naming every field, for a session patch with a value that is not allowed."""
        self._base = base
        self._personas = personas
        self._facts = facts
        check_patch(session_patch, personas)
        self._session_patch = session_patch
        self._update_patch = ControlPatch()
        self._revision = 1

    def now(self) -> Decided:
        """What holds for a turn that asks for nothing."""
        return self._decide(ControlPatch(), merge(self._session_patch, self._update_patch), in_turn=False)

    def for_turn(self, turn_patch: ControlPatch) -> Decided:
        """What holds for a turn with controls of its own. Raises InvalidRequest; nothing changes then."""
        check_patch(turn_patch, self._personas)
        if turn_patch.items():
            self._revision += 1
        requested = merge(self._session_patch, self._update_patch, turn_patch)
        return self._decide(turn_patch, requested, in_turn=False)

    def update(self, patch: ControlPatch, clear_paths: tuple[str, ...], turn: Controls | None) -> Decided:
        """Change the update layer; `turn` = the controls of the turn that is running, if one is.

        The report has a result for each path of `patch`. Controls that wait for the next turn keep the running
        turn's value in `controls`. Raises InvalidRequest; nothing changes then.
        """
        check_patch(patch, self._personas)
        unknown = [FieldViolation("control_update.clear_paths", "paths out of " + ", ".join(BY_PATH))]
        if any(path not in BY_PATH for path in clear_paths):
            raise InvalidRequest(f"{unknown[0].field}: must be {unknown[0].allowed}", violations=tuple(unknown))
        self._update_patch = apply_update(self._update_patch, patch, clear_paths)
        self._revision += 1
        decided = self._decide(ControlPatch(), patch, in_turn=turn is not None)
        if turn is None:
            return decided
        held = {f.attribute: getattr(turn, f.attribute) for f in FIELDS if f.next_turn_only}
        controls = replace(decided.controls, **held)
        return replace(decided, controls=controls, report=replace(decided.report, effective=controls))

    def _decide(self, turn_patch: ControlPatch, requested: ControlPatch, *, in_turn: bool) -> Decided:
        chosen = cast(self._base, self._personas, self._session_patch, self._update_patch, turn_patch)
        controls = fit_to_adapters(chosen.controls, self._facts)
        report = build_report(requested, controls, self._revision, self._facts, in_turn=in_turn)
        return Decided(chosen.persona, controls, report)


def check_patch(patch: ControlPatch, personas: Mapping[str, PersonaConfig]) -> None:
    """Raises InvalidRequest that names every wrong field and what is allowed there."""
    violations = tuple(
        FieldViolation(f"controls.{violation.field}", violation.allowed)
        for violation in validate_patch(patch, tuple(personas))
    )
    if violations:
        text = "; ".join(f"{violation.field}: must be {violation.allowed}" for violation in violations)
        raise InvalidRequest(text, "CONTROL_INVALID", violations)
