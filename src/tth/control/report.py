"""What became of every control that somebody asked for: the report that a client and `turn_metrics` get. Pure.

Tests: tests/control/test_report.py.
"""

from __future__ import annotations

from collections.abc import Sequence

from tth.adapters.registry import AdapterFacts
from tth.control.fit import Fit, fit, fit_to_adapters, is_same
from tth.model.controls import (
    FIELDS,
    ControlField,
    ControlOutcome,
    ControlPatch,
    ControlReport,
    ControlResult,
    Controls,
)
from tth.model.media import VideoCodec

_NEXT_TURN = "takes effect at the next turn"
_TURN_WINS = "this turn has a value of its own; takes effect at the next turn"


def build_report(
    requested: ControlPatch,
    effective: Controls,
    revision: int,
    adapters: Sequence[AdapterFacts],
    in_turn: bool,
    codec: VideoCodec = VideoCodec.NONE,
) -> ControlReport:
    """One result for each path that `requested` sets, in the order of FIELDS.

    requested: validated. effective: what holds now, all layers blended; it is fitted to the adapters here.
    in_turn: a turn is running, so that what only changes between turns waits. codec: what the pictures are sent as.
    """
    fitted = fit_to_adapters(effective, adapters, codec)
    said = requested.items()
    results = tuple(
        _result(
            field,
            fit(field.path, said[field.attribute], adapters, codec),
            said[field.attribute],
            getattr(fitted, field.attribute),
            in_turn,
        )
        for field in FIELDS
        if field.attribute in said
    )
    return ControlReport(revision, fitted, results)


def _result(field: ControlField, found: Fit, wanted: object, now: object, in_turn: bool) -> ControlResult:
    outcome, reason = found.outcome, found.reason
    if outcome is not ControlOutcome.IGNORED:
        if in_turn and field.next_turn_only:
            outcome, reason = ControlOutcome.DEFERRED, _later(_NEXT_TURN, found.value, wanted)
        elif not is_same(found.value, now):
            outcome, reason = ControlOutcome.DEFERRED, _later(_TURN_WINS, found.value, wanted)
    return ControlResult(field.path, outcome, value_text(wanted), value_text(now), reason, found.adapter)


def value_text(value: object) -> str:
    """A control's value for people: six digits are enough for what travels as a 32-bit float."""
    if value is None:
        return "the label's own"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _later(reason: str, value: object, wanted: object) -> str:
    return reason if is_same(value, wanted) else f"{reason} as {value_text(value)}"
