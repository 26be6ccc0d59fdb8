"""The emulated responses interface, held against OpenAI's own client."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import httpx
import openai
import pytest

from tests.testing.emulators.sdk import checked
from tth.testing.emulators.faults import Fault, FaultKind
from tth.testing.emulators.openai import OpenAiEmulator

pytestmark = pytest.mark.server

REQUEST: dict[str, Any] = {"model": "gpt-5.6-luna", "input": "Good day to you", "stream": True, "store": False}
QUICK: dict[str, Any] = {**REQUEST, "reasoning": {"effort": "none"}}


def run(main: Callable[[OpenAiEmulator, openai.AsyncOpenAI], Coroutine[Any, Any, None]]) -> None:
    """Run with an emulator and a client for it that tries nothing again."""

    async def whole() -> None:
        async with (
            OpenAiEmulator().running() as emulator,
            openai.AsyncOpenAI(api_key=emulator.key, base_url=emulator.base_url, max_retries=0, timeout=5.0) as client,
        ):
            await main(emulator, client)

    asyncio.run(whole())


async def events_of(client: openai.AsyncOpenAI, request: dict[str, Any]) -> list[Any]:
    """All events; each is one that the client's types accept."""
    return [checked(event) async for event in await client.responses.create(**request)]


def text_in(events: list[Any]) -> str:
    return "".join(event.delta for event in events if event.type == "response.output_text.delta")


@pytest.mark.parametrize(("request_", "reasons"), [(REQUEST, True), (QUICK, False)])
def test_the_ladder(request_: dict[str, Any], reasons: bool) -> None:
    """Every event in its order, numbered without a hole, with what was counted at the end."""

    async def main(emulator: OpenAiEmulator, client: openai.AsyncOpenAI) -> None:
        events = await events_of(client, request_)
        assert [event.sequence_number for event in events] == list(range(len(events)))
        assert text_in(events) == "You said: Good day to you"
        names = list(dict.fromkeys(event.type.removeprefix("response.") for event in events))
        thinking = [name for name in names if name.startswith("reasoning")]
        assert bool(thinking) is reasons
        assert [name for name in names if name not in thinking][:4] == [
            *("created", "in_progress", "output_item.added"),
            "output_item.done" if reasons else "content_part.added",
        ]
        assert names[-1] == "completed"
        last = events[-1].response
        assert (last.usage.output_tokens, last.output_text) == (6, "You said: Good day to you")

    run(main)


def test_a_conversation() -> None:
    """Earlier messages as items; without a stream as well."""

    async def main(emulator: OpenAiEmulator, client: openai.AsyncOpenAI) -> None:
        items = [
            {"role": "user", "content": [{"type": "input_text", "text": "One"}]},
            {"role": "assistant", "content": [{"type": "output_text", "text": "You said: One"}]},
            {"role": "user", "content": "Two"},
        ]
        request = {**QUICK, "input": items, "instructions": "Be kind.", "max_output_tokens": 100}
        assert text_in(await events_of(client, request)) == "You said: Two"
        whole = checked(await client.responses.create(**{**request, "stream": False}))
        assert whole.output_text == "You said: Two"

    run(main)


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"messages": []}, "messages"),
        ({"instructions": None}, "instructions"),
        ({"max_output_tokens": 15}, "max_output_tokens"),
        ({"temperature": 0.5}, "temperature"),
        ({"input": []}, "input"),
        ({"input": [{"role": "user", "content": [{"type": "output_text", "text": "x"}]}]}, "input[0].content"),
        ({"input": [{"role": "assistant", "content": [{"type": "input_text", "text": "x"}]}]}, "input[0].content"),
        ({"input": [{"role": "robot", "content": "x"}]}, "input[0].role"),
        ({"reasoning": {"effort": "huge"}}, "reasoning.effort"),
        ({"model": "gpt-4o", "reasoning": {"effort": "low"}}, "reasoning.effort"),
        ({"stream_options": {"include_usage": True}}, "stream_options"),
    ],
)
def test_what_openai_refuses(change: dict[str, Any], param: str) -> None:
    """400, with the field's name."""

    async def main(emulator: OpenAiEmulator, client: openai.AsyncOpenAI) -> None:
        headers = {"authorization": f"Bearer {emulator.key}"}
        async with httpx.AsyncClient(base_url=emulator.base_url, headers=headers) as plain:
            answer = await plain.post("responses", json={**REQUEST, **change})
        assert answer.status_code == 400
        assert answer.json()["error"]["param"] == param

    run(main)


@pytest.mark.parametrize(
    ("kind", "last", "reason"),
    [
        (FaultKind.EMPTY_ANSWER, "response.completed", None),
        (FaultKind.REFUSED_CONTENT, "response.incomplete", "content_filter"),
        (FaultKind.SPLIT_BYTES, "response.completed", None),
        (FaultKind.WRONG_ORDER, "response.completed", None),
        (FaultKind.EARLY_END, "response.output_text.delta", None),
    ],
)
def test_odd_answers(kind: FaultKind, last: str, reason: str | None) -> None:
    """How each ends."""

    async def main(emulator: OpenAiEmulator, client: openai.AsyncOpenAI) -> None:
        emulator.faults.add(Fault(kind, after=6))
        events = await events_of(client, QUICK)
        assert events[-1].type == last
        if reason:
            assert events[-1].response.incomplete_details.reason == reason

    run(main)


@pytest.mark.parametrize("after", [0, 1, 6, 7])
def test_an_error_in_the_stream(after: int) -> None:
    """Flat, as it is documented, or nested, as it is often sent; also as the first event of all."""

    async def main(emulator: OpenAiEmulator, client: openai.AsyncOpenAI) -> None:
        emulator.faults.add(Fault(FaultKind.ERROR_MIDWAY, after=after))
        seen: list[Any] = []
        failed = ""
        try:
            async for event in await client.responses.create(**QUICK):
                seen.append(event)
        except openai.APIError as error:
            failed = str(error.code or error.body)
        assert len([event for event in seen if event.type != "error"]) == after
        assert "server_error" in failed or seen[-1].type == "error"

    run(main)


def test_a_limit_ends_the_answer() -> None:
    """The text so far stands."""

    async def main(emulator: OpenAiEmulator, client: openai.AsyncOpenAI) -> None:
        long = " ".join(["word"] * 40)
        events = await events_of(client, {**QUICK, "input": long, "max_output_tokens": 16})
        assert events[-1].response.incomplete_details.reason == "max_output_tokens"
        assert len(text_in(events).split()) == 16

    run(main)
