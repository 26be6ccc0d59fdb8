"""The mock avatar."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest
import simplejpeg

from tth.adapters.avatar.mock_avatar import Settings, build, mouth_level, read_pattern
from tth.adapters.base import AvatarInput, Persona, SessionContext, TurnContext
from tth.model.controls import Controls, EmotionLabel, Resolution
from tth.model.media import DrawnFrame, FrameKind, SilenceSpan, SpeechSpan
from tth.testing.scripted import tone
from tth.testing.virtual_time import run_virtual

pytestmark = pytest.mark.pipeline


def watch(
    items: list[AvatarInput], controls: Controls | None = None, draw: bool = True, delay_ms: float = 0
) -> list[tuple[float, DrawnFrame]]:
    """The frames of a stream, each with its virtual milliseconds."""

    async def spans() -> AsyncIterator[AvatarInput]:
        for item in items:
            yield item

    async def main() -> list[tuple[float, DrawnFrame]]:
        avatar = build(Settings(frame_delay_ms=delay_ms))
        session = avatar.open_session(SessionContext("s_1"), Persona("default"), draw)
        stream = session.infer_stream(spans(), controls or Controls(), TurnContext("s_1", "t_0", 0))
        return [(round(asyncio.get_running_loop().time() * 1000, 3), frame) async for frame in stream]

    return run_virtual(main())


SPEECH: list[AvatarInput] = [
    SilenceSpan(0, 960, FrameKind.LISTENING),
    SpeechSpan(960, tone(40, 2000).pcm),
    SpeechSpan(1920, tone(40, 8000).pcm),
    SilenceSpan(2880, 960, FrameKind.THINKING),
]
KINDS = [FrameKind.LISTENING, FrameKind.SPEAKING, FrameKind.SPEAKING, FrameKind.THINKING]


@pytest.mark.parametrize("size", [Resolution(512, 512), Resolution(64, 64), Resolution(200, 130), Resolution(1024, 64)])
def test_number_and_kind_can_be_read_off_the_picture(size: Resolution) -> None:
    """At any size, and also after JPEG."""
    frames = [frame for _, frame in watch(SPEECH, Controls(resolution=size))]
    for index, frame in enumerate(frames):
        assert frame.picture is not None
        assert frame.picture.shape == (size.height_px, size.width_px, 3)
        jpeg = simplejpeg.encode_jpeg(frame.picture, quality=60)
        assert read_pattern(frame.picture) == (index, KINDS[index])
        assert read_pattern(simplejpeg.decode_jpeg(jpeg)) == (index, KINDS[index])


def test_the_mouth_follows_the_sound() -> None:
    """Closed in silence, wider and brighter the louder it is."""
    frames = [frame for _, frame in watch(SPEECH)]
    levels = [frame.face.weight("jawOpen") for frame in frames if frame.face is not None]
    light = [float(frame.picture[128:].mean()) for frame in frames if frame.picture is not None]
    assert levels[0] == levels[3] == 0
    assert 0 < levels[1] < levels[2] < 1
    assert light[0] == light[3] < light[1] < light[2]
    assert [frame.viseme for frame in frames] == ["sil", "aa", "aa", "sil"]


def test_the_motion_gain_opens_the_mouth() -> None:
    """Twice the gain, twice as wide, at most 1."""
    pcm = tone(40, 2000).pcm
    assert mouth_level(pcm, 2.0) == pytest.approx(2 * mouth_level(pcm, 1.0))
    assert mouth_level(pcm, 0.0) == 0
    assert mouth_level(np.full(960, 32767, np.int16), 2.0) == 1.0


def test_every_emotion_has_its_colour() -> None:
    """No two labels give the same picture."""
    pictures = [watch(SPEECH[:1], Controls(emotion_label=label))[0][1].picture for label in EmotionLabel]
    assert len({picture.tobytes() for picture in pictures if picture is not None}) == len(EmotionLabel)


def test_nothing_is_drawn_where_nobody_looks() -> None:
    """Motion only: the face as numbers."""
    assert all(frame.picture is None and frame.face is not None for _, frame in watch(SPEECH, draw=False))


def test_it_can_be_slow() -> None:
    """A delay before each frame."""
    assert [at for at, _ in watch(SPEECH, delay_ms=25)] == [25.0, 50.0, 75.0, 100.0]
