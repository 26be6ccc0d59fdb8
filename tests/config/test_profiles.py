"""Profiles that ask providers, started against stand-ins for them: nothing but base URLs and keys is changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from tth.client import TthClient, media
from tth.config.load import load_config
from tth.config.schema import Config
from tth.config.wiring import builtin_registry
from tth.testing.emulators.anthropic import AnthropicEmulator
from tth.testing.emulators.elevenlabs import ElevenLabsEmulator
from tth.testing.emulators.openai import OpenAiEmulator
from tth.testing.emulators.openai_dialect import VLLM
from tth.testing.emulators.server import Emulator
from tth.testing.harness import running_server

pytestmark = pytest.mark.embedded

KEY = "sk-for-profiles"
STANDS: Mapping[str, tuple[Callable[[], Emulator], str, str]] = {
    "adapters.llm.vllm_local.base_url": (lambda: OpenAiEmulator(key=KEY, dialect=VLLM), "/v1", "VLLM_API_KEY"),
    "adapters.llm.anthropic_claude.base_url": (lambda: AnthropicEmulator(key=KEY), "", "ANTHROPIC_API_KEY"),
    "adapters.tts.elevenlabs.base_url": (lambda: ElevenLabsEmulator(key=KEY), "/v1", "ELEVENLABS_API_KEY"),
}
"""Setting -> who stands in, what stands behind its URL, and the key's variable."""
PROFILES: Mapping[str, tuple[str, ...]] = {
    "local_api_only_split": ("adapters.llm.vllm_local.base_url", "adapters.tts.elevenlabs.base_url"),
    "dev_hybrid": ("adapters.llm.anthropic_claude.base_url",),
}


@asynccontextmanager
async def emulated(profile: str, directory: Path) -> AsyncIterator[tuple[Config, list[Emulator]]]:
    """The profile's configuration, and the stand-ins that it leads to."""
    overrides: dict[str, str] = {}
    environ: dict[str, str] = {}
    stands: list[Emulator] = []
    async with AsyncExitStack() as stack:
        for setting in PROFILES[profile]:
            make, path, variable = STANDS[setting]
            stands.append(await stack.enter_async_context(make().running()))
            overrides[setting] = stands[-1].url + path
            environ[variable] = KEY
        yield (
            load_config(builtin_registry(), profile=profile, overrides=overrides, environ=environ, directory=directory),
            stands,
        )


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_talks(profile: str, tmp_path: Path) -> None:
    """A question is answered in words and sound, with words in their places; each provider was asked for it."""

    async def main() -> None:
        async with emulated(profile, tmp_path) as (config, stands), running_server(config) as server:
            async with TthClient(server.target) as client:
                session = await client.create_session(media=media(video="none"))
                async with client.converse(session.session_id) as conversation:
                    turn_id = await conversation.say("Hello there")
                    events = [event async for event in conversation.events_of(turn_id)]
            text = "".join(event.text_delta.text for event in events if event.HasField("text_delta"))
            assert text == "You said: Hello there"
            assert sum(len(event.audio_chunk.data) for event in events if event.HasField("audio_chunk")) > 24_000
            words = [event.word_timing.word for event in events if event.HasField("word_timing")]
            assert words == ["You", "said", "Hello", "there"]
            assert all(stand.seen for stand in stands)

    asyncio.run(main())
