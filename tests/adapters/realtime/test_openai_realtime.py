"""OpenAI Realtime against its emulator, over real sockets."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from tth.adapters.base import (
    LlmInput,
    Persona,
    RealtimeOutput,
    RealtimeSession,
    SessionContext,
    Speaker,
    TextPiece,
    TurnContext,
    Used,
    Utterance,
)
from tth.adapters.realtime.openai_realtime import OpenAiRealtime, Settings, build
from tth.errors import (
    AdapterAuthFailed,
    AdapterError,
    AdapterProtocolError,
    AdapterQuotaExceeded,
    AdapterRateLimited,
    AdapterRejected,
    AdapterUnavailable,
    ContentRefused,
)
from tth.model.controls import Controls, EmotionLabel
from tth.model.media import SpeechChunk
from tth.model.secret import Secret
from tth.testing.emulators.faults import Fault, FaultKind
from tth.testing.emulators.openai import OpenAiEmulator
from tth.testing.emulators.openai_realtime import RealtimeSettings
from tth.testing.emulators.server import Emulator, abort

pytestmark = pytest.mark.server

CHARACTER_SAMPLES = 24 * 50
"""Of one character in the emulator's plainest speech."""


@dataclass
class Talk:
    """One conversation: remembers what was heard as the engine does."""

    emulator: OpenAiEmulator
    adapter: OpenAiRealtime
    session: RealtimeSession
    history: list[Utterance] = field(default_factory=list)
    turns: int = 0

    def stream(self, text: str, controls: Controls | None = None, persona: Persona | None = None) -> Any:
        """The answer to `text`."""
        self.turns += 1
        prompt = LlmInput(text, tuple(self.history), persona or Persona("default"))
        context = TurnContext("s_1", f"t_{self.turns}", self.turns)
        return self.session.infer_stream(prompt, controls or Controls(), context)

    async def ask(self, text: str, **how: Any) -> list[RealtimeOutput]:
        """A whole turn, heard to its end."""
        async with aclosing(self.stream(text, **how)) as outputs:
            found = [output async for output in outputs]
        self.history += [Utterance(Speaker.USER, text), Utterance(Speaker.PERSON, said(found))]
        return found

    async def interrupt(self, text: str, heard_samples: int, heard_text: str) -> list[RealtimeOutput]:
        """A turn that is cut off behind its second piece of sound; so much of it was heard."""
        found: list[RealtimeOutput] = []
        async with aclosing(self.stream(text)) as outputs:
            async for output in outputs:
                found.append(output)
                if sum(isinstance(one, SpeechChunk) for one in found) == 2:
                    break
        self.session.truncate(f"t_{self.turns}", heard_samples, heard_text)
        self.history.append(Utterance(Speaker.USER, text))
        if heard_text:
            self.history.append(Utterance(Speaker.PERSON, heard_text, interrupted=True))
        return found

    def received(self, *kinds: str) -> list[dict[str, Any]]:
        """What the provider was sent, of these types."""
        return [event for event in self.emulator.realtime.received if event["type"] in kinds]

    @property
    def connections(self) -> int:
        """How many were opened so far."""
        return len(self.emulator.seen)


def said(outputs: list[RealtimeOutput]) -> str:
    return "".join(output.text for output in outputs if isinstance(output, TextPiece))


def samples(outputs: list[RealtimeOutput]) -> int:
    return sum(len(output.pcm) for output in outputs if isinstance(output, SpeechChunk))


def run(main: Callable[[Talk], Coroutine[Any, Any, None]], key: str = "", **given: Any) -> None:
    """A conversation with an emulator; nothing of it is left behind.

    given: settings of the emulated interface, or of the adapter where it has them.
    """
    own = {name: given.pop(name) for name in list(given) if name in Settings.__dataclass_fields__}

    async def whole() -> None:
        emulator = OpenAiEmulator(realtime=RealtimeSettings(**given))
        async with emulator.running(), asyncio.timeout(20):
            before = asyncio.all_tasks()
            settings = Settings(api_key=Secret(key or emulator.key), base_url=emulator.base_url, **own)
            adapter = build(settings)
            session = adapter.open_session(SessionContext("s_1"))
            try:
                await main(Talk(emulator, adapter, session))
            finally:
                await session.aclose()
                await session.aclose()
            left = {task.get_name() for task in asyncio.all_tasks() - before if adapter.name in task.get_name()}
            assert left == set()
            await until(lambda: emulator.realtime.open_count == 0)

    asyncio.run(whole())


async def until(condition: Callable[[], bool]) -> None:
    """Real sockets: look again until it is so."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  (the condition is the emulator's)
            await asyncio.sleep(0.001)


def test_a_conversation_on_one_connection() -> None:
    """Opened before anybody asks; text and sound whole though cut at odd bytes; only what changes is said again."""

    async def main(talk: Talk) -> None:
        await until(lambda: talk.emulator.realtime.open_count == 1)
        assert talk.received("response.create") == []
        first = await talk.ask("Good day")
        assert said(first) == "You said: Good day"
        assert samples(first) == CHARACTER_SAMPLES * len("Yousaid:Goodday")
        assert not any(isinstance(output, SpeechChunk) and not len(output.pcm) for output in first)
        used = [output for output in first if isinstance(output, Used)]
        assert len(used) == 1
        assert used[0].input_tokens
        assert used[0].output_tokens
        await talk.ask("And you?", controls=Controls(speech_rate=1.25))
        await talk.ask("Well.", controls=Controls(speech_rate=1.25))
        assert talk.connections == 1
        updates = [event["session"] for event in talk.received("session.update")]
        assert updates[0]["audio"]["input"]["turn_detection"] is None
        assert updates[1:] == [{"type": "realtime", "audio": {"output": {"speed": 1.25}}}]
        assert len(talk.received("conversation.item.create")) == 3

    run(main)


def test_several_messages_make_one_answer() -> None:
    """Strange events between them are passed over."""

    async def main(talk: Talk) -> None:
        for _ in range(3):
            found = await talk.ask("Good day to you all")
            assert said(found) == "You said: Good day to you all"
            assert samples(found) == CHARACTER_SAMPLES * len("Yousaid:Gooddaytoyouall")

    run(main, message_count=3, has_strange_events=True)


def test_an_interrupt_cancels_at_once_and_by_id() -> None:
    """The provider is told within 50 ms, and nothing of the old answer comes with the next."""

    async def main(talk: Talk) -> None:
        talk.emulator.word_s = 0.01
        await talk.interrupt("one two three four five six seven", 0, "")
        begun_s = time.monotonic()
        await talk.emulator.cancelled()
        assert time.monotonic() - begun_s < 0.05
        assert all(event["response_id"].startswith("resp_") for event in talk.received("response.cancel"))
        second = said(await talk.ask("Good day"))
        assert second == "You said: one two three four five six seven\nGood day"  # two questions without an answer
        assert talk.connections == 1

    run(main)


def test_the_memory_ends_where_the_listener_was() -> None:
    """Cut within what came; an answer that was not heard is forgotten; what follows an interrupt says so."""

    async def main(talk: Talk) -> None:
        talk.emulator.word_s = 0.002
        await talk.interrupt("one two three", 24 * 90, "You")
        await talk.ask("four")
        cut = talk.received("conversation.item.truncate")
        assert [event["audio_end_ms"] for event in cut] == [90]
        await talk.interrupt("five six seven", 0, "")
        await talk.ask("eight")
        deleted = [event["item_id"] for event in talk.received("conversation.item.delete")]
        assert [item_id.partition("_")[0] for item_id in deleted] == ["item", "tth"]  # the answer; its lonely question
        told = [event["item"]["content"][0]["text"] for event in talk.received("conversation.item.create")]
        assert "cut in" in told[1]
        assert told[1].endswith("four")
        assert talk.connections == 1

    run(main, delta_ms=40)


def test_what_was_heard_can_be_corrected_later() -> None:
    """More than the last word was: the answer is told again, as text."""

    async def main(talk: Talk) -> None:
        await talk.ask("one")
        talk.session.truncate("t_1", 24 * 60, "You")
        talk.history[-1] = Utterance(Speaker.PERSON, "You", interrupted=True)
        await talk.ask("two")
        talk.session.truncate("t_1", 24 * 400, "You said:")
        talk.history[1] = Utterance(Speaker.PERSON, "You said:", interrupted=True)
        await talk.ask("three")
        told = [event["item"] for event in talk.received("conversation.item.create") if event["item"]["role"] != "user"]
        assert told[0]["content"][0]["text"] == "You said:"
        assert len(told) == 2  # and the answer behind it, which stands in its place again

    run(main)


def test_what_others_said_is_told() -> None:
    """A turn that this model did not speak, such as SAY, is in the history and so in its memory."""

    async def main(talk: Talk) -> None:
        await talk.ask("one")
        talk.history.append(Utterance(Speaker.PERSON, "Read aloud."))
        await talk.ask("two")
        told = [event["item"]["content"][0]["text"] for event in talk.received("conversation.item.create")]
        assert told == ["one", "You said: one\nRead aloud.", "two"]
        assert len(talk.received("conversation.item.delete")) == 1

    run(main)


def test_another_voice_begins_a_new_connection() -> None:
    """A voice that was heard is fixed there. What was said goes along."""

    async def main(talk: Talk) -> None:
        await talk.ask("one")
        await talk.ask("two", persona=Persona("other", voices={"openai_realtime": "cedar"}))
        assert talk.connections == 2
        await talk.ask("three", persona=Persona("other", voices={"openai_realtime": "cedar"}))
        assert talk.connections == 2
        items = talk.received("conversation.item.create")
        assert [event["item"]["role"] for event in items] == ["user", "user", "assistant", "user", "user"]
        assert [event["session"]["audio"]["output"]["voice"] for event in talk.received("session.update")] == [
            *("marin", "cedar")
        ]

    run(main)


def test_a_connection_is_renewed_between_turns() -> None:
    """When it is old, not in the middle of an answer; what was said goes along."""

    async def main(talk: Talk) -> None:
        talk.emulator.word_s = 0.02
        await talk.ask("one two three four")
        assert talk.connections == 1
        await until(lambda: talk.emulator.realtime.closed_count > 0)
        await talk.ask("two")
        told = [event["item"]["content"][0]["text"] for event in talk.received("conversation.item.create")]
        assert told[1:] == ["one two three four", "You said: one two three four", "two"]
        assert talk.received("response.cancel") == []

    run(main, renew_after_s=0.1)


def test_a_connection_that_ends_is_opened_anew() -> None:
    """Of old age while nobody talks: before the next turn asks."""

    async def main(talk: Talk) -> None:
        await talk.ask("one")
        await until(lambda: talk.connections == 2)
        talk.emulator.realtime.max_age_s = 3600
        await until(lambda: talk.emulator.realtime.open_count == 1)
        assert said(await talk.ask("two")) == "You said: two"

    run(main, max_age_s=0.3)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (FaultKind.DISCONNECT, AdapterUnavailable),
        (FaultKind.HALF_EVENT, AdapterUnavailable),
        (FaultKind.EARLY_END, AdapterUnavailable),
        (FaultKind.EXPIRED, AdapterUnavailable),
        (FaultKind.GARBAGE, AdapterProtocolError),
        (FaultKind.ERROR_MIDWAY, AdapterUnavailable),
        (FaultKind.RATE_LIMITED, AdapterRateLimited),
        (FaultKind.NO_QUOTA, AdapterQuotaExceeded),
        (FaultKind.SERVER_ERROR, AdapterUnavailable),
        (FaultKind.REFUSED_CONTENT, ContentRefused),
        (FaultKind.EMPTY_ANSWER, AdapterUnavailable),
    ],
)
def test_turns_that_fail(kind: FaultKind, error: type[AdapterError]) -> None:
    """The error says what it is; the next turn goes well, with what was heard before."""

    async def main(talk: Talk) -> None:
        await talk.ask("My name is Robin")
        talk.emulator.faults.add(Fault(kind, after=3))
        with pytest.raises(error) as failed:
            await talk.ask("one two three")
        assert (failed.value.role, failed.value.adapter) == ("realtime", "openai_realtime")
        assert "Robin" not in failed.value.message
        assert talk.emulator.key not in failed.value.message
        talk.history.append(Utterance(Speaker.USER, "one two three"))
        talk.session.truncate("t_2", 0, "")
        assert said(await talk.ask("four")).endswith("four")

    run(main)


@pytest.mark.parametrize("kind", [FaultKind.WRONG_ORDER, FaultKind.SPLIT_BYTES, FaultKind.SLOW_FIRST_BYTE])
def test_what_is_no_failure(kind: FaultKind) -> None:
    """Nothing is lost."""

    async def main(talk: Talk) -> None:
        await until(lambda: talk.emulator.realtime.open_count == 1)
        talk.emulator.faults.add(Fault(kind, delay_s=0.05))
        found = await talk.ask("Good day")
        assert said(found) == "You said: Good day"
        assert samples(found) == CHARACTER_SAMPLES * len("Yousaid:Goodday")

    run(main)


def test_a_provider_that_falls_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits may give up; a connection that never answers to that is left for a new one."""
    monkeypatch.setattr("tth.adapters.realtime.openai_realtime.CANCEL_S", 0.05)

    async def main(talk: Talk) -> None:
        talk.emulator.faults.add(Fault(FaultKind.SILENT_MIDWAY, after=1))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await talk.ask("one")
        talk.history.append(Utterance(Speaker.USER, "one"))
        assert said(await talk.ask("two")).endswith("two")
        assert talk.connections == 2

    run(main)


@pytest.mark.parametrize(
    ("kind", "error", "named"),
    [
        (FaultKind.NO_QUOTA, AdapterQuotaExceeded, "1013"),
        (FaultKind.REFUSED_KEY, AdapterAuthFailed, "OPENAI_API_KEY"),
        (FaultKind.MODEL_NOT_FOUND, AdapterRejected, "model_not_found"),
    ],
)
def test_refusals_are_not_tried_again(kind: FaultKind, error: type[AdapterError], named: str) -> None:
    """Not by itself and not by the next turn: each of them says so at once."""

    async def main(talk: Talk) -> None:
        talk.emulator.faults.add(kind)
        for _ in range(2):
            with pytest.raises(error, match=named) as refused:
                await talk.ask("one")
            assert not refused.value.retryable
        await asyncio.sleep(0.05)
        assert talk.connections == 1

    run(main)


def test_a_refusal_without_a_goodbye() -> None:
    """A compatible server that tells its error and hangs up: what it told is believed."""

    async def refuse(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "error", "error": {"type": "insufficient_quota", "code": "insufficient_quota"}})
        await asyncio.sleep(0.02)
        abort(request)
        return socket

    class Rude(Emulator):
        def add_routes(self, router: web.UrlDispatcher) -> None:
            router.add_get("/v1/realtime", refuse)

    async def main() -> None:
        async with Rude().running() as server:
            adapter = build(Settings(api_key=Secret("k"), base_url=f"{server.url}/v1"))
            with pytest.raises(AdapterQuotaExceeded):
                await adapter.load()

    asyncio.run(main())


def test_a_key_is_checked_at_start() -> None:
    """The message names the variable, and not the key."""

    async def main(talk: Talk) -> None:
        with pytest.raises(AdapterAuthFailed, match="OPENAI_API_KEY") as refused:
            await talk.adapter.load()
        assert "wrong" not in refused.value.message

    run(main, key="wrong")


def test_a_busy_server_is_tried_again() -> None:
    """A turn gets what the attempt of its moment came to; connecting goes on behind it."""

    async def main(talk: Talk) -> None:
        talk.emulator.faults.add(*[FaultKind.OVERLOADED] * 2)
        with pytest.raises(AdapterUnavailable):
            await talk.ask("one")
        for _ in range(2):
            try:
                found = await talk.ask("two")
                break
            except AdapterUnavailable:
                continue
        assert said(found) == "You said: two"
        assert talk.connections == 3

    run(main)


def test_a_network_without_a_way() -> None:
    """Nobody listens: the turn is told, within its patience."""

    async def main(talk: Talk) -> None:
        adapter = build(Settings(api_key=Secret("k"), base_url="http://127.0.0.1:9/v1"))
        with pytest.raises(AdapterUnavailable):
            await adapter.load()
        session = adapter.open_session(SessionContext("s_2"))
        lost = Talk(talk.emulator, adapter, session)
        with pytest.raises(AdapterUnavailable):
            await lost.ask("one")
        await session.aclose()

    run(main)


def test_a_field_that_is_refused_is_left_out() -> None:
    """The whole update was discarded: the answer to it is not given out but asked for again, once and for all."""

    async def main(talk: Talk) -> None:
        original = talk.adapter.fields

        def with_effort(*given: Any) -> dict[str, Any]:
            return {**original(*given), "reasoning": {"effort": "low"}}

        talk.adapter.fields = with_effort  # type: ignore[method-assign, assignment]
        found = await talk.ask("one")
        assert said(found) == "You said: one"
        assert samples(found) == CHARACTER_SAMPLES * len("Yousaid:one")
        await talk.ask("two")
        assert len(talk.received("response.create")) == 3
        assert "reasoning" in (await talk.adapter.health()).detail
        assert (await talk.adapter.health()).ok

    run(main, model="gpt-realtime-1.5")


def test_a_field_that_matters_fails_the_turn() -> None:
    """Another voice than the persona's would be another person."""

    async def main(talk: Talk) -> None:
        persona = Persona("x", voices={"openai_realtime": "fable"})
        with pytest.raises(AdapterRejected, match=r"session\.audio\.output\.voice"):
            await talk.ask("one", persona=persona)
        talk.history.append(Utterance(Speaker.USER, "one"))
        assert said(await talk.ask("two")).endswith("two")

    run(main)


def test_costs() -> None:
    """From all four prices; without those that were needed it is not known."""
    usage = {
        "input_tokens": 30,
        "output_tokens": 12,
        "input_token_details": {"text_tokens": 20, "audio_tokens": 10},
        "output_token_details": {"text_tokens": 2, "audio_tokens": 10},
    }
    prices: dict[str, Any] = {
        "text_input_usd_per_million_tokens": 0.6,
        "audio_input_usd_per_million_tokens": 10.0,
        "text_output_usd_per_million_tokens": 2.4,
        "audio_output_usd_per_million_tokens": 20.0,
    }
    key = Secret("k")
    assert build(Settings(api_key=key, **prices)).used(usage) == Used(30, 12, round(12 + 100 + 4.8 + 200))
    assert build(Settings(api_key=key)).used(usage) == Used(30, 12)
    assert build(Settings(api_key=key, **prices)).used({}) == Used(None, None, 0)


def test_a_hundred_conversations_at_once() -> None:
    """Each its own connection and its own words."""

    async def main(talk: Talk) -> None:
        sessions = [talk.adapter.open_session(SessionContext(f"s_{n}")) for n in range(100)]
        talks = [Talk(talk.emulator, talk.adapter, session) for session in sessions]
        for question in ("one", "two"):
            async with asyncio.TaskGroup() as group:
                asked = [group.create_task(one.ask(f"{question} {n}")) for n, one in enumerate(talks)]
            assert [said(task.result()) for task in asked] == [f"You said: {question} {n}" for n in range(100)]
        assert talk.emulator.realtime.open_count == 101
        await asyncio.gather(*(session.aclose() for session in sessions))

    run(main)


def test_closing_in_the_middle_of_connecting() -> None:
    """A session that is closed at once leaves nothing."""

    async def main(talk: Talk) -> None:
        for pause in range(5):
            session = talk.adapter.open_session(SessionContext(f"s_{pause}"))
            for _ in range(pause):
                await asyncio.sleep(0)
            await session.aclose()

    run(main)


def test_feelings_are_asked_for() -> None:
    """Seven emotions are seven different requests."""

    async def main(talk: Talk) -> None:
        for label in EmotionLabel:
            await talk.ask("one", controls=Controls(emotion_label=label))
        texts = [event["session"].get("instructions") for event in talk.received("session.update")]
        assert len(set(texts)) == len(EmotionLabel)

    run(main)
