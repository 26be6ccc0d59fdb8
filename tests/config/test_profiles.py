"""Profiles that ask providers, started against stand-ins for them: nothing but base URLs and keys is changed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from tth.adapters.base import Role
from tth.client import TthClient, controls, media
from tth.config.load import load_config
from tth.config.schema import Config
from tth.config.wiring import builtin_registry
from tth.testing.emulators.catalogue import STANDS
from tth.testing.emulators.server import Emulator
from tth.testing.harness import running_server
from tth.v1.controls_pb2 import Controls
from tth.v1.converse_pb2 import ConverseResponse

pytestmark = pytest.mark.embedded

KEY = "sk-for-profiles"
PROFILES: Mapping[str, tuple[tuple[Role, str], ...]] = {
    "api_only_mac": ((Role.REALTIME, "openai_realtime"),),
    "local_api_only_split": ((Role.LLM, "vllm_local"), (Role.TTS, "elevenlabs")),
    "dev_hybrid": ((Role.LLM, "anthropic_claude"),),
}
"""With those of their adapters that ask somebody."""


@asynccontextmanager
async def emulated(profile: str, directory: Path) -> AsyncIterator[tuple[Config, list[Emulator]]]:
    """The profile's configuration, and the stand-ins that it leads to."""
    overrides: dict[str, str] = {}
    environ: dict[str, str] = {}
    stands: list[Emulator] = []
    async with AsyncExitStack() as stack:
        for stand in STANDS.values():
            if stand.paths.keys() & set(PROFILES[profile]):
                stands.append(await stack.enter_async_context(stand.make(key=KEY).running()))
                overrides |= stand.settings_for(stands[-1].url)
                environ[stand.key_variable] = KEY
        yield (
            load_config(builtin_registry(), profile=profile, overrides=overrides, environ=environ, directory=directory),
            stands,
        )


async def turns(
    profile: str, directory: Path, *asked: Controls | None
) -> list[tuple[list[ConverseResponse], dict[str, str]]]:
    """One turn for each: its events, and what each provider was told for it."""
    found = []
    async with (
        emulated(profile, directory) as (config, stands),
        running_server(config) as server,
        TthClient(server.target) as client,
    ):
        session = await client.create_session(media=media(video="none"))
        async with client.converse(session.session_id) as conversation:
            for one in asked:
                for stand in stands:
                    stand.forget()
                turn_id = await conversation.say("Hello there", controls=one)
                events = [event async for event in conversation.events_of(turn_id)]
                found.append((events, {stand.name: json.dumps(stand.told()) for stand in stands}))
    return found


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_talks(profile: str, tmp_path: Path) -> None:
    """A question is answered in words and sound, with words in their places where the voice tells them; each provider
    was asked for it."""
    ((events, told),) = asyncio.run(turns(profile, tmp_path, None))
    text = "".join(event.text_delta.text for event in events if event.HasField("text_delta"))
    assert text == "You said: Hello there"
    assert sum(len(event.audio_chunk.data) for event in events if event.HasField("audio_chunk")) > 24_000
    words = [event.word_timing.word for event in events if event.HasField("word_timing")]
    assert words == ([] if profile == "api_only_mac" else ["You", "said", "Hello", "there"])
    assert all("Hello there" in said for said in told.values())


@pytest.mark.parametrize("profile", PROFILES)
def test_a_feeling_goes_all_the_way(profile: str, tmp_path: Path) -> None:
    """From a client to each provider's request: none that nobody said, neutral where it was said, and its degree; the
    report names whoever was told."""
    neutral, happy = controls(emotion="neutral"), controls(emotion="happy", intensity=0.8)
    plain, said, felt = asyncio.run(turns(profile, tmp_path, None, neutral, happy))
    everything = ["".join(told.values()) for _, told in (plain, said, felt)]
    assert "You feel" not in everything[0]
    assert "You feel neutral" in everything[1]
    assert "You feel happy, with intensity 0.8" in everything[2]
    providers = {name for _, name in PROFILES[profile]}
    for events, _ in (said, felt):
        (report,) = [event.turn_metrics.control_report for event in events if event.HasField("turn_metrics")]
        by_path = {result.path: result for result in report.results}
        assert providers < set(by_path["emotion.label"].adapter.split(", "))
        assert by_path["emotion.label"].adapter.startswith("embedded_face")
    assert providers < set(by_path["emotion.intensity"].adapter.split(", "))


def test_a_models_hint_is_told_to_the_voice(tmp_path: Path) -> None:
    """Where nobody said how the person feels. Neutral that was said is told in its place, and no hint is asked for."""
    turned = asyncio.run(turns("local_api_only_split", tmp_path, None, controls(emotion="neutral")))
    (_, plain), (_, said) = turned
    assert "[happy 0.7]" in plain["vllm"]
    assert '"stability": 0.41' in plain["elevenlabs"]
    assert "[happy 0.7]" not in said["vllm"]
    assert '"stability": 0.5' in said["elevenlabs"]
