"""An avatar for tests: a coloured picture that shows what it knows so that a program can read it off again.

From the top: a row of 16 blocks, white for one and black for nought, with the slot's number in its stream; a row of
four blocks, the one of the frame's kind white; then a field whose colour is the emotion and whose brightness follows
the sound, and in it a white mouth bar as high as the sound is loud. The blocks outlive JPEG and H.264. `jawOpen` of
the face carries the same level. Nothing is remembered between streams, nothing takes time beyond `frame_delay_ms`.
Tests: tests/adapters/avatar/test_mock_avatar.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tth.adapters.avatar.slots import Slot, cut_slots
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
from tth.face.parameters import INDEX, FaceState, neutral_weights
from tth.model.controls import Controls, Resolution
from tth.model.media import DrawnFrame, FrameKind, Pcm, Picture, VideoCodec

NUMBER_BITS = 16
KINDS = tuple(FrameKind)
FULL_LEVEL = 0.3
"""Root mean square of full scale at which the mouth is wide open: about that of a mock voice that shouts."""
SHOWN_CONTROLS = (
    "emotion.label",
    "emotion.intensity",
    "emotion.valence",
    "emotion.arousal",
    "character.motion_gain",
    "render.fps",
    "render.resolution",
)


@dataclass(frozen=True, slots=True)
class Settings:
    """How the mock avatar behaves."""

    frame_delay_ms: float = field(default=0.0, metadata={"minimum": 0, "maximum": 60000})
    """0..60000, before each frame: an avatar that is slow."""


class MockAvatar(Avatar):
    """Patterns instead of a face."""

    name = "mock_avatar"
    capabilities = Capabilities(
        "a pattern that shows slot, kind, emotion and loudness, for tests",
        Deployment.EMBEDDED,
        controls={path: ControlSupport() for path in SHOWN_CONTROLS},
        video_codecs=(VideoCodec.JPEG, VideoCodec.H264, VideoCodec.RAW_RGB24),
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
        async with aclosing(cut_slots(spans, control)) as slots:
            async for slot in slots:
                if self._settings.frame_delay_ms:
                    await asyncio.sleep(self._settings.frame_delay_ms / 1000)
                yield self._frame(slot, control.resolution)

    def _frame(self, slot: Slot, size: Resolution) -> DrawnFrame:
        level = mouth_level(slot.pcm, slot.controls.motion_gain)
        weights = neutral_weights()
        weights[INDEX["jawOpen"]] = level
        return DrawnFrame(
            slot.start_sample,
            slot.sample_count,
            slot.kind,
            draw_pattern(slot, level, size) if self._draw else None,
            FaceState(weights),
            viseme="aa" if level > 0 else "sil",
            control_revision=slot.control_revision,
        )


def mouth_level(pcm: Pcm, motion_gain: float) -> float:
    """How wide the mouth is open, 0..1: the sound's root mean square against `FULL_LEVEL`, times the gain."""
    energy = float(np.sqrt(np.mean(np.square(pcm.astype(np.float64) / 32768))))
    return min(1.0, energy / FULL_LEVEL * motion_gain)


def draw_pattern(slot: Slot, level: float, size: Resolution) -> Picture:
    """The picture described in the module's docstring; a fresh array."""
    height, width = size.height_px, size.width_px
    picture: Picture = np.empty((height, width, 3), np.uint8)
    row = height // 8
    bits = [(slot.index >> bit) & 1 for bit in range(NUMBER_BITS)]
    picture[:row] = _blocks(np.array(bits), width)
    picture[row : 2 * row] = _blocks(np.array([kind == slot.kind for kind in KINDS]), width)
    valence, arousal = slot.controls.affect
    hue = np.array([128 + 96 * arousal, 128 + 96 * valence, 128 - 96 * valence])
    picture[2 * row :] = (hue * (0.4 + 0.6 * level)).astype(np.uint8)
    middle, half = 5 * row, round(2 * row * level)
    picture[middle - half : middle + half, width // 4 : width - width // 4] = 255
    return picture


def read_pattern(picture: Picture) -> tuple[int, FrameKind]:
    """(slot number modulo 2^16, kind) of a picture of the mock avatar, also after a lossy codec."""
    row = picture.shape[0] // 8
    bits = _read_blocks(picture[:row], NUMBER_BITS)
    kinds = _read_blocks(picture[row : 2 * row], len(KINDS))
    return sum(1 << int(bit) for bit in np.flatnonzero(bits > 127)), KINDS[int(np.argmax(kinds))]


def _blocks(lit: NDArray[np.int_ | np.bool_], width: int) -> NDArray[np.uint8]:
    """One row of pixels, shape (width, 1), with an equal block for each value."""
    return np.where(lit[np.arange(width) * len(lit) // width], 255, 0).astype(np.uint8)[:, None]


def _read_blocks(rows: Picture, count: int) -> NDArray[np.float64]:
    """Mean brightness of each block's inner half, where a codec's ringing does not reach."""
    height, width = rows.shape[:2]
    edges = [width * index // count for index in range(count + 1)]
    inner = rows[height // 4 : height - height // 4]
    blocks = [(left + (right - left) // 4, right - (right - left) // 4) for left, right in pairwise(edges)]
    return np.array([inner[:, left:right].mean() for left, right in blocks])


def build(settings: Settings) -> MockAvatar:
    """The adapter, not yet loaded."""
    return MockAvatar(settings)
