"""What was asked for when, and what of it holds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.session.scene import PERSONAS
from tth.adapters.base import Capabilities, ControlSupport, Deployment, Persona, Role, Support
from tth.adapters.registry import AdapterFacts
from tth.control.personas import PersonaConfig
from tth.errors import InvalidRequest
from tth.model.controls import BACKGROUNDS, BY_PATH, ControlOutcome, ControlPatch, Controls, EmotionLabel, Framing
from tth.model.media import MediaPreferences, VideoCodec
from tth.session.control_layers import ControlLayers, check_patch

pytestmark = pytest.mark.unit

ALL = {path: ControlSupport() for path in BY_PATH}
AVATAR = AdapterFacts(
    "all",
    Role.AVATAR,
    Capabilities("does all", Deployment.EMBEDDED, ALL, backgrounds=(*BACKGROUNDS, "office"), framings=tuple(Framing)),
)


def facts_for(persona: Persona) -> tuple[AdapterFacts, ...]:
    """Of the persona "flat" the look cannot be taken off its wall."""
    if persona.persona_id != "flat":
        return (AVATAR,)
    fixed = {**ALL, "render.background": ControlSupport(Support.NONE, reason="it is a photograph")}
    return (replace(AVATAR, capabilities=replace(AVATAR.capabilities, controls=fixed)),)


SLOW = ControlPatch(speech_rate=0.5)
FAST = ControlPatch(speech_rate=2.0)


def layers(session: ControlPatch | None = None, media: MediaPreferences | None = None) -> ControlLayers:
    lively = PersonaConfig(Persona("lively"), ControlPatch(expressivity=0.9, speech_rate=1.25))
    personas = {**PERSONAS, "lively": lively, "flat": PersonaConfig(Persona("flat"))}
    names = (*BACKGROUNDS, "office")
    return ControlLayers(Controls(), personas, facts_for, session or ControlPatch(), media=media, backgrounds=names)


def test_a_stronger_layer_wins() -> None:
    """Persona, session, update, turn: each over the one before, field by field."""
    made = layers(ControlPatch(persona_id="lively"))
    assert made.now().controls.speech_rate == 1.25
    made = layers(ControlPatch(persona_id="lively", speech_rate=0.5))
    assert made.now().controls.speech_rate == 0.5
    assert made.now().controls.expressivity == 0.9
    made.update(FAST, (), None)
    assert made.now().controls.speech_rate == 2.0
    assert made.for_turn(ControlPatch(speech_rate=3.0)).controls.speech_rate == 3.0
    assert made.now().controls.speech_rate == 2.0


def test_clearing_gives_back_to_the_layer_below() -> None:
    """An update that is cleared leaves the session's value; a path both cleared and set is set."""
    made = layers(SLOW)
    made.update(FAST, (), None)
    assert made.update(ControlPatch(), ("character.speech_rate",), None).controls.speech_rate == 0.5
    assert made.update(FAST, ("character.speech_rate",), None).controls.speech_rate == 2.0


def test_neutral_is_said_until_it_is_cleared() -> None:
    """A provider is told of it, as of any other feeling; of nothing said it is told nothing."""
    made = layers()
    assert not made.now().controls.emotion_is_said
    neutral = ControlPatch(emotion_label=EmotionLabel.NEUTRAL)
    assert made.for_turn(neutral).controls.emotion_is_said
    assert made.update(neutral, (), None).controls.emotion_is_said
    assert not made.update(ControlPatch(), ("emotion.label",), None).controls.emotion_is_said


def test_revisions_rise_with_every_change() -> None:
    """One for an update, one for a turn with controls of its own, none for a turn without."""
    made = layers()
    assert made.now().report.control_revision == 1
    assert made.update(FAST, (), None).report.control_revision == 2
    assert made.for_turn(ControlPatch()).report.control_revision == 2
    assert made.for_turn(SLOW).report.control_revision == 3
    assert made.now().report.control_revision == 3


def test_the_report_has_every_requested_path() -> None:
    """Of the session, the update and the turn for a turn; of the update alone for its acknowledgement."""
    made = layers(ControlPatch(motion_gain=0.5))
    ack = made.update(FAST, (), None)
    assert [result.path for result in ack.report.results] == ["character.speech_rate"]
    turn = made.for_turn(ControlPatch(emotion_label=EmotionLabel.SAD))
    assert [result.path for result in turn.report.results] == [
        "emotion.label",
        "character.speech_rate",
        "character.motion_gain",
    ]


def test_in_a_turn_some_things_wait() -> None:
    """The running turn keeps its persona and frame rate and takes the emotion; the report says which."""
    made = layers()
    running = made.now().controls
    asked = ControlPatch(persona_id="lively", fps=10, emotion_label=EmotionLabel.HAPPY)
    decided = made.update(asked, (), running)
    assert (decided.controls.persona_id, decided.controls.fps) == ("default", 25)
    assert decided.controls.emotion_label is EmotionLabel.HAPPY
    assert decided.report.effective == decided.controls
    outcomes = {result.path: result.outcome for result in decided.report.results}
    assert outcomes == {
        "emotion.label": ControlOutcome.APPLIED,
        "character.persona_id": ControlOutcome.DEFERRED,
        "render.fps": ControlOutcome.DEFERRED,
    }
    after = made.for_turn(ControlPatch())
    assert (after.controls.persona_id, after.controls.fps) == ("lively", 10)
    assert after.persona.persona_id == "lively"


def test_a_refused_update_changes_nothing() -> None:
    """Neither value nor revision, whether a control or a path is wrong."""
    made = layers()
    before = made.now()
    for patch, paths in ((ControlPatch(fps=0), ()), (FAST, ("no.such",))):
        with pytest.raises(InvalidRequest):
            made.update(patch, paths, None)
    with pytest.raises(InvalidRequest):
        made.for_turn(ControlPatch(persona_id="nobody"))
    assert made.now() == before


def test_wrong_fields_are_named_with_their_place() -> None:
    """The path in the message that they came with, all of them, and what is allowed."""
    wrong = replace(FAST, fps=0, persona_id="nobody")
    with pytest.raises(InvalidRequest) as refused:
        check_patch(wrong, PERSONAS, BACKGROUNDS, "here")
    assert [(v.field, v.allowed) for v in refused.value.violations] == [
        ("here.character.persona_id", "one of default, a, b, c, d, e"),
        ("here.render.fps", "1..60"),
    ]
    assert refused.value.reason == "CONTROL_INVALID"
    assert "nobody" not in refused.value.message


def test_a_session_cannot_begin_with_a_wrong_control() -> None:
    """As in CreateSession."""
    with pytest.raises(InvalidRequest, match=r"controls\.render\.fps"):
        layers(ControlPatch(fps=0))


def test_unknown_backgrounds_are_refused_with_those_that_are_known() -> None:
    """The server's own pictures are among them; a path is no name."""
    assert layers(ControlPatch(background="office")).now().controls.background == "office"
    with pytest.raises(InvalidRequest) as refused:
        layers(ControlPatch(background="/etc/office.jpg"))
    (violation,) = refused.value.violations
    assert violation.field == "controls.render.background"
    assert violation.allowed == 'one of studio, room, green, transparent, office or a colour as "#rrggbb"'


@pytest.mark.parametrize("codec", VideoCodec)
def test_alpha_asks_for_no_background(codec: VideoCodec) -> None:
    """A codec without alpha shows green instead, and says so; a background that is named comes first."""
    media = MediaPreferences(video_codec=codec, alpha=True)
    now = layers(media=media).now()
    (result,) = now.report.results
    assert (result.path, result.requested) == ("render.background", "transparent")
    if codec.has_alpha or codec is VideoCodec.NONE:
        assert (now.controls.background, result.outcome) == ("transparent", ControlOutcome.APPLIED)
    else:
        assert (now.controls.background, result.outcome) == ("green", ControlOutcome.SUBSTITUTED)
        assert result.reason == f"{codec} has no alpha channel"
    assert layers(ControlPatch(background="room"), media).now().controls.background == "room"


def test_what_a_look_cannot_do_is_said() -> None:
    """One person stands before another background, the next one cannot: it is ignored, with the reason."""
    made = layers(ControlPatch(background="room"))
    assert made.now().report.results[0].outcome is ControlOutcome.APPLIED
    decided = made.update(ControlPatch(persona_id="flat", background="green"), (), None)
    result = decided.report.results[1]
    assert (result.outcome, result.effective, result.reason) == (
        ControlOutcome.IGNORED,
        "studio",
        "it is a photograph",
    )
    assert decided.controls.background == "studio"
