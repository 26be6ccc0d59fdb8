"""Anthropic on this machine: the Messages interface, as under https://api.anthropic.com.

Tests: tests/testing/emulators/test_anthropic.py.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tth.testing.emulators.event_stream import event, send_events
from tth.testing.emulators.faults import KEY_FAULTS, Fault, FaultKind
from tth.testing.emulators.talker import TalkingEmulator, heard_in, token_count, words

MODELS = (
    *("claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5", "claude-fable-5-2", "claude-fable-5-1"),
    *("claude-opus-5", "claude-sonnet-5", "claude-opus-4-8", "claude-opus-4-7", "claude-opus-4-6"),
    *("claude-sonnet-4-6", "claude-haiku-4-5", "claude-sonnet-4-5"),
)
VERSIONS = ("2023-06-01", "2026-10-21")
FIELDS = frozenset(
    {
        *("model", "max_tokens", "messages", "system", "stream", "thinking", "output_config", "stop_sequences"),
        *("metadata", "service_tier", "speed", "tools", "tool_choice", "temperature", "top_p", "top_k"),
    }
)
SAMPLING = ("temperature", "top_p", "top_k")
EFFORTS = ("low", "medium", "high", "xhigh", "max")
OLD = ("claude-haiku-4-5", "claude-sonnet-4-5")
"""Models that take a beginning of their answer and do not think by themselves."""
THINKS_WHEN_TOLD = (*OLD, "claude-sonnet-4-6", "claude-opus-4-6", "claude-opus-4-7", "claude-opus-4-8")
SWITCHES = {"claude-haiku-5-5": "disabled", "claude-opus-5": "disabled", "claude-sonnet-5-5": "between_tools"}
THOUGHT = "They want an answer."


@dataclass
class AnthropicEmulator(TalkingEmulator):
    """What TTH uses of Anthropic."""

    shows_thoughts: bool = False
    """Thinking blocks have their text; without, a signature only."""

    name = "anthropic"

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_get("/v1/models", self._models)
        router.add_post("/v1/messages", self._create)

    @property
    def base_url(self) -> str:
        """What clients are configured with."""
        return self.url

    async def _models(self, request: web.Request) -> web.Response:
        _, fault = await self.note(request, KEY_FAULTS)
        refusal = self._refusal(request, fault)
        if refusal is not None:
            return refusal
        found = [
            {"type": "model", "id": name, "display_name": name, "created_at": "2026-01-01T00:00:00Z"} for name in MODELS
        ]
        return web.json_response({"data": found, "has_more": False, "first_id": MODELS[0], "last_id": MODELS[-1]})

    async def _create(self, request: web.Request) -> web.StreamResponse:
        seen, fault = await self.note(request)
        body = seen.body
        version = request.headers.get("anthropic-version", "")
        refusal = self._refusal(request, fault) or _problem(body, version)
        if refusal is not None:
            return refusal
        said = [(message["role"], _text(message["content"])) for message in body["messages"]]
        system = _text(body.get("system", ""))
        thought = tuple(words(THOUGHT)) if _thinks(body) else ()
        written = await self.written(heard_in([system], said), fault, body["max_tokens"] - len(thought))
        ending = "max_tokens" if written.is_cut else "refusal" if written.is_withheld else "end_turn"
        counted = sum(map(token_count, [system, *(text for _, text in said)]))
        answer = _Answer(body["model"], written.words, thought, self.shows_thoughts, ending, counted)
        headers = {"request-id": _request_id()}
        if not body.get("stream"):
            return web.json_response(answer.whole, headers=headers)
        is_wrong = fault is not None and fault.kind is FaultKind.WRONG_ORDER
        stream = answer.out_of_order() if is_wrong else answer.events(self.word_s)
        return await send_events(self, request, stream, fault, _STREAM_ERROR, headers)

    def _refusal(self, request: web.Request, fault: Fault | None) -> web.Response | None:
        """Why this request is not looked at: a fault before the first byte, its key, or its version."""
        if fault is not None and fault.kind in _REFUSALS:
            return _fault_answer(fault)
        bearer, plain = request.headers.get("authorization"), request.headers.get("x-api-key")
        if bearer and plain:
            return _error(400, "invalid_request_error", "send one of authorization and x-api-key")
        if bearer != f"Bearer {self.key}" and plain != self.key:
            return _error(401, "authentication_error", "invalid x-api-key")
        if request.headers.get("anthropic-version") not in VERSIONS:
            return _error(400, "invalid_request_error", "anthropic-version: header is required")
        return None


@dataclass(frozen=True, slots=True)
class _Answer:
    """One answer, in the ways it can be sent."""

    model: str
    reply: tuple[str, ...]
    thought: tuple[str, ...]
    shows_thoughts: bool
    ending: str
    input_tokens: int

    async def events(self, word_s: float) -> AsyncIterator[bytes]:
        """The stream, a word at a time: what was thought, then what is said, in a block each."""
        yield _wire("message_start", message=self._message)
        index = 0
        if self.thought:
            for wire in self._thinking():
                yield wire
            index = 1
        if self.reply:
            yield _wire("content_block_start", index=index, content_block={"type": "text", "text": ""})
            yield _wire("ping")
            for number, word in enumerate(self.reply):
                if word_s and number:
                    await asyncio.sleep(word_s)
                yield _wire("content_block_delta", index=index, delta={"type": "text_delta", "text": word})
            yield _wire("content_block_stop", index=index)
        for wire in self._goodbye():
            yield wire

    async def out_of_order(self) -> AsyncIterator[bytes]:
        """A block's text before its start, and events, blocks and deltas that nobody knows."""
        yield _wire("message_start", message=self._message)
        yield _wire("weather_report", sunny=True)
        yield _wire("content_block_start", index=7, content_block={"type": "dream", "text": "never said"})
        yield _wire("content_block_delta", index=7, delta={"type": "dream_delta", "text": "never said"})
        for word in self.reply:
            yield _wire("content_block_delta", index=0, delta={"type": "text_delta", "text": word})
        yield _wire("content_block_start", index=0, content_block={"type": "text", "text": ""})
        for wire in self._goodbye():
            yield wire

    @property
    def whole(self) -> dict[str, Any]:
        """The answer without a stream."""
        content = [{"type": "text", "text": "".join(self.reply)}] if self.reply else []
        return {
            **self._message,
            "content": content,
            "stop_reason": self.ending,
            "usage": {**self._message["usage"], "output_tokens": self._output_tokens},
        }

    def _thinking(self) -> list[bytes]:
        deltas = [{"type": "thinking_delta", "thinking": word} for word in self.thought if self.shows_thoughts]
        start = {"type": "thinking", "thinking": "", "signature": ""}
        return [
            _wire("content_block_start", index=0, content_block=start),
            *(_wire("content_block_delta", index=0, delta=delta) for delta in deltas),
            _wire("content_block_delta", index=0, delta={"type": "signature_delta", "signature": "EqQBCg"}),
            _wire("content_block_stop", index=0),
        ]

    def _goodbye(self) -> list[bytes]:
        details = {"type": "refusal", "category": None, "explanation": None} if self.ending == "refusal" else None
        delta = {"stop_reason": self.ending, "stop_sequence": None, "stop_details": details}
        usage = {"input_tokens": self.input_tokens, "output_tokens": self._output_tokens}
        return [_wire("message_delta", delta=delta, usage=usage), _wire("message_stop")]

    @property
    def _output_tokens(self) -> int:
        return len(self.thought) + len(self.reply)

    @property
    def _message(self) -> dict[str, Any]:
        return {
            "id": "msg_01",
            "type": "message",
            "role": "assistant",
            "model": self.model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {
                "input_tokens": self.input_tokens,
                "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": 0,
                "output_tokens": 1,
                "service_tier": "standard",
            },
        }


def _problem(body: Any, version: str) -> web.Response | None:
    """What Anthropic would not accept."""
    if not isinstance(body, dict):
        return _invalid("the body is not valid JSON")
    for name, value in body.items():
        if name not in FIELDS:
            return _invalid(f"{name}: Extra inputs are not permitted")
        if value is None:
            return _invalid(f"{name}: Input should not be null")
    if body.get("model") not in MODELS:
        return _error(404, "not_found_error", f"model: {body.get('model')}")
    if not isinstance(body.get("max_tokens"), int) or body["max_tokens"] < 1:
        return _invalid("max_tokens: Field required")
    wrong = _message_problem(body) or _thinking_problem(body) or _sampling_problem(body, version)
    return _invalid(wrong) if wrong else None


def _message_problem(body: Mapping[str, Any]) -> str:
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        return "messages: Field required"
    for number, message in enumerate(messages):
        if not isinstance(message, dict) or message.get("role") not in ("user", "assistant"):
            return f"messages.{number}.role: Input should be 'user' or 'assistant'"
        blocks = message.get("content")
        texts = [blocks] if isinstance(blocks, str) else [_block_text(block) for block in blocks or [None]]
        if not all(isinstance(text, str) and text.strip() for text in texts):
            return f"messages.{number}.content: text content blocks must be non-empty"
    if messages[0]["role"] != "user":
        return "messages: first message must use the user role"
    if messages[-1]["role"] == "assistant" and body["model"] not in OLD:
        return "This model does not support assistant message prefill."
    return "" if _text(body.get("system", "x")).strip() else "system: text content blocks must be non-empty"


def _thinking_problem(body: Mapping[str, Any]) -> str:
    model, effort = body["model"], body.get("output_config", {}).get("effort", "high")
    if effort not in EFFORTS:
        return f"output_config.effort: Input should be one of {', '.join(EFFORTS)}"
    kind = body.get("thinking", {"type": "adaptive"}).get("type")
    if kind == "adaptive" or kind == SWITCHES.get(model, "disabled" if model in THINKS_WHEN_TOLD else ""):
        too_much = kind == "disabled" and effort in ("xhigh", "max")
        return "thinking.type: disabled is not supported at this effort" if too_much else ""
    if kind == "enabled" and model in ("claude-opus-4-6", "claude-sonnet-4-6", *OLD):
        return ""
    return f"thinking.type: {kind} is not supported by {model}"


def _sampling_problem(body: Mapping[str, Any], version: str) -> str:
    sent = [name for name in SAMPLING if name in body]
    if not sent:
        return ""
    if version == "2026-10-21":
        return f"{sent[0]}: Extra inputs are not permitted"
    is_new = body["model"] not in ("claude-opus-4-6", "claude-sonnet-4-6", *OLD)
    return f"{sent[0]}: only the default is supported by this model" if is_new and body[sent[0]] != 1 else ""


def _thinks(body: Mapping[str, Any]) -> bool:
    """5.x models think unless they are told otherwise."""
    given = body.get("thinking", {}).get("type")
    return bool(given == "adaptive" or (given is None and re.search(r"-5(-\d)?$", body["model"]) and not _is_old(body)))


def _is_old(body: Mapping[str, Any]) -> bool:
    return body["model"] in THINKS_WHEN_TOLD


def _block_text(block: Any) -> Any:
    return block.get("text") if isinstance(block, dict) and block.get("type") == "text" else None


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "".join(_block_text(block) for block in content)


def _wire(name: str, **fields: Any) -> bytes:
    return event({"type": name, **fields}, name)


def _request_id() -> str:
    return f"req_{secrets.token_hex(8)}"


def _error_body(kind: str, message: str, code: str | None = None) -> dict[str, Any]:
    details = {"error_code": code} if code else None
    error = {"type": kind, "message": message, "details": details}
    return {"type": "error", "error": error, "request_id": _request_id()}


def _invalid(message: str) -> web.Response:
    return _error(400, "invalid_request_error", message)


def _error(status: int, kind: str, message: str, code: str | None = None, waits_s: float | None = None) -> web.Response:
    headers = {"request-id": _request_id()}
    if waits_s is not None:
        headers["retry-after"] = f"{waits_s:g}"
    return web.json_response(_error_body(kind, message, code), status=status, headers=headers)


_REFUSALS: Mapping[FaultKind, tuple[int, str, str | None]] = {
    FaultKind.REFUSED_KEY: (401, "authentication_error", None),
    FaultKind.NO_PERMISSION: (403, "permission_error", None),
    FaultKind.NO_QUOTA: (429, "rate_limit_error", "enforced_spend_limit_reached"),
    FaultKind.RATE_LIMITED: (429, "rate_limit_error", None),
    FaultKind.MODEL_NOT_FOUND: (404, "not_found_error", None),
    FaultKind.SERVER_ERROR: (500, "api_error", None),
    FaultKind.OVERLOADED: (529, "overloaded_error", None),
    FaultKind.HTML_ERROR: (503, "", None),
}
_STREAM_ERROR = event(_error_body("overloaded_error", "Overloaded"), "error")


def _fault_answer(fault: Fault) -> web.Response:
    status, kind, code = _REFUSALS[fault.kind]
    if fault.kind is FaultKind.HTML_ERROR:
        return web.Response(status=status, text="<html><body>503 Service Unavailable</body></html>")
    return _error(status, kind, "The request was refused by the emulator.", code, fault.retry_after_s)
