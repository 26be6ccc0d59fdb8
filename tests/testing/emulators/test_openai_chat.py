"""The emulated chat completions, held against OpenAI's own client."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import httpx
import openai
import pytest

from tests.testing.emulators.sdk import checked
from tth.adapters.llm import persona_talker
from tth.core.style_tag import ASK
from tth.testing.emulators.faults import Fault, FaultKind
from tth.testing.emulators.openai import OpenAiEmulator
from tth.testing.emulators.openai_dialect import GATEWAY, LITELLM, LLAMA_CPP, OLLAMA, PLAIN, VLLM, Dialect
from tth.testing.emulators.talker import ModelTalker

pytestmark = pytest.mark.server

MODEL = "gpt-5.6-luna"
HELLO: dict[str, Any] = {"model": MODEL, "messages": [{"role": "user", "content": "Good day to you"}]}
STREAM: dict[str, Any] = {**HELLO, "stream": True, "stream_options": {"include_usage": True}}


def run(main: Callable[[OpenAiEmulator, openai.AsyncOpenAI], Coroutine[Any, Any, None]], **settings: Any) -> None:
    """Run with an emulator and a client for it that tries nothing again."""

    async def whole() -> None:
        async with (
            OpenAiEmulator(**settings).running() as emulator,
            openai.AsyncOpenAI(api_key=emulator.key, base_url=emulator.base_url, max_retries=0, timeout=5.0) as client,
        ):
            await main(emulator, client)

    asyncio.run(whole())


async def text_of(client: openai.AsyncOpenAI, request: dict[str, Any], *, is_typed: bool = True) -> str:
    """The text of one streamed answer. is_typed: every chunk is one that the client's types accept."""
    text = ""
    async for chunk in await client.chat.completions.create(**request):
        if is_typed:
            checked(chunk)
        if chunk.choices and chunk.choices[0].delta and chunk.choices[0].delta.content:
            text += chunk.choices[0].delta.content
    return text


def test_a_conversation() -> None:
    """Several turns in both ways; what was counted comes last."""

    async def main(emulator: OpenAiEmulator, client: openai.AsyncOpenAI) -> None:
        messages: list[dict[str, Any]] = [{"role": "system", "content": "Be kind."}]
        for question in ("One", "Two", "Three"):
            messages.append({"role": "user", "content": question})
            answer = await text_of(client, {**STREAM, "messages": messages})
            assert answer == f"You said: {question}"
            messages.append({"role": "assistant", "content": answer})
        whole = checked(await client.chat.completions.create(**HELLO))
        assert whole.choices[0].message.content == "You said: Good day to you"
        assert whole.usage.completion_tokens == 6
        chunks = [chunk async for chunk in await client.chat.completions.create(**STREAM)]
        assert [chunk.usage is not None for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
        assert (await client.models.list()).data[0].id.startswith("gpt")

    run(main)


def test_the_embedded_talker_answers() -> None:
    """For people who try TTH without a key; with a style tag where one is asked for."""

    async def main(emulator: OpenAiEmulator, client: openai.AsyncOpenAI) -> None:
        system = {"role": "system", "content": ASK}
        text = await text_of(client, {**STREAM, "messages": [system, *HELLO["messages"]]})
        assert text.startswith("[happy 0.6] ")
        assert len(text) > 20
        assert "You said" not in text

    run(main, talker=ModelTalker(persona_talker.build(persona_talker.Settings())))


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"colour": "red"}, "colour"),
        ({"top_p": None}, "top_p"),
        ({"max_tokens": 5}, "max_tokens"),
        ({"temperature": 0.5}, "temperature"),
        ({"temperature": 3, "reasoning_effort": "none"}, "temperature"),
        ({"reasoning_effort": "huge"}, "reasoning_effort"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": None}]}, "messages[0].content"),
        ({"stream_options": {"wings": 2}}, "stream_options"),
        ({"stream": False}, "stream_options"),
        ({"max_completion_tokens": 0}, "max_completion_tokens"),
        ({"model": "gpt-4o", "reasoning_effort": "low"}, "reasoning_effort"),
    ],
)
def test_what_openai_refuses(change: dict[str, Any], param: str) -> None:
    """Unknown fields, nulls, parameters that the model does not take: 400, with the field's name."""

    async def main(emulator: OpenAiEmulator, client: openai.AsyncOpenAI) -> None:
        headers = {"authorization": f"Bearer {emulator.key}"}
        async with httpx.AsyncClient(base_url=emulator.base_url, headers=headers) as plain:
            answer = await plain.post("chat/completions", json={**STREAM, **change})
        assert answer.status_code == 400
        assert answer.json()["error"]["param"] == param

    run(main)


def test_sampling_is_accepted_without_reasoning() -> None:
    """At effort none, and by models that never reason."""

    async def main(emulator: OpenAiEmulator, client: openai.AsyncOpenAI) -> None:
        assert await text_of(client, {**STREAM, "temperature": 0.5, "reasoning_effort": "none"})
        assert await text_of(client, {**STREAM, "model": "gpt-4o", "temperature": 0.5, "max_tokens": 50})

    run(main)


REFUSALS: list[tuple[FaultKind, type[openai.APIStatusError], int]] = [
    (FaultKind.REFUSED_KEY, openai.AuthenticationError, 401),
    (FaultKind.NO_PERMISSION, openai.PermissionDeniedError, 403),
    (FaultKind.NO_QUOTA, openai.RateLimitError, 429),
    (FaultKind.RATE_LIMITED, openai.RateLimitError, 429),
    (FaultKind.MODEL_NOT_FOUND, openai.NotFoundError, 404),
    (FaultKind.SERVER_ERROR, openai.InternalServerError, 500),
    (FaultKind.OVERLOADED, openai.InternalServerError, 503),
    (FaultKind.HTML_ERROR, openai.InternalServerError, 502),
]


@pytest.mark.parametrize(("kind", "error", "status"), REFUSALS)
def test_refusals(kind: FaultKind, error: type[openai.APIStatusError], status: int) -> None:
    """As the client knows them; the next request is answered again."""

    async def main(emulator: OpenAiEmulator, client: openai.AsyncOpenAI) -> None:
        emulator.faults.add(Fault(kind, retry_after_s=2))
        with pytest.raises(error) as refused:
            await text_of(client, STREAM)
        assert refused.value.status_code == status
        assert await text_of(client, STREAM)

    run(main)


def test_a_wrong_key_and_an_unknown_model() -> None:
    """Without any fault."""

    async def main(emulator: OpenAiEmulator, client: openai.AsyncOpenAI) -> None:
        with pytest.raises(openai.AuthenticationError):
            await text_of(client.with_options(api_key="wrong"), STREAM)
        with pytest.raises(openai.NotFoundError):
            await text_of(client, {**STREAM, "model": "gpt-3"})

    run(main)


@pytest.mark.parametrize(
    "kind", [FaultKind.ERROR_MIDWAY, FaultKind.GARBAGE, FaultKind.DISCONNECT, FaultKind.SILENT_MIDWAY]
)
def test_midway(kind: FaultKind) -> None:
    """The client sees a beginning and then fails."""

    async def main(emulator: OpenAiEmulator, client: openai.AsyncOpenAI) -> None:
        emulator.faults.add(Fault(kind, after=3))
        seen = 0
        failed: Exception | None = None
        try:
            async for _ in await client.with_options(timeout=0.5).chat.completions.create(**STREAM):
                seen += 1
        except Exception as error:  # the client fails at each in its own way
            failed = error
        assert failed is not None
        assert seen == 3

    run(main)


@pytest.mark.parametrize(
    ("kind", "text", "reason"),
    [
        (FaultKind.EARLY_END, "You said: Good", None),
        (FaultKind.HALF_EVENT, "You said: Good", None),
        (FaultKind.EMPTY_ANSWER, "", "stop"),
        (FaultKind.REFUSED_CONTENT, "", "content_filter"),
        (FaultKind.SPLIT_BYTES, "You said: Good day to you", "stop"),
        (FaultKind.SLOW_FIRST_BYTE, "You said: Good day to you", "stop"),
        (FaultKind.WRONG_ORDER, "You said: Good day to you", "stop"),
    ],
)
def test_odd_answers(kind: FaultKind, text: str, reason: str | None) -> None:
    """What the client takes for an answer, though it may be none."""

    async def main(emulator: OpenAiEmulator, client: openai.AsyncOpenAI) -> None:
        emulator.faults.add(Fault(kind, delay_s=0.05, after=4))
        request = {**STREAM, "stream_options": {"include_usage": True}}
        found, reasons = "", set()
        async for chunk in await client.chat.completions.create(**request):
            for choice in chunk.choices:
                found += choice.delta.content or ""
                reasons.add(choice.finish_reason)
        assert found == text
        assert reasons - {None} == ({reason} if reason else set())

    run(main)


@pytest.mark.parametrize("dialect", [VLLM, OLLAMA, LLAMA_CPP, LITELLM, GATEWAY])
def test_dialects(dialect: Dialect) -> None:
    """The client reads every dialect; fields that OpenAI would refuse are let through."""

    async def main(emulator: OpenAiEmulator, client: openai.AsyncOpenAI) -> None:
        text = await text_of(
            client, {**STREAM, "model": "any", "max_tokens": 50, "extra_body": {"top_k": 3}}, is_typed=False
        )
        assert text.endswith("You said: Good day to you")

    run(main, dialect=dialect)


def test_a_dialect_without_streams() -> None:
    """JSON where a stream was asked for."""

    async def main(emulator: OpenAiEmulator, client: openai.AsyncOpenAI) -> None:
        headers = {"authorization": f"Bearer {emulator.key}"}
        async with httpx.AsyncClient(base_url=emulator.base_url, headers=headers) as plain:
            answer = await plain.post("chat/completions", json=STREAM)
        assert answer.headers["content-type"].startswith("application/json")
        assert answer.json()["choices"][0]["message"]["content"] == "You said: Good day to you"

    run(main, dialect=PLAIN)


def test_a_limit_ends_the_answer() -> None:
    """Every word is a token."""

    async def main(emulator: OpenAiEmulator, client: openai.AsyncOpenAI) -> None:
        whole = await client.chat.completions.create(**HELLO, max_completion_tokens=3)
        assert whole.choices[0].message.content == "You said: Good"
        assert whole.choices[0].finish_reason == "length"

    run(main)
