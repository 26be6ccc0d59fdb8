"""OpenAI chat completions, and every server that speaks it: vLLM, Ollama, llama.cpp, LiteLLM and others.

Three names for one adapter with different defaults: `openai_chat` (OpenAI itself), `vllm_local` (vLLM with Qwen3 on
this machine), `openai_compatible` (anything else by its `base_url`; the defaults are Ollama's). Reads what all of them
send (docs/providers.md); what a model thinks, in fields of its own or between <think> and </think>, is never spoken.
Controls: persona and feeling in the prompt. Limits: one answer at a time per request, text only, no tools.
Tests: tests/adapters/llm/test_openai_chat.py.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx

from tth.adapters.base import Capabilities, Deployment, LlmInput, LlmOutput, Role, Speaker, TurnContext, Used
from tth.adapters.provider_errors import Source
from tth.adapters.provider_http import HttpProvider, HttpSettings, events, parsed, read_out
from tth.adapters.provider_key import ApiKey
from tth.adapters.provider_llm import HttpLanguageModel, ModelSettings
from tth.adapters.provider_openai import OPENAI_KEY, OPENAI_URL, Server, warm
from tth.adapters.provider_prices import used_tokens
from tth.adapters.provider_prompt import PROMPTED_CONTROLS, dialogue, instructions
from tth.adapters.provider_reply import Reply, all_thought, withheld
from tth.core.thoughts import ThoughtFilter
from tth.model.controls import Controls
from tth.model.secret import Secret

Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
_ROLES = {Speaker.USER: "user", Speaker.PERSON: "assistant"}
_BROKEN_OFF = ("abort", "error")
"""Finish reasons of servers that gave up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatSettings(ModelSettings):
    """What a chat server is asked."""

    base_url: str
    """Where the server is, with its version: requests go to `base_url`/chat/completions."""
    temperature: float | None = field(default=None, metadata={"minimum": 0, "maximum": 2})
    """0..2; null leaves it to the server. OpenAI's models take it only with reasoning_effort none."""
    token_limit_field: Literal["max_completion_tokens", "max_tokens"] = "max_tokens"  # noqa: S105  (a name)
    """What the server calls `max_output_tokens`: OpenAI max_completion_tokens, others max_tokens."""
    reasoning_effort: Effort | None = None
    """How much a model thinks before it speaks; null says nothing. Every thought delays the first word."""
    enable_thinking: bool | None = None
    """For chat templates that have such a switch (Qwen3): false takes the thinking out; null says nothing."""
    warm_model: bool = True
    """Ask for one word at start, so that a server that loads models when they are needed has it loaded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(ChatSettings):
    """OpenAI's chat completions."""

    api_key: Secret = field(metadata={"env": OPENAI_KEY})
    base_url: str = OPENAI_URL
    model: str = "gpt-5.6-luna"
    token_limit_field: Literal["max_completion_tokens", "max_tokens"] = "max_completion_tokens"  # noqa: S105  (a name)
    reasoning_effort: Effort | None = "none"
    warm_model: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class VllmSettings(ChatSettings):
    """vLLM with Qwen3 on this machine. The key, if the server was started with one, comes from VLLM_API_KEY."""

    api_key: Secret | None = field(default=None, metadata={"env": "VLLM_API_KEY"})
    base_url: str = "http://127.0.0.1:8000/v1"
    model: str = "Qwen/Qwen3-8B"
    enable_thinking: bool | None = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CompatibleSettings(ChatSettings):
    """Any other server that speaks chat completions; the defaults are Ollama's on this machine. A key, where it wants
    one, comes from OPENAI_COMPATIBLE_API_KEY."""

    api_key: Secret | None = field(default=None, metadata={"env": "OPENAI_COMPATIBLE_API_KEY"})
    base_url: str = "http://127.0.0.1:11434/v1"
    model: str = "qwen3:8b"


OPENAI = Server("openai_chat", "OpenAI chat completions", Deployment.API, OPENAI_KEY)
VLLM = Server("vllm_local", "a model served by vLLM, Qwen3 by default", Deployment.SELF_HOST, "VLLM_API_KEY")
COMPATIBLE = Server(
    "openai_compatible",
    "any server that speaks OpenAI's chat completions: Ollama, llama.cpp, LiteLLM",
    Deployment.SELF_HOST,
    "OPENAI_COMPATIBLE_API_KEY",
)


class OpenAiChat(HttpLanguageModel):
    """One server."""

    def __init__(self, settings: ChatSettings, server: Server) -> None:
        self.name = server.name
        self.capabilities = Capabilities(server.description, server.deployment, PROMPTED_CONTROLS)
        self._settings = settings
        self._server = server
        key = ApiKey(settings.api_key, server.key_variable)
        reach = HttpSettings(settings.base_url, {}, key, settings.max_connections)
        super().__init__(HttpProvider(Source(Role.LLM, server.name), reach, server.errors))

    async def warmup(self) -> None:
        """With `warm_model` have the model loaded as well."""
        await warm(self._http, self._server)
        if self._settings.warm_model:
            body = self._head | {self._settings.token_limit_field: 1, "messages": [{"role": "user", "content": "Hi"}]}
            async with self._http.request("POST", "chat/completions", body) as response:
                await response.aread()

    def answer(self, prompt: LlmInput, control: Controls, context: TurnContext) -> AsyncGenerator[LlmOutput, None]:
        return _Reading(self._http, self._settings).outputs(self._body(prompt, control, context))

    def _body(self, prompt: LlmInput, control: Controls, context: TurnContext) -> dict[str, Any]:
        settings = self._settings
        system = instructions(prompt.persona, control, context.language_code, style_hints=settings.style_hints)
        messages = [{"role": "system", "content": system}]
        messages += [{"role": _ROLES[message.speaker], "content": message.text} for message in dialogue(prompt)]
        options = {"include_usage": True} | ({"include_obfuscation": False} if self._server.is_openai else {})
        return self._head | {
            "messages": messages,
            "stream_options": options,
            settings.token_limit_field: settings.max_output_tokens,
        }

    @property
    def _head(self) -> dict[str, Any]:
        """What stands in every request. Nothing is sent that is not set: strict servers refuse a null."""
        settings = self._settings
        head: dict[str, Any] = {"model": settings.model, "stream": True}
        if settings.reasoning_effort is not None:
            head["reasoning_effort"] = settings.reasoning_effort
        if settings.temperature is not None:
            head["temperature"] = settings.temperature
        if settings.enable_thinking is not None:
            head["chat_template_kwargs"] = {"enable_thinking": settings.enable_thinking}
        return head


class _Reading:
    """Reads one answer."""

    def __init__(self, http: HttpProvider, settings: ChatSettings) -> None:
        self._http = http
        self._settings = settings
        self._reply = Reply(style_hints=settings.style_hints)
        self._thoughts = ThoughtFilter()
        self._is_done = False
        """The server has said that nothing follows."""
        self._finish: str | None = None
        self._usage: Mapping[str, Any] | None = None

    async def outputs(self, body: Mapping[str, Any]) -> AsyncGenerator[LlmOutput, None]:
        """Ask, and read all of the answer to its end."""
        async with (
            self._http.request("POST", "chat/completions", body) as response,
            aclosing(self._chunks(response)) as chunks,
        ):
            async for chunk in chunks:
                for output in self._take(chunk):
                    yield output
            for output in self._ending():
                yield output

    async def _chunks(self, response: httpx.Response) -> AsyncGenerator[Mapping[str, Any], None]:
        """What the server sends; a server that does not stream sends its whole answer as JSON."""
        if response.headers.get("content-type", "").startswith("application/json"):
            self._is_done = True
            yield self._whole(await response.aread())
            return
        async with aclosing(events(response)) as stream:
            async for event in stream:
                if event.data.startswith("[DONE]"):
                    self._is_done = True
                    await read_out(stream)
                    return
                yield parsed(event, self._http)

    def _take(self, chunk: Mapping[str, Any]) -> list[LlmOutput]:
        """One chunk: an error, then what was counted, then what was written. Any of it may be missing."""
        if chunk.get("error"):
            raise self._http.in_stream(chunk)
        self._usage = chunk.get("usage") or self._usage
        outputs: list[LlmOutput] = []
        for choice in chunk.get("choices") or ():
            delta = choice.get("delta") or choice.get("message") or {}
            text = delta.get("content") or delta.get("refusal") or ""
            if not isinstance(text, str):
                raise self._http.protocol_error("sent text that is no text")
            outputs += self._reply.take(self._thoughts.feed(text))
            self._finish = choice.get("finish_reason") or self._finish
        return outputs

    def _ending(self) -> list[LlmOutput]:
        """The tail and what was used, once it is sure that this is the end and not a cut."""
        is_cut = self._finish in _BROKEN_OFF or (self._finish is None and not (self._is_done and self._reply.has_text))
        if is_cut:
            raise self._http.cut_off()
        outputs: list[LlmOutput] = [*self._reply.take(self._thoughts.finish()), *self._reply.finish()]
        if self._finish == "content_filter":
            raise withheld(self._http.source)
        if self._finish == "length" and not self._reply.has_text:
            raise all_thought(self._http.source)
        if self._usage is not None:
            outputs.append(self._used(self._usage))
        return outputs

    def _used(self, usage: Mapping[str, Any]) -> Used:
        """The last usage counts: some servers send it with every chunk, always for the whole answer so far."""
        cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
        return used_tokens(self._settings.prices, usage.get("prompt_tokens"), usage.get("completion_tokens"), cached)

    def _whole(self, body: bytes) -> Mapping[str, Any]:
        """The answer of a server that does not stream."""
        try:
            found = json.loads(body)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise self._http.protocol_error("sent an answer that is no JSON object")
        return found


def build(settings: Settings) -> OpenAiChat:
    """OpenAI, not yet loaded."""
    return OpenAiChat(settings, OPENAI)


def build_vllm(settings: VllmSettings) -> OpenAiChat:
    """vLLM, not yet loaded."""
    return OpenAiChat(settings, VLLM)


def build_compatible(settings: CompatibleSettings) -> OpenAiChat:
    """Another server, not yet loaded."""
    return OpenAiChat(settings, COMPATIBLE)
