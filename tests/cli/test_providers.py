"""`tth providers check` and the small call behind it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tth.adapters.base import Role, Used
from tth.adapters.realtime import mock_realtime
from tth.adapters.tts import mock_tts
from tth.cli.main import main
from tth.cli.provider_probe import Finding, built, is_provided, missing, probe
from tth.config.wiring import builtin_registry
from tth.errors import AdapterAuthFailed, ConfigError
from tth.testing.emulators.anthropic import AnthropicEmulator

pytestmark = pytest.mark.server


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No key of whoever runs this, and no .env."""
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "ELEVENLABS_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def test_without_keys_everything_is_skipped(capsys: pytest.CaptureFixture[str]) -> None:
    """With the variable that is not set; code 0."""
    assert main(["providers", "check", "openai_chat", "anthropic_claude"]) == 0
    out = capsys.readouterr().out
    assert out.count("skipped") == 2
    assert "set OPENAI_API_KEY" in out
    assert "set ANTHROPIC_API_KEY" in out


def test_an_unknown_name(capsys: pytest.CaptureFixture[str]) -> None:
    """Code 2 with those that are known; adapters that ask nobody are none."""
    assert main(["providers", "check", "persona_talker"]) == 2
    error = capsys.readouterr().err
    assert "openai_chat" in error
    assert "espeak" not in error


def test_a_server_of_ones_own_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    """Failed where it was asked for by name."""
    word = "adapters.llm.vllm_local.base_url=http://127.0.0.1:9/v1"
    assert main(["providers", "check", "vllm_local", "--set", word]) == 1
    assert "failed" in capsys.readouterr().out


def test_a_wrong_setting_is_no_missing_key() -> None:
    """It is reported, not skipped."""
    assert main(["providers", "check", "openai_chat", "--set", "adapters.llm.openai_chat.modle=x"]) == 2


def test_a_good_call(tmp_path: Path) -> None:
    """What came and what was counted."""

    async def main() -> Finding:
        async with AnthropicEmulator(key="k").running() as server:
            registry = builtin_registry()
            spec = registry.find(Role.LLM, "anthropic_claude")
            assert spec is not None
            assert is_provided(spec)
            url = {"adapters.llm.anthropic_claude.base_url": server.url}
            with pytest.raises(ConfigError) as without:
                built(spec, registry, overrides=url, environ={}, directory=tmp_path)
            assert "ANTHROPIC_API_KEY" in str(missing(without.value))
            wrong = built(spec, registry, overrides=url, environ={"ANTHROPIC_API_KEY": "no"}, directory=tmp_path)
            with pytest.raises(AdapterAuthFailed):
                await probe(wrong)
            good = built(spec, registry, overrides=url, environ={"ANTHROPIC_API_KEY": "k"}, directory=tmp_path)
            return await probe(good)

    found = asyncio.run(main())
    assert found.first_ms is not None
    assert found.summary == '"You said: Say good morning.", hint happy'
    assert "out" in found.usage


def test_voices_and_realtime_models() -> None:
    """The same small call for every role that can be asked for something small."""
    for adapter in (mock_tts.build(mock_tts.Settings()), mock_realtime.build(mock_realtime.Settings())):
        found = asyncio.run(probe(adapter))
        assert found.samples > 1000
        assert "s of sound" in found.summary


def test_what_was_counted_in_words() -> None:
    """As far as the provider tells."""
    assert Finding().usage == "not told"
    assert Finding().summary == "nothing"
    assert Finding(used=Used(10, 2, 1500)).usage == "10 in, 2 out, $0.001500"
