"""Which controls hold: layers merged by presence, changes applied, and what may be asked for at all.

From weak to strong: product, configuration, persona, session, update, turn. Only what is set in a layer counts, so an
explicit neutral or 0 is not the same as nothing said. Pure. Tests: tests/core/test_blend.py.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Collection, Iterable

from tth.errors import FieldViolation
from tth.model.controls import (
    BACKGROUND_COLOUR,
    BACKGROUNDS,
    BY_PATH,
    FIELDS,
    MAX_SIDE_PX,
    MIN_SIDE_PX,
    ControlField,
    ControlOutcome,
    ControlPatch,
    ControlReport,
    ControlResult,
    Controls,
    Resolution,
)

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
HINT_REASON = "a hint of the model; nobody asked for anything else"
_REFINEMENTS = ("emotion_valence", "emotion_arousal")
_FEELINGS = frozenset({"emotion_label", *_REFINEMENTS})


def merge(*layers: ControlPatch) -> ControlPatch:
    """All layers as one; a later one wins where both speak. Associative, and the empty patch changes nothing.

    Valence and arousal refine the label they were said with: a later label without them takes them away.
    """
    said: dict[str, object] = {}
    for layer in layers:
        if layer.emotion_label is not None:
            for refinement in _REFINEMENTS:
                said.pop(refinement, None)
        said |= layer.items()
    return ControlPatch(**said)  # type: ignore[arg-type]


def blend(base: Controls, *layers: ControlPatch) -> Controls:
    """The controls in effect: `base`, overlaid by each layer in turn."""
    said = merge(*layers)
    items = said.items()
    if said.emotion_label is not None:
        base = dataclasses.replace(base, emotion_valence=None, emotion_arousal=None)
    is_said = base.emotion_is_said or not _FEELINGS.isdisjoint(items)
    return dataclasses.replace(base, **items, emotion_is_said=is_said)


def hinted(controls: Controls, hint: ControlPatch, asked: Collection[str]) -> Controls:
    """The controls in effect once a model has said how it means its words: only where nobody asked for anything.

    asked: attributes that a persona or a person has set. An emotion whose label, valence or arousal was asked for is
    not the model's to change, and neither is its intensity where that was asked for.
    """
    if not _FEELINGS.isdisjoint(asked):
        return controls
    free = {name: value for name, value in hint.items().items() if name not in asked}
    return blend(controls, ControlPatch(**free))


def hinted_report(report: ControlReport, controls: Controls) -> ControlReport:
    """The report once a model's hint has changed the effective controls: a result for each path it changed."""
    changed = [
        field for field in FIELDS if getattr(controls, field.attribute) != getattr(report.effective, field.attribute)
    ]
    values = [getattr(controls, field.attribute) for field in changed]
    texts = [f"{value:g}" if isinstance(value, float) else str(value) for value in values]
    results = tuple(
        ControlResult(field.path, ControlOutcome.APPLIED, text, text, HINT_REASON)
        for field, text in zip(changed, texts, strict=True)
    )
    return ControlReport(report.control_revision, controls, report.results + results)


def apply_update(current: ControlPatch, patch: ControlPatch, clear_paths: Iterable[str] = ()) -> ControlPatch:
    """The update layer after a change: first the cleared paths fall back to the layers below, then `patch` is laid on.

    A path that is both cleared and set is set. Raises KeyError for a path that does not exist: `unknown_paths` first.
    """
    cleared = {BY_PATH[path].attribute: None for path in clear_paths}
    return merge(dataclasses.replace(current, **cleared), patch)


def unknown_paths(clear_paths: Iterable[str]) -> list[FieldViolation]:
    """One violation for every path in `clear_paths` that is no control."""
    return [
        FieldViolation(f"clear_paths[{at}]", "one of " + ", ".join(BY_PATH))
        for at, path in enumerate(clear_paths)
        if path not in BY_PATH
    ]


def validate_patch(
    patch: ControlPatch, personas: Collection[str], backgrounds: Collection[str] = BACKGROUNDS
) -> list[FieldViolation]:
    """What in `patch` may not be asked for, in the order of FIELDS; empty when all is well.

    backgrounds: every name that `render.background` may have besides colours. Each violation is to be read as
    "<field>: must be <allowed>".
    """
    said = patch.items()
    found: list[FieldViolation] = []
    for field in FIELDS:
        if field.attribute not in said:
            continue
        if field.attribute == "persona_id":
            if said["persona_id"] not in personas:
                found.append(FieldViolation(field.path, "one of " + ", ".join(personas)))
        elif field.attribute == "background":
            if not is_background(said["background"], backgrounds):
                allowed = f"one of {', '.join(backgrounds)} or {BACKGROUND_COLOUR}"
                found.append(FieldViolation(field.path, allowed))
        elif not _is_allowed(field, said[field.attribute]):
            found.append(FieldViolation(field.path, field.allowed))
    return found


def is_background(value: object, names: Collection[str]) -> bool:
    """A known name or an exact colour."""
    return isinstance(value, str) and (value in names or _COLOUR.fullmatch(value) is not None)


def _is_allowed(field: ControlField, value: object) -> bool:
    if field.choices:
        return value in field.choices
    if field.minimum is not None and field.maximum is not None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return math.isfinite(value) and field.minimum <= value <= field.maximum
    assert isinstance(value, Resolution)
    return all(MIN_SIDE_PX <= side <= MAX_SIDE_PX and side % 2 == 0 for side in (value.width_px, value.height_px))
