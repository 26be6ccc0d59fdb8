"""Tests of tth.config.check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import pytest

from tth.config.check import Checker, as_text, suggestion
from tth.config.tree import Scalar, Section, merge, nested, read_yaml
from tth.model.controls import ControlPatch, EmotionLabel, Resolution
from tth.model.secret import Secret

pytestmark = pytest.mark.unit


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True)
class Inner:
    name: str
    level: int = field(default=1, metadata={"minimum": 0, "maximum": 3})


@dataclass(frozen=True, slots=True)
class Outer:
    inner: Inner


@dataclass(frozen=True, slots=True)
class Everything:
    """One field of each type that a setting may have."""

    flag: bool = False
    count: int = field(default=1, metadata={"minimum": 1, "maximum": 9})
    ratio: float = field(default=1.0, metadata={"minimum": 0.5})
    share: float = field(default=0.0, metadata={"maximum": 1})
    text: str = "x"
    path: Path = Path("out")
    colour: Colour = Colour.RED
    mode: Literal["a", "b"] = "a"
    maybe: int | None = None
    words: tuple[str, ...] = ()
    numbers: tuple[int, ...] = (1,)
    size: Resolution = field(default_factory=lambda: Resolution(64, 64))
    table: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    inner: Inner | None = None
    always: Inner = field(default_factory=lambda: Inner("usual", 2))
    key: Secret | None = field(default=None, metadata={"env": "SOME_KEY"})
    controls: ControlPatch = field(default_factory=ControlPatch)


def check(text: str) -> Checker:
    checker = Checker()
    checker.settings(Everything, read_yaml(text, "f.yaml", checker.problems), "top")
    return checker


def settings(text: str) -> Everything:
    checker = Checker()
    made = checker.settings(Everything, read_yaml(text, "f.yaml", checker.problems), "top")
    assert checker.problems == []
    assert isinstance(made, Everything)
    return made


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("flag: true", "flag", True),
        ("flag: off", "flag", False),
        ("count: 9", "count", 9),
        ("ratio: 2", "ratio", 2.0),
        ("text: 4.10", "text", "4.10"),
        ("text: no", "text", "no"),
        ('text: "null"', "text", "null"),
        ("path: /var/out", "path", Path("/var/out")),
        ("colour: blue", "colour", Colour.BLUE),
        ("mode: b", "mode", "b"),
        ("maybe: 3", "maybe", 3),
        ("maybe: null", "maybe", None),
        ("words: [a, b]", "words", ("a", "b")),
        ("numbers: []", "numbers", ()),
        ("size: 640x480", "size", Resolution(640, 480)),
        ("table: {a: b}", "table", {"a": "b"}),
        ("table: {a: null}", "table", {}),
        ("inner: {name: n, level: 3}", "inner", Inner("n", 3)),
        ("inner: null", "inner", None),
        ("count:", "count", 1),
        ("controls: {emotion: {label: sad, valence: null}}", "controls", ControlPatch(EmotionLabel.SAD)),
    ],
)
def test_each_type_is_read(text: str, name: str, value: object) -> None:
    """A text becomes what its setting asks for."""
    assert getattr(settings(text), name) == value


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("flag: maybe", 'f.yaml:1: top.flag: must be true or false, not "maybe"'),
        ("count: 1.5", 'f.yaml:1: top.count: must be a whole number, not "1.5"'),
        ('count: "3"', 'f.yaml:1: top.count: must be a whole number, not "3"'),
        ("count: 10", 'f.yaml:1: top.count: must be 1..9, not "10"'),
        ("ratio: 0.4", 'f.yaml:1: top.ratio: must be at least 0.5, not "0.4"'),
        ("share: 1.1", 'f.yaml:1: top.share: must be at most 1, not "1.1"'),
        ("ratio: .nan", 'f.yaml:1: top.ratio: must be a number, not ".nan"'),
        ("ratio: nan", 'f.yaml:1: top.ratio: must be a number, not "nan"'),
        ("ratio: inf", 'f.yaml:1: top.ratio: must be a number, not "inf"'),
        ("text: null", 'f.yaml:1: top.text: must be text, not "null"'),
        ("text: [a]", "f.yaml:1: top.text: must be a single value"),
        ("colour: green", 'f.yaml:1: top.colour: must be one of red, blue, not "green"'),
        ("mode: c", 'f.yaml:1: top.mode: must be one of a, b, not "c"'),
        ("words: a", 'f.yaml:1: top.words: must be a list, not "a"'),
        ("numbers: [1, x]", "f.yaml:1: top.numbers: must be a whole number"),
        ("size: big", 'f.yaml:1: top.size: must be two numbers such as "512x512", not "big"'),
        ("table: 1", "f.yaml:1: top.table: must be a section of keys"),
        ("inner: 1", "f.yaml:1: top.inner: must be a section of keys"),
        ("inner: {level: 2}", "f.yaml:1: top.inner.name: is not set"),
        ("cuont: 1", 'f.yaml:1: top.cuont: unknown key; did you mean "count"?'),
        ("controls: 1", "f.yaml:1: top.controls: must be a section of keys"),
        ("controls: {emotion: 1}", "f.yaml:1: top.controls.emotion: must be a section of keys"),
        ("controls: {emotions: 1}", 'f.yaml:1: top.controls.emotions: unknown key; did you mean "emotion"?'),
        (
            "controls: {emotion: {lable: sad}}",
            'f.yaml:1: top.controls.emotion.lable: unknown key; did you mean "label"?',
        ),
        (
            "controls: {character: {speech_rate: 9}}",
            "f.yaml:1: top.controls.character.speech_rate: must be 0.25..4, not 9.0",
        ),
        ("controls: {render: {fps: 25.5}}", 'f.yaml:1: top.controls.render.fps: must be a whole number, not "25.5"'),
        (
            "controls: {render: {resolution: 511x512}}",
            "f.yaml:1: top.controls.render.resolution: must be even width_px and height_px, 64..1024, not 511x512",
        ),
    ],
)
def test_each_mistake_is_named(text: str, problem: str) -> None:
    """File, line, key, what is allowed, and what was found."""
    assert [str(found) for found in check(text).problems] == [problem]


def test_all_problems_are_found_at_once() -> None:
    """One mistake does not hide the next, not even one in the same section."""
    text = "count: 0\nflga: true\ninner: {level: 9}\ncontrols: {emotion: {intensity: 2, valence: 2}}\n"
    keys = {problem.key for problem in check(text).problems}
    emotion = "top.controls.emotion"
    assert keys == {
        "top.count",
        "top.flga",
        "top.inner.level",
        "top.inner.name",
        f"{emotion}.intensity",
        f"{emotion}.valence",
    }


def test_every_value_has_an_origin() -> None:
    """What was set says where; what was not set says that it is the default."""
    origins = check("count: 3\ninner: {name: n}").origins
    assert (origins["top.count"].text, origins["top.count"].where) == ("3", "f.yaml:1")
    assert (origins["top.flag"].text, origins["top.flag"].where) == ("false", "default")
    assert (origins["top.always.level"].text, origins["top.always.level"].where) == ("2", "default")
    assert (origins["top.inner.level"].text, origins["top.inner.level"].where) == ("1", "default")


def test_a_required_section_that_is_missing_names_what_it_needs() -> None:
    """The key that has no default is the problem, not the section around it."""
    checker = Checker()
    assert checker.settings(Outer, Section(where="f.yaml:1"), "top") is None
    assert [str(problem) for problem in checker.problems] == ["f.yaml:1: top.inner.name: is not set"]


def test_a_secret_comes_from_the_environment_only() -> None:
    """A key in a file is refused and not repeated; from a variable it is taken and masked."""
    refused = check("key: sk-hidden")
    assert "in the environment" in str(refused.problems[0])
    assert "sk-hidden" not in str(refused.problems[0])
    checker = Checker()
    given = nested(("key",), Scalar("sk-hidden", "SOME_KEY", from_environment=True))
    made = checker.settings(Everything, given, "top")
    assert isinstance(made, Everything)
    assert made.key == Secret("sk-hidden")
    assert (checker.origins["top.key"].text, checker.origins["top.key"].where) == ("***", "SOME_KEY")


def test_a_missing_secret_names_its_variable() -> None:
    """Who forgot a key is told the name of the variable."""

    @dataclass(frozen=True)
    class NeedsKey:
        key: Secret = field(metadata={"env": "SOME_KEY"})

    checker = Checker()
    assert checker.settings(NeedsKey, Section(where="f.yaml:1"), "top") is None
    assert "set SOME_KEY in the environment" in str(checker.problems[0])


@pytest.mark.parametrize("said", [{"from_environment": True}, {"from_command_line": True}])
def test_a_list_in_a_variable_or_on_the_command_line_has_commas(said: dict[str, bool]) -> None:
    """No brackets there."""
    checker = Checker()
    made = checker.settings(Everything, nested(("words",), Scalar("en, de", "X", **said)), "top")
    assert isinstance(made, Everything)
    assert made.words == ("en", "de")


def test_settings_may_refuse_a_combination() -> None:
    """A ValueError of the settings themselves is a problem like any other."""

    @dataclass(frozen=True)
    class Picky:
        low: int = 1

        def __post_init__(self) -> None:
            if self.low > 3:
                raise ValueError("low must not be above 3")

    checker = Checker()
    tree = merge(Section(), read_yaml("low: 4", "f.yaml", checker.problems))
    assert checker.settings(Picky, tree, "top") is None
    assert [str(problem) for problem in checker.problems] == ["f.yaml:1: top: low must not be above 3"]


def test_a_type_that_no_setting_may_have_is_our_mistake() -> None:
    """An unsupported type fails loudly for whoever wrote the Settings."""
    for kind in (complex, int | str):
        with pytest.raises(TypeError, match="cannot be"):
            Checker().value(kind, Scalar("1", "f:1"), "top")


def test_suggestions() -> None:
    """The nearest name, or all of them when none is near."""
    assert suggestion("espek", ["mock", "espeak"]) == 'did you mean "espeak"?'
    assert suggestion("zzz", ["b", "a"]) == "known: a, b"
    assert suggestion("zzz", []) == "nothing is known here"


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "null"), (True, "true"), (("a", 1), "[a, 1]"), (Colour.RED, "red"), (Secret("s"), "***"), (0.5, "0.5")],
)
def test_values_as_text(value: object, text: str) -> None:
    """As they would stand in a file."""
    assert as_text(value) == text
