"""Anthropic's Claude; what all adapters must do: test_conformance.py."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.adapters.llm.ask import ask, text_of, used_of
from tests.adapters.llm.ask import scripted as ask_scripted
from tth.adapters.base import LanguageModel, LlmOutput, Speaker, Used, Utterance
from tth.adapters.llm.anthropic_claude import Settings, build, thinking_of
from tth.adapters.provider_prompt import BEGIN
from tth.errors import AdapterAuthFailed, AdapterError, AdapterRejected, AdapterUnavailable
from tth.model.secret import Secret
from tth.testing.emulators.anthropic import MODELS, AnthropicEmulator
from tth.testing.emulators.faults import Fault, FaultKind

pytestmark = pytest.mark.server


def model_for(base_url: str, **changes: Any) -> LanguageModel:
    return build(Settings(api_key=Secret("test-key"), base_url=base_url, **changes))


def answered(
    text: str, *history: Utterance, shows_thoughts: bool = False, **changes: Any
) -> tuple[list[LlmOutput], AnthropicEmulator]:
    """What the adapter gives, and who answered."""

    async def main() -> tuple[list[LlmOutput], AnthropicEmulator]:
        async with AnthropicEmulator(shows_thoughts=shows_thoughts).running() as server:
            return await ask(model_for(server.base_url, **changes), text, *history), server

    return asyncio.run(main())


def scripted(*events: dict[str, Any], named: bool = True) -> list[LlmOutput]:
    """What the adapter makes of these events."""
    return ask_scripted(model_for, "/v1/messages", *events, named=named)


def said(text: str) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}


def stopped(reason: str, **usage: int) -> dict[str, Any]:
    return {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": usage}


STOP = {"type": "message_stop"}


def test_the_request() -> None:
    """System apart, the dialogue from the user's to the user's, no temperature, the version as a header."""
    history = (Utterance(Speaker.PERSON, "Welcome."), Utterance(Speaker.USER, "Hi"), Utterance(Speaker.PERSON, "Yes?"))
    _, server = answered("How are you? ", *history)
    body = server.seen[-1].body
    assert body["system"].startswith("You are Anna.")
    assert [message["content"] for message in body["messages"]] == [BEGIN, "Welcome.", "Hi", "Yes?", "How are you?"]
    assert {name: value for name, value in body.items() if name not in ("system", "messages")} == {
        "model": "claude-haiku-5-5",
        "max_tokens": 400,
        "stream": True,
        "thinking": {"type": "disabled"},
        "output_config": {"effort": "low"},
    }
    headers = server.seen[-1].headers
    assert headers["anthropic-version"] == "2026-10-21"
    assert headers["authorization"] == "Bearer test-key"
    assert "x-api-key" not in headers


@pytest.mark.parametrize("model", MODELS)
def test_every_model_takes_it(model: str) -> None:
    """What is said about thinking is what this model accepts; whatever it thinks is not spoken."""
    for thoughts in (True, False):
        outputs, _ = answered("Hi", model=model, shows_thoughts=thoughts)
        assert text_of(outputs) == "You said: Hi"


@pytest.mark.parametrize(
    ("model", "thinking", "sent"),
    [
        ("claude-haiku-5-5", "off", "disabled"),
        ("claude-haiku-5-5-20260901", "off", "disabled"),
        ("claude-opus-5", "off", "disabled"),
        ("claude-opus-5-5", "off", ""),
        ("claude-sonnet-5-5", "off", "between_tools"),
        ("claude-sonnet-4-5", "off", ""),
        ("claude-haiku-5-5", "adaptive", "adaptive"),
        ("claude-haiku-5-5", "default", ""),
    ],
)
def test_thinking(model: str, thinking: Any, sent: str) -> None:
    """Off where the model allows it, in the model's own way."""
    assert thinking_of(Settings(api_key=Secret("k"), model=model, thinking=thinking)) == sent


def test_what_was_used() -> None:
    """Every count is of the whole; input in the cache is input."""
    counted = {"input_tokens": 10, "cache_read_input_tokens": 80, "cache_creation_input_tokens": 10, "output_tokens": 1}
    outputs = scripted(
        {"type": "message_start", "message": {"usage": counted}},
        said("Hello"),
        stopped("end_turn", output_tokens=7),
        stopped("end_turn", output_tokens=12),
        STOP,
    )
    assert outputs[-1] == Used(100, 12, None)
    prices: dict[str, Any] = {"input_usd_per_million_tokens": 1.0, "output_usd_per_million_tokens": 5.0}
    used = used_of(answered("one two", **prices)[0])
    assert used is not None
    assert used.input_tokens is not None
    assert used.cost_micro_usd == used.input_tokens + 6 * 5


def test_the_tail_comes() -> None:
    """What might have become a tag, and did not."""
    assert text_of(scripted(said("[1"), stopped("end_turn"), STOP)) == "[1"


def test_a_compatible_server() -> None:
    """No names of events, no pings, no counts; a goodbye that is missing behind a stop reason."""
    assert text_of(scripted(said("Hello"), said(" you"), stopped("end_turn"), named=False)) == "Hello you"


@pytest.mark.parametrize(
    ("events", "kind"),
    [
        ((said("Hello"),), AdapterUnavailable),
        ((said("Hello"), STOP), AdapterUnavailable),
        ((stopped("max_tokens"), STOP), AdapterRejected),
        (({"error": {"type": "server", "code": 500}},), AdapterUnavailable),
        (({"type": "error", "error": {"type": "api_error"}},), AdapterUnavailable),
        (({"type": "error", "error": {"type": "invalid_request_error"}},), AdapterRejected),
    ],
)
def test_ways_of_failing(events: tuple[dict[str, Any], ...], kind: type[AdapterError]) -> None:
    """Cut off, eaten up by thoughts, an error in Anthropic's or in another's shape."""
    with pytest.raises(kind) as failed:
        scripted(*events)
    assert type(failed.value) is kind


@pytest.mark.parametrize("reason", ["max_tokens", "stop_sequence", "model_context_window_exceeded", "brand_new"])
def test_other_ways_to_end(reason: str) -> None:
    """The text so far stands."""
    assert text_of(scripted(said("Hello"), stopped(reason), STOP)) == "Hello"


@pytest.mark.parametrize("after", [0, 1, 4])
def test_overloaded_in_the_stream(after: int) -> None:
    """Though the status was good; from the first event on."""

    async def main() -> AdapterError:
        async with AnthropicEmulator().running() as server:
            server.faults.add(Fault(FaultKind.ERROR_MIDWAY, after=after))
            with pytest.raises(AdapterUnavailable, match="overloaded_error") as failed:
                await ask(model_for(server.base_url), "Hi")
            return failed.value

    assert asyncio.run(main()).retryable


def test_a_refused_key_at_start() -> None:
    """The error names the variable and not the key."""

    async def main() -> None:
        async with AnthropicEmulator(key="another").running() as server:
            model = model_for(server.base_url)
            with pytest.raises(AdapterAuthFailed, match="ANTHROPIC_API_KEY") as refused:
                await model.warmup()
            assert "test-key" not in str(refused.value)
            await model.aclose()

    asyncio.run(main())
