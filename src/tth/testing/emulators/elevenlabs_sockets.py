"""ElevenLabs' four sockets: speech and dialogues, each with one context or with several.

Tests: tests/testing/emulators/test_elevenlabs.py.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from aiohttp import WSMsgType, web

from tth.testing.emulators.elevenlabs_common import (
    DIALOGUE_MODELS,
    NO_VOICE,
    NOT_ON_SPEECH_SOCKETS_HZ,
    ONE_VOICE,
    SPEECH_MODELS,
    TIMEOUT,
    WRONG_KEY,
    ElevenLabsBase,
    Told,
    rate_of,
    refusal_of,
    settings_problem,
)
from tth.testing.emulators.elevenlabs_context import SCHEDULE, Context, Failed, Manner
from tth.testing.emulators.faults import KEY_FAULTS, FaultKind
from tth.testing.emulators.server import Seen, abort

MAX_CONTEXTS = 5
OVER_HTTP = (FaultKind.RATE_LIMITED, FaultKind.HTML_ERROR)
"""What happens to an upgrade, and not to a socket that is open."""
MAX_INACTIVITY_S = 180.0
NO_SUCH_VOICE = "no-such-voice"
"""Every other voice is there."""
TOO_MANY = Told("max_active_conversations", "Maximum simultaneous contexts per WebSocket connection exceeded (5).")
_SPEECH_QUERY = frozenset(
    {
        *("model_id", "output_format", "language_code", "inactivity_timeout", "auto_mode", "sync_alignment"),
        *("enable_logging", "enable_ssml_parsing", "apply_text_normalization", "seed", "authorization"),
    }
)
_DIALOGUE_QUERY = frozenset(
    {
        *("model_id", "output_format", "language_code", "sync_alignment", "enable_logging", "seed"),
        *("apply_text_normalization", "single_use_token"),
    }
)
_SPEECH_FIELDS = frozenset(
    {
        *("text", "context_id", "voice_settings", "generation_config", "flush", "try_trigger_generation"),
        *("close_context", "close_socket", "pronunciation_dictionary_locators", "xi_api_key", "authorization"),
    }
)
_DIALOGUE_FIELDS = frozenset(
    {
        *("context_id", "voices", "voice_settings", "inputs", "flush", "keep_alive", "close_context", "close_socket"),
        *("pronunciation_dictionary_locators", "xi_api_key", "authorization", "single_use_token"),
    }
)


def add_routes(router: web.UrlDispatcher, emulator: ElevenLabsBase) -> None:
    """The four of them."""
    for path, is_dialogue, is_multi in (
        ("/v1/text-to-speech/{voice}/stream-input", False, False),
        ("/v1/text-to-speech/{voice}/multi-stream-input", False, True),
        ("/v1/text-to-dialogue/stream-input", True, False),
        ("/v1/text-to-dialogue/multi-stream-input", True, True),
    ):
        router.add_get(path, _Door(emulator, is_dialogue=is_dialogue, is_multi=is_multi).answer)


class _Door:
    """One kind of socket."""

    def __init__(self, emulator: ElevenLabsBase, *, is_dialogue: bool, is_multi: bool) -> None:
        self._emulator = emulator
        self._is_dialogue = is_dialogue
        self._is_multi = is_multi

    async def answer(self, request: web.Request) -> web.StreamResponse:
        emulator = self._emulator
        _, fault = await emulator.note(request, (*KEY_FAULTS, *OVER_HTTP))
        in_band = emulator.refuses_in_band or self._has_no_key(request)
        refusal = refusal_of(emulator, request, fault) if fault is not None or not in_band else None
        if refusal is not None:
            return refusal
        problem = self._query_problem(request.query)
        socket = web.WebSocketResponse(max_msg_size=0)
        await socket.prepare(request)
        talk = _Socket(emulator, request, socket, self._manner(request.query))
        try:
            if problem is not None:
                raise Failed(problem)
            await talk.run(self._inactivity_s(request.query))
        except Failed as failed:
            await _end(request, socket, failed)
        return socket

    def _has_no_key(self, request: web.Request) -> bool:
        """The first message may bring one."""
        return "xi-api-key" not in request.headers

    def _query_problem(self, query: Mapping[str, str]) -> Told | None:
        unknown = [name for name in query if name not in (_DIALOGUE_QUERY if self._is_dialogue else _SPEECH_QUERY)]
        if unknown:
            return Told("invalid_query", f"Unknown parameter: {unknown[0]}")
        models = DIALOGUE_MODELS if self._is_dialogue else SPEECH_MODELS
        if query.get("model_id", models[0]) not in models:
            return Told("unsupported_model", "This model is not available on this endpoint.")
        rate = rate_of(query.get("output_format", "pcm_24000"))
        if rate is None or (not self._is_dialogue and rate in NOT_ON_SPEECH_SOCKETS_HZ):
            return Told("output_format_not_allowed", "This output format is not supported here.")
        return None

    def _manner(self, query: Mapping[str, str]) -> Manner:
        return Manner(
            rate_of(query.get("output_format", "pcm_24000")) or 24_000,
            query.get("auto_mode") == "true",
            query.get("sync_alignment") == "true",
            self._is_dialogue,
            self._is_multi,
        )

    def _inactivity_s(self, query: Mapping[str, str]) -> float:
        asked = query.get("inactivity_timeout", "")
        return min(float(asked), MAX_INACTIVITY_S) if asked.isdecimal() else self._emulator.inactivity_s


class _Socket:
    """One open socket and its contexts."""

    def __init__(
        self, emulator: ElevenLabsBase, request: web.Request, socket: web.WebSocketResponse, manner: Manner
    ) -> None:
        self._emulator = emulator
        self._request = request
        self._socket = socket
        self._manner = manner
        self._contexts: dict[str, Context] = {}
        """Open ones: up to their end has been sent."""
        self._voices: dict[str, list[str]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._is_let_in = emulator.may_enter(request.headers.get("xi-api-key", ""))

    async def run(self, inactivity_s: float) -> None:
        """Until either side closes the socket. Raises Failed."""
        try:
            while (message := await self._next(inactivity_s)) is not None:
                if self._take(message):
                    for context in self._contexts.values():
                        context.end()
                    if self._tasks:
                        await self._first_of(*self._tasks, all_of_them=True)
                    await self._socket.close(code=1000)
                    return
        finally:
            for task in self._tasks:
                task.cancel()
            if self._tasks:
                await asyncio.wait(self._tasks)
            if self._failed.done():
                self._failed.exception()

    async def _next(self, inactivity_s: float) -> Mapping[str, Any] | None:
        """The next message; None when the client has closed or gone."""
        receiving = asyncio.create_task(self._socket.receive())
        try:
            await self._first_of(receiving, timeout_s=inactivity_s)
        finally:
            receiving.cancel()
            await asyncio.wait([receiving])
        if receiving.cancelled():
            raise Failed(TIMEOUT)
        frame = receiving.result()
        if frame.type is not WSMsgType.TEXT:
            return None
        try:
            message = json.loads(frame.data)
        except ValueError:
            message = None
        if not isinstance(message, dict):
            raise Failed(_wrong("Messages are JSON objects."))
        self._emulator.seen.append(Seen("WS", self._request.path_qs, {}, message))
        return message

    async def _first_of(
        self, *tasks: asyncio.Task[Any], timeout_s: float | None = None, all_of_them: bool = False
    ) -> None:
        """Wait for a task, or for all; raises what a context failed with."""
        waiting: set[asyncio.Future[Any]] = set(tasks)
        while waiting:
            done, _ = await asyncio.wait(
                {*waiting, self._failed}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED
            )
            if self._failed.done():
                self._failed.result()
            waiting -= done
            if not all_of_them or not done:
                return

    def _take(self, message: Mapping[str, Any]) -> bool:
        """One message; True for the one that ends the input of the whole socket. Raises Failed."""
        manner = self._manner
        fields = _DIALOGUE_FIELDS if manner.is_dialogue else _SPEECH_FIELDS
        unknown = [name for name in message if name not in fields]
        if unknown or (not manner.is_multi and message.get("context_id") is not None):
            raise Failed(_wrong(f"Unknown field: {(*unknown, 'context_id')[0]}"))
        if message.get("close_socket"):
            return True
        name = message.get("context_id") or ""
        if manner.is_dialogue:
            self._take_dialogue(name, message)
            return False
        if manner.is_multi and not name and message.get("text") == "":
            return False  # keeps the socket alive
        if not manner.is_multi and message.get("text") == "" and name in self._contexts:
            return True
        self._take_speech(name, message)
        return False

    def _take_speech(self, name: str, message: Mapping[str, Any]) -> None:
        context = self._contexts.get(name)
        text = message.get("text", "")
        if not isinstance(text, str):
            raise Failed(_wrong("text: must be text"))
        if context is None:
            if text not in ("", " "):
                raise Failed(_wrong("The first message of a context has a single space for its text."))
            self._open(name, message, _schedule(message))
            return
        told = message.get("voice_settings")
        if told is not None and told != context.settings:
            name = "voice_settings_changed"
            raise Failed(Told(name, "voice_settings can only be provided in the first message."))
        if context.has_ended:
            raise Failed(_wrong("This context is closed."))
        if text or message.get("flush"):
            trigger = bool(message.get("try_trigger_generation"))
            context.add(text, flush=bool(message.get("flush")), trigger=trigger)
        if message.get("close_context"):
            context.end()

    def _take_dialogue(self, name: str, message: Mapping[str, Any]) -> None:
        context = self._contexts.get(name)
        if self._manner.is_multi and not name:
            raise Failed(_wrong("context_id is missing."))
        if context is None:
            voices = message.get("voices")
            is_list = isinstance(voices, list) and all(isinstance(voice, str) for voice in voices)
            most = 1 if self._request.query.get("model_id") in ONE_VOICE else 10
            if not is_list or not 1 <= len(voices or ()) <= most:
                raise Failed(_wrong(f"The first message of a context registers 1 to {most} voices."))
            context = self._open(name, message, SCHEDULE)
            self._voices[name] = list(voices or ())
        elif message.get("voices") is not None or message.get("voice_settings") is not None:
            raise Failed(_wrong("voices can only be provided in the first message of a context."))
        elif context.has_ended:
            raise Failed(_wrong("This context is closed."))
        for line in message.get("inputs") or ():
            if not isinstance(line, dict) or line.get("voice_id") not in self._voices[name]:
                raise Failed(_wrong("inputs: this voice is not registered."))
            if not isinstance(line.get("text"), str) or set(line) - {"text", "voice_id", "new_turn"}:
                raise Failed(_wrong("inputs: text, voice_id, new_turn"))
            context.add(line["text"])
        if message.get("flush"):
            context.add("", flush=True)
        if message.get("close_context"):
            context.end()

    def _open(self, name: str, message: Mapping[str, Any], schedule: tuple[int, ...]) -> Context:
        """A new context. Raises Failed."""
        if not self._is_let_in:
            self._is_let_in = self._emulator.may_enter(str(message.get("xi_api_key", "")))
        if not self._is_let_in:
            raise Failed(WRONG_KEY)
        if len(self._contexts) >= MAX_CONTEXTS:
            raise Failed(TOO_MANY)
        if NO_SUCH_VOICE in (self._request.match_info.get("voice"), *(message.get("voices") or ())):
            raise Failed(NO_VOICE)
        settings = message.get("voice_settings")
        problem = None if settings is None else settings_problem(settings, is_dialogue=self._manner.is_dialogue)
        if problem is not None:
            raise Failed(Told("invalid_voice_settings", problem))
        fault = self._emulator.faults.take([kind for kind in FaultKind if kind not in OVER_HTTP])
        context = Context(name, self._emulator, self._manner, self._send, schedule, settings, fault)
        self._contexts[name] = context
        task = asyncio.create_task(self._speak(context))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return context

    async def _speak(self, context: Context) -> None:
        try:
            with suppress(ConnectionResetError):  # nobody is left to hear of it
                await context.run()
            self._contexts.pop(context.context_id, None)
        except Failed as failed:
            if not self._failed.done():
                self._failed.set_exception(failed)

    async def _send(self, frame: Mapping[str, Any]) -> None:
        if not self._socket.closed:
            await self._socket.send_json(frame)


def _schedule(message: Mapping[str, Any]) -> tuple[int, ...]:
    """What the first message says of it. Raises Failed."""
    schedule = (message.get("generation_config") or {}).get("chunk_length_schedule") or SCHEDULE
    if not all(isinstance(count, int | float) and 50 <= count <= 500 for count in schedule):
        raise Failed(_wrong("chunk_length_schedule: each must be 50..500"))
    return tuple(int(count) for count in schedule)


def _wrong(message: str) -> Told:
    return Told("invalid_message", message)


async def _end(request: web.Request, socket: web.WebSocketResponse, failed: Failed) -> None:
    """Close as the failure asks for."""
    if failed.is_cut:
        await asyncio.sleep(0.01)  # what was written before is on its way
        abort(request)
        return
    if failed.garbage:
        await socket.send_str(failed.garbage)
    if failed.told is not None:
        told = failed.told
        await socket.send_json({"message": told.message, "error": told.name, "code": failed.code})
    await socket.close(code=failed.code, message=failed.told.message.encode() if failed.told is not None else b"")
