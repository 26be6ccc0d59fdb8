"""Short ways to say what a session wants."""

from __future__ import annotations

import pytest

from tth.client import controls, media
from tth.v1 import controls_pb2 as pb
from tth.v1 import media_pb2

pytestmark = pytest.mark.unit


def test_only_what_is_given_is_present() -> None:
    """Also where it is the default or zero."""
    message = controls(intensity=0.0, pitch=0.0, persona="")
    assert message == pb.Controls(
        emotion=pb.Emotion(intensity=0.0), character=pb.Character(pitch_shift=0.0, persona_id="")
    )
    assert message.emotion.HasField("intensity")
    assert not message.emotion.HasField("label")
    assert not message.HasField("render")
    assert controls() == pb.Controls()


def test_every_control_reaches_its_field() -> None:
    """Words become the enums of the contract."""
    message = controls(
        emotion="Happy",
        intensity=0.5,
        valence=-0.5,
        arousal=0.25,
        persona="casual",
        rate=1.5,
        pitch=-0.25,
        expressivity=0.75,
        motion=2.0,
        fps=30,
        size=(640, 480),
        latency="low",
        idle="none",
        background="#102030",
    )
    assert message == pb.Controls(
        emotion=pb.Emotion(label=pb.EMOTION_LABEL_HAPPY, intensity=0.5, valence=-0.5, arousal=0.25),
        character=pb.Character(
            persona_id="casual", speech_rate=1.5, pitch_shift=-0.25, expressivity=0.75, motion_gain=2.0
        ),
        render=pb.Render(
            fps=30,
            resolution=pb.Resolution(width_px=640, height_px=480),
            latency_mode=pb.LATENCY_MODE_LOW,
            idle_mode=pb.IDLE_MODE_NONE,
            background="#102030",
        ),
    )


@pytest.mark.parametrize("word", ["joyful", "unspecified", ""])
def test_a_word_that_the_contract_has_not_is_refused_with_the_choices(word: str) -> None:
    """Before anything is sent."""
    with pytest.raises(ValueError, match="neutral, happy, sad"):
        controls(emotion=word)


def test_media_preferences() -> None:
    """Words by default, motion on demand."""
    assert media(video="jpeg", motion=True) == media_pb2.MediaPreferences(
        video_codec=media_pb2.VIDEO_CODEC_JPEG, motion=True, word_timings=True
    )
    with pytest.raises(ValueError, match="h264"):
        media(video="vp9")
