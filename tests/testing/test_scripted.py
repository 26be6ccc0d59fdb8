"""Adapters that follow a script."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from tth.adapters.base import AvatarInput, Health, LlmInput, Persona, SessionContext, TextPiece, TtsInput, TurnContext
from tth.errors import AdapterUnavailable
from tth.model.controls import Controls
from tth.model.media import SAMPLE_RATE_HZ, DrawnFrame, FrameKind, SilenceSpan, SpeechSpan
from tth.testing.scripted import (
    REST,
    Give,
    Script,
    ScriptedAvatar,
    ScriptedModel,
    ScriptedRealtime,
    ScriptedVoice,
    every,
    fail,
    hang,
    tone,
    wait,
)
from tth.testing.virtual_time import run_virtual

pytestmark = pytest.mark.pipeline

SESSION = SessionContext("s_1")
TURN = TurnContext("s_1", "t_0", 0)


async def read(model: ScriptedModel) -> list[tuple[float, str]]:
    """Everything of one call, each piece with the virtual milliseconds at which it came."""
    session = model.open_session(SESSION)
    seen: list[tuple[float, str]] = []
    async with aclosing(session.infer_stream(LlmInput("hi"), Controls(), TURN)) as pieces:
        async for piece in pieces:
            assert isinstance(piece, TextPiece)
            seen.append((round(asyncio.get_running_loop().time() * 1000, 3), piece.text))
    await session.aclose()
    return seen


def test_steps_are_played_in_time() -> None:
    """After 80 ms the first piece, then one each 10 ms."""
    model = ScriptedModel([wait(80), *every(10, "one", "two", "three")])
    assert run_virtual(read(model)) == [(80.0, "one"), (90.0, "two"), (100.0, "three")]
    model.player.assert_played()
    assert model.player.calls[0].prompt == LlmInput("hi")
    assert model.player.stopped == 0


def test_a_failure_comes_after_what_was_given() -> None:
    """The error is raised from the stream, at its place."""
    model = ScriptedModel([*every(10, "one"), wait(5), fail(AdapterUnavailable("down"))])
    with pytest.raises(AdapterUnavailable):
        run_virtual(read(model))
    model.player.assert_played()


def test_each_call_has_its_script() -> None:
    """The second call plays the second script; a third has none; `repeat` goes on with the last."""

    async def thrice(model: ScriptedModel) -> list[list[str]]:
        return [[text for _, text in await read(model)] for _ in range(3)]

    scripts: tuple[Script[str], ...] = (every(1, "a"), every(1, "b"))
    assert run_virtual(thrice(ScriptedModel(*scripts, repeat=True))) == [["a"], ["b"], ["b"]]
    with pytest.raises(AssertionError, match="call 3"):
        run_virtual(thrice(ScriptedModel(*scripts)))


def test_unplayed_steps_fail_the_test() -> None:
    """What nobody asked for is named."""
    model = ScriptedModel(every(1, "a"), every(1, "b", "c"))
    run_virtual(read(model))
    with pytest.raises(AssertionError, match="script 1: 3 steps"):
        model.player.assert_played()


def test_a_hanging_stream_can_be_cancelled() -> None:
    """Cancellation ends it and is counted."""
    model = ScriptedModel([hang()])

    async def main() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2):
                await read(model)

    run_virtual(main())
    assert model.player.stopped == 1
    model.player.assert_played()


def test_sessions_are_counted_until_closed() -> None:
    """Closing twice counts once."""

    async def main() -> None:
        model = ScriptedModel()
        first, second = model.open_session(SESSION), model.open_session(SESSION)
        assert model.player.open_sessions == 2
        await first.aclose()
        await first.aclose()
        assert model.player.open_sessions == 1
        await second.aclose()
        assert model.player.open_sessions == 0

    run_virtual(main())


def test_load_and_health_follow_the_script() -> None:
    """An adapter that cannot load, and one that says it is unwell."""

    async def main() -> None:
        with pytest.raises(AdapterUnavailable):
            await ScriptedModel(load_error=AdapterUnavailable("down")).load()
        model = ScriptedModel(health=Health(False, "ill"))
        await model.load()
        assert model.is_loaded
        assert await model.health() == Health(False, "ill")
        await model.aclose()
        assert model.is_closed

    run_virtual(main())


def test_a_voice_and_a_realtime_model_give_what_is_scripted() -> None:
    """Chunks and pieces come through as they are."""

    async def main() -> None:
        chunk = tone(40)
        voice = ScriptedVoice(every(5, chunk, chunk)).open_session(SESSION)
        assert await voice.infer_batch(TtsInput("x"), Controls(), TURN) == [chunk, chunk]
        assert len(chunk.pcm) == SAMPLE_RATE_HZ * 40 // 1000
        assert 7900 <= chunk.pcm.max() <= 8000
        model = ScriptedRealtime([Give(TextPiece("a")), Give(chunk)]).open_session(SESSION)
        assert [output async for output in model.infer_stream(LlmInput("x"), Controls(), TURN)] == [
            TextPiece("a"),
            chunk,
        ]

    run_virtual(main())


async def watch(avatar: ScriptedAvatar) -> list[tuple[float, DrawnFrame]]:
    """The frames of 200 ms speech and 40 ms silence, each with the virtual milliseconds at which it came."""

    async def spans() -> AsyncIterator[AvatarInput]:
        yield SpeechSpan(0, tone(200).pcm)
        yield SilenceSpan(4800, 960)

    session = avatar.open_session(SESSION, Persona("default"), True)
    return [
        (round(asyncio.get_running_loop().time() * 1000, 3), frame)
        async for frame in session.infer_stream(spans(), Controls(), TURN)
    ]


def test_an_avatar_without_script_draws_everything_at_once() -> None:
    """One frame for each slot, no time passes."""
    seen = run_virtual(watch(ScriptedAvatar()))
    assert [(at, frame.start_sample) for at, frame in seen] == [(0.0, k * 960) for k in range(6)]
    assert [frame.kind for _, frame in seen] == [FrameKind.SPEAKING] * 5 + [FrameKind.IDLE]
    assert seen[0][1].picture is not None


def test_an_avatars_script_counts_frames() -> None:
    """Two frames, a pause, then the rest."""
    seen = run_virtual(watch(ScriptedAvatar([*every(10, 1, 1), wait(100), REST])))
    assert [at for at, _ in seen] == [0.0, 10.0, 110.0, 110.0, 110.0, 110.0]


def test_an_avatar_can_stop_too_early() -> None:
    """A script without REST ends the stream although more sound came."""
    assert len(run_virtual(watch(ScriptedAvatar([*every(0, 2)])))) == 2
