"""Adapters that answer at once with what lies ready: what is left is the cost of the engine and of gRPC."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass

import numpy as np

from tth.adapters.avatar import embedded_face
from tth.adapters.avatar.embedded_face import EmbeddedFace
from tth.adapters.avatar.slots import cut_slots
from tth.adapters.base import (
    AdapterSpec,
    Avatar,
    AvatarInput,
    AvatarSession,
    Capabilities,
    Deployment,
    LanguageModel,
    LlmInput,
    LlmSession,
    Persona,
    Role,
    SessionContext,
    TextPiece,
    TtsInput,
    TtsSession,
    TurnContext,
    Voice,
)
from tth.face.parameters import FaceState, neutral_weights
from tth.face.shot import Shot
from tth.model.controls import Controls
from tth.model.media import DrawnFrame, Picture, SpeechChunk, VideoCodec, WordTiming

CHUNK_SAMPLES = 960
"""40 ms: one frame at 25 fps."""
CHUNKS_PER_WORD = 8
"""A word every 320 ms, about what a person says."""
_SOUND = (np.sin(np.arange(CHUNK_SAMPLES) / 10) * 8000).astype(np.int16)


@dataclass(frozen=True, slots=True)
class Settings:
    """Nothing to set."""


class ReadyModel(LanguageModel):
    """Says back what it is told, word by word."""

    name = "ready"
    capabilities = Capabilities("says back what it is told", Deployment.EMBEDDED)

    def open_session(self, context: SessionContext) -> LlmSession:
        return _Model()


class _Model(LlmSession):
    async def infer_stream(
        self, prompt: LlmInput, control: Controls, context: TurnContext
    ) -> AsyncGenerator[TextPiece, None]:
        for word in prompt.text.split(" "):
            yield TextPiece(word + " ")


class ReadyVoice(Voice):
    """The same 40 ms again and again, eight times for each word."""

    name = "ready"
    capabilities = Capabilities("eight equal chunks for each word", Deployment.EMBEDDED)

    def open_session(self, context: SessionContext) -> TtsSession:
        return _Voice()


class _Voice(TtsSession):
    async def infer_stream(
        self, clause: TtsInput, control: Controls, context: TurnContext
    ) -> AsyncGenerator[SpeechChunk, None]:
        offset, start_sample = 0, 0
        for word in clause.text.split():
            offset = clause.text.index(word, offset)
            timing = WordTiming(word, offset, start_sample, CHUNKS_PER_WORD * CHUNK_SAMPLES)
            yield SpeechChunk(_SOUND, words=(timing,))
            for _ in range(CHUNKS_PER_WORD - 1):
                yield SpeechChunk(_SOUND)
            start_sample += timing.sample_count
            offset += len(word)


class ReadyAvatar(Avatar):
    """The same picture for every frame."""

    name = "ready"
    capabilities = Capabilities(
        "one picture", Deployment.EMBEDDED, video_codecs=(VideoCodec.JPEG, VideoCodec.H264, VideoCodec.RAW_RGB24)
    )

    def open_session(self, context: SessionContext, persona: Persona, draw: bool) -> AvatarSession:
        return _Face(draw)


class _Face(AvatarSession):
    def __init__(self, draw: bool) -> None:
        self._draw = draw
        self._face = FaceState(neutral_weights())

    async def infer_stream(
        self, spans: AsyncIterator[AvatarInput], control: Controls, context: TurnContext
    ) -> AsyncGenerator[DrawnFrame, None]:
        size = control.resolution
        picture: Picture | None = np.full((size.height_px, size.width_px, 3), 127, np.uint8) if self._draw else None
        async with aclosing(cut_slots(spans, control)) as slots:
            async for slot in slots:
                yield DrawnFrame(slot.start_sample, slot.sample_count, slot.kind, picture, self._face)


class _StillPainter:
    """A picture that lies ready, with a spot that moves, so that the encoder has something to do."""

    def __init__(self, shot: Shot) -> None:
        self.size_px = shot.width_px, shot.height_px
        across = np.linspace(60, 200, shot.width_px).astype(np.uint8)
        self._picture = np.ascontiguousarray(np.broadcast_to(across[None, :, None], (shot.height_px, shot.width_px, 3)))
        self._count = 0

    def paint(self, state: FaceState, /) -> Picture:
        self._count += 1
        third = self.size_px[1] // 3
        self._picture[third : 2 * third, third : 2 * third] = 7 * self._count % 256
        return self._picture


class _StillStudio:
    def painter(self, look: str, shot: Shot, background: str) -> _StillPainter:
        return _StillPainter(shot)

    def is_built(self, look: str) -> bool:
        return True


class UnpaintedFace(EmbeddedFace):
    """The embedded avatar with everything but its painting."""

    name = "unpainted"


def build_unpainted(settings: Settings) -> Avatar:
    return UnpaintedFace(embedded_face.Settings(), _StillStudio())


def build_model(settings: Settings) -> LanguageModel:
    return ReadyModel()


def build_voice(settings: Settings) -> Voice:
    return ReadyVoice()


def build_avatar(settings: Settings) -> Avatar:
    return ReadyAvatar()


SPECS = tuple(
    AdapterSpec(role, name, f"{__name__}:{build.__name__}", f"{__name__}:Settings")
    for role, name, build in (
        (Role.LLM, "ready", build_model),
        (Role.TTS, "ready", build_voice),
        (Role.AVATAR, "ready", build_avatar),
        (Role.AVATAR, "unpainted", build_unpainted),
    )
)
OVERRIDES = {f"roles.{role}.adapter": "ready" for role in (Role.LLM, Role.TTS, Role.AVATAR)}
"""Settings that choose them."""
READY = tuple(word for key, value in OVERRIDES.items() for word in ("--set", f"{key}={value}"))
"""The same as arguments of `bench.serve`."""
