"""OpenAI Realtime over WebSocket, GA shape: GET /v1/realtime.

A connection is always upgraded; key, model and credit are looked at afterwards, as at the real server.
Tests: tests/testing/emulators/test_openai_realtime.py.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

from tth.testing.emulators.faults import Fault, FaultKind
from tth.testing.emulators.openai_common import Problem
from tth.testing.emulators.openai_realtime_answer import Answer, said_in
from tth.testing.emulators.openai_realtime_memory import Item, Memory
from tth.testing.emulators.openai_realtime_rules import (
    MODELS,
    RETIRED,
    Rejected,
    check_event,
    check_item,
    check_response,
    new_session,
    updated,
)
from tth.testing.emulators.server import abort

if TYPE_CHECKING:
    from tth.testing.emulators.openai import OpenAiEmulator

MAX_AGE_S = 3600.0
MAX_RECEIVED = 10_000
EXPIRED_REASON = "Your session hit the maximum duration of 60 minutes."
INVALID = "invalid_request_error"
_CONNECT_FAULTS = (
    FaultKind.REFUSED_KEY,
    FaultKind.NO_PERMISSION,
    FaultKind.NO_QUOTA,
    FaultKind.MODEL_NOT_FOUND,
    FaultKind.OVERLOADED,
    FaultKind.HTML_ERROR,
)
_ANSWER_FAULTS = tuple(
    set(FaultKind) - {FaultKind.REFUSED_KEY, FaultKind.NO_PERMISSION, FaultKind.MODEL_NOT_FOUND, FaultKind.OVERLOADED}
)


@dataclass
class RealtimeSettings:
    """How the interface behaves, and what it was told."""

    max_age_s: float = MAX_AGE_S
    """Of a connection; then it is closed, in the middle of a response as well."""
    ping_s: float = 20.0
    message_count: int = 1
    """Messages that an answer is told in."""
    delta_ms: int = 100
    """Of sound in one event, about."""
    has_strange_events: bool = False
    """Sends events that nobody has heard of between the others."""
    seed: int = 0
    received: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=MAX_RECEIVED))
    """What clients sent, oldest first. Kept for tests, in memory only."""
    open_count: int = 0
    """Connections that are open."""
    closed_count: int = 0
    """Connections that are not any more."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A connection that is closed as soon as it is open."""

    code: int
    kind: str
    name: str | None
    message: str

    @property
    def reason(self) -> str:
        return f"{self.kind}.{self.name}" if self.name else self.kind


def add_routes(router: web.UrlDispatcher, emulator: OpenAiEmulator) -> None:
    """The interface's path."""

    async def talk(request: web.Request) -> web.StreamResponse:
        _, fault = await emulator.note(request, _CONNECT_FAULTS)
        if fault is not None and fault.kind in (FaultKind.OVERLOADED, FaultKind.HTML_ERROR):
            return web.Response(status=503 if fault.kind is FaultKind.OVERLOADED else 502, text="<html>Busy</html>")
        socket = web.WebSocketResponse(heartbeat=emulator.realtime.ping_s, compress=False, max_msg_size=16 * 2**20)
        await socket.prepare(request)
        emulator.realtime.open_count += 1
        try:
            await Link(emulator, request, socket).serve(_refusal(emulator, request, fault))
        finally:
            emulator.realtime.open_count -= 1
            emulator.realtime.closed_count += 1
        return socket

    router.add_get("/v1/realtime", talk)


def _refusal(emulator: OpenAiEmulator, request: web.Request, fault: Fault | None) -> Refusal | None:
    """Why this connection is closed at once; None when it is not."""
    kind = fault.kind if fault is not None else None
    given, model = request.headers.get("authorization"), request.query.get("model", "")
    if kind is FaultKind.NO_QUOTA:
        return Refusal(1013, "insufficient_quota", "insufficient_quota", "You exceeded your current quota.")
    if request.headers.get("openai-beta"):
        message = "The Realtime Beta API is no longer supported. Please use /v1/realtime for the GA API."
        return Refusal(4000, INVALID, "beta_api_shape_disabled", message)
    if given is None:
        return Refusal(3000, INVALID, None, "Missing bearer or basic authentication in header")
    if given != f"Bearer {emulator.key}" or kind in (FaultKind.REFUSED_KEY, FaultKind.NO_PERMISSION):
        return Refusal(3000, INVALID, "invalid_api_key", f"Incorrect API key provided: {given[-4:]}.")
    if not model:
        return Refusal(4000, INVALID, "missing_model", "You must provide a model parameter.")
    if model.startswith(RETIRED) or kind is FaultKind.MODEL_NOT_FOUND:
        return Refusal(4004, INVALID, "model_not_found", f"The model `{model}` does not exist.")
    if model not in MODELS:
        return Refusal(4000, INVALID, "invalid_model", f"Model {model} is not supported in realtime mode.")
    return None


class Link:
    """One connection."""

    def __init__(self, emulator: OpenAiEmulator, request: web.Request, socket: web.WebSocketResponse) -> None:
        self.emulator = emulator
        self.settings = emulator.realtime
        self.socket = socket
        self.is_stalled = False
        self.memory = Memory()
        number = emulator.connection_count
        self.random = random.Random(self.settings.seed + number)
        self._prefix, self._last_id = f"{number:03x}", 0
        self._request = request
        expires_at = int(time.time() + self.settings.max_age_s)
        self.session = new_session(self.new_id("sess"), request.query.get("model", ""), expires_at)
        self.conversation_id = self.new_id("conv")
        self._answers: dict[str, Answer] = {}
        self._group: asyncio.TaskGroup | None = None

    # ---- the connection

    async def serve(self, refusal: Refusal | None) -> None:
        """Until somebody closes it."""
        if refusal is not None:
            await self.send_error(refusal.kind, refusal.message, code=refusal.name)
            await self.close(refusal.code, refusal.reason)
            return
        await self.send("session.created", session=self.session)
        if self.settings.has_strange_events:
            await self.send("conversation.created", conversation={"id": self.conversation_id})
        try:
            async with asyncio.TaskGroup() as self._group:
                self._group.create_task(self._grow_old())
                async for message in self.socket:
                    await self._take(message.type, message.data)
                raise _Over
        except* (_Over, ConnectionError):
            pass

    async def _grow_old(self) -> None:
        await asyncio.sleep(self.settings.max_age_s)
        await self.expire()

    async def expire(self) -> None:
        """Close it for its age. Whether it is told in an event as well differs from time to time."""
        if self.random.random() < 0.5:
            await self.send_error(INVALID, EXPIRED_REASON, code="session_expired")
        await self.close(1001, EXPIRED_REASON)

    async def close(self, code: int, reason: str) -> None:
        """Say goodbye."""
        await self.socket.close(code=code, message=reason.encode())

    def break_off(self, begun: bytes = b"") -> None:
        """Be gone without a goodbye. begun: the bytes of a frame that will never end."""
        transport = self._request.transport
        if transport is not None and begun:
            transport.write(begun)
        abort(self._request)

    # ---- what is sent

    def new_id(self, kind: str) -> str:
        """Never the same twice."""
        self._last_id += 1
        return f"{kind}_{self._prefix}{self._last_id:05x}"

    async def send(self, kind: str, **fields: Any) -> None:
        """One event. Raises ConnectionError when nobody is there any more."""
        if self.is_stalled:
            return
        await self.socket.send_str(json.dumps({"type": kind, "event_id": self.new_id("event"), **fields}))
        if self.settings.has_strange_events and self.random.random() < 0.2:
            await self.socket.send_str(json.dumps({"type": "weather.changed", "event_id": self.new_id("event")}))

    async def send_error(self, kind: str, message: str, **told: str | None) -> None:
        """told: code, param, event_id (of the client's event)."""
        error = {"type": kind, "code": None, "message": message, "param": None, "event_id": None, **told}
        await self.send("error", error=error)

    async def send_rate_limits(self) -> None:
        """What is left; comes before or behind a response's end."""
        limits = [{"name": "tokens", "limit": 40_000, "remaining": 39_000, "reset_seconds": 1.5}]
        await self.send("rate_limits.updated", rate_limits=limits)

    # ---- what comes

    async def _take(self, kind: WSMsgType, data: Any) -> None:
        if self.is_stalled:
            return
        if kind is not WSMsgType.TEXT:
            await self.send_error(INVALID, "Binary frames are not supported.", code="invalid_event")
            return
        try:
            event = json.loads(data)
        except ValueError:
            event = None
        if not isinstance(event, dict):
            await self.send_error(INVALID, "The event is no JSON object.", code="invalid_json")
            return
        self.settings.received.append(event)
        try:
            check_event(event)
            await self._obey(event)
        except Rejected as rejected:
            wrong, event_id = rejected.problem, event.get("event_id")
            await self.send_error(INVALID, wrong.message, code=wrong.code, param=wrong.param, event_id=event_id)

    async def _obey(self, event: Mapping[str, Any]) -> None:
        match event["type"]:
            case "session.update":
                responding = bool(self._answers)
                self.session = updated(
                    self.session, event["session"], has_audio=self.memory.has_audio, responding=responding
                )
                await self.send("session.updated", session=self.session)
            case "session.close":
                await self.close(1000, "")
            case "conversation.item.create":
                await self._add(event["item"], event.get("previous_item_id"))
            case "conversation.item.truncate":
                self.memory.truncate(event["item_id"], event["audio_end_ms"])
                cut = {name: event[name] for name in ("item_id", "content_index", "audio_end_ms")}
                await self.send("conversation.item.truncated", **cut)
            case "conversation.item.delete":
                self.memory.delete(event["item_id"])
                await self.send("conversation.item.deleted", item_id=event["item_id"])
            case "conversation.item.retrieve":
                item = self.memory.items[self.memory.place(event["item_id"])]
                await self.send("conversation.item.retrieved", item=item.shown())
            case "response.create":
                await self._respond(event.get("response", {}))
            case "response.cancel":
                self._cancel(event.get("response_id"))
            case "input_audio_buffer.commit":
                raise Rejected(Problem("The buffer is empty.", None, "input_audio_buffer_commit_empty"))
            case _:
                pass

    async def _add(self, given: Any, behind: str | None) -> None:
        check_item(given)
        text = "".join(part["text"] for part in given["content"])
        item = Item(given.get("id") or self.new_id("item"), given["role"], text)
        before = self.memory.add(item, behind)
        await self.send("conversation.item.added", previous_item_id=before, item=item.shown())
        await self.send("conversation.item.done", previous_item_id=before, item=item.shown())

    async def _respond(self, given: Any) -> None:
        check_response(given)
        for item in given.get("input", ()):
            said_in(item, self)
        answer = Answer(self, given, self.new_id("resp"), self.emulator.faults.take(_ANSWER_FAULTS))
        active = next((one for one in self._answers.values() if one.is_mirrored), None)
        if answer.is_mirrored and active is not None:
            message = f"Conversation already has an active response in progress: {active.response_id}."
            raise Rejected(Problem(message, None, "conversation_already_has_active_response"))
        assert self._group is not None
        self._answers[answer.response_id] = answer
        self._group.create_task(self._answer(answer))

    async def _answer(self, answer: Answer) -> None:
        try:
            async with self.emulator.answering():
                await answer.run()
        finally:
            del self._answers[answer.response_id]

    def _cancel(self, response_id: str | None) -> None:
        mirrored = (one for one in self._answers.values() if one.is_mirrored)
        answer = self._answers.get(response_id) if response_id else next(mirrored, None)
        if answer is None or answer.is_cancelled.is_set():
            message = "Cancellation failed: no active response found"
            raise Rejected(Problem(message, None, "response_cancel_not_active"))
        answer.is_cancelled.set()
        self.emulator.note_cancelled()


class _Over(Exception):
    """Ends the tasks of a connection that is closed."""
