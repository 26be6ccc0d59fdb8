"""The least avatar: the same plain picture in every slot, raw.

For a caller that needs frames of the right size and time and looks at none of them. Honours size and rate and nothing
else. Tests: tests/adapters/avatar/test_stub_avatar.py.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field

import numpy as np

from tth.adapters.avatar.slots import cut_slots
from tth.adapters.base import (
    Avatar,
    AvatarInput,
    AvatarSession,
    Capabilities,
    ControlSupport,
    Deployment,
    Persona,
    SessionContext,
    TurnContext,
)
from tth.model.controls import Controls, Resolution
from tth.model.media import DrawnFrame, Picture, VideoCodec


@dataclass(frozen=True, slots=True)
class Settings:
    """What the placeholder looks like."""

    grey: int = field(default=128, metadata={"minimum": 0, "maximum": 255})
    """0..255, of every pixel."""


class StubAvatar(Avatar):
    """A placeholder."""

    name = "stub_avatar"
    capabilities = Capabilities(
        "a plain grey placeholder, raw pixels only",
        Deployment.EMBEDDED,
        controls={path: ControlSupport() for path in ("render.fps", "render.resolution")},
        video_codecs=(VideoCodec.RAW_RGB24,),
    )

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def open_session(self, context: SessionContext, persona: Persona, draw: bool) -> AvatarSession:
        return _Session(self._settings, draw)


class _Session(AvatarSession):
    def __init__(self, settings: Settings, draw: bool) -> None:
        self._settings = settings
        self._draw = draw

    async def infer_stream(
        self, spans: AsyncIterator[AvatarInput], control: Controls, context: TurnContext
    ) -> AsyncGenerator[DrawnFrame, None]:
        picture = self._placeholder(control.resolution) if self._draw else None
        async with aclosing(cut_slots(spans, control)) as slots:
            async for slot in slots:
                yield DrawnFrame(
                    slot.start_sample, slot.sample_count, slot.kind, picture, control_revision=slot.control_revision
                )

    def _placeholder(self, size: Resolution) -> Picture:
        """One for the whole stream, read-only because all frames share it."""
        picture = np.full((size.height_px, size.width_px, 3), self._settings.grey, np.uint8)
        picture.flags.writeable = False
        return picture


def build(settings: Settings) -> StubAvatar:
    """The adapter, not yet loaded."""
    return StubAvatar(settings)
