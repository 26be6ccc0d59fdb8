"""Every queue of a turn, filled: whoever is too quick waits, what waits is bounded, nothing of the sound is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

import pytest

from tests.pipeline.stage import AHEAD_MS, Scene, make_scene, spoken
from tth.adapters.base import AvatarInput, LlmInput, TtsInput, TurnContext
from tth.core.budget import Budgets
from tth.core.pacing import live_pace
from tth.model.controls import Controls
from tth.model.events import AudioChunk, DegradedMode, TextMode, TurnComplete
from tth.model.media import FrameKind, SilenceSpan, ms_to_samples
from tth.pipeline.avatar_feed import FEED_CAPACITY, AvatarFeed
from tth.pipeline.take import SOUND_CAPACITY
from tth.pipeline.turn_runner import CLAUSE_CAPACITY, SPOKEN_CAPACITY
from tth.testing.scripted import ScriptedAvatar, ScriptedModel, ScriptedVoice, every, hang
from tth.testing.virtual_time import run_virtual

pytestmark = pytest.mark.pipeline


class Counted:
    """Wraps a session's stream: how many outputs were taken from it."""

    def __init__(self, scene: Scene, role: str) -> None:
        self.count = 0
        session = getattr(scene.sessions, role)
        stream = session.infer_stream

        async def infer_stream(prompt: LlmInput | TtsInput, control: Controls, context: TurnContext) -> AsyncGenerator:  # type: ignore[type-arg]
            async for output in stream(prompt, control, context):
                self.count += 1
                yield output

        session.infer_stream = infer_stream


def test_a_quick_model_waits_for_a_slow_voice() -> None:
    """A thousand sentences at once, and nobody speaks them."""

    async def main() -> int:
        scene = make_scene(
            llm=ScriptedModel([*every(0, *["One sentence. "] * 1000)]), tts=ScriptedVoice([hang()], repeat=True)
        )
        counted = Counted(scene, "llm")
        task = asyncio.create_task(scene.runner("Talk.", mode=TextMode.TALK).run())
        await asyncio.sleep(2)
        task.cancel()
        await asyncio.wait([task])
        return counted.count

    assert CLAUSE_CAPACITY <= run_virtual(main()) <= CLAUSE_CAPACITY + 8


@pytest.mark.parametrize(("chunk_ms", "seconds"), [(40, 60), (1, 8)])
def test_a_quick_voice_waits_for_the_listener(chunk_ms: int, seconds: int) -> None:
    """All its speech at once: as much is taken as may be ahead, and what fits into the queues; all of it is heard."""

    async def main() -> None:
        count = seconds * 1000 // chunk_ms
        scene = make_scene(tts=ScriptedVoice([*every(0, *[spoken(chunk_ms)] * count)]))
        counted = Counted(scene, "tts")
        task = asyncio.create_task(scene.runner().run())
        await asyncio.sleep(5)
        pace = live_pace(AHEAD_MS)
        ahead = (ms_to_samples(5000) + pace.synthesis_ahead_samples) // ms_to_samples(chunk_ms)
        sent = (ms_to_samples(5000) + pace.ahead_samples) // ms_to_samples(chunk_ms)
        assert counted.count <= min(ahead, sent + SOUND_CAPACITY) + SPOKEN_CAPACITY + 4
        await task
        sound = sum(chunk.sample_count for chunk in scene.sink.of(AudioChunk) if not chunk.last)
        assert sound == ms_to_samples(seconds * 1000)

    run_virtual(main())


def test_an_avatar_that_reads_nothing_is_given_up() -> None:
    """The sound goes on for a minute; what it was to read is bounded, and forgotten."""

    class Deaf(ScriptedAvatar):
        """Takes no input and gives no output."""

    async def main() -> Scene:
        scene = make_scene(
            tts=ScriptedVoice([*every(0, *[spoken(40)] * 1500)]),
            avatar=Deaf([hang()]),
            budgets=Budgets(avatar_first_frame_ms=50_000, silence_ms=50_000),
        )
        await scene.runner().run()
        return scene

    scene = run_virtual(main())
    assert len(scene.sink.of(TurnComplete)) == 1
    assert sum(chunk.sample_count for chunk in scene.sink.of(AudioChunk) if not chunk.last) == 1500 * 960
    assert [notice.reason for notice in scene.sink.of(DegradedMode)] == ["AVATAR_SILENT", "ADAPTER_SILENT"]


def test_what_an_avatar_is_to_read_is_bounded() -> None:
    """One span too many closes the feed for good; giving up empties it."""

    async def read(spans: AsyncIterator[AvatarInput]) -> int:
        return len([span async for span in spans])

    async def main() -> None:
        feed = AvatarFeed()
        for index in range(FEED_CAPACITY + 1):
            assert feed.is_open
            feed.offer(SilenceSpan(960 * index, 960, FrameKind.IDLE))
        assert not feed.is_open
        feed.offer(SilenceSpan(0, 960, FrameKind.IDLE))
        reading = asyncio.create_task(read(feed.spans()))
        await asyncio.sleep(0)
        feed.give_up()
        reading.cancel()
        await asyncio.wait([reading])

    run_virtual(main())
