"""Tests of tth.config.schema, and that base.yaml, the documents and the code agree with it."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
import runpy
import types
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.config.fakes import KEY, defaults_of, required_keys, secret_fields
from tth.adapters.base import Persona, Role
from tth.config import schema
from tth.config.check import Checker, join, plain_type
from tth.config.load import load_config
from tth.config.schema import Config, PersonaSettings
from tth.config.tree import Scalar, Section, read_yaml
from tth.config.wiring import builtin_registry
from tth.core.budget import Budgets
from tth.model.controls import ControlPatch, Controls, EmotionLabel, LatencyMode
from tth.model.media import MediaPreferences

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "tth"
SECTIONS = ("server", "gateway", "sessions", "budgets", "pacing", "defaults", "media", "roles")
SETTINGS = [kind for kind in vars(schema).values() if inspect.isclass(kind) and kind.__module__ == schema.__name__]
VALUES = [kind for kind in SETTINGS if dataclasses.is_dataclass(kind)]


def base_yaml() -> Section:
    problems: list[typing.Any] = []
    tree = read_yaml((SOURCE / "config" / "base.yaml").read_text("utf-8"), "base.yaml", problems)
    assert problems == []
    return tree


@pytest.mark.parametrize("kind", VALUES, ids=lambda kind: kind.__name__)
def test_every_field_says_what_it_is(kind: type) -> None:
    """A docstring under each field: meaning, unit, range."""
    body = ast.parse(inspect.getsource(kind)).body[0]
    assert isinstance(body, ast.ClassDef)
    for field, after in zip(body.body, [*body.body[1:], None], strict=True):
        if isinstance(field, ast.AnnAssign):
            text = after.value if isinstance(after, ast.Expr) else None
            assert isinstance(text, ast.Constant), ast.unparse(field)
            assert str(text.value).strip().endswith("."), ast.unparse(field)


@pytest.mark.parametrize("kind", VALUES, ids=lambda kind: kind.__name__)
def test_every_default_is_within_its_range(kind: type) -> None:
    """What holds when nobody says anything is allowed to be said."""
    for field in dataclasses.fields(kind):
        low, high = field.metadata.get("minimum"), field.metadata.get("maximum")
        if low is not None and high is not None:
            assert low <= typing.cast(float, field.default) <= high, field.name


def _leaves(kind: type, key: str) -> Iterator[str]:
    for name, hint in typing.get_type_hints(kind).items():
        wanted = plain_type(hint)
        is_section = dataclasses.is_dataclass(wanted) and wanted is not ControlPatch and wanted is hint
        if is_section and isinstance(wanted, type):
            yield from _leaves(wanted, join(key, name))
        else:
            yield join(key, name)


@pytest.mark.parametrize("section", SECTIONS)
def test_base_yaml_repeats_every_default(section: str) -> None:
    """The commented file holds every key, and with the value that the code has."""
    kind = typing.get_type_hints(Config)[section]
    tree, checker = base_yaml().get(section), Checker()
    assert isinstance(tree, Section)
    made, default = checker.settings(kind, tree, section), kind()
    assert checker.problems == []
    assert {key for key in _leaves(kind, section) if _written(tree, key.split(".")[1:])} == set(_leaves(kind, section))
    if isinstance(made, schema.DefaultSettings):
        assert made.base_controls == Controls()
        assert made.language == default.language
    else:
        assert made == default


def _written(tree: Section, path: list[str]) -> bool:
    node: object = tree
    for name in path:
        node = node.get(name) if isinstance(node, Section) else None
    return node is not None


@pytest.mark.parametrize("listed", list(builtin_registry()), ids=lambda listed: listed.name)
def test_base_yaml_repeats_every_adapters_defaults(listed: typing.Any) -> None:
    """Each adapter's settings but for its keys stand in the commented file, with the adapter's own defaults."""
    kind, checker = listed.settings_type(), Checker()
    adapters = checker.section(base_yaml(), "adapters", "adapters")
    tree = checker.section(checker.section(adapters, listed.role, ""), listed.name, "")
    keys = {name: Scalar(KEY.reveal(), "environment", from_environment=True) for name in required_keys(kind)}
    given = Section({**tree.entries, **keys}, tree.where, tree.key_where)
    assert checker.settings(kind, given, "") == defaults_of(kind)
    assert checker.problems == []
    assert set(tree.entries) == {field.name for field in dataclasses.fields(kind)} - secret_fields(kind)


def test_every_setting_is_read() -> None:
    """A setting that is accepted is used: somewhere outside the checking of it, its name is read."""
    read = {
        node.attr
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8"), str(path)))
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)
    }
    unread = {
        f"{kind.__name__}.{field.name}"
        for kind in VALUES
        for field in dataclasses.fields(kind)
        # a persona's fields go to adapters.base.Persona by name
        if field.name not in read and kind is not PersonaSettings
    }
    assert unread == set()


def test_personas_hand_everything_over() -> None:
    """Each field of a persona in the configuration is one that the engine knows."""
    known = {"controls", *(field.name for field in dataclasses.fields(Persona))}
    assert {field.name for field in dataclasses.fields(PersonaSettings)} | {"persona_id"} == known


def test_the_engines_values() -> None:
    """Settings turn into the values that the engine takes; the defaults agree."""
    config = Config()
    assert config.media.preferences == MediaPreferences()
    assert config.defaults.base_controls == Controls()
    assert config.pacing.max_ahead_ms == {
        LatencyMode.LOW: 400,
        LatencyMode.BALANCED: 1000,
        LatencyMode.QUALITY: 3000,
    }
    budgets = dataclasses.replace(config.budgets, llm_first_text_ms=7).of_turn
    assert dataclasses.asdict(budgets) == {
        name: 7 if name == "llm_first_text_ms" else getattr(config.budgets, name)
        for name in Budgets.__dataclass_fields__
    }
    assert config.roles.adapter_of(Role.LLM) is None


def test_shipped_personas_are_whole(tmp_path: Path) -> None:
    """Each has a name, a description, a prompt, a voice and a look that exists; no two look alike."""
    personas = load_config(builtin_registry(), profile="offline_mock", environ={}, directory=tmp_path).personas
    assert {"default", "professional", "casual", "excited"} <= set(personas)
    looks = {path.stem for path in (SOURCE / "face" / "looks").glob("*.yaml")}
    for entry in personas.values():
        persona = entry.persona
        assert persona.display_name
        assert persona.description
        assert len(persona.prompt) > 100
        assert persona.look in looks
        assert re.fullmatch(r"[fm]\d", persona.voices["espeak"])
    assert len({entry.persona.look for entry in personas.values()}) == len(personas)
    assert len({entry.persona.prompt for entry in personas.values()}) == len(personas)
    assert personas["default"].persona.look == "anna"
    assert personas["default"].controls == ControlPatch()
    assert personas["excited"].controls.emotion_label is EmotionLabel.HAPPY
    assert personas["excited"].controls.speech_rate == 1.15


def test_the_example_is_valid(tmp_path: Path) -> None:
    """The file that people copy works."""
    config = load_config(builtin_registry(), file=ROOT / "config" / "example.yaml", environ={}, directory=tmp_path)
    assert config.defaults.base_controls.persona_id == "captain"
    assert "storyteller" not in config.personas


def test_the_env_example_sets_nothing_and_names_the_keys(tmp_path: Path) -> None:
    """A plain copy of .env.example changes nothing."""
    text = (ROOT / ".env.example").read_text("utf-8")
    (tmp_path / ".env").write_text(text, "utf-8")
    config = load_config(builtin_registry(), profile="offline_mock", environ={}, directory=tmp_path)
    assert not [origin for origin in config.origins.values() if ".env" in origin.where]
    names = ("OPENAI", "ANTHROPIC", "ELEVENLABS", "TAVUS", "HEYGEN", "DID", "SIMLI")
    assert [name for name in names if f"{name}_API_KEY=\n" not in text] == []


def test_the_documented_keys_are_up_to_date() -> None:
    """docs/configuration.md lists every key as it is; `python tools/config_reference.py` writes it."""
    tool: Mapping[str, typing.Any] = runpy.run_path(str(ROOT / "tools" / "config_reference.py"))
    document = (ROOT / "docs" / "configuration.md").read_text("utf-8")
    assert tool["written"](document) == document


def test_settings_are_frozen() -> None:
    """A configuration that has been handed out never changes."""
    for kind in VALUES:
        params: typing.Any = vars(kind)["__dataclass_params__"]
        assert params.frozen, kind
    assert isinstance(Config().personas, types.MappingProxyType)
