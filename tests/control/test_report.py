"""Tests of tth.control.report."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.control.patches import patches
from tests.control.test_fit import RATE, adapter, facts, voice
from tth.adapters.base import Role, Support
from tth.adapters.registry import AdapterFacts
from tth.control.report import build_report, value_text
from tth.core.blend import blend
from tth.model.controls import (
    BY_ATTRIBUTE,
    ControlOutcome,
    ControlPatch,
    ControlResult,
    Controls,
    EmotionLabel,
    Resolution,
)

pytestmark = pytest.mark.unit


def result(
    patch: ControlPatch, adapters: list[AdapterFacts], effective: Controls | None = None, in_turn: bool = False
) -> ControlResult:
    """The only result of a patch with one field; without `effective`, nothing is stronger than the patch."""
    report = build_report(patch, effective or blend(Controls(), patch), 7, adapters, in_turn)
    (found,) = report.results
    return found


@given(patches(), patches(), st.lists(facts(), max_size=3), st.booleans())
def test_each_requested_path_has_exactly_one_result(
    requested: ControlPatch, stronger: ControlPatch, adapters: list[AdapterFacts], in_turn: bool
) -> None:
    """Never fewer, never more, whatever the adapters are, and each says why unless it is done as asked."""
    report = build_report(requested, blend(Controls(), requested, stronger), 7, adapters, in_turn)
    assert [found.path for found in report.results] == [BY_ATTRIBUTE[name].path for name in requested.items()]
    assert report.control_revision == 7
    for found in report.results:
        assert (found.reason == "") == (found.outcome is ControlOutcome.APPLIED)


@given(patches(), st.lists(facts(), max_size=3))
def test_the_report_says_what_is_really_in_effect(requested: ControlPatch, adapters: list[AdapterFacts]) -> None:
    """Each result's effective value is the one in the report's controls."""
    report = build_report(requested, blend(Controls(), requested), 1, adapters, in_turn=False)
    for found in report.results:
        attribute = next(name for name, field in BY_ATTRIBUTE.items() if field.path == found.path)
        assert found.effective == value_text(getattr(report.effective, attribute))


def test_applied() -> None:
    """Done as asked: no reason, the adapter's name."""
    found = result(ControlPatch(speech_rate=1.5), [voice("v", RATE)])
    assert found == ControlResult(RATE, ControlOutcome.APPLIED, "1.5", "1.5", "", "v")


def test_clamped() -> None:
    """The effective value is the adapter's limit, in the result and in the controls."""
    report = build_report(
        ControlPatch(speech_rate=3.0), Controls(speech_rate=3.0), 1, [voice("v", RATE, Support.NATIVE, 0.5, 2)], False
    )
    assert report.results == (ControlResult(RATE, ControlOutcome.CLAMPED, "3", "2", "the limit of v", "v"),)
    assert report.effective.speech_rate == 2


def test_substituted() -> None:
    """The nearest picture that is offered."""
    face = adapter("face", Role.AVATAR, resolutions=(Resolution(512, 512),))
    found = result(ControlPatch(resolution=Resolution(256, 256)), [face])
    assert (found.outcome, found.requested, found.effective) == (ControlOutcome.SUBSTITUTED, "256x256", "512x512")


def test_emulated() -> None:
    """By other means, with a word on it."""
    found = result(ControlPatch(speech_rate=1.5), [voice("v", RATE, Support.EMULATED)])
    assert (found.outcome, found.reason) == (ControlOutcome.EMULATED, "imitated by v")


def test_ignored() -> None:
    """Nobody does it: the default is in effect, also while a turn runs."""
    found = result(ControlPatch(background="#102030"), [], in_turn=True)
    assert (found.outcome, found.effective, found.adapter) == (ControlOutcome.IGNORED, "studio", "")


def test_between_turns_only_is_deferred_in_a_turn() -> None:
    """A new picture size waits for the next turn; what is in effect until then is said."""
    face = adapter("face", Role.AVATAR)
    patch = ControlPatch(fps=30)
    assert result(patch, [face]).outcome is ControlOutcome.APPLIED
    found = result(patch, [face], effective=Controls(), in_turn=True)
    assert (found.outcome, found.requested, found.effective) == (ControlOutcome.DEFERRED, "30", "25")
    assert found.reason == "takes effect at the next turn"


def test_a_deferred_value_that_will_be_narrowed_says_so() -> None:
    """What comes at the next turn is named when it is not what was asked for."""
    face = adapter("face", Role.AVATAR, max_fps=30)
    found = result(ControlPatch(fps=60), [face], effective=Controls(), in_turn=True)
    assert found.reason == "takes effect at the next turn as 30"


def test_an_update_below_the_turns_own_value_waits() -> None:
    """A turn that brought its own emotion keeps it; the update holds from the next turn on."""
    label = voice("v", "emotion.label")
    found = result(
        ControlPatch(emotion_label=EmotionLabel.SAD),
        [label],
        effective=Controls(emotion_label=EmotionLabel.ANGRY),
        in_turn=True,
    )
    assert (found.outcome, found.requested, found.effective) == (ControlOutcome.DEFERRED, "sad", "angry")
    assert "this turn" in found.reason


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "the label's own"), (0.800000011920929, "0.8"), (25, "25"), (EmotionLabel.SAD, "sad"), ("#102030",) * 2],
)
def test_values_for_people(value: object, text: str) -> None:
    """Short, without the noise of 32-bit floats."""
    assert value_text(value) == text
