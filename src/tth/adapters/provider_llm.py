"""What the adapters of language models behind HTTP have in common: settings, connections, conversations.

Tests: tests/adapters/llm/test_conformance.py.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from tth.adapters.base import LanguageModel, LlmInput, LlmOutput, LlmSession, SessionContext, TurnContext
from tth.adapters.provider_http import HttpProvider
from tth.adapters.provider_prices import TokenPrices
from tth.model.controls import Controls
from tth.model.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSettings:
    """What any of them is asked with; each adapter adds its own."""

    api_key: Secret | None = None
    """Sent as a bearer token; none is sent without it."""
    base_url: str
    """Where the server is."""
    model: str
    """The model, by the server's name for it."""
    max_output_tokens: int = field(default=400, metadata={"minimum": 1, "maximum": 100_000})
    """The longest answer, thoughts included. 400 are about two minutes of speech."""
    temperature: float | None = field(default=None, metadata={"minimum": 0, "maximum": 2})
    """0..2; null leaves it to the server."""
    style_hints: bool = True
    """Ask the model for a tag that says how it means its answer; the tag is not spoken."""
    max_connections: int = field(default=100, metadata={"minimum": 1, "maximum": 10_000})
    """Answers that can be under way at once; further ones wait for up to 5 s."""
    input_usd_per_million_tokens: float | None = field(default=None, metadata={"minimum": 0, "maximum": 100_000})
    """Price; null = unknown, so that no cost is told."""
    cached_input_usd_per_million_tokens: float | None = field(default=None, metadata={"minimum": 0, "maximum": 100_000})
    """Price of input that the provider had in its cache; null = as other input."""
    output_usd_per_million_tokens: float | None = field(default=None, metadata={"minimum": 0, "maximum": 100_000})
    """Price; null = unknown."""

    @property
    def prices(self) -> TokenPrices:
        """All three."""
        return TokenPrices(
            self.input_usd_per_million_tokens,
            self.cached_input_usd_per_million_tokens,
            self.output_usd_per_million_tokens,
        )


class HttpLanguageModel(LanguageModel):
    """One server, which keeps nothing between requests, and so neither do we: the history goes along with each of
    them. Connections are shared by all conversations."""

    def __init__(self, http: HttpProvider) -> None:
        self._http = http

    @abstractmethod
    async def warmup(self) -> None:
        """Connect and have the key checked. Raises AdapterError."""

    @abstractmethod
    def answer(self, prompt: LlmInput, control: Controls, context: TurnContext) -> AsyncGenerator[LlmOutput, None]:
        """One answer; see LlmSession.infer_stream."""

    async def aclose(self) -> None:
        await self._http.aclose()

    def open_session(self, context: SessionContext) -> LlmSession:
        return _Session(self)


class _Session(LlmSession):
    def __init__(self, adapter: HttpLanguageModel) -> None:
        self._adapter = adapter

    def infer_stream(
        self, prompt: LlmInput, control: Controls, context: TurnContext
    ) -> AsyncGenerator[LlmOutput, None]:
        return self._adapter.answer(prompt, control, context)
