"""The embedded voice: espeak-ng in worker processes. Needs no key, no network and no GPU; docs/voice.md.

The clause and its settings go to a worker, which answers with the whole clause: for five seconds of speech that takes
some 30 ms, so nothing is gained by streaming inside. Here it is cut into chunks.
Tests: tests/adapters/tts/test_espeak.py.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import numpy as np

from tth.adapters.base import (
    Capabilities,
    ControlSupport,
    Deployment,
    Health,
    Role,
    SessionContext,
    Support,
    TtsInput,
    TtsSession,
    TurnContext,
    Voice,
)
from tth.adapters.tts.espeak_languages import LANGUAGES, espeak_language
from tth.adapters.tts.espeak_prosody import prosody
from tth.adapters.tts.espeak_wire import LENGTHS, Frame, pack, unpack, unpack_lengths
from tth.errors import AdapterError, AdapterProtocolError, AdapterRejected, AdapterTimeout, AdapterUnavailable
from tth.model.controls import Controls
from tth.model.media import PhonemeTiming, SpeechChunk, WordTiming

NAME = "espeak"
CHUNK_SAMPLES = 960
"""40 ms: one frame slot at 25 fps."""
MAX_PROCESSES = 8
SECONDS_PER_CODE_POINT = 0.02
"""Added to the deadline of a clause: its cost is linear in its length, 0.1 ms per code point here, 1 ms stretched."""
STOP_TIMEOUT_S = 2.0
"""For a killed process to be gone."""
READ_BUFFER_BYTES = 1 << 20
"""Twenty seconds of sound."""
_WORKER = "tth.adapters.tts.espeak_worker"

E = TypeVar("E", bound=AdapterError)

CAPABILITIES = Capabilities(
    description="espeak-ng in a process of its own: synthetic, instant, offline, with exact times",
    deployment=Deployment.EMBEDDED,
    controls={
        "emotion.label": ControlSupport(Support.EMULATED),
        "emotion.intensity": ControlSupport(Support.EMULATED),
        "emotion.valence": ControlSupport(Support.EMULATED),
        "emotion.arousal": ControlSupport(Support.EMULATED),
        "character.persona_id": ControlSupport(Support.NATIVE),
        "character.speech_rate": ControlSupport(Support.NATIVE),
        "character.pitch_shift": ControlSupport(Support.NATIVE),
        "character.expressivity": ControlSupport(Support.NATIVE),
    },
    languages=LANGUAGES,
)
"""Emotion is made of speed, pitch, melody, level and brightness: espeak itself knows none. The other ranges are the
contract's in full; where espeak ends, the sound is stretched or resampled (espeak_prosody.py)."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How the embedded voice is run."""

    processes: int = 1
    """1..8; each speaks one clause at a time, about 200 times faster than it is played."""
    default_variant: str = "f3"
    """espeak's voice variant for personas that name none; "" = espeak's plain voice."""
    tone: bool = True
    """Equaliser and room."""
    timeout_s: float = 5.0
    """For one clause, and before that for a free worker; 20 ms more for each code point."""
    start_timeout_s: float = 15.0
    """For a worker to be ready."""

    def __post_init__(self) -> None:
        if not 1 <= self.processes <= MAX_PROCESSES:
            raise ValueError(f"processes: must be 1..{MAX_PROCESSES}")
        if self.timeout_s <= 0 or self.start_timeout_s <= 0:
            raise ValueError("timeout_s, start_timeout_s: must be > 0")


def build(settings: Settings) -> EspeakVoice:
    """The adapter, not yet loaded."""
    return EspeakVoice(settings)


class EspeakVoice(Voice):
    """The embedded voice. One event loop per instance: that of `load`."""

    name = NAME
    capabilities = CAPABILITIES

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._workers: tuple[_Worker, ...] = ()
        self._free: list[_Worker] = []
        self._turns = asyncio.Semaphore(settings.processes)

    @property
    def worker_pids(self) -> tuple[int, ...]:
        """The processes that run now."""
        return tuple(worker.pid for worker in self._workers if worker.pid is not None)

    async def load(self) -> None:
        """Start the workers. Raises AdapterUnavailable."""
        self._workers = tuple(_Worker(self._settings.start_timeout_s) for _ in range(self._settings.processes))
        for worker in self._workers:
            try:
                await worker.start()
            except BaseException:
                await self.aclose()
                raise
            self._free.append(worker)

    async def warmup(self) -> None:
        """Speak once with each worker, so that files and pages are in memory."""
        session = self.open_session(SessionContext("warmup"))
        context = TurnContext("warmup", "warmup", 0)
        async with asyncio.TaskGroup() as tasks:
            for _ in self._workers:
                tasks.create_task(session.infer_batch(TtsInput("One, two, three.", is_last=True), Controls(), context))

    async def health(self) -> Health:
        """Well when loaded: a worker that died is replaced by the next clause."""
        running = len(self.worker_pids)
        return Health(ok=bool(self._workers), detail=f"{running} of {self._settings.processes} workers running")

    async def aclose(self) -> None:
        """End the workers; clauses in flight fail with AdapterUnavailable."""
        workers, self._workers = self._workers, ()
        self._free.clear()
        for worker in workers:
            await worker.stop()

    def open_session(self, context: SessionContext) -> EspeakSession:
        return EspeakSession(self)

    async def speak(self, clause: TtsInput, control: Controls, language_code: str) -> SpeechChunk:
        """The whole clause.

        Raises AdapterRejected (LANGUAGE_UNSUPPORTED, VOICE_UNKNOWN), AdapterUnavailable (not loaded, or the worker
        died), AdapterTimeout and AdapterProtocolError. When cancelled, the worker drops the clause and is free at once.
        """
        if espeak_language(language_code) is None:
            raise _error(AdapterRejected, "the voice does not speak this language", "LANGUAGE_UNSUPPORTED")
        settings = prosody(control, clause.persona, language_code, self._settings.default_variant)
        say = {
            "text": clause.text.encode("utf-8", "replace").decode(),
            "is_last": clause.is_last,
            "tone": self._settings.tone,
            "prosody": asdict(settings),
        }
        timeout_s = self._settings.timeout_s + SECONDS_PER_CODE_POINT * len(clause.text)
        async with self._worker(timeout_s) as worker:
            answer = await worker.ask(say, timeout_s)
        return _spoken(answer, clause.text)

    @asynccontextmanager
    async def _worker(self, timeout_s: float) -> AsyncIterator[_Worker]:
        """A worker for oneself; who came first is served first."""
        if not self._workers:
            raise _error(AdapterUnavailable, "the voice is not loaded")
        try:
            async with asyncio.timeout(timeout_s):
                await self._turns.acquire()
        except TimeoutError as cause:
            raise _error(AdapterTimeout, "no free worker in time") from cause
        try:
            if not self._free:
                raise _error(AdapterUnavailable, "the voice is closed")
            worker = self._free.pop()
            try:
                yield worker
            finally:
                if worker in self._workers:
                    self._free.append(worker)
                else:
                    await worker.stop()  # closed meanwhile, perhaps just as it was starting anew
        finally:
            self._turns.release()


class EspeakSession(TtsSession):
    """Keeps nothing: espeak has no memory of a conversation."""

    def __init__(self, voice: EspeakVoice) -> None:
        self._voice = voice

    async def infer_stream(
        self, clause: TtsInput, control: Controls, context: TurnContext
    ) -> AsyncGenerator[SpeechChunk, None]:
        """Chunks of 40 ms, the last one shorter; all timings of the clause come with the first."""
        spoken = await self._voice.speak(clause, control, context.language_code)
        for start in range(0, len(spoken.pcm), CHUNK_SAMPLES):
            pcm = spoken.pcm[start : start + CHUNK_SAMPLES]
            yield SpeechChunk(pcm) if start else SpeechChunk(pcm, spoken.phonemes, spoken.words)


class _Worker:
    """One worker process and its place in the queue; the process is replaced when it died or hung."""

    def __init__(self, start_timeout_s: float) -> None:
        self._start_timeout_s = start_timeout_s
        self._process: asyncio.subprocess.Process | None = None
        self._last_id = 0
        self._lengths: tuple[int, int] | None = None

    @property
    def pid(self) -> int | None:
        """Of the running process; None: there is none."""
        process = self._process
        if process is None or process.returncode is not None or process.stdout is None or process.stdout.at_eof():
            return None
        return process.pid

    async def start(self) -> None:
        """Start a process and wait until it is ready. Raises AdapterUnavailable."""
        await self.stop()
        try:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", _WORKER),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                limit=READ_BUFFER_BYTES,
            )
            async with asyncio.timeout(self._start_timeout_s):
                frame = await self._read(self._process)
        except (OSError, EOFError, ValueError) as cause:  # TimeoutError is an OSError
            raise await self._failed(AdapterUnavailable, "the espeak worker does not start") from cause
        if "ready" not in frame.header:
            raise await self._failed(AdapterUnavailable, "espeak-ng cannot be loaded")

    async def stop(self) -> None:
        """End the process at once: it has nothing to lose. Idempotent."""
        process, self._process, self._lengths = self._process, None, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.kill()
        if process.stdin is not None:
            process.stdin.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await process.wait()

    async def ask(self, say: dict[str, Any], timeout_s: float) -> Frame:
        """Have one clause spoken.

        Raises AdapterTimeout, AdapterUnavailable (the process died) and AdapterProtocolError; after each of them the
        next call starts a fresh process. Cancellation only drops the clause: what still comes for it is passed over.
        """
        if self.pid is None:
            await self.start()
        try:
            async with asyncio.timeout(timeout_s):
                return await self._exchange(say)
        except TimeoutError as cause:
            raise await self._failed(AdapterTimeout, "the espeak worker took too long") from cause
        except (OSError, EOFError) as cause:
            raise await self._failed(AdapterUnavailable, "the espeak worker died") from cause
        except ValueError as cause:
            raise await self._failed(AdapterProtocolError, "the espeak worker sent no frame") from cause

    async def _failed(self, kind: type[E], message: str) -> E:
        """Give up the process; the error to raise."""
        await self.stop()
        return _error(kind, message)

    async def _exchange(self, say: dict[str, Any]) -> Frame:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        self._last_id += 1
        request_id = self._last_id
        try:
            _write(process.stdin, {"id": request_id, "say": say})
            await process.stdin.drain()
            while (frame := await self._read(process)).header.get("id") != request_id:
                pass
        except asyncio.CancelledError:
            with suppress(OSError):
                _write(process.stdin, {"id": request_id, "cancel": True})
            raise
        return frame

    async def _read(self, process: asyncio.subprocess.Process) -> Frame:
        """The next frame. A cancelled read loses nothing: the next one goes on where it stopped."""
        assert process.stdout is not None
        if self._lengths is None:
            self._lengths = unpack_lengths(await process.stdout.readexactly(LENGTHS.size))
        data = await process.stdout.readexactly(sum(self._lengths))
        frame, self._lengths = unpack(self._lengths[0], data), None
        return frame


def _write(stream: asyncio.StreamWriter, header: dict[str, Any]) -> None:
    """Hand over one frame. BrokenPipeError: the other side is gone (uvloop has an error of its own for that)."""
    if stream.is_closing():
        raise BrokenPipeError
    stream.write(pack(header))


def _spoken(answer: Frame, clause: str) -> SpeechChunk:
    """A worker's answer as one chunk. Raises AdapterRejected, AdapterProtocolError."""
    header = answer.header
    if "error" in header:
        raise _error(AdapterRejected, "the voice has no such variant", header["error"])
    try:
        return SpeechChunk(
            np.frombuffer(answer.body, "<i2").astype(np.int16, copy=False),
            tuple(PhonemeTiming(*entry) for entry in header["phonemes"]),
            tuple(WordTiming(clause[at : at + length], at, *span) for at, length, *span in header["words"]),
        )
    except (KeyError, TypeError, ValueError) as cause:
        raise _error(AdapterProtocolError, "the espeak worker's answer is not understood") from cause


def _error(kind: type[E], message: str, reason: str = "") -> E:
    error = kind(message, role=Role.TTS, adapter=NAME)
    if reason:
        error.reason = reason
    return error
