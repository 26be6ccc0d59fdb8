"""Adapters that do what a script says, for tests of everything around adapters.

    model = ScriptedModel([wait(80), *every(10, "one ", "two ", "three "), fail(AdapterUnavailable("down"))])

reads: 80 ms after the call the first piece, the others each 10 ms later, then a failure. Each call of `infer_stream`
plays the next script; `player` records the calls. A call without a script raises AssertionError, and
`player.assert_played()` does so for steps that nobody played. Waiting is `asyncio.sleep`, so tests belong on
`tth.testing.virtual_time.run_virtual`. Tests: tests/testing/test_scripted.py.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeAlias, TypeVar

import numpy as np

from tth.adapters.avatar.slots import Slot, cut_slots
from tth.adapters.base import (
    Avatar,
    AvatarInput,
    AvatarSession,
    Capabilities,
    ControlSupport,
    Deployment,
    Health,
    LanguageModel,
    LlmInput,
    LlmOutput,
    LlmSession,
    Persona,
    RealtimeModel,
    RealtimeOutput,
    RealtimeSession,
    SessionContext,
    StyleHint,
    TextPiece,
    TtsInput,
    TtsSession,
    TurnContext,
    Used,
    Voice,
)
from tth.model.controls import BY_PATH, Controls
from tth.model.media import SAMPLE_RATE_HZ, DrawnFrame, SpeechChunk, VideoCodec, ms_to_samples

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Wait:
    """Do nothing for a while."""

    ms: float


@dataclass(frozen=True, slots=True)
class Give(Generic[T_co]):
    """Yield a value: a text for a model, a chunk for a voice, a number of frames for an avatar."""

    value: T_co


@dataclass(frozen=True, slots=True)
class Fail:
    """Raise; nothing after it is played."""

    error: BaseException


@dataclass(frozen=True, slots=True)
class Hang:
    """Give no more sign of life until cancelled."""


Script: TypeAlias = Sequence[Wait | Give[T] | Fail | Hang]

REST: Give[int] = Give(sys.maxsize)
"""In an avatar's script: every further frame as soon as its sound is known."""


def wait(ms: float) -> Wait:
    """Do nothing for `ms` milliseconds."""
    return Wait(ms)


def every(ms: float, *values: T) -> list[Wait | Give[T]]:
    """The first value at once, each other `ms` after the one before."""
    steps: list[Wait | Give[T]] = []
    for value in values:
        steps += [Wait(ms), Give(value)] if steps else [Give(value)]
    return steps


def fail(error: BaseException) -> Fail:
    """Raise `error` from the stream."""
    return Fail(error)


def hang() -> Hang:
    """Connected, but silent from here on."""
    return Hang()


def tone(ms: float, level: int = 8000) -> SpeechChunk:
    """A steady 200 Hz tone without timings. level: its peak, 0..32767."""
    phase = 2 * np.pi * 200 / SAMPLE_RATE_HZ * np.arange(ms_to_samples(ms))
    return SpeechChunk((level * np.sin(phase)).astype(np.int16))


@dataclass(frozen=True, slots=True)
class Call:
    """One call of `infer_stream` as an adapter saw it."""

    session: SessionContext
    prompt: LlmInput | TtsInput | None
    """None for an avatar, whose input is a stream."""
    controls: Controls
    turn: TurnContext


class ScriptPlayer(Generic[T]):
    """The scripts of one adapter and the record of what was asked of it."""

    def __init__(self, scripts: Sequence[Script[T]], repeat: bool) -> None:
        """repeat: the last script serves all further calls too."""
        self._scripts = scripts
        self._repeat = repeat
        self._reached = [0] * len(scripts)
        self.calls: list[Call] = []
        self.stopped = 0
        """How many streams were cancelled or closed before their script's end."""
        self.open_sessions = 0

    async def play(self, call: Call) -> AsyncGenerator[T, None]:
        """The next script, in time. An async generator. Raises AssertionError where there is none."""
        index = len(self.calls)
        self.calls.append(call)
        if self._repeat:
            index = min(index, len(self._scripts) - 1)
        if index >= len(self._scripts):
            raise AssertionError(f"call {len(self.calls)} came, but only {len(self._scripts)} were scripted")
        try:
            for number, step in enumerate(self._scripts[index], 1):
                self._reached[index] = max(self._reached[index], number)
                match step:
                    case Wait(ms):
                        await asyncio.sleep(ms / 1000)
                    case Give(value):
                        yield value
                    case Fail(error):
                        raise error
                    case Hang():
                        await asyncio.get_running_loop().create_future()
        except (asyncio.CancelledError, GeneratorExit):
            self.stopped += 1
            raise

    def assert_played(self) -> None:
        """Every script got as far as its last step. Raises AssertionError that says what was not reached."""
        for index, script in enumerate(self._scripts):
            left = script[self._reached[index] :]
            assert not left, f"script {index}: {len(left)} steps were not reached, the next would be {left[0]}"


class _Scripted(Generic[T]):
    """What the four scripted adapters share; the other base class gives the role."""

    def __init__(
        self,
        *scripts: Script[T],
        name: str = "scripted",
        repeat: bool = False,
        load_error: BaseException | None = None,
        health: Health | None = None,
        capabilities: Capabilities | None = None,
    ) -> None:
        """scripts: one for each call of `infer_stream`, in order over all sessions.

        repeat: the last script serves all further calls too. load_error: what `load` raises. capabilities: by default
        every control and every codec.
        """
        self.name = name
        self.player: ScriptPlayer[T] = ScriptPlayer(scripts, repeat)
        self.capabilities = capabilities or Capabilities(
            "does what its script says",
            Deployment.EMBEDDED,
            controls={path: ControlSupport() for path in BY_PATH},
            video_codecs=tuple(VideoCodec),
        )
        self._load_error = load_error
        self._health = health or Health(ok=True)
        self.is_loaded = False
        self.is_closed = False

    async def load(self) -> None:
        if self._load_error is not None:
            raise self._load_error
        self.is_loaded = True

    async def health(self) -> Health:
        return self._health

    async def aclose(self) -> None:
        self.is_closed = True


class _Session(Generic[T]):
    """Counts itself open until it is closed."""

    def __init__(self, player: ScriptPlayer[T], context: SessionContext) -> None:
        self._player = player
        self._context = context
        self._is_open = True
        player.open_sessions += 1

    async def aclose(self) -> None:
        self._player.open_sessions -= self._is_open
        self._is_open = False


ModelOutput: TypeAlias = str | StyleHint | Used


class ScriptedModel(_Scripted[ModelOutput], LanguageModel):
    """A language model; its scripts give texts, and what a model may say besides."""

    def open_session(self, context: SessionContext) -> LlmSession:
        return _ModelSession(self.player, context)


class _ModelSession(_Session[ModelOutput], LlmSession):
    async def infer_stream(
        self, prompt: LlmInput, control: Controls, context: TurnContext
    ) -> AsyncGenerator[LlmOutput, None]:
        async with aclosing(self._player.play(Call(self._context, prompt, control, context))) as outputs:
            async for output in outputs:
                yield TextPiece(output) if isinstance(output, str) else output


class ScriptedVoice(_Scripted[SpeechChunk], Voice):
    """A voice; its scripts give chunks, one script for each clause. `prepared` records whom it was told to expect."""

    def open_session(self, context: SessionContext) -> TtsSession:
        return _VoiceSession(self.player, context, self.prepared)

    @cached_property
    def prepared(self) -> list[str]:
        """The persona of each call of `prepare`."""
        return []


class _VoiceSession(_Session[SpeechChunk], TtsSession):
    def __init__(self, player: ScriptPlayer[SpeechChunk], context: SessionContext, prepared: list[str]) -> None:
        super().__init__(player, context)
        self._prepared = prepared

    def prepare(self, persona: Persona) -> None:
        self._prepared.append(persona.persona_id)

    async def infer_stream(
        self, clause: TtsInput, control: Controls, context: TurnContext
    ) -> AsyncGenerator[SpeechChunk, None]:
        async with aclosing(self._player.play(Call(self._context, clause, control, context))) as chunks:
            async for chunk in chunks:
                yield chunk


class ScriptedRealtime(_Scripted[RealtimeOutput], RealtimeModel):
    """A realtime model; its scripts give TextPiece and SpeechChunk. `truncations` records what it was told of them."""

    def open_session(self, context: SessionContext) -> RealtimeSession:
        return _RealtimeSession(self.player, context, self.truncations)

    @cached_property
    def truncations(self) -> list[tuple[str, int, str]]:
        """(turn_id, heard_samples, heard_text) of each call of `truncate`."""
        return []


class _RealtimeSession(_Session[RealtimeOutput], RealtimeSession):
    def __init__(
        self, player: ScriptPlayer[RealtimeOutput], context: SessionContext, truncations: list[tuple[str, int, str]]
    ) -> None:
        super().__init__(player, context)
        self._truncations = truncations

    def truncate(self, turn_id: str, heard_samples: int, heard_text: str) -> None:
        self._truncations.append((turn_id, heard_samples, heard_text))

    async def infer_stream(
        self, prompt: LlmInput, control: Controls, context: TurnContext
    ) -> AsyncGenerator[RealtimeOutput, None]:
        async with aclosing(self._player.play(Call(self._context, prompt, control, context))) as outputs:
            async for output in outputs:
                yield output


class ScriptedAvatar(_Scripted[int], Avatar):
    """An avatar; its scripts give numbers of frames. Without a script it gives every frame at once.

    A script that ends before its input does ends the stream early, as a broken avatar would; end it with `REST`.
    """

    def __init__(
        self, *scripts: Script[int], name: str = "scripted", repeat: bool = False, ready_after_s: float = 0.0
    ) -> None:
        """ready_after_s: how long somebody is being built whenever it is asked for."""
        super().__init__(*(scripts or ([REST],)), name=name, repeat=repeat or not scripts)
        self._ready_after_s = ready_after_s

    def open_session(self, context: SessionContext, persona: Persona, draw: bool) -> AvatarSession:
        return _AvatarSession(self.player, context, draw, self._ready_after_s)


class _AvatarSession(_Session[int], AvatarSession):
    def __init__(self, player: ScriptPlayer[int], context: SessionContext, draw: bool, ready_after_s: float) -> None:
        super().__init__(player, context)
        self._draw = draw
        self._ready_after_s = ready_after_s

    async def ready(self, control: Controls) -> None:
        await asyncio.sleep(self._ready_after_s)

    async def infer_stream(
        self, spans: AsyncIterator[AvatarInput], control: Controls, context: TurnContext
    ) -> AsyncGenerator[DrawnFrame, None]:
        script = self._player.play(Call(self._context, None, control, context))
        async with aclosing(cut_slots(spans, control)) as slots, aclosing(script) as counts:
            async for count in counts:
                for _ in range(count):
                    slot = await anext(slots, None)
                    if slot is None:
                        return
                    yield self._frame(slot, control)

    def _frame(self, slot: Slot, control: Controls) -> DrawnFrame:
        size = control.resolution
        picture = np.zeros((size.height_px, size.width_px, 3), np.uint8) if self._draw else None
        return DrawnFrame(
            slot.start_sample, slot.sample_count, slot.kind, picture, control_revision=slot.control_revision
        )
