"""OpenAI responses: POST /v1/responses. Tests: tests/testing/emulators/test_openai_responses.py."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tth.testing.emulators.event_stream import event, send_events
from tth.testing.emulators.faults import Fault, FaultKind
from tth.testing.emulators.openai_common import (
    CREATED,
    EFFORTS,
    Problem,
    is_reasoning,
    json_problem,
    model_problem,
    refusal_of,
    refused,
    response_headers,
    unknown_field,
)
from tth.testing.emulators.talker import heard_in, token_count

if TYPE_CHECKING:
    from tth.testing.emulators.openai import OpenAiEmulator

_KNOWN = """
    model input instructions stream stream_options store max_output_tokens reasoning text temperature top_p
    truncation metadata service_tier prompt_cache_key safety_identifier tools tool_choice parallel_tool_calls
    include background previous_response_id conversation user prompt max_tool_calls top_logprobs
    prompt_cache_retention
"""
FIELDS = frozenset(_KNOWN.split())
ROLES = ("system", "developer", "user", "assistant")
MIN_OUTPUT_TOKENS = 16
THOUGHT = "They want an answer."


def add_routes(router: web.UrlDispatcher, emulator: OpenAiEmulator) -> None:
    """The interface's path."""

    async def create(request: web.Request) -> web.StreamResponse:
        return await _create(emulator, request)

    router.add_post("/v1/responses", create)


async def _create(emulator: OpenAiEmulator, request: web.Request) -> web.StreamResponse:
    seen, fault = await emulator.note(request)
    refusal = refusal_of(emulator, request, fault)
    if refusal is not None:
        return refusal
    problem = json_problem(seen.body) or _problem(seen.body)
    if problem is not None:
        return refused(problem)
    body = seen.body
    said = _said(body["input"])
    systems = [body.get("instructions", ""), *(text for role, text in said if role in ("system", "developer"))]
    written = await emulator.written(heard_in(systems, said), fault, body.get("max_output_tokens"))
    ending = "max_output_tokens" if written.is_cut else "content_filter" if written.is_withheld else ""
    answer = Answer(body, written.words, ending, sum(map(token_count, systems)))
    if not body.get("stream"):
        return web.json_response(answer.response(is_over=True), headers=response_headers())
    stream = answer.events(emulator.word_s)
    if fault is not None and fault.kind is FaultKind.WRONG_ORDER:
        stream = _opened_late(stream)
    return await send_events(emulator, request, stream, fault, answer.error(fault), response_headers())


@dataclass
class Answer:
    """One answer and its events."""

    body: Mapping[str, Any]
    reply: tuple[str, ...]
    ending: str
    """Why it is incomplete; "" when it is not."""
    input_tokens: int
    number: int = -1
    """Of the event sent last."""

    async def events(self, word_s: float) -> AsyncIterator[bytes]:
        """The whole ladder."""
        yield self._wire("response.created", response=self.response())
        yield self._wire("response.in_progress", response=self.response())
        if self._reasons:
            for wire in self._reasoning():
                yield wire
        if self.reply:
            for wire in self._opening():
                yield wire
            for number, word in enumerate(self.reply):
                if word_s and number:
                    await asyncio.sleep(word_s)
                padding = {"obfuscation": "qZ8"} if self._obfuscates else {}
                yield self._wire("response.output_text.delta", **self._place, delta=word, logprobs=[], **padding)
            for wire in self._closing():
                yield wire
        name = "response.incomplete" if self.ending else "response.completed"
        yield self._wire(name, response=self.response(is_over=True))

    def error(self, fault: Fault | None) -> bytes:
        """What comes when something fails midway: flat as documented, or nested as it often is; the first event of all
        when it comes at once."""
        error = {"code": "server_error", "message": "The emulator was told to fail.", "param": None}
        after = fault.after if fault is not None else 0
        shape = error if after % 2 else {"error": {"type": "server_error", **error}}
        return event({"type": "error", "sequence_number": after, **shape}, "error")

    def response(self, *, is_over: bool = False) -> dict[str, Any]:
        """The response object."""
        return {
            "id": "resp_1",
            "object": "response",
            "created_at": CREATED,
            "completed_at": CREATED + 1 if is_over and not self.ending else None,
            "status": ("incomplete" if self.ending else "completed") if is_over else "in_progress",
            "error": None,
            "incomplete_details": {"reason": self.ending} if is_over and self.ending else None,
            "instructions": self.body.get("instructions"),
            "max_output_tokens": self.body.get("max_output_tokens"),
            "metadata": {},
            "model": self.body["model"],
            "output": [self._item(is_over=True)] if is_over and self.reply else [],
            "parallel_tool_calls": True,
            "previous_response_id": None,
            "store": self.body.get("store", True),
            "temperature": 1.0,
            "tool_choice": "auto",
            "tools": [],
            "top_p": 1.0,
            "truncation": "disabled",
            "usage": self._usage if is_over else None,
        }

    def _reasoning(self) -> list[bytes]:
        item: dict[str, Any] = {"id": "rs_1", "type": "reasoning", "summary": []}
        part = {"item_id": "rs_1", "output_index": 0, "summary_index": 0}
        text = {"type": "summary_text", "text": THOUGHT}
        return [
            self._wire("response.output_item.added", output_index=0, item=item),
            self._wire("response.reasoning_summary_part.added", **part, part={"type": "summary_text", "text": ""}),
            self._wire("response.reasoning_summary_text.delta", **part, delta=THOUGHT),
            self._wire("response.reasoning_summary_text.done", **part, text=THOUGHT),
            self._wire("response.reasoning_summary_part.done", **part, part=text),
            self._wire("response.output_item.done", output_index=0, item={**item, "summary": [text]}),
        ]

    def _opening(self) -> list[bytes]:
        part = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
        return [
            self._wire("response.output_item.added", output_index=self._index, item=self._item()),
            self._wire("response.content_part.added", **self._place, part=part),
        ]

    def _closing(self) -> list[bytes]:
        item = self._item(is_over=True)
        return [
            self._wire("response.output_text.done", **self._place, text="".join(self.reply), logprobs=[]),
            self._wire("response.content_part.done", **self._place, part=item["content"][0]),
            self._wire("response.output_item.done", output_index=self._index, item=item),
        ]

    def _item(self, *, is_over: bool = False) -> dict[str, Any]:
        text = {"type": "output_text", "text": "".join(self.reply), "annotations": [], "logprobs": []}
        return {
            "id": "msg_1",
            "type": "message",
            "status": ("incomplete" if self.ending else "completed") if is_over else "in_progress",
            "role": "assistant",
            "content": [text] if is_over else [],
        }

    @property
    def _usage(self) -> dict[str, Any]:
        return {
            "input_tokens": self.input_tokens,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": len(self.reply),
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": self.input_tokens + len(self.reply),
        }

    @property
    def _reasons(self) -> bool:
        return is_reasoning(self.body["model"]) and self.body.get("reasoning", {}).get("effort") != "none"

    @property
    def _obfuscates(self) -> bool:
        return bool(self.body.get("stream_options", {}).get("include_obfuscation", True))

    @property
    def _index(self) -> int:
        return 1 if self._reasons else 0

    @property
    def _place(self) -> dict[str, Any]:
        return {"item_id": "msg_1", "output_index": self._index, "content_index": 0}

    def _wire(self, name: str, **fields: Any) -> bytes:
        self.number += 1
        return event({"type": name, "sequence_number": self.number, **fields}, name)


async def _opened_late(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The message is announced behind the first of its text."""
    held: list[bytes] = []
    async for wire in stream:
        if b"output_item.added" in wire or b"content_part.added" in wire:
            held.append(wire)
            continue
        yield wire
        if b"output_text.delta" in wire:
            for late in held:
                yield late
            held.clear()


def _problem(body: Mapping[str, Any]) -> Problem | None:
    wrong = unknown_field(body, FIELDS) or model_problem(body.get("model")) or _input_problem(body.get("input"))
    return wrong or _reasoning_problem(body) or _limits(body)


def _input_problem(given: Any) -> Problem | None:
    if isinstance(given, str) and given:
        return None
    if not isinstance(given, list) or not given:
        return Problem("Missing required parameter: 'input'.", "input", "missing_required_parameter")
    for number, item in enumerate(given):
        if not isinstance(item, dict) or item.get("role") not in ROLES:
            return Problem(f"Invalid value: 'input[{number}].role'.", f"input[{number}].role", "invalid_value")
        part = "output_text" if item["role"] == "assistant" else "input_text"
        content = item.get("content")
        if isinstance(content, str):
            continue
        if not isinstance(content, list) or any(
            not isinstance(one, dict) or one.get("type") != part or not isinstance(one.get("text"), str)
            for one in content
        ):
            message = f"Invalid value: 'input[{number}].content'. Supported values are: '{part}'."
            return Problem(message, f"input[{number}].content", "invalid_value")
    return None


def _reasoning_problem(body: Mapping[str, Any]) -> Problem | None:
    effort = body.get("reasoning", {}).get("effort")
    if effort is not None and effort not in EFFORTS:
        return Problem("Invalid value: 'reasoning.effort'.", "reasoning.effort", "unsupported_value")
    if not is_reasoning(body["model"]):
        if "reasoning" in body:
            return Problem("Unsupported parameter: 'reasoning.effort'.", "reasoning.effort", "unsupported_parameter")
        return None
    wrong = next((name for name in ("temperature", "top_p") if name in body), None)
    if wrong and effort != "none":
        return Problem(f"Unsupported parameter: '{wrong}'.", wrong, "unsupported_parameter")
    return None


def _limits(body: Mapping[str, Any]) -> Problem | None:
    limit = body.get("max_output_tokens", MIN_OUTPUT_TOKENS)
    if not isinstance(limit, int) or limit < MIN_OUTPUT_TOKENS:
        message = f"Invalid 'max_output_tokens': expected a value >= {MIN_OUTPUT_TOKENS}."
        return Problem(message, "max_output_tokens", "integer_below_min_value")
    if "stream_options" in body and set(body["stream_options"]) - {"include_obfuscation"}:
        return Problem("Unknown parameter in 'stream_options'.", "stream_options", "unknown_parameter")
    if "text" in body and set(body["text"]) - {"format", "verbosity"}:
        return Problem("Unknown parameter in 'text'.", "text", "unknown_parameter")
    return None


def _said(given: Any) -> list[tuple[str, str]]:
    if isinstance(given, str):
        return [("user", given)]
    return [(item["role"], _text(item["content"])) for item in given]


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "".join(part["text"] for part in content)
