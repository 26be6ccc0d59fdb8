"""One context of an emulated ElevenLabs socket: text gathers until there is enough of it, and is spoken in stretches.

Tests: tests/testing/emulators/test_elevenlabs.py.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tth.model.media import samples_to_ms
from tth.testing.emulators.elevenlabs_common import (
    CHUNK_SAMPLES,
    REFUSALS,
    TIMEOUT,
    ElevenLabsBase,
    KeySpelling,
    Told,
    Voiced,
    alignment,
    normalized,
    part,
    voiced,
)
from tth.testing.emulators.faults import Fault, FaultKind

SCHEDULE = (120, 160, 250, 290)
"""Characters before the first, second ... stretch is spoken; the last holds for all others."""
DIALOGUE_CHARACTERS, DIALOGUE_WORDS = 40, 8
"""Enough of a dialogue to begin with."""

Send = Callable[[Mapping[str, Any]], Awaitable[None]]


class Failed(Exception):
    """The socket must end: with this error in a frame, by a bare close, or without a goodbye."""

    def __init__(self, told: Told | None = None, *, code: int = 1008, is_cut: bool = False, garbage: str = "") -> None:
        super().__init__()
        self.told = told
        self.code = code
        self.is_cut = is_cut
        self.garbage = garbage
        """Sent before the close."""


@dataclass(frozen=True, slots=True)
class Manner:
    """What the socket's query and kind say of all its contexts."""

    rate_hz: int
    auto_mode: bool = False
    sync_alignment: bool = False
    is_dialogue: bool = False
    is_multi: bool = True


@dataclass
class Context:
    """Text in, frames out. `run` speaks until the end of the context has come."""

    context_id: str
    emulator: ElevenLabsBase
    manner: Manner
    send: Send
    schedule: tuple[int, ...] = SCHEDULE
    settings: Mapping[str, Any] | None = None
    fault: Fault | None = None
    has_ended: bool = False
    """No more text is taken."""
    _buffer: str = ""
    _spoken_count: int = 0
    _sent_count: int = 0
    _stretches: asyncio.Queue[str | None] = field(default_factory=asyncio.Queue)

    def add(self, text: str, *, flush: bool = False, trigger: bool = False) -> None:
        """Take text; a stretch of it is spoken once there is enough, or when that is asked for."""
        self._buffer += text
        enough = (
            len(self._buffer) >= DIALOGUE_CHARACTERS and len(self._buffer.split()) >= DIALOGUE_WORDS
            if self.manner.is_dialogue
            else len(self._buffer) >= self.schedule[min(self._spoken_count, len(self.schedule) - 1)]
        )
        auto = self.manner.auto_mode and text.strip()
        if flush or enough or auto or (trigger and len(self._buffer) >= self.schedule[0]):
            self._speak()

    def end(self) -> None:
        """Speak the rest, then say that it is the end."""
        if not self.has_ended:
            self.has_ended = True
            self._speak()
            self._stretches.put_nowait(None)

    async def run(self) -> None:
        """Send everything, or what the fault leaves of it. Raises Failed."""
        if self.fault is not None and self.fault.kind is FaultKind.SLOW_FIRST_BYTE:
            await asyncio.sleep(self.fault.delay_s)
        async with self.emulator.answering():
            while (text := await self._stretches.get()) is not None:
                async for frame in self._frames(text):
                    await self._out(frame)
                if self.manner.is_dialogue:
                    await self._say({"is_final_audio_for_turn": True})
            if self.fault is not None and self.fault.kind is FaultKind.EARLY_END:
                raise Failed(code=1000)
            await self._say(self._final())

    def _speak(self) -> None:
        if self._buffer.strip():
            self._stretches.put_nowait(self._buffer)
            self._spoken_count += 1
        self._buffer = ""

    async def _frames(self, text: str) -> AsyncIterator[dict[str, Any]]:
        """The sound of a stretch, in messages."""
        kind = self.fault.kind if self.fault is not None else None
        if kind is FaultKind.EMPTY_ANSWER:
            return
        if kind is not None and kind in REFUSALS and kind is not FaultKind.SERVER_ERROR:
            raise Failed(REFUSALS[kind])
        found = await voiced(self.emulator.speech, text, self._speed(), self.manner.rate_hz)
        if not self._sent_count and self.emulator.first_byte_s:
            await asyncio.sleep(self.emulator.first_byte_s)
        for number, data in enumerate(found.chunks()):
            frame: dict[str, Any] = {"audio": base64.b64encode(data).decode()}
            yield frame | self._times(found, number)

    def _times(self, found: Voiced, number: int) -> dict[str, Any]:
        """Of the whole stretch with its first message, or of each message by itself."""
        spelling = KeySpelling.SNAKE if self.manner.is_dialogue else self.emulator.spelling
        other = "normalized_alignment" if spelling is KeySpelling.SNAKE else "normalizedAlignment"
        chunk_ms = samples_to_ms(CHUNK_SAMPLES)
        told: dict[str, Any] | None = None
        if self.manner.sync_alignment:
            told = alignment(part(found, number * chunk_ms, (number + 1) * chunk_ms), spelling)
        elif number == 0 and not self.manner.is_dialogue:
            told = alignment(found, spelling)
        if self.manner.is_dialogue:
            return {"alignment": told} if told is not None else {}
        return {"alignment": told, other: normalized(told) if told is not None else None, "isFinal": None}

    async def _out(self, frame: Mapping[str, Any]) -> None:
        """One message of sound, or the fault in its place."""
        fault = self.fault
        if fault is not None and self._sent_count == fault.after:
            await self._fail(fault.kind)
        self._sent_count += 1
        await self._say(frame)
        await asyncio.sleep(self.emulator.chunk_s)

    async def _fail(self, kind: FaultKind) -> None:
        if kind is FaultKind.SILENT_MIDWAY:
            await asyncio.Event().wait()  # until the client goes away
        if kind in (FaultKind.ERROR_MIDWAY, FaultKind.SERVER_ERROR):
            raise Failed(REFUSALS[FaultKind.SERVER_ERROR])
        if kind is FaultKind.DISCONNECT:
            raise Failed(is_cut=True)
        if kind is FaultKind.EARLY_END:
            raise Failed(code=1000)
        if kind is FaultKind.GARBAGE:
            raise Failed(code=1011, garbage="{]oops")
        if kind is FaultKind.EXPIRED:
            raise Failed(TIMEOUT)

    async def _say(self, frame: Mapping[str, Any]) -> None:
        told = dict(frame)
        if self.manner.is_multi:
            snake = self.manner.is_dialogue or self.emulator.spelling is KeySpelling.SNAKE
            told["context_id" if snake else "contextId"] = self.context_id
        await self.send(told)

    def _final(self) -> dict[str, Any]:
        if self.manner.is_dialogue or (self.manner.is_multi and self.emulator.spelling is KeySpelling.SNAKE):
            return {"is_final": True}
        if self.manner.is_multi:
            return {"isFinal": True}
        return {"audio": None, "isFinal": True, "normalizedAlignment": None, "alignment": None}

    def _speed(self) -> float:
        speed = (self.settings or {}).get("speed")
        return float(speed) if speed is not None else 1.0
