"""OpenAI on this machine: chat, responses, speech and what else there is, on one port, as under https://api.openai.com/v1.

Each interface is a file of routes beside this one. `Dialect` makes it one of the servers that speak chat completions in
their own way (vLLM, Ollama, llama.cpp, LiteLLM). Tests: tests/testing/emulators/test_openai_*.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tth.testing.emulators import openai_chat, openai_realtime, openai_responses, openai_speech
from tth.testing.emulators.faults import KEY_FAULTS
from tth.testing.emulators.openai_common import models_answer, refusal_of
from tth.testing.emulators.openai_dialect import OPENAI, VLLM, Dialect
from tth.testing.emulators.openai_realtime import RealtimeSettings
from tth.testing.emulators.openai_speech import SpeechDialect
from tth.testing.emulators.talker import TalkingEmulator


@dataclass
class OpenAiEmulator(TalkingEmulator):
    """All of OpenAI that TTH uses."""

    dialect: Dialect = OPENAI
    """Of chat completions."""
    speech_dialect: SpeechDialect = openai_speech.OPENAI
    realtime: RealtimeSettings = field(default_factory=RealtimeSettings)

    name = "openai"

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_get("/v1/models", self._models)
        openai_chat.add_routes(router, self)
        openai_responses.add_routes(router, self)
        openai_speech.add_routes(router, self)
        openai_realtime.add_routes(router, self)

    def told(self) -> list[Any]:
        return [*super().told(), *self.realtime.received]

    def forget(self) -> None:
        super().forget()
        self.realtime.received.clear()

    @property
    def base_url(self) -> str:
        """What clients are configured with."""
        return f"{self.url}/v1"

    async def _models(self, request: web.Request) -> web.Response:
        _, fault = await self.note(request, KEY_FAULTS)
        return refusal_of(self, request, fault) or models_answer()


@dataclass
class VllmEmulator(OpenAiEmulator):
    """vLLM with Qwen3, of which TTH uses chat completions."""

    dialect: Dialect = VLLM

    name = "vllm"
