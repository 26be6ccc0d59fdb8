"""Whole conversations with voices that give sound and nothing else: the lips are read from it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.face.scripts import gap
from tests.face.spoken import sentences
from tests.server.caller import Caller, conversation, kind, run
from tth.adapters.avatar import embedded_face
from tth.adapters.base import RealtimeOutput, TextPiece
from tth.adapters.registry import Adapters
from tth.face.parameters import FaceState
from tth.model.media import SpeechChunk
from tth.testing.harness import make_server, mock_adapters, running_server
from tth.testing.scripted import Give, ScriptedRealtime, ScriptedVoice
from tth.v1 import media_pb2
from tth.v1.converse_pb2 import ConverseResponse
from tth.v1.media_pb2 import MediaPreferences

pytestmark = pytest.mark.embedded

FRAME = 960
"""40 ms in samples."""
UNHURRIED = 2.0
"""Fast time that leaves a busy machine 20 ms for each frame, so that it leaves out none or few."""
MOTION = MediaPreferences(video_codec=media_pb2.VIDEO_CODEC_NONE, motion=True)


def chunks() -> list[SpeechChunk]:
    """A sentence as most providers give it: 40 ms of sound after 40 ms, without a single timing."""
    pcm = (sentences()[0].sound * 32767).astype(np.int16)
    return [SpeechChunk(pcm[at : at + FRAME]) for at in range(0, len(pcm), FRAME)]


def check_lips(turn: list[ConverseResponse]) -> None:
    """The lips open with the sound, within a frame of it, close for its bilabials, and show many visemes."""
    frames = [event.motion_frame for event in turn if kind(event) == "motion_frame"]
    audio = [event.audio_chunk for event in turn if kind(event) == "audio_chunk"]
    sound = np.concatenate([np.frombuffer(chunk.data, "<i2") for chunk in audio]).astype(float)
    begins = [(frame.pts_us - audio[0].pts_us) * 24 // 1000 for frame in frames]
    spoken = [(at, frame) for at, frame in zip(begins, frames, strict=True) if FRAME <= at <= len(sound) - 2 * FRAME]
    gaps = [gap(FaceState(np.array(frame.blendshapes, np.float32))) for _, frame in spoken]
    assert len(gaps) > 40
    assert max(correlation(gaps, [level(sound, at + lag) for at, _ in spoken]) for lag in (-FRAME, 0, FRAME)) > 0.4
    assert max(gaps) > 0.2
    assert sum(1 for value in gaps if value < 0.02) >= 4
    assert len({frame.viseme for frame in frames}) > 5


def level(sound: NDArray[np.float64], at: int) -> float:
    """Of the frame of sound that begins there."""
    return float(np.sqrt(np.mean(sound[at : at + FRAME] ** 2)))


def correlation(one: list[float], other: list[float]) -> float:
    return float(np.corrcoef(one, other)[0, 1])


async def spoken_turn(caller: Caller) -> list[ConverseResponse]:
    await caller.text("Maybe Bob bought five big boxes of moving pumps for his mother.")
    return await caller.turn()


def test_a_voice_without_timings_moves_the_lips() -> None:
    """A text-to-speech provider that answers with sound alone."""
    adapters = Adapters(
        llm=mock_adapters().llm,
        tts=ScriptedVoice([Give(chunk) for chunk in chunks()]),
        avatar=embedded_face.build(embedded_face.Settings(preload=())),
    )

    async def main() -> None:
        async with running_server(make_server(adapters)) as server, conversation(server, media=MOTION) as caller:
            check_lips(await spoken_turn(caller))

    run(main(), factor=UNHURRIED)


def test_a_realtime_model_moves_the_lips() -> None:
    """One that gives text and sound in one stream."""
    outputs: list[RealtimeOutput] = [TextPiece("Maybe Bob bought boxes."), *chunks()]
    adapters = Adapters(
        realtime=ScriptedRealtime([Give(output) for output in outputs]),
        avatar=embedded_face.build(embedded_face.Settings(preload=())),
    )

    async def main() -> None:
        async with running_server(make_server(adapters)) as server, conversation(server, media=MOTION) as caller:
            await caller.talk("What did Bob buy?")
            check_lips(await caller.turn())

    run(main(), factor=UNHURRIED)
