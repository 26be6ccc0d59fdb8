"""Anthropic's Claude by the Messages interface.

Controls: persona and feeling in the prompt. Thinking is switched off where the model allows it, because it delays the
first word; where it cannot be, thoughts are not spoken, but count in `max_output_tokens`. Never sent: a beginning of
the answer ("prefill"), and a temperature that nobody has set; newer models refuse both. Limits: text only, no tools.
Tests: tests/adapters/llm/test_anthropic_claude.py.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Literal

from tth.adapters.base import Capabilities, Deployment, LlmInput, LlmOutput, Role, Speaker, TurnContext, Used
from tth.adapters.provider_errors import ErrorNames, Source
from tth.adapters.provider_http import HttpProvider, HttpSettings, events, parsed, read_out
from tth.adapters.provider_key import ApiKey
from tth.adapters.provider_llm import HttpLanguageModel, ModelSettings
from tth.adapters.provider_prices import used_tokens
from tth.adapters.provider_prompt import PROMPTED_CONTROLS, dialogue, instructions
from tth.adapters.provider_reply import Reply, all_thought, withheld
from tth.model.controls import Controls
from tth.model.secret import Secret

KEY_VARIABLE = "ANTHROPIC_API_KEY"
ERRORS = ErrorNames(
    quota=frozenset({"billing_error", "enforced_spend_limit_reached", "contract_spend_limit_reached"}),
    auth=frozenset({"authentication_error", "permission_error", "organization_on_hold"}),
    rate=frozenset({"rate_limit_error", "ramp_limit_exceeded"}),
    busy=frozenset({"overloaded_error", "api_error"}),
    rejected=frozenset({"invalid_request_error", "not_found_error", "request_too_large"}),
)
"""Anthropic's names of errors; a spent limit comes as 429 like a rate limit, told apart by its details."""
_OFF: Mapping[str, str] = {
    "claude-haiku-5-5": "disabled",
    "claude-opus-5": "disabled",
    "claude-sonnet-5-5": "between_tools",
}
"""How thinking is switched off, for the models that think unless they are told otherwise and can be told. Without
tools, "between tools" is never."""
_ROLES = {Speaker.USER: "user", Speaker.PERSON: "assistant"}
_CACHES = ("cache_creation_input_tokens", "cache_read_input_tokens")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(ModelSettings):
    """Anthropic's Messages."""

    api_key: Secret = field(metadata={"env": KEY_VARIABLE})
    """Sent as a bearer token."""
    base_url: str = "https://api.anthropic.com"
    """Where the server is: requests go to `base_url`/v1/messages."""
    model: str = "claude-haiku-5-5"
    temperature: float | None = field(default=None, metadata={"minimum": 0, "maximum": 1})
    """0..1; null sends none. Refused under version 2026-10-21."""
    version: str = "2026-10-21"
    """Of the interface; 2023-06-01 is still accepted."""
    thinking: Literal["off", "adaptive", "default"] = "off"
    """off: where the model allows it; adaptive: as much as the model likes; default: say nothing about it."""
    effort: Literal["low", "medium", "high", "xhigh", "max"] | None = "low"
    """How much the model puts into an answer; null says nothing."""


class AnthropicClaude(HttpLanguageModel):
    """One account."""

    name = "anthropic_claude"
    capabilities = Capabilities("Anthropic's Claude", Deployment.API, PROMPTED_CONTROLS)

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        key = ApiKey(settings.api_key, KEY_VARIABLE)
        reach = HttpSettings(settings.base_url, {"anthropic-version": settings.version}, key, settings.max_connections)
        super().__init__(HttpProvider(Source(Role.LLM, self.name), reach, ERRORS))

    async def warmup(self) -> None:
        await self._http.warm("v1/models")

    def answer(self, prompt: LlmInput, control: Controls, context: TurnContext) -> AsyncGenerator[LlmOutput, None]:
        return _Reading(self._http, self._settings).outputs(self._body(prompt, control, context))

    def _body(self, prompt: LlmInput, control: Controls, context: TurnContext) -> dict[str, Any]:
        settings = self._settings
        body: dict[str, Any] = {
            "model": settings.model,
            "max_tokens": settings.max_output_tokens,
            "stream": True,
            "system": instructions(prompt.persona, control, context.language_code, style_hints=settings.style_hints),
            "messages": [
                {"role": _ROLES[message.speaker], "content": message.text.rstrip()} for message in dialogue(prompt)
            ],
        }
        thinking = thinking_of(settings)
        if thinking:
            body["thinking"] = {"type": thinking}
        if settings.effort is not None:
            body["output_config"] = {"effort": settings.effort}
        if settings.temperature is not None:
            body["temperature"] = settings.temperature
        return body


def thinking_of(settings: Settings) -> str:
    """The `thinking.type` to send; "" = none: the model does not think by itself, or cannot be told not to."""
    if settings.thinking != "off":
        return {"adaptive": "adaptive", "default": ""}[settings.thinking]
    return _OFF.get(re.sub(r"-\d{8}$", "", settings.model), "")


class _Reading:
    """Reads one answer. Events, blocks and deltas that are not known are left out, as Anthropic asks."""

    def __init__(self, http: HttpProvider, settings: Settings) -> None:
        self._http = http
        self._settings = settings
        self._reply = Reply(style_hints=settings.style_hints)
        self._stop_reason: str | None = None
        self._usage: dict[str, Any] = {}

    async def outputs(self, body: Mapping[str, Any]) -> AsyncGenerator[LlmOutput, None]:
        """Ask, and read all of the answer to its end."""
        async with (
            self._http.request("POST", "v1/messages", body) as response,
            aclosing(events(response)) as stream,
        ):
            async for event in stream:
                if event.data.startswith("[DONE]"):  # of proxies
                    continue
                data = parsed(event, self._http)
                if data.get("type") == "message_stop":
                    break
                for output in self._take(data):
                    yield output
            for output in self._ending():
                yield output
            await read_out(stream)

    def _take(self, event: Mapping[str, Any]) -> list[LlmOutput]:
        """One event."""
        kind = event.get("type")
        if kind == "error" or (kind is None and event.get("error")):
            raise self._http.in_stream(event)
        if kind == "message_start":
            self._count((event.get("message") or {}).get("usage"))
        elif kind == "content_block_delta":
            delta = event.get("delta") or {}
            if delta.get("type") == "text_delta":
                return list(self._reply.take(delta.get("text") or ""))
        elif kind == "message_delta":
            self._count(event.get("usage"))
            self._stop_reason = (event.get("delta") or {}).get("stop_reason") or self._stop_reason
        return []

    def _count(self, usage: Mapping[str, Any] | None) -> None:
        """What is counted is always the whole so far, never an addition."""
        self._usage |= {name: value for name, value in (usage or {}).items() if value is not None}

    def _ending(self) -> list[LlmOutput]:
        """The tail and what was used, or why there is no answer. With a stop reason the text is whole, even if the
        connection was gone before the goodbye."""
        if self._stop_reason is None:
            raise self._http.cut_off()
        outputs: list[LlmOutput] = list(self._reply.finish())
        if self._stop_reason == "refusal":
            raise withheld(self._http.source)
        if self._stop_reason == "max_tokens" and not self._reply.has_text:
            raise all_thought(self._http.source)
        if self._usage:
            outputs.append(self._used())
        return outputs

    def _used(self) -> Used:
        usage = self._usage
        fresh = usage.get("input_tokens")
        total = None if fresh is None else fresh + sum(usage.get(name, 0) for name in _CACHES)
        return used_tokens(
            self._settings.prices, total, usage.get("output_tokens"), usage.get("cache_read_input_tokens", 0)
        )


def build(settings: Settings) -> AnthropicClaude:
    """The adapter, not yet loaded."""
    return AnthropicClaude(settings)
