"""Who does how much of pace and pitch, and what is reported of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tth.adapters.base import Capabilities, ControlSupport, Deployment, Role, Support
from tth.adapters.registry import AdapterFacts
from tth.control.fit import fit
from tth.control.sound_path import PITCH, RATE, SOUND_PATH, needs_sound_path, shares, with_sound_path
from tth.model.controls import ControlOutcome, Controls

pytestmark = pytest.mark.unit


def voice(**controls: ControlSupport) -> Capabilities:
    """A voice that can do these: rate, pitch."""
    paths = {"rate": RATE, "pitch": PITCH}
    return Capabilities("x", Deployment.API, controls={paths[name]: support for name, support in controls.items()})


NARROW = voice(rate=ControlSupport(minimum=0.7, maximum=1.2))
IN_WORDS = voice(rate=ControlSupport(Support.EMULATED), pitch=ControlSupport(Support.EMULATED))
WHOLE = voice(rate=ControlSupport(), pitch=ControlSupport())
MUTE = voice()


@given(st.floats(0.25, 4.0), st.floats(-1.0, 1.0), st.sampled_from([NARROW, IN_WORDS, WHOLE, MUTE]))
def test_together_they_do_what_was_asked(rate: float, pitch: float, capabilities: Capabilities) -> None:
    """The voice's share times the sound's is the whole, and the voice is asked for nothing that it cannot do."""
    found = shares(Controls(speech_rate=rate, pitch_shift=pitch), capabilities)
    assert found.voice.speech_rate * found.tempo == pytest.approx(rate)
    assert found.voice.pitch_shift + found.pitch_octaves == pytest.approx(pitch)
    if capabilities is NARROW:
        assert 0.7 <= found.voice.speech_rate <= 1.2
    if capabilities is WHOLE:
        assert found.is_all_the_voices
    if capabilities in (IN_WORDS, MUTE):
        assert (found.voice.speech_rate, found.voice.pitch_shift) == (1.0, 0.0)


def test_other_controls_are_not_touched() -> None:
    """The voice gets the rest as it was asked for."""
    asked = Controls(emotion_intensity=0.9, expressivity=0.1)
    assert shares(asked, MUTE).voice == asked


@pytest.mark.parametrize(("capabilities", "needs"), [(NARROW, True), (IN_WORDS, True), (MUTE, True), (WHOLE, False)])
def test_who_needs_it(capabilities: Capabilities, needs: bool) -> None:
    """A voice that does all of it by itself is left alone."""
    facts = (AdapterFacts("some_voice", Role.TTS, capabilities),)
    assert needs_sound_path(capabilities) is needs
    assert with_sound_path(facts) == (*facts, *([SOUND_PATH] if needs else []))


def test_without_a_voice_there_is_no_sound() -> None:
    """An avatar that speaks by itself, or a language model, gives nothing to work on."""
    facts = (AdapterFacts("some_model", Role.LLM, MUTE),)
    assert with_sound_path(facts) == facts


@pytest.mark.parametrize(
    ("capabilities", "asked", "outcome", "by"),
    [
        (NARROW, 1.1, ControlOutcome.APPLIED, "some_voice"),
        (NARROW, 2.0, ControlOutcome.EMULATED, "some_voice, sound_path"),
        (IN_WORDS, 2.0, ControlOutcome.EMULATED, "sound_path"),
        (MUTE, 0.5, ControlOutcome.EMULATED, "sound_path"),
        (WHOLE, 2.0, ControlOutcome.APPLIED, "some_voice"),
    ],
)
def test_the_report_says_who(capabilities: Capabilities, asked: float, outcome: ControlOutcome, by: str) -> None:
    """Nothing is clamped that the sound path can complete."""
    facts = with_sound_path([AdapterFacts("some_voice", Role.TTS, capabilities)])
    found = fit(RATE, asked, facts)
    assert (found.value, found.outcome, found.adapter) == (asked, outcome, by)
