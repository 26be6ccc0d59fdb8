"""The emulated Messages interface, held against Anthropic's own client."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import anthropic
import httpx
import pytest

from tests.testing.emulators.sdk import checked
from tth.testing.emulators.anthropic import AnthropicEmulator
from tth.testing.emulators.faults import Fault, FaultKind

pytestmark = pytest.mark.server

REQUEST: dict[str, Any] = {
    "model": "claude-haiku-5-5",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "Good day to you"}],
}
QUICK: dict[str, Any] = {**REQUEST, "thinking": {"type": "disabled"}, "output_config": {"effort": "low"}}


def run(
    main: Callable[[AnthropicEmulator, anthropic.AsyncAnthropic], Coroutine[Any, Any, None]], **settings: Any
) -> None:
    """Run with an emulator and a client for it that tries nothing again."""

    async def whole() -> None:
        async with (
            AnthropicEmulator(**settings).running() as emulator,
            anthropic.AsyncAnthropic(
                api_key=emulator.key, base_url=emulator.base_url, max_retries=0, timeout=5.0
            ) as client,
        ):
            await main(emulator, client)

    asyncio.run(whole())


async def events_of(client: anthropic.AsyncAnthropic, request: dict[str, Any]) -> list[Any]:
    """All events as they came; each is one that the client's types accept."""
    return [checked(event) async for event in await client.messages.create(**request, stream=True)]


async def text_of(client: anthropic.AsyncAnthropic, request: dict[str, Any]) -> str:
    """By the client's own way of reading a stream to its end."""
    async with client.messages.stream(**request) as stream:
        return "".join([text async for text in stream.text_stream])


def test_a_conversation() -> None:
    """Several turns in all ways of asking."""

    async def main(emulator: AnthropicEmulator, client: anthropic.AsyncAnthropic) -> None:
        messages: list[dict[str, Any]] = []
        for question in ("One", "Two", "Three"):
            messages.append({"role": "user", "content": question})
            answer = await text_of(client, {**QUICK, "system": "Be kind.", "messages": messages})
            assert answer == f"You said: {question}"
            messages.append({"role": "assistant", "content": answer})
        whole = checked(await client.messages.create(**QUICK))
        assert (whole.content[0].text, whole.stop_reason) == ("You said: Good day to you", "end_turn")
        assert (await client.models.list()).data[0].id == "claude-haiku-5-5"

    run(main)


def test_the_order_of_events() -> None:
    """Without thinking: one block, named events, what was counted at the end."""

    async def main(emulator: AnthropicEmulator, client: anthropic.AsyncAnthropic) -> None:
        events = await events_of(client, QUICK)
        assert list(dict.fromkeys(event.type for event in events)) == [
            *("message_start", "content_block_start", "content_block_delta", "content_block_stop"),
            *("message_delta", "message_stop"),
        ]  # the client keeps pings to itself
        assert events[-2].usage.output_tokens == 6

    run(main)


@pytest.mark.parametrize("shown", [True, False])
def test_thinking_comes_first(shown: bool) -> None:
    """In a block of its own, with or without its text, which the text is counted behind."""

    async def main(emulator: AnthropicEmulator, client: anthropic.AsyncAnthropic) -> None:
        events = await events_of(client, REQUEST)
        blocks = [event.content_block.type for event in events if event.type == "content_block_start"]
        assert blocks == ["thinking", "text"]
        kinds = {event.delta.type for event in events if event.type == "content_block_delta" and event.index == 0}
        assert kinds == {"signature_delta"} | ({"thinking_delta"} if shown else set())
        assert await text_of(client, REQUEST) == "You said: Good day to you"
        eaten = await client.messages.create(**{**REQUEST, "max_tokens": 3})
        assert (eaten.content, eaten.stop_reason) == ([], "max_tokens")

    run(main, shows_thoughts=shown)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"max_tokens": None}, "max_tokens"),
        ({"wings": 2}, "wings"),
        ({"temperature": 1.0}, "temperature"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "system", "content": "x"}]}, "role"),
        ({"messages": [{"role": "user", "content": " "}]}, "non-empty"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, "user role"),
        ({"messages": [*REQUEST["messages"], {"role": "assistant", "content": "Well"}]}, "prefill"),
        ({"system": ""}, "system"),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, "thinking"),
        ({"thinking": {"type": "disabled"}, "output_config": {"effort": "max"}}, "thinking"),
        ({"model": "claude-opus-5-5", "thinking": {"type": "disabled"}}, "thinking"),
        ({"model": "claude-sonnet-5-5", "thinking": {"type": "disabled"}}, "thinking"),
        ({"output_config": {"effort": "huge"}}, "effort"),
    ],
)
def test_what_anthropic_refuses(change: dict[str, Any], says: str) -> None:
    """400, with the field's name in its message."""

    async def main(emulator: AnthropicEmulator, client: anthropic.AsyncAnthropic) -> None:
        headers = {"authorization": f"Bearer {emulator.key}", "anthropic-version": "2026-10-21"}
        async with httpx.AsyncClient(base_url=emulator.base_url, headers=headers) as plain:
            answer = await plain.post("v1/messages", json={**REQUEST, **change})
        assert answer.status_code == 400
        assert says in answer.json()["error"]["message"]

    run(main)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"anthropic-version": "2026-10-21"}, 401),
        ({"x-api-key": "wrong", "anthropic-version": "2026-10-21"}, 401),
        ({"x-api-key": "test-key"}, 400),
        ({"x-api-key": "test-key", "authorization": "Bearer test-key", "anthropic-version": "2026-10-21"}, 400),
        ({"x-api-key": "test-key", "anthropic-version": "2023-06-01"}, 200),
        ({"authorization": "Bearer test-key", "anthropic-version": "2026-10-21"}, 200),
    ],
)
def test_headers(headers: dict[str, str], status: int) -> None:
    """A key in one of two headers, and a version."""

    async def main(emulator: AnthropicEmulator, client: anthropic.AsyncAnthropic) -> None:
        async with httpx.AsyncClient(base_url=emulator.base_url, headers=headers) as plain:
            assert (await plain.post("v1/messages", json=QUICK)).status_code == status

    run(main)


@pytest.mark.parametrize(
    ("kind", "error", "status"),
    [
        (FaultKind.REFUSED_KEY, anthropic.AuthenticationError, 401),
        (FaultKind.NO_PERMISSION, anthropic.PermissionDeniedError, 403),
        (FaultKind.NO_QUOTA, anthropic.RateLimitError, 429),
        (FaultKind.RATE_LIMITED, anthropic.RateLimitError, 429),
        (FaultKind.MODEL_NOT_FOUND, anthropic.NotFoundError, 404),
        (FaultKind.SERVER_ERROR, anthropic.InternalServerError, 500),
        (FaultKind.OVERLOADED, anthropic.APIStatusError, 529),
        (FaultKind.HTML_ERROR, anthropic.APIStatusError, 503),
    ],
)
def test_refusals(kind: FaultKind, error: type[anthropic.APIStatusError], status: int) -> None:
    """As the client knows them; the next request is answered again."""

    async def main(emulator: AnthropicEmulator, client: anthropic.AsyncAnthropic) -> None:
        emulator.faults.add(Fault(kind, retry_after_s=2))
        with pytest.raises(error) as refused:
            await text_of(client, QUICK)
        assert refused.value.status_code == status
        assert await text_of(client, QUICK)

    run(main)


@pytest.mark.parametrize("after", [0, 4])
def test_an_error_in_the_stream(after: int) -> None:
    """Overloaded, though the status was good: as the first event of all and behind some text."""

    async def main(emulator: AnthropicEmulator, client: anthropic.AsyncAnthropic) -> None:
        emulator.faults.add(Fault(FaultKind.ERROR_MIDWAY, after=after))
        with pytest.raises(anthropic.APIStatusError, match="Overloaded"):
            await text_of(client, QUICK)

    run(main)


@pytest.mark.parametrize(
    ("kind", "ending"), [(FaultKind.EMPTY_ANSWER, "end_turn"), (FaultKind.REFUSED_CONTENT, "refusal")]
)
def test_answers_without_text(kind: FaultKind, ending: str) -> None:
    """An empty answer is one; a refusal says that it is one."""

    async def main(emulator: AnthropicEmulator, client: anthropic.AsyncAnthropic) -> None:
        emulator.faults.add(kind)
        events = await events_of(client, QUICK)
        assert events[-2].delta.stop_reason == ending
        assert not [event for event in events if event.type == "content_block_delta"]

    run(main)


def test_pieces_of_a_few_bytes() -> None:
    """The same answer."""

    async def main(emulator: AnthropicEmulator, client: anthropic.AsyncAnthropic) -> None:
        emulator.faults.add(FaultKind.SPLIT_BYTES)
        assert await text_of(client, QUICK) == "You said: Good day to you"

    run(main)
