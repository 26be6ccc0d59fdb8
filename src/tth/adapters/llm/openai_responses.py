"""OpenAI's responses interface, as a stream of server-sent events.

Controls: persona and feeling in the prompt. Nothing is kept at OpenAI (`store: false`): the history goes along with
every request. Reasoning and remarks before tools ("commentary") are never spoken. Limits: text only, no tools.
Tests: tests/adapters/llm/test_openai_responses.py.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Literal

from tth.adapters.base import Capabilities, Deployment, LlmInput, LlmOutput, Role, Speaker, TurnContext, Used
from tth.adapters.provider_errors import Source
from tth.adapters.provider_http import HttpProvider, HttpSettings, events, parsed, read_out
from tth.adapters.provider_key import ApiKey
from tth.adapters.provider_llm import HttpLanguageModel, ModelSettings
from tth.adapters.provider_openai import OPENAI_ERRORS, OPENAI_KEY, OPENAI_URL
from tth.adapters.provider_prices import used_tokens
from tth.adapters.provider_prompt import PROMPTED_CONTROLS, dialogue, instructions
from tth.adapters.provider_reply import Reply, all_thought, withheld
from tth.model.controls import Controls
from tth.model.secret import Secret

Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
_SPOKEN = ("response.output_text.delta", "response.refusal.delta")
_ENDS = ("response.completed", "response.incomplete", "response.failed")
_LIMITS = ("max_output_tokens", "max_tokens")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(ModelSettings):
    """OpenAI's responses."""

    api_key: Secret = field(metadata={"env": OPENAI_KEY})
    """Sent as a bearer token."""
    base_url: str = OPENAI_URL
    """Where the server is, with its version: requests go to `base_url`/responses."""
    model: str = "gpt-5.6-luna"
    max_output_tokens: int = field(default=400, metadata={"minimum": 16, "maximum": 100_000})
    temperature: float | None = field(default=None, metadata={"minimum": 0, "maximum": 2})
    """0..2; null leaves it to OpenAI. Its models take it only with reasoning_effort none."""
    reasoning_effort: Effort | None = "none"
    """How much the model thinks before it speaks; null says nothing. Every thought delays the first word."""
    verbosity: Literal["low", "medium", "high"] | None = None
    """How much it says; null says nothing."""


class OpenAiResponses(HttpLanguageModel):
    """One account."""

    name = "openai_responses"
    capabilities = Capabilities("OpenAI responses", Deployment.API, PROMPTED_CONTROLS)

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        key = ApiKey(settings.api_key, OPENAI_KEY)
        reach = HttpSettings(settings.base_url, {}, key, settings.max_connections)
        super().__init__(HttpProvider(Source(Role.LLM, self.name), reach, OPENAI_ERRORS))

    async def warmup(self) -> None:
        await self._http.warm("models")

    def answer(self, prompt: LlmInput, control: Controls, context: TurnContext) -> AsyncGenerator[LlmOutput, None]:
        return _Reading(self._http, self._settings).outputs(self._body(prompt, control, context))

    def _body(self, prompt: LlmInput, control: Controls, context: TurnContext) -> dict[str, Any]:
        """Nothing is sent that is not set: a null is refused."""
        settings = self._settings
        body: dict[str, Any] = {
            "model": settings.model,
            "instructions": instructions(
                prompt.persona, control, context.language_code, style_hints=settings.style_hints
            ),
            "input": [_item(message.speaker, message.text) for message in dialogue(prompt)],
            "max_output_tokens": settings.max_output_tokens,
            "stream": True,
            "store": False,
            "stream_options": {"include_obfuscation": False},
        }
        if settings.reasoning_effort is not None:
            body["reasoning"] = {"effort": settings.reasoning_effort}
        if settings.verbosity is not None:
            body["text"] = {"verbosity": settings.verbosity}
        if settings.temperature is not None:
            body["temperature"] = settings.temperature
        return body


class _Reading:
    """Reads one answer. Events are told apart by the type in their JSON: some servers send no names."""

    def __init__(self, http: HttpProvider, settings: Settings) -> None:
        self._http = http
        self._settings = settings
        self._reply = Reply(style_hints=settings.style_hints)
        self._unspoken: set[object] = set()
        """Output indices of messages that are remarks and no answer."""

    async def outputs(self, body: Mapping[str, Any]) -> AsyncGenerator[LlmOutput, None]:
        """Ask, and read all of the answer to its end."""
        async with (
            self._http.request("POST", "responses", body) as response,
            aclosing(events(response)) as stream,
        ):
            async for event in stream:
                if event.data.startswith("[DONE]"):  # of proxies
                    continue
                data = parsed(event, self._http)
                for output in self._take(data):
                    yield output
                if data.get("type") in _ENDS:
                    for output in self._ending(data.get("response") or {}):
                        yield output
                    await read_out(stream)
                    return
        raise self._http.cut_off()

    def _take(self, event: Mapping[str, Any]) -> list[LlmOutput]:
        """One event. Errors come flat, nested, or in the shape of chat completions."""
        kind = event.get("type")
        if kind == "error" or (kind is None and event.get("error")):
            raise self._http.in_stream(event if event.get("error") else {"error": {"code": event.get("code")}})
        if kind == "response.output_item.added":
            item = event.get("item") or {}
            if item.get("phase") == "commentary":
                self._unspoken.add(event.get("output_index"))
        elif kind in _SPOKEN and event.get("output_index") not in self._unspoken:
            return list(self._reply.take(event.get("delta") or ""))
        return []

    def _ending(self, response: Mapping[str, Any]) -> list[LlmOutput]:
        """The tail and what was used, or why there is no answer."""
        if response.get("status") == "failed" or response.get("error"):
            raise self._http.in_stream({"error": response.get("error") or {"code": "server_error"}})
        outputs: list[LlmOutput] = list(self._reply.finish())
        reason = (response.get("incomplete_details") or {}).get("reason")
        if reason == "content_filter":
            raise withheld(self._http.source)
        if reason in _LIMITS and not self._reply.has_text:
            raise all_thought(self._http.source)
        usage = response.get("usage")
        if usage:
            outputs.append(self._used(usage))
        return outputs

    def _used(self, usage: Mapping[str, Any]) -> Used:
        cached = (usage.get("input_tokens_details") or {}).get("cached_tokens") or 0
        return used_tokens(self._settings.prices, usage.get("input_tokens"), usage.get("output_tokens"), cached)


def _item(speaker: Speaker, text: str) -> dict[str, Any]:
    """One message; each role has its own name for text."""
    if speaker is Speaker.USER:
        return {"role": "user", "content": [{"type": "input_text", "text": text}]}
    return {"role": "assistant", "content": [{"type": "output_text", "text": text}]}


def build(settings: Settings) -> OpenAiResponses:
    """The adapter, not yet loaded."""
    return OpenAiResponses(settings)
