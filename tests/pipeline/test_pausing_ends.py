"""A turn that is held and does not go on as it was meant to: refusals, ends and failures."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

import pytest

from tests.pipeline.listener import CountingVoice, Play, check_heard_whole, check_order, playing
from tests.pipeline.stage import make_scene
from tth.adapters.base import AvatarInput, AvatarSession, Persona, SessionContext, TurnContext
from tth.core.budget import Budgets
from tth.errors import AdapterUnavailable, Conflict
from tth.model.controls import Controls
from tth.model.events import (
    AudioChunk,
    DegradedMode,
    ErrorEvent,
    TurnMetrics,
    TurnOutcome,
    TurnStopped,
    VideoFrame,
)
from tth.model.media import DrawnFrame, FrameKind, ms_to_samples
from tth.testing.scripted import ScriptedAvatar, ScriptedModel, every, fail, hang
from tth.testing.virtual_time import run_virtual

pytestmark = pytest.mark.pipeline


def test_every_refusal_has_its_reason() -> None:
    """Twice in a row, none to go on, and a turn that is over; nothing changes by it."""

    async def main() -> None:
        async with playing() as play:
            for act, reason in ((play.runner.resume, "NOT_PAUSED"),):
                with pytest.raises(Conflict) as refused:
                    act()
                assert refused.value.reason == reason
            await asyncio.sleep(0.5)
            play.runner.pause()
            with pytest.raises(Conflict) as refused:
                play.runner.pause()
            assert refused.value.reason == "ALREADY_PAUSED"
            play.runner.resume()
            with pytest.raises(Conflict) as refused:
                play.runner.resume()
            assert refused.value.reason == "NOT_PAUSED"
        check_heard_whole(play)
        with pytest.raises(Conflict) as refused:
            play.runner.pause()
        assert refused.value.reason == "NO_ACTIVE_TURN"

    run_virtual(main())


def test_a_batch_cannot_be_held() -> None:
    """There is no listener to wait for."""

    async def main() -> None:
        scene = make_scene(tts=CountingVoice([40], [0]))
        with pytest.raises(Conflict):
            scene.runner(live=False).pause()

    run_virtual(main())


def test_a_turn_is_not_held_for_ever() -> None:
    """It expires, with what was heard before the pause; the time for which it was held costs its own budget nothing."""

    async def main(first_s: float, then_s: float | None) -> Play:
        async with playing(budgets=Budgets(turn_ms=3500, pause_ms=5000)) as play:
            await asyncio.sleep(1.0)
            play.runner.pause()
            await asyncio.sleep(first_s)
            if then_s is not None:
                play.runner.resume()
                await asyncio.sleep(0.2)
                play.runner.pause()
                await asyncio.sleep(then_s)
                play.runner.resume()
        return play

    check_heard_whole(run_virtual(main(4.9, 4.9)))
    play = run_virtual(main(5.5, None))
    stopped = play.events[-1]
    assert isinstance(stopped, TurnStopped)
    assert (stopped.outcome, stopped.error_reason) == (TurnOutcome.EXPIRED, "PAUSE_TIMEOUT")
    assert stopped.heard_text == "One two three four five. Six"
    assert stopped.heard_sample == ms_to_samples(1000)
    assert [e.reason for e in play.of(ErrorEvent) if isinstance(e, ErrorEvent)] == ["PAUSE_TIMEOUT"]


def test_stopped_while_held() -> None:
    """What was heard stays what it was at the pause, whatever the client says since; speaking is not ended twice."""

    async def main() -> Play:
        async with playing() as play:
            await asyncio.sleep(1.0)
            play.runner.pause(ms_to_samples(800))
            await asyncio.sleep(3.0)
            count = len(play.events)
            play.runner.stop(TurnOutcome.INTERRUPTED, 0.0, ms_to_samples(3900))
            await play.task
            await play.line.empty()
            assert [type(event) for event in play.events[count:]][-2:] == [TurnMetrics, TurnStopped]
        return play

    play = run_virtual(main())
    check_order(play.events)
    (stopped,) = play.of(TurnStopped)
    assert isinstance(stopped, TurnStopped)
    assert (stopped.heard_text, stopped.heard_sample) == ("One two three four", ms_to_samples(800))
    assert not stopped.heard_is_estimate


def test_a_voice_that_fails_fails_a_held_turn() -> None:
    """At once, as at any other time; heard is what was heard at the pause."""

    async def main() -> Play:
        llm = ScriptedModel([*every(0, "One two three four five. ", "Six seven. "), hang()])
        async with playing(llm=llm, budgets=Budgets(silence_ms=2000)) as play:
            await asyncio.sleep(0.5)
            play.runner.pause()
        return play

    play = run_virtual(main())
    check_order(play.events)
    stopped = play.events[-1]
    assert isinstance(stopped, TurnStopped)
    assert (stopped.outcome, stopped.error_reason) == (TurnOutcome.FAILED, "ADAPTER_SILENT")
    assert stopped.heard_sample == ms_to_samples(500)


class ClingingAvatar(ScriptedAvatar):
    """Its streams take a second to end when they are cancelled."""

    def open_session(self, context: SessionContext, persona: Persona, draw: bool) -> AvatarSession:
        return ClingingSession(super().open_session(context, persona, draw))


class ClingingSession(AvatarSession):
    def __init__(self, inner: AvatarSession) -> None:
        self._inner = inner

    async def infer_stream(
        self, spans: AsyncIterator[AvatarInput], control: Controls, context: TurnContext
    ) -> AsyncGenerator[DrawnFrame, None]:
        try:
            async for frame in self._inner.infer_stream(spans, control, context):
                yield frame
        finally:
            await asyncio.sleep(1.0)


def test_an_avatar_that_does_not_let_go_costs_pictures_only() -> None:
    """The sound goes on in time although the stream of pictures before the pause takes a second to end."""

    async def main() -> Play:
        async with playing(avatar=ClingingAvatar()) as play:
            await asyncio.sleep(1.0)
            play.runner.pause()
            await asyncio.sleep(0.2)
            count = len(play.of(AudioChunk))
            play.runner.resume()
            await asyncio.sleep(0.3)
            assert len(play.of(AudioChunk)) > count
        return play

    play = run_virtual(main())
    check_heard_whole(play)
    assert [f.kind for f in play.of(VideoFrame) if isinstance(f, VideoFrame)][-1] is FrameKind.IDLE


def test_pictures_that_are_lost_stay_lost() -> None:
    """An avatar that broke is not asked again for the same turn; the turn is held and goes on in sound alone."""

    async def main() -> Play:
        async with playing(avatar=ScriptedAvatar([*every(0, 5), fail(AdapterUnavailable("down"))])) as play:
            await asyncio.sleep(1.0)
            play.runner.pause()
            await asyncio.sleep(1.0)
            play.runner.resume()
        return play

    play = run_virtual(main())
    check_heard_whole(play)
    assert len(play.of(DegradedMode)) == 1
