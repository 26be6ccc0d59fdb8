"""Every provider's place where controls become its request, under any controls: what is claimed is what is asked, and
what a report tells is what the request holds."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tth.adapters.base import Capabilities, ControlSupport, Deployment, Persona, Role, Support
from tth.adapters.provider_prompt import PROMPTED_CONTROLS, instructions
from tth.adapters.realtime import openai_realtime_controls
from tth.adapters.registry import AdapterFacts
from tth.adapters.tts import elevenlabs_controls, openai_tts_controls
from tth.adapters.tts.elevenlabs_controls import Model
from tth.adapters.tts.openai_tts_controls import Takes
from tth.control.fit import fit_to_adapters
from tth.control.report import build_report
from tth.control.sound_path import SOUND_PATH, shares, with_sound_path
from tth.core.blend import blend
from tth.model.controls import BY_PATH, FIELDS, ControlOutcome, ControlPatch, Controls, EmotionLabel

pytestmark = pytest.mark.unit

ANNA = Persona("anna", prompt="You are Anna.")
WORDS = Takes(speed=False, instructions=True)
NUMBERS = Takes(speed=True, instructions=False)
FLASH, V3, V4 = Model("eleven_flash_v2_5"), Model("eleven_v3"), Model("eleven_v4_turbo")


@dataclass(frozen=True)
class Provider:
    """One kind of request."""

    name: str
    role: Role
    controls: Mapping[str, ControlSupport]
    request: Callable[[Controls], Any]

    def __str__(self) -> str:
        return self.name

    @property
    def facts(self) -> AdapterFacts:
        return AdapterFacts(self.name, self.role, Capabilities("for tests", Deployment.API, self.controls))

    def asked(self, controls: Controls) -> str:
        """As the pipeline asks: fitted to what can be had, and without what is done to the sound."""
        fitted = fit_to_adapters(controls, with_sound_path([self.facts]))
        if self.role is not Role.LLM:
            fitted = shares(fitted, self.facts.capabilities).voice
        return json.dumps(self.request(fitted), sort_keys=True)

    def does(self, path: str) -> bool:
        said = self.controls.get(path)
        return said is not None and said.support is not Support.NONE


def _elevenlabs(model: Model) -> Provider:
    controls = elevenlabs_controls.controls_of(model)
    return Provider(model.name, Role.TTS, controls, lambda control: elevenlabs_controls.told(control, model, 0.75))


def _speech(name: str, takes: Takes) -> Provider:
    controls = openai_tts_controls.controls_of(takes)
    return Provider(name, Role.TTS, controls, lambda control: openai_tts_controls.told(control, "nova", takes))


PROVIDERS = (
    Provider(
        "prompt", Role.LLM, PROMPTED_CONTROLS, lambda control: instructions(ANNA, control, "en", style_hints=True)
    ),
    Provider(
        "openai_realtime",
        Role.REALTIME,
        openai_realtime_controls.CONTROLS,
        lambda control: openai_realtime_controls.told(ANNA, control, "en", "marin"),
    ),
    _speech("gpt-4o-mini-tts", WORDS),
    _speech("tts-1", NUMBERS),
    _elevenlabs(FLASH),
    _elevenlabs(V3),
    _elevenlabs(V4),
)
FEELING = [provider for provider in PROVIDERS if provider.does("emotion.label")]
HEEDED = ("emotion.", "character.")
PATHS = [field for field in FIELDS if field.path.startswith(HEEDED) and field.attribute != "persona_id"]


def _values(low: float, high: float) -> st.SearchStrategy[float]:
    """In steps that no rounding hides."""
    return st.integers(0, 20).map(lambda step: low + (high - low) * step / 20)


VALUES: Mapping[str, st.SearchStrategy[Any]] = {
    field.attribute: st.sampled_from(EmotionLabel) if field.choices else _values(field.minimum or 0, field.maximum or 0)
    for field in PATHS
}
PATCHES = st.fixed_dictionaries({}, optional=dict(VALUES)).map(lambda said: ControlPatch(**said))


@pytest.mark.parametrize("provider", PROVIDERS, ids=str)
@given(said=PATCHES, data=st.data())
def test_what_it_does_not_do_is_not_asked(provider: Provider, said: ControlPatch, data: st.DataObject) -> None:
    """Whatever else holds, and however far it is moved."""
    controls = blend(Controls(), said)
    for field in PATHS:
        if not provider.does(field.path):
            value = data.draw(VALUES[field.attribute])
            assert provider.asked(replace(controls, **{field.attribute: value})) == provider.asked(controls), field.path


@pytest.mark.parametrize("provider", FEELING, ids=str)
@given(said=PATCHES)
def test_seven_emotions_are_seven_requests(provider: Provider, said: ControlPatch) -> None:
    """Where the label is not refined away, and strong enough to be one."""
    plain = replace(said, emotion_valence=None, emotion_arousal=None)
    assume(plain.emotion_intensity is None or plain.emotion_intensity >= 0.3)
    labels = [blend(Controls(), replace(plain, emotion_label=label)) for label in EmotionLabel]
    assert len({provider.asked(one) for one in labels}) == 7


@pytest.mark.parametrize("provider", FEELING, ids=str)
@given(said=PATCHES)
def test_a_neutral_that_was_said_is_another_request(provider: Provider, said: ControlPatch) -> None:
    """Than nothing said of the feeling."""
    silent = replace(said, emotion_label=None, emotion_valence=None, emotion_arousal=None)
    assume(silent.expressivity is None)  # else the dials that speak of both are sent for it
    neutral = replace(silent, emotion_label=EmotionLabel.NEUTRAL)
    assert provider.asked(blend(Controls(), silent)) != provider.asked(blend(Controls(), neutral))


@pytest.mark.parametrize("provider", FEELING, ids=str)
@pytest.mark.parametrize("label", [label for label in EmotionLabel if label is not EmotionLabel.NEUTRAL])
def test_every_degree_is_another_request(provider: Provider, label: EmotionLabel) -> None:
    """From 0 to 1 in steps of a twentieth."""
    steps = [Controls(emotion_label=label, emotion_intensity=step / 20) for step in range(21)]
    assert len({provider.asked(one) for one in steps}) == 21


@pytest.mark.parametrize("provider", PROVIDERS, ids=str)
@given(said=PATCHES)
def test_a_report_tells_what_is_in_the_request(provider: Provider, said: ControlPatch) -> None:
    """Every path has its result. One that names this provider is in the request: it is asked for otherwise there, or
    would be for another value; one that is ignored, or is done by others alone, is not."""
    controls = blend(Controls(), said)
    facts = with_sound_path([provider.facts])
    report = build_report(said, controls, 1, facts, in_turn=False)
    assert {BY_PATH[result.path].attribute for result in report.results} == set(said.items())
    asked = provider.asked(controls)
    for result in report.results:
        field = BY_PATH[result.path]
        moved = {provider.asked(replace(controls, **{field.attribute: value})) for value in _far_apart(field.attribute)}
        is_its = provider.name in result.adapter.split(", ")
        if result.outcome is ControlOutcome.IGNORED or not is_its:
            assert moved == {asked}, result
            assert result.reason
        else:
            assert result.outcome in (ControlOutcome.APPLIED, ControlOutcome.EMULATED), result
            assert moved != {asked} or _has_nothing_to_do(field.path, controls, provider), result


@pytest.mark.parametrize("provider", PROVIDERS, ids=str)
@given(said=PATCHES)
def test_pace_is_divided_without_a_rest(provider: Provider, said: ControlPatch) -> None:
    """What the request says times what the sound gets is what the report tells."""
    if provider.role is Role.LLM:
        return
    controls = blend(Controls(), replace(said, emotion_label=None, emotion_valence=None, emotion_arousal=None))
    fitted = fit_to_adapters(controls, with_sound_path([provider.facts]))
    found = shares(fitted, provider.facts.capabilities)
    assert found.voice.speech_rate * found.tempo == pytest.approx(controls.speech_rate)
    sent = json.loads(provider.asked(controls))
    speed = sent.get("speed", 1.0) if "audio" not in sent else sent["audio"]["output"]["speed"]
    assert speed == pytest.approx(found.voice.speech_rate, abs=6e-4)  # three digits are sent
    assert SOUND_PATH in with_sound_path([provider.facts])


def _far_apart(attribute: str) -> tuple[Any, ...]:
    """Values that every provider can tell apart, at least one of them from any other one."""
    field = next(field for field in PATHS if field.attribute == attribute)
    if field.minimum is None or field.maximum is None:
        return tuple(EmotionLabel)
    return (field.minimum, (field.minimum + field.maximum) / 2, field.maximum)


def _has_nothing_to_do(path: str, controls: Controls, provider: Provider) -> bool:
    """A control that others leave nothing to: the degree of neutral, a label at degree 0, and both of them where
    valence and arousal, as far as this provider heeds them, were said by themselves."""
    is_valence_said = controls.emotion_valence is not None or not provider.does("emotion.valence")
    is_refined = is_valence_said and controls.emotion_arousal is not None
    if path == "emotion.intensity":
        return is_refined or controls.emotion_label is EmotionLabel.NEUTRAL
    return path == "emotion.label" and (is_refined or controls.emotion_intensity == 0)
