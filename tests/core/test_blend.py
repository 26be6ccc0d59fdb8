"""Tests of tth.core.blend."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.control.patches import PERSONAS, patches
from tth.core.blend import apply_update, blend, hinted, hinted_report, merge, unknown_paths, validate_patch
from tth.errors import FieldViolation
from tth.model.controls import (
    BY_PATH,
    FIELDS,
    ControlField,
    ControlOutcome,
    ControlPatch,
    ControlReport,
    ControlResult,
    Controls,
    EmotionLabel,
    Resolution,
)

pytestmark = pytest.mark.unit
REFINEMENTS = ("emotion_valence", "emotion_arousal")


@given(patches(), patches(), patches())
def test_merging_is_associative(one: ControlPatch, two: ControlPatch, three: ControlPatch) -> None:
    """Layers can be merged in any grouping."""
    assert merge(merge(one, two), three) == merge(one, merge(two, three)) == merge(one, two, three)


@given(patches())
def test_the_empty_patch_changes_nothing(patch: ControlPatch) -> None:
    """It is the neutral element on both sides."""
    assert merge(ControlPatch(), patch) == patch == merge(patch, ControlPatch())
    assert merge() == ControlPatch()


@given(st.lists(patches(), max_size=4))
def test_the_last_layer_that_speaks_wins(layers: list[ControlPatch]) -> None:
    """For each field by itself: the strongest layer that sets it, else the base; valence and arousal: only from the
    strongest layer that sets a label upwards."""
    effective = blend(Controls(), *layers)
    labelled = [index for index, layer in enumerate(layers) if layer.emotion_label is not None]
    for field in FIELDS:
        heard = layers[labelled[-1] :] if field.attribute in REFINEMENTS and labelled else layers
        said = [layer.items()[field.attribute] for layer in heard if field.attribute in layer.items()]
        expected = said[-1] if said else getattr(Controls(), field.attribute)
        assert getattr(effective, field.attribute) == expected


def test_zero_and_neutral_are_said() -> None:
    """An explicit zero or neutral overrides what lies below; nothing said does not."""
    persona = ControlPatch(emotion_label=EmotionLabel.HAPPY, emotion_intensity=0.7, pitch_shift=0.5)
    turn = ControlPatch(emotion_label=EmotionLabel.NEUTRAL, pitch_shift=0.0)
    effective = blend(Controls(), persona, turn)
    assert (effective.emotion_label, effective.emotion_intensity, effective.pitch_shift) == (
        EmotionLabel.NEUTRAL,
        0.7,
        0.0,
    )


@given(patches(), patches())
def test_that_a_feeling_was_said_is_known(one: ControlPatch, two: ControlPatch) -> None:
    """Also of a plain neutral, whose values are the same as of nothing said; an intensity alone is no feeling."""
    said = {name for layer in (one, two) for name in layer.items()}
    controls = blend(Controls(), one, two)
    assert controls.emotion_is_said == bool(said & {"emotion_label", *REFINEMENTS})
    assert controls.has_feeling == controls.emotion_is_said
    neutral = blend(Controls(), ControlPatch(emotion_label=EmotionLabel.NEUTRAL))
    assert neutral != Controls()
    assert replace(neutral, emotion_is_said=False) == Controls()


@given(patches(), patches(), st.sets(st.sampled_from(sorted(BY_PATH))))
def test_an_update_clears_first_and_sets_then(current: ControlPatch, patch: ControlPatch, cleared: set[str]) -> None:
    """Set by the patch, else cleared, else as it was; a new label clears valence and arousal too."""
    updated = apply_update(current, patch, cleared)
    for field in FIELDS:
        is_cleared = field.path in cleared or (field.attribute in REFINEMENTS and patch.emotion_label is not None)
        below = None if is_cleared else getattr(current, field.attribute)
        said = getattr(patch, field.attribute)
        assert getattr(updated, field.attribute) == (below if said is None else said)


def test_unknown_paths_are_named() -> None:
    """A path that does not exist is named by its position, and is a bug if it gets further."""
    found = unknown_paths(["emotion.label", "emotion.lable"])
    assert [violation.field for violation in found] == ["clear_paths[1]"]
    with pytest.raises(KeyError):
        apply_update(ControlPatch(), ControlPatch(), ["emotion.lable"])


@given(patches())
def test_valid_patches_pass(patch: ControlPatch) -> None:
    """Everything inside the ranges is allowed."""
    assert validate_patch(patch, PERSONAS) == []


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e9, -1e9, True, "1"])
@pytest.mark.parametrize("field", [field for field in FIELDS if field.minimum is not None], ids=lambda f: f.path)
def test_numbers_out_of_range_are_refused(field: ControlField, value: Any) -> None:
    """NaN, infinity, too much, too little and what is no number: each names path and range."""
    found = validate_patch(ControlPatch(**{field.attribute: value}), PERSONAS)
    assert found == [FieldViolation(field.path, f"{field.minimum:g}..{field.maximum:g}")]


@pytest.mark.parametrize(
    "size",
    [(511, 512), (512, 511), (62, 64), (64, 1026), (0, 0), (-64, 64)],
)
def test_odd_and_outsize_pictures_are_refused(size: tuple[int, int]) -> None:
    """A picture that no encoder takes names what is allowed."""
    found = validate_patch(ControlPatch(resolution=Resolution(*size)), PERSONAS)
    assert found == [FieldViolation("render.resolution", "even width_px and height_px, 64..1024")]


@pytest.mark.parametrize("background", ["", "#12345", "#1234567", "blue", "#gggggg", "studio\n", "#102030\n"])
def test_bad_backgrounds_are_refused(background: str) -> None:
    """Only known names and exact colours; all that is known is named."""
    found = validate_patch(ControlPatch(background=background), PERSONAS, ("studio", "office"))
    assert found == [FieldViolation("render.background", 'one of studio, office or a colour as "#rrggbb"')]


def test_unknown_choices_are_refused() -> None:
    """A persona that does not exist, and a label that is none."""
    patch = ControlPatch(persona_id="pirate", emotion_label="bored")  # type: ignore[arg-type]
    found = validate_patch(patch, PERSONAS)
    assert [violation.field for violation in found] == ["emotion.label", "character.persona_id"]
    assert found[1].allowed == "one of default, excited"


def test_all_violations_are_reported() -> None:
    """One bad field does not hide another."""
    patch = ControlPatch(emotion_intensity=2.0, speech_rate=0.1, fps=0)
    assert [violation.field for violation in validate_patch(patch, PERSONAS)] == [
        "emotion.intensity",
        "character.speech_rate",
        "render.fps",
    ]


def test_a_label_takes_away_the_refinements_below_it() -> None:
    """Somebody who is warm by nature and is asked to be sad is sad, not sad with a smile."""
    warm = ControlPatch(emotion_label=EmotionLabel.NEUTRAL, emotion_valence=0.3, emotion_arousal=-0.2)
    sad = ControlPatch(emotion_label=EmotionLabel.SAD, emotion_intensity=0.9)
    blended = blend(Controls(emotion_valence=0.5), warm, sad)
    assert (blended.emotion_valence, blended.emotion_arousal) == (None, None)
    assert blended.affect[0] < 0
    assert blend(Controls(), warm, sad, ControlPatch(emotion_valence=0.1)).emotion_valence == 0.1
    assert blend(Controls(), warm, ControlPatch(emotion_intensity=0.9)).emotion_valence == 0.3


HINT = ControlPatch(emotion_label=EmotionLabel.SAD, emotion_intensity=0.9)


@pytest.mark.parametrize(
    ("asked", "label", "intensity"),
    [
        ((), EmotionLabel.SAD, 0.9),
        (("emotion_label",), EmotionLabel.NEUTRAL, 0.5),
        (("emotion_valence",), EmotionLabel.NEUTRAL, 0.5),
        (("emotion_intensity",), EmotionLabel.SAD, 0.5),
        (("speech_rate",), EmotionLabel.SAD, 0.9),
    ],
)
def test_a_models_hint_is_the_weakest(asked: tuple[str, ...], label: EmotionLabel, intensity: float) -> None:
    """It holds only where no person and no persona has asked for anything, an explicit neutral included."""
    controls = hinted(Controls(), HINT, asked)
    assert (controls.emotion_label, controls.emotion_intensity) == (label, intensity)


def test_what_a_hint_changes_is_reported() -> None:
    """A result for each path, behind those of what was asked; nothing for what it did not change."""
    asked = ControlResult("character.speech_rate", ControlOutcome.APPLIED, "1", "1")
    before = ControlReport(3, Controls(), (asked,))
    after = hinted_report(before, hinted(Controls(), HINT, ()))
    assert after.control_revision == 3
    assert after.effective.emotion_label is EmotionLabel.SAD
    assert [(result.path, result.effective) for result in after.results] == [
        ("character.speech_rate", "1"),
        ("emotion.label", "sad"),
        ("emotion.intensity", "0.9"),
    ]
