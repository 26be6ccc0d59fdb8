"""Tests of tth.control.fit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.control.patches import patches
from tth.adapters.base import Capabilities, ControlSupport, Deployment, Role, Support
from tth.adapters.registry import AdapterFacts
from tth.control.fit import Fit, fit, fit_to_adapters
from tth.core.blend import blend
from tth.model.controls import (
    BY_PATH,
    ControlOutcome,
    ControlPatch,
    Controls,
    Framing,
    IdleMode,
    LatencyMode,
    Resolution,
)
from tth.model.media import VideoCodec

pytestmark = pytest.mark.unit


def adapter(name: str, role: Role = Role.TTS, **more: object) -> AdapterFacts:
    return AdapterFacts(name, role, Capabilities("for tests", Deployment.EMBEDDED, **more))  # type: ignore[arg-type]


def voice(name: str, path: str, *args: object) -> AdapterFacts:
    return adapter(name, controls={path: ControlSupport(*args)})  # type: ignore[arg-type]


RATE = "character.speech_rate"
SMALL, LARGE = Resolution(256, 256), Resolution(512, 512)


def test_a_native_control_is_applied() -> None:
    """As asked, by the adapter that does it."""
    assert fit(RATE, 1.5, [voice("v", RATE)]) == Fit(1.5, ControlOutcome.APPLIED, "", "v")


@pytest.mark.parametrize(("wanted", "done"), [(3.0, 2.0), (0.3, 0.5)])
def test_a_narrower_range_clamps(wanted: float, done: float) -> None:
    """The nearest that the adapter can do."""
    assert fit(RATE, wanted, [voice("v", RATE, Support.NATIVE, 0.5, 2)]) == Fit(
        done, ControlOutcome.CLAMPED, "the limit of v", "v"
    )


def test_the_rounding_of_the_wire_is_no_clamping() -> None:
    """0.8 as a 32-bit float is a little more than 0.8; the limit 0.8 still holds it."""
    wanted = float(np.float32(0.8))
    found = fit("emotion.intensity", wanted, [voice("v", "emotion.intensity", Support.NATIVE, 0, 0.8)])
    assert wanted > 0.8
    assert found == Fit(wanted, ControlOutcome.APPLIED, "", "v")


def test_a_limit_may_stand_only_on_one_side() -> None:
    """Where the adapter names no limit, the contract's holds."""
    assert fit(RATE, 4.0, [voice("v", RATE, Support.NATIVE, 0.5, None)]).outcome is ControlOutcome.APPLIED


def test_imitation_is_said() -> None:
    """What is done by other means is reported so."""
    assert fit(RATE, 1.5, [voice("v", RATE, Support.EMULATED)]) == Fit(
        1.5, ControlOutcome.EMULATED, "imitated by v", "v"
    )


def test_who_imitates_beside_the_best_is_named() -> None:
    """A feeling is shown by a face and told to a voice; pace is done once, and a voice that cannot is not named."""
    face = voice("face", "emotion.label")
    told = voice("told", "emotion.label", Support.EMULATED)
    mute = voice("mute", "emotion.label", Support.NONE)
    assert fit("emotion.label", "sad", [told, mute, face]) == Fit("sad", ControlOutcome.APPLIED, "", "face, told")
    words = voice("words", RATE, Support.EMULATED)
    assert fit(RATE, 1.5, [words, voice("v", RATE)]) == Fit(1.5, ControlOutcome.APPLIED, "", "v")


def test_what_nobody_does_is_ignored() -> None:
    """Not listed, or listed as impossible: the product's default holds."""
    expected = Fit(1.0, ControlOutcome.IGNORED, "no adapter in use can do it")
    assert fit(RATE, 1.5, []) == expected
    assert fit(RATE, 1.5, [voice("v", "emotion.label"), voice("w", RATE, Support.NONE)]) == expected


def test_the_best_support_wins_and_equals_are_all_named() -> None:
    """Native beats imitated; of two native ones the one that comes nearest decides."""
    adapters = [
        voice("imitator", RATE, Support.EMULATED),
        voice("narrow", RATE, Support.NATIVE, 0.5, 2),
        voice("wide", RATE, Support.NATIVE, 0.5, 3),
    ]
    assert fit(RATE, 4.0, adapters) == Fit(3.0, ControlOutcome.CLAMPED, "the limit of narrow, wide", "narrow, wide")


def test_the_nearest_offered_picture_is_substituted() -> None:
    """An avatar with fixed sizes gives the nearest one."""
    face = adapter("face", Role.AVATAR, resolutions=(SMALL, LARGE))
    assert fit("render.resolution", Resolution(480, 480), [face]) == Fit(
        LARGE, ControlOutcome.SUBSTITUTED, "nearest that face offers", "face"
    )
    assert fit("render.resolution", SMALL, [face]).outcome is ControlOutcome.APPLIED


def test_the_fastest_offered_rate_is_substituted() -> None:
    """An avatar with 30 frames a second gives 30 when asked for 60."""
    face = adapter("face", Role.AVATAR, max_fps=30)
    assert fit("render.fps", 60, [face]) == Fit(30, ControlOutcome.SUBSTITUTED, "nearest that face offers", "face")


def test_every_avatar_has_rate_and_size() -> None:
    """By contract, without saying so; a voice has not."""
    assert fit("render.fps", 30, [adapter("face", Role.AVATAR)]).outcome is ControlOutcome.APPLIED
    assert fit("render.fps", 30, [adapter("voice")]).outcome is ControlOutcome.IGNORED


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("character.persona_id", "excited"),
        ("render.latency_mode", LatencyMode.LOW),
        ("render.idle_mode", IdleMode.NONE),
    ],
)
def test_the_server_does_its_own(path: str, value: object) -> None:
    """Persona, latency and idle mode need no adapter."""
    assert fit(path, value, []) == Fit(value, ControlOutcome.APPLIED)


def _support(path: str) -> st.SearchStrategy[ControlSupport]:
    field = BY_PATH[path]
    if field.minimum is None:
        return st.builds(ControlSupport, st.sampled_from(Support))
    limit = st.none() | st.floats(field.minimum, field.maximum)
    middle = (field.minimum + (field.maximum or 0)) / 2
    return st.builds(
        ControlSupport,
        st.sampled_from(Support),
        limit.map(lambda low: low if low is None else min(low, middle)),
        limit.map(lambda high: high if high is None else max(high, middle)),
    )


@st.composite
def facts(draw: st.DrawFn) -> AdapterFacts:
    """Any adapter."""
    paths = draw(st.sets(st.sampled_from(sorted(BY_PATH))))
    return adapter(
        draw(st.sampled_from("abc")),
        draw(st.sampled_from(Role)),
        controls={path: draw(_support(path)) for path in paths},
        resolutions=draw(st.sampled_from([(), (SMALL,), (SMALL, LARGE)])),
        max_fps=draw(st.sampled_from([12, 30, 60])),
    )


@given(patches(), st.lists(facts(), max_size=3))
def test_fitting_twice_changes_nothing(patch: ControlPatch, adapters: list[AdapterFacts]) -> None:
    """What fits stays, and every value stays within the contract."""
    fitted = fit_to_adapters(blend(Controls(), patch), adapters)
    assert fit_to_adapters(fitted, adapters) == fitted
    for path, field in BY_PATH.items():
        value = getattr(fitted, field.attribute)
        if field.minimum is not None and field.maximum is not None and value is not None:
            assert field.minimum <= value <= field.maximum, path


def test_unset_affect_stays_unset() -> None:
    """None means the label's own point and is nobody's business to narrow."""
    assert fit_to_adapters(Controls(), []).emotion_valence is None


SCENES = adapter(
    "face",
    Role.AVATAR,
    controls={"render.background": ControlSupport(), "render.framing": ControlSupport()},
    backgrounds=("studio", "green", "transparent", "office"),
    framings=(Framing.BUST, Framing.HEAD),
)
WALL = adapter(
    "wall", Role.AVATAR, controls={"render.background": ControlSupport(), "render.framing": ControlSupport()}
)


@pytest.mark.parametrize("background", ["studio", "green", "office", "#102030"])
def test_a_background_that_is_offered_is_applied(background: str) -> None:
    """A name of the avatar's, or any colour."""
    assert fit("render.background", background, [SCENES]) == Fit(background, ControlOutcome.APPLIED, "", "face")


def test_a_background_that_is_not_offered_becomes_the_studio() -> None:
    """Known to the server, but not to this avatar."""
    expected = Fit("studio", ControlOutcome.SUBSTITUTED, "nearest that wall offers", "wall")
    assert fit("render.background", "room", [WALL]) == expected
    assert fit("render.background", "transparent", [WALL], VideoCodec.H264) == expected


@pytest.mark.parametrize("codec", VideoCodec)
def test_a_clear_background_needs_a_codec_with_alpha(codec: VideoCodec) -> None:
    """Else it is green, and that is said; where no pictures are sent nothing is missing."""
    found = fit("render.background", "transparent", [SCENES], codec)
    if codec.has_alpha or codec is VideoCodec.NONE:
        assert found == Fit("transparent", ControlOutcome.APPLIED, "", "face")
    else:
        assert found == Fit("green", ControlOutcome.SUBSTITUTED, f"{codec} has no alpha channel", "face")


def test_a_framing_is_done_or_replaced() -> None:
    """By one that the avatar has."""
    assert fit("render.framing", Framing.HEAD, [SCENES]).outcome is ControlOutcome.APPLIED
    assert fit("render.framing", Framing.HEAD, [WALL]) == Fit(
        Framing.BUST, ControlOutcome.SUBSTITUTED, "nearest that wall offers", "wall"
    )


def test_the_reason_why_not_is_the_adapters() -> None:
    """Where it gives one."""
    flat = adapter(
        "f", Role.AVATAR, controls={"render.background": ControlSupport(Support.NONE, reason="a photograph")}
    )
    assert fit("render.background", "room", [flat]) == Fit("studio", ControlOutcome.IGNORED, "a photograph")
