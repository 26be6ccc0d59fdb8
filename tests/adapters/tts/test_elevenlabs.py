"""ElevenLabs over its sockets and over HTTP. What all voices do: test_conformance.py."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from tests.adapters.outcomes import KEY
from tth.adapters.base import Persona, SessionContext, TtsInput, TtsOutput, TurnContext, Used
from tth.adapters.tts import elevenlabs_socket
from tth.adapters.tts.elevenlabs import ElevenLabsSession, ElevenLabsVoice, Settings, build
from tth.errors import AdapterAuthFailed, AdapterQuotaExceeded, AdapterRateLimited, AdapterRejected, AdapterUnavailable
from tth.model.controls import Controls
from tth.model.media import SpeechChunk
from tth.model.secret import Secret
from tth.testing.conformance.subject import eventually
from tth.testing.emulators.elevenlabs import ElevenLabsEmulator
from tth.testing.emulators.elevenlabs_sockets import NO_SUCH_VOICE
from tth.testing.emulators.faults import Fault, FaultKind

pytestmark = pytest.mark.server

TEXT = "Good day to you"
SAMPLES = 12 * 50 * 24
SETTINGS = Settings(api_key=Secret(KEY))
TURN = TurnContext("s_1", "t_1", 1, "en-GB")


@asynccontextmanager
async def talking(
    settings: Settings = SETTINGS, **options: Any
) -> AsyncIterator[tuple[ElevenLabsEmulator, ElevenLabsVoice, ElevenLabsSession]]:
    async with ElevenLabsEmulator(key=KEY, **options).running() as emulator:
        voice = build(replace(settings, base_url=emulator.base_url))
        session = voice.open_session(SessionContext("s_1", "en-GB"))
        try:
            yield emulator, voice, session
        finally:
            await session.aclose()
            await voice.aclose()


def run(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(main())


async def say(
    session: ElevenLabsSession,
    text: str = TEXT,
    persona: Persona = Persona("default"),
    turn: TurnContext = TURN,
) -> list[TtsOutput]:
    async with aclosing(session.infer_stream(TtsInput(text, persona), Controls(), turn)) as stream:
        return [output async for output in stream]


def samples(outputs: list[TtsOutput]) -> int:
    return sum(len(output.pcm) for output in outputs if isinstance(output, SpeechChunk))


async def leave(session: ElevenLabsSession) -> None:
    """Hear the beginning of a clause and no more."""
    async with aclosing(session.infer_stream(TtsInput(TEXT), Controls(), TURN)) as stream:
        await anext(stream)


def upgrades(emulator: ElevenLabsEmulator) -> list[str]:
    """Where sockets led, in order."""
    return [seen.path for seen in emulator.seen if seen.method == "GET" and "input" in seen.path]


def test_one_socket_for_a_conversation() -> None:
    """Clause after clause, turn after turn; a new context for each, at the right place with the right options."""

    async def main() -> None:
        async with talking() as (emulator, _, session):
            for number in range(7):
                assert samples(await say(session, turn=TurnContext("s_1", f"t_{number}", number, "en-GB"))) == SAMPLES
            (path,) = upgrades(emulator)
            assert path.startswith(
                "/v1/text-to-speech/JBFqnCBsd6RMkjVDRZzb/multi-stream-input?model_id=eleven_flash_v2_5"
            )
            assert "output_format=pcm_24000" in path
            assert "language_code=en&" in path
            names = [seen.body["context_id"] for seen in emulator.seen if seen.method == "WS"]
            assert names == [f"c{number + 1}" for number in range(7) for _ in range(3)]

    run(main)


def test_prepared_ahead() -> None:
    """The first clause finds its socket open; so does one whose preparing is still under way."""

    async def main() -> None:
        async with talking() as (emulator, _, session):
            session.prepare(Persona("default"))
            await eventually(lambda: len(upgrades(emulator)) == 1, "it does not connect")
            session.prepare(Persona("default"))
            await say(session)
            assert len(upgrades(emulator)) == 1
        async with talking() as (emulator, _, session):
            session.prepare(Persona("default"))
            await say(session)
            assert len(upgrades(emulator)) == 1
        async with talking() as (emulator, _, session):
            session.prepare(Persona("default"))  # and nobody speaks
        async with talking() as (emulator, _, session):
            session.prepare(Persona("default", voices={"elevenlabs": "other"}))
            await eventually(lambda: len(upgrades(emulator)) == 1, "it does not connect")
            await say(session)
            assert len(upgrades(emulator)) == 2

    run(main)


def test_another_voice_is_another_socket() -> None:
    """The old one is closed."""

    async def main() -> None:
        async with talking() as (emulator, _, session):
            await say(session)
            await say(session, persona=Persona("a", voices={"elevenlabs": "voice-a"}))
            assert [path.split("/")[3] for path in upgrades(emulator)] == ["JBFqnCBsd6RMkjVDRZzb", "voice-a"]
            await eventually(lambda: emulator.open_count == 1, "the old one stays")

    run(main)


def test_a_dialogue_needs_no_other_socket_for_another_voice() -> None:
    """Voices are registered with each context."""

    async def main() -> None:
        async with talking(replace(SETTINGS, model="eleven_v3")) as (emulator, _, session):
            await say(session)
            await say(session, persona=Persona("a", voices={"elevenlabs": "voice-a"}))
            assert len(upgrades(emulator)) == 1
            told = [seen.body["voices"] for seen in emulator.seen if seen.method == "WS" and "voices" in seen.body]
            assert told == [["JBFqnCBsd6RMkjVDRZzb"], ["voice-a"]]

    run(main)


def test_clauses_that_were_given_up_count_until_their_end() -> None:
    """A sixth one goes over another socket; the provider's limit is never reached."""

    async def main() -> None:
        async with talking(chunk_s=0.3) as (emulator, _, session):
            for _ in range(5):
                await leave(session)
            assert len(upgrades(emulator)) == 1
            await leave(session)
            assert len(upgrades(emulator)) == 2
            assert samples(await say(session)) == SAMPLES

    run(main)


def test_ends_free_their_place() -> None:
    """Given up, spoken to the end, forgotten."""

    async def main() -> None:
        async with talking() as (emulator, _, session):
            for _ in range(12):
                await leave(session)
                await eventually(lambda: emulator.active_count == 0, "the provider works on")
                await say(session)
            assert len(upgrades(emulator)) == 1

    run(main)


def test_a_socket_is_kept_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    """Long beyond the time after which the provider closes one that says nothing; a dialogue is let go."""
    monkeypatch.setattr(elevenlabs_socket, "KEEP_ALIVE_S", 0.05)

    async def main() -> None:
        async with talking(inactivity_s=0.3) as (emulator, _, session):
            await say(session)
            await asyncio.sleep(0.8)
            await say(session)
            assert len(upgrades(emulator)) == 1
        async with talking(replace(SETTINGS, model="eleven_v3"), inactivity_s=5.0) as (emulator, _, session):
            await say(session)
            await eventually(lambda: emulator.open_count == 0, "it keeps the place that it has")
            await say(session)
            assert len(upgrades(emulator)) == 2

    run(main)


def test_a_socket_that_was_closed_is_replaced() -> None:
    """Between turns nobody notices."""

    async def main() -> None:
        async with talking(inactivity_s=0.1) as (emulator, _, session):
            await say(session)
            await eventually(lambda: emulator.open_count == 0, "the provider does not close it")
            await asyncio.sleep(0.05)
            assert samples(await say(session)) == SAMPLES
            assert len(upgrades(emulator)) == 2

    run(main)


@pytest.mark.parametrize("in_band", [False, True])
def test_a_wrong_key(in_band: bool) -> None:
    """At the upgrade or in a frame: the same error, naming the variable; nobody is asked in vain again and again."""

    async def main() -> None:
        wrong = replace(SETTINGS, api_key=Secret("xi-wrong"))
        async with talking(wrong, refuses_in_band=in_band) as (_, voice, session):
            with pytest.raises(AdapterAuthFailed, match="ELEVENLABS_API_KEY") as failed:
                await say(session)
            assert not failed.value.retryable
            assert "xi-wrong" not in str(failed.value)
            with pytest.raises(AdapterAuthFailed, match="ELEVENLABS_API_KEY"):
                await voice.warmup()

    run(main)


def test_a_refused_upgrade_is_told_and_the_next_is_tried() -> None:
    """With the time to wait for."""

    async def main() -> None:
        async with talking() as (emulator, _, session):
            emulator.faults.add(Fault(FaultKind.RATE_LIMITED, retry_after_s=3.0))
            session.prepare(Persona("default"))
            with pytest.raises(AdapterRateLimited) as failed:
                await say(session)
            assert failed.value.retry_after_ms == 3000
            assert samples(await say(session)) == SAMPLES
            emulator.faults.add(FaultKind.RATE_LIMITED)
            other = Persona("a", voices={"elevenlabs": "voice-a"})
            session.prepare(other)
            await eventually(lambda: not emulator.faults, "it does not connect")
            await asyncio.sleep(0.05)
            assert (
                samples(await say(session, persona=other)) == SAMPLES
            )  # what was prepared in vain costs nobody a turn

    run(main)


def test_voice_and_quota() -> None:
    """Neither is worth another try."""

    async def main() -> None:
        nobody = Persona("a", voices={"elevenlabs": NO_SUCH_VOICE})
        async with talking() as (emulator, _, session):
            with pytest.raises(AdapterRejected, match="voice_not_found"):
                await say(session, persona=nobody)
            emulator.faults.add(FaultKind.NO_QUOTA)
            with pytest.raises(AdapterQuotaExceeded, match="credits"):
                await say(session)
        async with talking(replace(SETTINGS, mode="http")) as (emulator, _, session):
            with pytest.raises(AdapterRejected, match="voice_not_found"):
                await say(session, persona=nobody)
            emulator.faults.add(FaultKind.NO_QUOTA)
            with pytest.raises(AdapterQuotaExceeded, match="credits"):
                await say(session)

    run(main)


def test_an_end_without_a_sound_is_a_failure() -> None:
    """Credits that are used up were seen to look so."""

    async def main() -> None:
        async with talking() as (emulator, _, session):
            emulator.faults.add(FaultKind.EMPTY_ANSWER)
            with pytest.raises(AdapterUnavailable, match="without a sound"):
                await say(session)

    run(main)


def test_what_it_costs() -> None:
    """By the character, once for each clause, also for one that is left; nothing without a price."""

    async def main() -> None:
        for mode in ("socket", "http"):
            priced = Settings(api_key=Secret(KEY), mode=mode, usd_per_million_characters=50.0)
            async with talking(priced) as (_, _, session):
                outputs = await say(session)
                assert [output for output in outputs if isinstance(output, Used)] == [Used(cost_micro_usd=750)]
                assert isinstance(outputs[0], SpeechChunk)
                assert isinstance(outputs[1], Used)
        async with talking() as (_, _, session):
            assert not [output for output in await say(session) if isinstance(output, Used)]

    run(main)


def test_over_http_the_melody_goes_on() -> None:
    """What was said before in the same turn is told, but not to models that refuse it; no socket is opened."""

    async def main() -> None:
        other = TurnContext("s_1", "t_2", 2, "de-CH")
        async with talking(replace(SETTINGS, mode="http")) as (emulator, _, session):
            session.prepare(Persona("default"))
            for text, turn in (("One.", TURN), ("Two.", TURN), ("Three.", TURN), ("Four.", other)):
                await say(session, text, turn=turn)
            bodies = [seen.body for seen in emulator.seen if seen.method == "POST"]
            assert [body.get("previous_text") for body in bodies] == [None, "One.", "One. Two.", None]
            assert [body["language_code"] for body in bodies] == ["en", "en", "en", "de"]
            assert upgrades(emulator) == []
        async with talking(replace(SETTINGS, mode="http", model="eleven_v3")) as (emulator, _, session):
            for text in ("One.", "Two."):
                await say(session, text)
            assert "previous_text" not in emulator.seen[-1].body

    run(main)


def test_a_model_without_languages_is_told_none() -> None:
    """It would refuse the request."""

    async def main() -> None:
        async with talking(replace(SETTINGS, model="eleven_multilingual_v2")) as (emulator, _, session):
            await say(session)
            assert "language_code" not in upgrades(emulator)[0]

    run(main)


def test_closing_while_it_connects() -> None:
    """Nothing is left, and nobody waits for long."""

    async def main() -> None:
        async with talking() as (emulator, _, session):
            speaking = asyncio.create_task(say(session))
            await asyncio.sleep(0)
            speaking.cancel()
            await asyncio.wait([speaking])
            assert samples(await say(session)) == SAMPLES  # the opening went on
            assert len(upgrades(emulator)) == 1

    run(main)
