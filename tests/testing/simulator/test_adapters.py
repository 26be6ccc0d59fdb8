"""The simulated adapters: bad in behaviour, not in form."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from random import Random

import numpy as np
import pytest

from tth.adapters.base import AvatarInput, Persona, SessionContext, TtsInput, TurnContext
from tth.model.controls import Controls
from tth.model.media import DrawnFrame, SilenceSpan, SpeechChunk
from tth.testing.simulator.adapters import SimulatedVoice, VoiceTraits
from tth.testing.simulator.avatar import AvatarTraits, SimulatedAvatar
from tth.testing.simulator.cast import Cast, Fault
from tth.testing.simulator.world import SMALL
from tth.testing.virtual_time import run_virtual

pytestmark = pytest.mark.pipeline
SESSION, TURN = SessionContext("s_test"), TurnContext("s_test", "t_1", 1)


def spoken(cast: Cast, text: str, words_first: bool = False) -> list[SpeechChunk]:
    """One clause, as a voice that is slow and pauses says it."""
    traits = VoiceTraits(50, 1.2, 300, 40, 20.0, 1.0, words_first)

    async def main() -> list[SpeechChunk]:
        session = SimulatedVoice(cast, traits).open_session(SESSION)
        stream = session.infer_stream(TtsInput(text), Controls(), TURN)
        return [chunk async for chunk in stream if isinstance(chunk, SpeechChunk)]

    return run_virtual(main())


@pytest.mark.parametrize("words_first", [True, False])
def test_a_words_samples_carry_its_number(words_first: bool) -> None:
    """So that whoever hears them knows which word it was; its times are those of the samples."""
    cast = Cast(Random(1), 0.0)
    chunks = spoken(cast, "One, two; three four.", words_first)
    sound = np.concatenate([chunk.pcm for chunk in chunks])
    timings = [word for chunk in chunks for word in chunk.words]
    assert [word.word for word in timings] == ["One", "two", "three", "four"]
    for timing, said in zip(timings, cast.sounds["t_1"].words, strict=True):
        stretch = sound[timing.start_sample : timing.start_sample + timing.sample_count]
        assert set(stretch) == {said.number}
        assert cast.words[said.number].text == timing.word
    assert b"".join(cast.sounds["t_1"].pcm) == sound.tobytes()


def test_words_come_no_later_than_their_sound() -> None:
    """The contract of a voice."""
    at = 0
    for chunk in spoken(Cast(Random(1), 0.0), "One, two; three four."):
        assert all(word.start_sample >= at for word in chunk.words)
        assert all(word.start_sample < at + len(chunk.pcm) for word in chunk.words)
        at += len(chunk.pcm)


def test_every_fault_occurs_and_none_when_calm() -> None:
    """A cast draws all of them, and nothing goes wrong any more once it is told to be calm."""
    cast = Cast(Random(1), 1.0)
    assert {cast.draw_fault("tts") for _ in range(200)} == set(Fault) - {Fault.NONE}
    cast.is_calm = True
    assert cast.draw_fault("tts") is Fault.NONE


def frames(traits: AvatarTraits, seconds: int = 2) -> list[tuple[float, DrawnFrame]]:
    """What an avatar gives for silence, and when."""

    async def spans() -> AsyncIterator[AvatarInput]:
        for number in range(10 * seconds):
            yield SilenceSpan(2400 * number, 2400)

    async def main() -> list[tuple[float, DrawnFrame]]:
        avatar = SimulatedAvatar(Cast(Random(1), 0.0), traits)
        session = avatar.open_session(SESSION, Persona("default"), draw=True)
        stream = session.infer_stream(spans(), Controls(fps=10, resolution=SMALL), TURN)
        return [(asyncio.get_running_loop().time(), frame) async for frame in stream]

    return run_virtual(main())


def test_a_good_avatar_fills_every_slot() -> None:
    """One frame each, at once."""
    starts = [frame.start_sample for _, frame in frames(AvatarTraits())]
    assert starts == [2400 * number for number in range(20)]


def test_bad_avatars_are_bad_in_their_way() -> None:
    """Each trait shows."""
    assert len(frames(AvatarTraits(drops=0.5))) < 16
    assert len(frames(AvatarTraits(doubles=1.0))) == 40
    assert frames(AvatarTraits(work_ms=100))[-1][0] == pytest.approx(2.0)
    assert frames(AvatarTraits(stall_ms=700))[0][0] == pytest.approx(0.7)
    assert [frame.start_sample for _, frame in frames(AvatarTraits(early_ms=80))][1] == 2400 - 1920
    assert len(frames(AvatarTraits(fps=5))) == 10
    assert frames(AvatarTraits(clock=1.1))[-1][1].start_sample > 19 * 2400
    assert len(frames(AvatarTraits(lag_frames=3, burst=4))) == 20
