"""Tests of tth.config.wiring."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from tests.config.fakes import REGISTRY, Parrot, Statue, defaults_of, offered, spec
from tth.adapters.base import AdapterSpec, Role
from tth.adapters.moderation import Moment
from tth.adapters.registry import Adapters
from tth.config import wiring
from tth.config.load import load_config
from tth.config.wiring import build_adapters, build_server, builtin_registry, full_registry
from tth.errors import ConfigError
from tth.session.engine import Engine

pytestmark = pytest.mark.unit


def test_the_embedded_adapters_are_listed() -> None:
    """Each role has something that runs with no key."""
    registry = builtin_registry()
    assert {"mock_llm", "persona_talker"} <= set(registry.names(Role.LLM))
    assert {"espeak", "mock_tts"} <= set(registry.names(Role.TTS))
    assert {"mock_realtime"} <= set(registry.names(Role.REALTIME))
    assert {"embedded_face", "mock_avatar", "stub_avatar"} <= set(registry.names(Role.AVATAR))


def test_the_adapters_of_providers_are_listed() -> None:
    """By the name that a configuration gives them, and under no other."""
    names = {(role, name) for role in Role for name in builtin_registry().names(role)}
    assert {
        (Role.LLM, "openai_chat"),
        (Role.LLM, "vllm_local"),
        (Role.LLM, "openai_compatible"),
        (Role.LLM, "openai_responses"),
        (Role.LLM, "anthropic_claude"),
        (Role.REALTIME, "openai_realtime"),
    } <= names


def test_a_missing_key_names_its_variable(tmp_path: Path) -> None:
    """Before anything starts; a server that may go without one needs none."""
    overrides = {"roles.llm.adapter": "anthropic_claude"}
    with pytest.raises(ConfigError, match=r"api_key: is not set; set ANTHROPIC_API_KEY in the environment"):
        load_config(builtin_registry(), overrides=overrides, environ={}, directory=tmp_path)
    overrides = {"roles.llm.adapter": "vllm_local"}
    config = load_config(builtin_registry(), overrides=overrides, environ={}, directory=tmp_path)
    assert config.origins["adapters.llm.vllm_local.base_url"].text == "http://127.0.0.1:8000/v1"


@pytest.mark.parametrize("listed", list(builtin_registry()), ids=lambda listed: listed.name)
def test_each_adapter_is_where_the_list_says(listed: AdapterSpec) -> None:
    """Settings and build exist, the defaults are usable, and the adapter has the name and role it is listed under."""
    adapter = listed.build(defaults_of(listed.settings_type()))
    assert (adapter.role, adapter.name) == (listed.role, listed.name)


def test_listing_imports_no_adapter() -> None:
    """Whoever only asks for the list pays for no adapter."""
    code = (
        "import sys; from tth.config.wiring import full_registry; full_registry(); "
        "print([m for m in sys.modules if m.startswith('tth.adapters.') and m.count('.') > 2])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_other_packages_offer_adapters(monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry point and an argument add adapters to ours."""
    point = EntryPoint("zoo", "tests.config.fakes:offered", wiring.ENTRY_POINTS)
    monkeypatch.setattr(wiring, "entry_points", lambda group: [point])
    registry = full_registry(extra=[spec(Role.LLM, "mine")])
    assert registry.find(Role.AVATAR, "from_elsewhere") == offered()[0]
    assert registry.find(Role.LLM, "mine") is not None


def test_a_package_that_fails_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another package's bug stops the start with that package's name, and so does a name taken twice."""
    point = EntryPoint("zoo", "tests.config.fakes:missing", wiring.ENTRY_POINTS)
    monkeypatch.setattr(wiring, "entry_points", lambda group: [point])
    with pytest.raises(ConfigError) as caught:
        full_registry(extra=[spec(Role.TTS, "espeak")])
    found = [str(problem) for problem in caught.value.problems]
    assert "tests.config.fakes:missing" in found[0]
    assert "espeak is declared twice" in found[1]


def load(tmp_path: Path, avatar: str) -> object:
    """Adapters with a parrot for a voice and this avatar."""
    chosen = {"roles.llm": "null", "roles.tts.adapter": "parrot", "roles.avatar.adapter": avatar}
    environ = {"PARROT_API_KEY": "k"}
    config = load_config(REGISTRY, overrides=chosen, environ=environ, directory=tmp_path)
    return build_adapters(config, REGISTRY)


def test_builds_what_the_configuration_chooses(tmp_path: Path) -> None:
    """One adapter per role that is given away, with its settings; None for the others."""
    adapters = load(tmp_path, "statue")
    assert isinstance(adapters, Adapters)
    assert isinstance(adapters.tts, Parrot)
    assert isinstance(adapters.avatar, Statue)
    assert (adapters.llm, adapters.realtime) == (None, None)
    assert [facts.name for facts in adapters.facts] == ["parrot", "statue"]


@pytest.mark.parametrize(
    ("avatar", "message"),
    [
        ("driverless", '"driverless" cannot be built: no module named driver'),
        ("impostor", '"impostor" does not play the role avatar'),
    ],
)
def test_an_adapter_that_cannot_be_built_is_a_configuration_error(tmp_path: Path, avatar: str, message: str) -> None:
    """A missing package and an adapter of the wrong role stop the start, at the line that chose them."""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, avatar)
    assert str(caught.value.problems[0]) == f"command line: roles.avatar.adapter: {message}"


def test_what_is_wrong_with_an_adapters_settings_is_said_with_its_place(tmp_path: Path) -> None:
    """What only the adapter can see: a background whose file is missing."""
    (tmp_path / "my.yaml").write_text("adapters: {avatar: {embedded_face: {backgrounds: {office: none.png}}}}\n")
    config = load_config(builtin_registry(), file=tmp_path / "my.yaml", environ={}, directory=tmp_path)
    with pytest.raises(ConfigError) as refused:
        build_adapters(config, builtin_registry())
    (problem,) = refused.value.problems
    assert problem.where.endswith("my.yaml:1")
    assert problem.key == "adapters.avatar.embedded_face.backgrounds.office"


def engine_of(tmp_path: Path, **overrides: str) -> Engine:
    """The engine of a server with these settings of `guard`, profile offline_mock."""
    paths = {f"guard.{name}": text for name, text in overrides.items()}

    async def build() -> Engine:
        config = load_config(
            builtin_registry(), profile="offline_mock", overrides=paths, environ={}, directory=tmp_path
        )
        return build_server(config, builtin_registry()).engine

    return asyncio.run(build())


def test_blocked_words_make_a_moderator(tmp_path: Path) -> None:
    """Without any there is none, and no clause is looked at."""
    assert engine_of(tmp_path).moderator is None
    moderator = engine_of(tmp_path, blocked_words="one,two words").moderator
    assert moderator is not None
    assert not asyncio.run(moderator.allows("Two words.", Moment.OUTPUT, "en"))


def test_a_moderator_of_ones_own(tmp_path: Path) -> None:
    """By the path of what makes it; what is no moderator, or not there, is a problem of the configuration."""
    path = "tests.config.fakes:StrictModerator"
    assert type(engine_of(tmp_path, moderator=path).moderator).__name__ == "StrictModerator"
    for wrong in ("tests.config.fakes:Parrot", "tests.config.fakes:nobody", "nothing.here:build", "tests.config.fakes"):
        with pytest.raises(ConfigError, match=r"guard\.moderator"):
            engine_of(tmp_path, moderator=wrong)


def test_sound_that_costs_nothing_is_not_kept(tmp_path: Path) -> None:
    """An embedded voice speaks anew."""
    assert engine_of(tmp_path).clause_cache is None


def test_a_start_imports_only_what_it_uses() -> None:
    """Providers' libraries cost a start time; what others could do is looked up when somebody asks."""
    code = """
import asyncio, sys
from tth.config.load import load_config
from tth.config.wiring import build_server, builtin_registry, models_in_use, other_models, build_adapters
async def main():
    registry = builtin_registry()
    config = load_config(registry, profile="offline_mock", environ={})
    build_server(config, registry)
    print([name for name in ("httpx", "websockets", "tth.adapters.tts.espeak") if name in sys.modules])
    adapters = build_adapters(config, registry)
    used, others = models_in_use(registry, adapters), other_models(registry, adapters)
    print([spec.name for spec, _, active in used if active])
    print("espeak" in [spec.name for spec, _, active in others if not active])
    print(len({(spec.role, spec.name) for spec, _, _ in (*used, *others)}) == len(used) + len(others))
asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]", "['mock_llm', 'mock_tts', 'mock_avatar']", "True", "True"]
