"""Chat completions of OpenAI and of servers that speak them; what all adapters must do: test_conformance.py."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from tests.adapters.llm.ask import ask, text_of, used_of
from tth.adapters.base import LanguageModel, LlmOutput, Speaker, StyleHint, Used, Utterance
from tth.adapters.llm.openai_chat import (
    ChatSettings,
    CompatibleSettings,
    Settings,
    VllmSettings,
    build,
    build_compatible,
    build_vllm,
)
from tth.errors import AdapterAuthFailed, AdapterError, AdapterRejected, AdapterUnavailable
from tth.model.secret import Secret
from tth.testing.emulators.faults import Fault, FaultKind
from tth.testing.emulators.openai import OpenAiEmulator
from tth.testing.emulators.openai_dialect import GATEWAY, LITELLM, LLAMA_CPP, OLLAMA, OPENAI, PLAIN, VLLM, Dialect
from tth.testing.emulators.server import Emulator

pytestmark = pytest.mark.server

KEY = "test-key"


def openai(base_url: str, **changes: Any) -> LanguageModel:
    return build(Settings(api_key=Secret(KEY), base_url=base_url, **changes))


def compatible(base_url: str, **changes: Any) -> LanguageModel:
    return build_compatible(CompatibleSettings(api_key=Secret(KEY), base_url=base_url, **changes))


def vllm(base_url: str, **changes: Any) -> LanguageModel:
    return build_vllm(VllmSettings(api_key=Secret(KEY), base_url=base_url, **changes))


def answered(
    make: Any, text: str, *history: Utterance, dialect: Dialect = OPENAI, **changes: Any
) -> tuple[list[LlmOutput], dict[str, Any]]:
    """What the adapter gives, and the request as the server saw it."""

    async def main() -> tuple[list[LlmOutput], dict[str, Any]]:
        async with OpenAiEmulator(dialect=dialect).running() as server:
            outputs = await ask(make(server.base_url, **changes), text, *history)
            return outputs, server.seen[-1].body

    return asyncio.run(main())


def test_the_request_to_openai() -> None:
    """Persona first, the dialogue behind it, nothing that is not set."""
    history = (Utterance(Speaker.USER, "Hi"), Utterance(Speaker.PERSON, "Hello."))
    _, body = answered(openai, "How are you?", *history)
    roles = [message["role"] for message in body["messages"]]
    assert roles == ["system", "user", "assistant", "user"]
    assert body["messages"][0]["content"].startswith("You are Anna.")
    assert {name: value for name, value in body.items() if name != "messages"} == {
        "model": "gpt-5.6-luna",
        "stream": True,
        "stream_options": {"include_usage": True, "include_obfuscation": False},
        "max_completion_tokens": 400,
        "reasoning_effort": "none",
    }


def test_the_request_to_others() -> None:
    """No field that a strict server of theirs does not know; Qwen3's thinking is switched off."""
    _, body = answered(compatible, "Hi", dialect=OLLAMA, temperature=0.4)
    assert set(body) == {"model", "stream", "stream_options", "messages", "max_tokens", "temperature"}
    assert body["stream_options"] == {"include_usage": True}
    _, body = answered(vllm, "Hi", dialect=VLLM)
    assert body["chat_template_kwargs"] == {"enable_thinking": False}


@pytest.mark.parametrize("dialect", [OPENAI, VLLM, OLLAMA, LLAMA_CPP, LITELLM, GATEWAY, PLAIN])
@pytest.mark.parametrize("split", [False, True])
def test_every_dialect_gives_the_same(dialect: Dialect, split: bool) -> None:
    """Text and nothing else: no thought, no comment, no padding; also in pieces of a few bytes."""

    async def main() -> list[LlmOutput]:
        async with OpenAiEmulator(dialect=dialect).running() as server:
            if split:
                server.faults.add(FaultKind.SPLIT_BYTES)
            model = compatible(server.base_url) if not dialect.is_strict else openai(server.base_url)
            return await ask(model, "Größe?")

    outputs = asyncio.run(main())
    assert isinstance(outputs[0], StyleHint)
    assert text_of(outputs) == "You said: Größe?"
    assert (used_of(outputs) is not None) is dialect.sends_usage


@pytest.mark.parametrize("dialect", [VLLM, OLLAMA, LLAMA_CPP, LITELLM, GATEWAY])
def test_every_dialects_way_of_failing(dialect: Dialect) -> None:
    """An error in the stream, also one that the server swallows: never a short answer taken for a whole one."""

    async def main() -> AdapterError:
        async with OpenAiEmulator(dialect=dialect).running() as server:
            server.faults.add(Fault(FaultKind.ERROR_MIDWAY, after=4))
            with pytest.raises(AdapterUnavailable) as failed:
                await ask(compatible(server.base_url), "Hi")
            return failed.value

    assert asyncio.run(main()).retryable


@pytest.mark.parametrize("is_stream_whole", [True, False])
def test_the_end_of_a_stream(is_stream_whole: bool) -> None:
    """Without [DONE] a finish reason is enough; without both the answer was cut off."""

    async def main() -> str:
        async with OpenAiEmulator(dialect=replace(OPENAI, ends_with_done=False)).running() as server:
            if not is_stream_whole:
                server.faults.add(Fault(FaultKind.EARLY_END, after=6))
            return text_of(await ask(openai(server.base_url), "Hi"))

    if is_stream_whole:
        assert asyncio.run(main()) == "You said: Hi"
    else:
        with pytest.raises(AdapterUnavailable, match="too early"):
            asyncio.run(main())


def test_what_was_used() -> None:
    """Tokens as the server counts them, money from the configured prices; repeated counts are not added up."""
    outputs, _ = answered(openai, "one two")
    assert isinstance(outputs[-1], Used)
    assert outputs[-1].cost_micro_usd is None
    prices = {"input_usd_per_million_tokens": 2.0, "output_usd_per_million_tokens": 10.0}
    outputs, _ = answered(compatible, "one two", dialect=replace(GATEWAY, thinks_in_content=False), **prices)
    used = used_of(outputs)
    assert used is not None
    assert used.output_tokens == 6  # two of the tag, four words
    assert used.input_tokens is not None
    assert used.cost_micro_usd == used.input_tokens * 2 + 60


def test_a_limit_that_thoughts_used_up() -> None:
    """No word was left: an error that says what to do, not an empty answer. Some words are an answer."""
    with pytest.raises(AdapterRejected, match="max_output_tokens"):
        answered(openai, "Hi", max_output_tokens=2)
    outputs, _ = answered(openai, "Hi", max_output_tokens=4)
    assert text_of(outputs) == "You said:"


def test_the_tail_comes() -> None:
    """What might have become a mark, and did not."""
    assert text_of(answered(openai, "Is 2 </th")[0]) == "You said: Is 2 </th"


def test_without_hints() -> None:
    """No tag is asked for, so none comes."""
    outputs, body = answered(openai, "Hi", style_hints=False)
    assert not [output for output in outputs if isinstance(output, StyleHint)]
    assert "[happy" not in body["messages"][0]["content"]


@pytest.mark.parametrize(
    ("settings", "asked"),
    [
        (Settings(api_key=Secret(KEY)), ["/v1/models"]),
        (VllmSettings(api_key=Secret(KEY)), ["/v1/models", "/v1/chat/completions"]),
        (CompatibleSettings(api_key=Secret(KEY), warm_model=False), ["/v1/models"]),
    ],
)
def test_warming_up(settings: ChatSettings, asked: list[str]) -> None:
    """A connection and a good key; a server of one's own has the model loaded as well. One connection for all."""

    async def main() -> OpenAiEmulator:
        async with OpenAiEmulator(dialect=OPENAI if isinstance(settings, Settings) else VLLM).running() as server:
            there = replace(settings, base_url=server.base_url)
            model = build(there) if isinstance(there, Settings) else build_compatible(there)  # type: ignore[arg-type]
            await model.warmup()
            await ask(model, "Hi")
            return server

    server = asyncio.run(main())
    assert [seen.path for seen in server.seen] == [*asked, "/v1/chat/completions"]
    assert server.connection_count == 1


def test_a_refused_key_at_start() -> None:
    """The error names the variable and not the key."""

    async def main() -> None:
        async with OpenAiEmulator(key="another").running() as server:
            model = openai(server.base_url)
            with pytest.raises(AdapterAuthFailed, match="OPENAI_API_KEY") as refused:
                await model.warmup()
            assert KEY not in str(refused.value)
            await model.aclose()

    asyncio.run(main())


def test_a_server_without_a_list_of_models() -> None:
    """Others need not have one."""

    class Bare(Emulator):
        def add_routes(self, router: web.UrlDispatcher) -> None:
            pass

    async def main() -> None:
        async with Bare().running() as server:
            lenient, strict = compatible(f"{server.url}/v1", warm_model=False), openai(f"{server.url}/v1")
            await lenient.warmup()
            with pytest.raises(AdapterRejected):
                await strict.warmup()
            await lenient.aclose()
            await strict.aclose()

    asyncio.run(main())


def test_nobody_there_at_start() -> None:
    """An unreachable network is told as such."""

    async def main() -> None:
        model = openai("http://127.0.0.1:9/v1")
        with pytest.raises(AdapterUnavailable):
            await model.warmup()
        await model.aclose()

    asyncio.run(main())
