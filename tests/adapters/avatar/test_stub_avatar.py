"""The placeholder avatar."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tth.adapters.avatar.stub_avatar import Settings, build
from tth.adapters.base import AvatarInput, Persona, SessionContext, TurnContext
from tth.model.controls import Controls, Resolution
from tth.model.media import DrawnFrame, FrameKind, SilenceSpan, SpeechSpan, VideoCodec
from tth.testing.scripted import tone
from tth.testing.virtual_time import run_virtual

pytestmark = pytest.mark.pipeline


def watch(draw: bool) -> list[DrawnFrame]:
    async def spans() -> AsyncIterator[AvatarInput]:
        yield SpeechSpan(0, tone(100).pcm)
        yield SilenceSpan(2400, 500)

    async def main() -> list[DrawnFrame]:
        session = build(Settings(grey=99)).open_session(SessionContext("s_1"), Persona("default"), draw)
        controls = Controls(fps=30, resolution=Resolution(64, 96))
        return [frame async for frame in session.infer_stream(spans(), controls, TurnContext("s_1", "t_0", 0))]

    return run_virtual(main())


def test_every_slot_has_the_same_picture() -> None:
    """Right in size, number and time; nobody can write to what all share."""
    frames = watch(draw=True)
    assert [frame.start_sample for frame in frames] == [0, 800, 1600, 2400]
    assert [frame.kind for frame in frames] == [FrameKind.SPEAKING] * 3 + [FrameKind.IDLE]
    for frame in frames:
        assert frame.picture is not None
        assert frame.picture.shape == (96, 64, 3)
        assert (frame.picture == 99).all()
        assert not frame.picture.flags.writeable


def test_nothing_is_drawn_where_nobody_looks() -> None:
    """Frames without pictures keep their times."""
    assert [frame.picture for frame in watch(draw=False)] == [None] * 4


def test_it_offers_raw_pixels_only() -> None:
    """No codec is promised that it was not made for."""
    assert build(Settings()).capabilities.video_codecs == (VideoCodec.RAW_RGB24,)
