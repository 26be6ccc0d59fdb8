"""OpenAI chat completions: POST /v1/chat/completions. Tests: tests/testing/emulators/test_openai_chat.py."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tth.testing.emulators.event_stream import event, send_events
from tth.testing.emulators.faults import FaultKind
from tth.testing.emulators.openai_common import (
    CREATED,
    EFFORTS,
    Problem,
    error_body,
    is_reasoning,
    json_problem,
    model_problem,
    refusal_of,
    refused,
    response_headers,
    unknown_field,
)
from tth.testing.emulators.openai_dialect import Dialect
from tth.testing.emulators.talker import heard_in, token_count, words

if TYPE_CHECKING:
    from tth.testing.emulators.openai import OpenAiEmulator

_KNOWN = """
    model messages stream stream_options max_completion_tokens max_tokens temperature top_p stop n seed
    presence_penalty frequency_penalty reasoning_effort verbosity service_tier prompt_cache_key safety_identifier
    metadata store tools tool_choice parallel_tool_calls response_format logprobs top_logprobs logit_bias user
    modalities prediction web_search_options prompt_cache_retention
"""
FIELDS = frozenset(_KNOWN.split())
ROLES = ("system", "developer", "user", "assistant", "tool")
SAMPLING = ("temperature", "top_p", "presence_penalty", "frequency_penalty", "logprobs", "logit_bias")
THOUGHT = "They want an answer. I should say it aloud."


def add_routes(router: web.UrlDispatcher, emulator: OpenAiEmulator) -> None:
    """The interface's path."""

    async def create(request: web.Request) -> web.StreamResponse:
        return await _create(emulator, request)

    router.add_post("/v1/chat/completions", create)


async def _create(emulator: OpenAiEmulator, request: web.Request) -> web.StreamResponse:
    seen, fault = await emulator.note(request)
    refusal = refusal_of(emulator, request, fault)
    if refusal is not None:
        return refusal
    problem = json_problem(seen.body) or _problem(seen.body, emulator.dialect)
    if problem is not None:
        return refused(problem)
    said = [(message["role"], _text(message["content"])) for message in seen.body["messages"]]
    heard = heard_in([text for role, text in said if role in ("system", "developer")], said)
    limit = seen.body.get("max_completion_tokens", seen.body.get("max_tokens"))
    written = await emulator.written(heard, fault, limit)
    ending = "length" if written.is_cut else "content_filter" if written.is_withheld else "stop"
    prompt_tokens = sum(token_count(text) for _, text in said)
    answer = _Answer(seen.body, emulator.dialect, written.words, ending, prompt_tokens)
    if emulator.dialect.ignores_stream or not seen.body.get("stream"):
        return web.json_response(answer.whole, headers=response_headers())
    stream = answer.in_reverse() if fault and fault.kind is FaultKind.WRONG_ORDER else answer.events(emulator.word_s)
    return await send_events(emulator, request, stream, fault, answer.error, response_headers())


@dataclass(frozen=True, slots=True)
class _Answer:
    """One answer, in the ways it can be sent."""

    body: Mapping[str, Any]
    dialect: Dialect
    reply: tuple[str, ...]
    ending: str
    prompt_tokens: int

    async def events(self, word_s: float) -> AsyncIterator[bytes]:
        """The stream, a word at a time."""
        dialect = self.dialect
        if dialect.empty_first_chunk:
            yield self._wire({**self._head, "choices": [], "prompt_filter_results": []})
            yield self._wire(self._chunk(None))
        yield self._wire(self._chunk({"role": "assistant", "content": None if dialect.null_content else ""}))
        if self._thinks:
            for word in words(THOUGHT):
                yield self._wire(self._chunk({dialect.reasoning_field: word, "content": None}))
        for number, word in enumerate(self._content):
            if word_s and number:
                await asyncio.sleep(word_s)
            is_last = dialect.content_in_finish and number == len(self._content) - 1
            yield self._wire(self._chunk({"content": word}, self.ending if is_last else None))
        if not (dialect.content_in_finish and self._content):
            yield self._wire(self._chunk({}, self.ending))
        if self._usage_asked:
            yield self._wire({**self._head, "choices": [], "usage": self.usage})
        if dialect.ends_with_done:
            yield b"data: [DONE]\n\n" if dialect.last_blank_line else b"data: [DONE]\n"

    async def in_reverse(self) -> AsyncIterator[bytes]:
        """What was counted and the end before the text, the role last."""
        yield self._wire({**self._head, "choices": [], "usage": self.usage})
        yield self._wire(self._chunk({}, self.ending))
        for word in self._content:
            yield self._wire(self._chunk({"content": word}))
        yield self._wire(self._chunk({"role": "assistant"}))
        yield b"data: [DONE]\n\n"

    @property
    def error(self) -> bytes:
        """What comes when something fails midway."""
        if self.dialect.swallows_errors:
            return self._wire(self._chunk({"content": ""}))
        body = error_body("The server had an error while processing your request.", "server_error")
        body["error"]["code"] = self.dialect.error_code
        return event(body) + event("[DONE]")

    @property
    def whole(self) -> dict[str, Any]:
        """The answer without a stream."""
        message: dict[str, Any] = {
            "role": "assistant",
            "content": "".join(self._content),
            "refusal": None,
            "annotations": [],
        }
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": self.ending}
        head = {**self._head, "object": "chat.completion"}
        return {**head, "choices": [choice], **({"usage": self.usage} if self.dialect.sends_usage else {})}

    @property
    def usage(self) -> dict[str, Any]:
        """Tokens; every word of the answer is one."""
        count = len(self._content)
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": count,
            "total_tokens": self.prompt_tokens + count,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
        }

    @property
    def _content(self) -> tuple[str, ...]:
        if not self.dialect.thinks_in_content:
            return self.reply
        return ("<thi", "nk>", *words(THOUGHT), "</think", ">\n\n", *self.reply)

    @property
    def _thinks(self) -> bool:
        switched_off = self.body.get("chat_template_kwargs", {}).get("enable_thinking") is False
        return bool(self.dialect.reasoning_field) and not switched_off and self.body.get("reasoning_effort") != "none"

    @property
    def _usage_asked(self) -> bool:
        return self.dialect.sends_usage and self.body.get("stream_options", {}).get("include_usage") is True

    @property
    def _head(self) -> dict[str, Any]:
        return {
            "id": "chatcmpl-1",
            "object": "chat.completion.chunk",
            "created": CREATED,
            "model": self.body["model"],
            "service_tier": "default",
            "system_fingerprint": None,
        }

    def _chunk(self, delta: dict[str, Any] | None, ending: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": ending}
        chunk = {**self._head, "choices": [choice]}
        if self._usage_asked:
            chunk["usage"] = self.usage if self.dialect.usage_on_every_chunk else None
        if self.dialect.is_strict and self.body.get("stream_options", {}).get("include_obfuscation", True):
            chunk["obfuscation"] = "xY3kq"
        return chunk

    def _wire(self, chunk: dict[str, Any]) -> bytes:
        wire = event(chunk)
        if self.dialect.comments:
            wire = b": ping\n\n" + wire
        return wire.replace(b"\n", b"\r\n") if self.dialect.crlf else wire


def _problem(body: Mapping[str, Any], dialect: Dialect) -> Problem | None:
    """What OpenAI would not accept, or a tolerant server either."""
    messages = _messages_problem(body.get("messages"))
    if messages is not None or not dialect.is_strict:
        return messages
    return unknown_field(body, FIELDS) or model_problem(body.get("model")) or _reasoning_problem(body) or _limits(body)


def _messages_problem(messages: Any) -> Problem | None:
    if not isinstance(messages, list) or not messages:
        return Problem("Missing required parameter: 'messages'.", "messages", "missing_required_parameter")
    for number, message in enumerate(messages):
        where = f"messages[{number}]"
        if not isinstance(message, dict) or message.get("role") not in ROLES:
            return Problem(f"Invalid value for '{where}.role'.", f"{where}.role", "invalid_value")
        content = message.get("content")
        if not isinstance(content, str) and not _are_parts(content):
            return Problem(f"Invalid type for '{where}.content'.", f"{where}.content", "invalid_type")
    return None


def _are_parts(content: Any) -> bool:
    return isinstance(content, list) and all(
        isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str) for part in content
    )


def _reasoning_problem(body: Mapping[str, Any]) -> Problem | None:
    effort = body.get("reasoning_effort")
    if effort is not None and effort not in EFFORTS:
        return Problem("Invalid value for 'reasoning_effort'.", "reasoning_effort", "unsupported_value")
    if not is_reasoning(body["model"]):
        if effort is not None:
            return Problem("Unrecognized request argument: reasoning_effort", "reasoning_effort", _UNSUPPORTED)
        return None
    if "max_tokens" in body:
        return Problem("Use 'max_completion_tokens' instead of 'max_tokens'.", "max_tokens", _UNSUPPORTED)
    wrong = next((name for name in SAMPLING if name in body), None)
    if wrong and effort != "none":
        return Problem(f"Unsupported parameter: '{wrong}' is not supported with this model.", wrong, _UNSUPPORTED)
    return None


def _limits(body: Mapping[str, Any]) -> Problem | None:
    options = body.get("stream_options")
    if options is not None and not body.get("stream"):
        return Problem("'stream_options' is only allowed with 'stream'.", "stream_options", "invalid_value")
    if options is not None and set(options) - {"include_usage", "include_obfuscation"}:
        return Problem("Unknown parameter in 'stream_options'.", "stream_options", "unknown_parameter")
    limit = body.get("max_completion_tokens", body.get("max_tokens", 1))
    if not isinstance(limit, int) or limit < 1:
        return Problem("Invalid 'max_completion_tokens'.", "max_completion_tokens", "integer_below_min_value")
    temperature = body.get("temperature", 1)
    if not isinstance(temperature, int | float) or not 0 <= temperature <= 2:
        return Problem("Invalid 'temperature'.", "temperature", "decimal_above_max_value")
    return None


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


_UNSUPPORTED = "unsupported_parameter"
