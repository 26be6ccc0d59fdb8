"""OpenAI's responses; what all adapters must do: test_conformance.py."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.adapters.llm.ask import ask, text_of, used_of
from tests.adapters.llm.ask import scripted as ask_scripted
from tth.adapters.base import LanguageModel, LlmInput, LlmOutput, SessionContext, Speaker, TurnContext, Utterance
from tth.adapters.llm.openai_responses import Settings, build
from tth.errors import AdapterError, AdapterQuotaExceeded, AdapterRateLimited, AdapterRejected, AdapterUnavailable
from tth.model.controls import Controls
from tth.model.secret import Secret
from tth.testing.emulators.faults import Fault, FaultKind
from tth.testing.emulators.openai import OpenAiEmulator

pytestmark = pytest.mark.server


def model_for(base_url: str, **changes: Any) -> LanguageModel:
    return build(Settings(api_key=Secret("test-key"), base_url=base_url, **changes))


def answered(text: str, *history: Utterance, **changes: Any) -> tuple[list[LlmOutput], dict[str, Any]]:
    """What the adapter gives, and the request as OpenAI saw it."""

    async def main() -> tuple[list[LlmOutput], dict[str, Any]]:
        async with OpenAiEmulator().running() as server:
            outputs = await ask(model_for(server.base_url, **changes), text, *history)
            return outputs, server.seen[-1].body

    return asyncio.run(main())


def scripted(*events: dict[str, Any], named: bool = True) -> list[LlmOutput]:
    """What the adapter makes of these events."""
    return ask_scripted(lambda url: model_for(f"{url}/v1"), "/v1/responses", *events, named=named)


def delta(text: str, index: int = 0) -> dict[str, Any]:
    return {"type": "response.output_text.delta", "output_index": index, "delta": text}


def ended(name: str = "completed", **fields: Any) -> dict[str, Any]:
    return {"type": f"response.{name}", "response": {"status": name, **fields}}


def test_the_request() -> None:
    """Instructions apart from the dialogue, each role with its own kind of text, nothing stored."""
    history = (Utterance(Speaker.USER, "Hi"), Utterance(Speaker.PERSON, "Hello."))
    _, body = answered("How are you?", *history, verbosity="low")
    assert body["instructions"].startswith("You are Anna.")
    assert body["input"] == [
        {"role": "user", "content": [{"type": "input_text", "text": "Hi"}]},
        {"role": "assistant", "content": [{"type": "output_text", "text": "Hello."}]},
        {"role": "user", "content": [{"type": "input_text", "text": "How are you?"}]},
    ]
    assert {name: value for name, value in body.items() if name not in ("instructions", "input")} == {
        "model": "gpt-5.6-luna",
        "max_output_tokens": 400,
        "stream": True,
        "store": False,
        "stream_options": {"include_obfuscation": False},
        "reasoning": {"effort": "none"},
        "text": {"verbosity": "low"},
    }


def test_thoughts_are_not_spoken() -> None:
    """A reasoning item before the message."""
    outputs, _ = answered("Hi", reasoning_effort="low")
    assert text_of(outputs) == "You said: Hi"


def test_what_was_used() -> None:
    """Tokens, and money from the configured prices."""
    prices = {"input_usd_per_million_tokens": 2.0, "output_usd_per_million_tokens": 10.0}
    used = used_of(answered("one two", **prices)[0])
    assert used is not None
    assert used.output_tokens == 6
    assert used.input_tokens is not None
    assert used.cost_micro_usd == used.input_tokens * 2 + 60


def test_the_tail_comes() -> None:
    """What might have become a tag, and did not."""
    assert text_of(scripted(delta("[1"), ended())) == "[1"


def test_a_compatible_server() -> None:
    """Few events, no numbers, no names, a [DONE] at the end."""
    assert text_of(scripted(delta("Hello"), delta(" you"), ended(), named=False)) == "Hello you"


def test_remarks_before_tools_are_not_spoken() -> None:
    """Commentary is no answer; a refusal is one."""
    added = {"type": "response.output_item.added"}
    outputs = scripted(
        {**added, "output_index": 0, "item": {"type": "message", "phase": "commentary"}},
        delta("Let me look.", 0),
        {**added, "output_index": 1, "item": {"type": "message", "phase": "final_answer"}},
        delta("It is nine.", 1),
        {"type": "response.refusal.delta", "output_index": 1, "delta": " More I cannot say."},
        {"type": "response.output_text.done", "output_index": 1, "text": "It is nine."},
        ended(),
    )
    assert text_of(outputs) == "It is nine. More I cannot say."


def failure(code: str) -> dict[str, Any]:
    return ended("failed", error={"code": code, "message": "for people"})


@pytest.mark.parametrize(
    ("last", "kind"),
    [
        ({"type": "error", "code": "server_error", "message": "m", "param": None}, AdapterUnavailable),
        ({"type": "error", "error": {"type": "x", "code": "rate_limit_exceeded", "message": "m"}}, AdapterRateLimited),
        ({"error": {"message": "m", "type": "x", "code": "insufficient_quota"}}, AdapterQuotaExceeded),
        (failure("server_is_overloaded"), AdapterUnavailable),
        (failure("context_length_exceeded"), AdapterRejected),
        (ended("incomplete", incomplete_details={"reason": "max_output_tokens"}), AdapterRejected),
    ],
)
def test_ways_of_failing(last: dict[str, Any], kind: type[AdapterError]) -> None:
    """Flat, nested, in the shape of chat completions, as a failed response; a limit before the first word."""
    with pytest.raises(kind) as failed:
        scripted({"type": "response.created", "response": {}}, last)
    assert type(failed.value) is kind


def test_an_incomplete_answer_is_an_answer() -> None:
    """As far as it goes."""
    text = " ".join(["word"] * 40)
    outputs, _ = answered(text, max_output_tokens=16)
    assert len(text_of(outputs).split()) == 14  # two more are the tag


@pytest.mark.parametrize("after", [0, 1, 2, 5, 6])
def test_an_error_at_any_event(after: int) -> None:
    """From the first event on."""

    async def main() -> None:
        async with OpenAiEmulator().running() as server:
            server.faults.add(Fault(FaultKind.ERROR_MIDWAY, after=after))
            with pytest.raises(AdapterUnavailable):
                await ask(model_for(server.base_url), "Hi")

    asyncio.run(main())


def test_connections_are_kept() -> None:
    """Ten answers one after the other over the connection of the warm-up."""

    async def main() -> int:
        async with OpenAiEmulator().running() as server:
            model = model_for(server.base_url)
            await model.warmup()
            session = model.open_session(SessionContext("s_1"))
            for _ in range(10):
                await session.infer_batch(LlmInput("Hi"), Controls(), TurnContext("s_1", "t_1", 1))
            await model.aclose()
            return server.connection_count

    assert asyncio.run(main()) == 1
