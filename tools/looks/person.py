"""One person as numbers: a YAML page in people/. Lengths are decimetres (see the package's docstring), colours sRGB.

Tests: tests/tools/looks/test_person.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import yaml

from tools.looks.jit import Floats
from tth.face.look_rules import nearest
from tth.face.sculpt.maths import linear

PEOPLE = Path(__file__).parent / "people"
HAIR_STYLES = ("long", "short", "curly", "swept")
GARMENTS = ("knit", "tee")
Rgb = tuple[int, int, int]
_Section = TypeVar("_Section")


class PersonError(ValueError):
    """A person's page cannot be used; the text names the key and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Head:
    """Skull, jaw, neck."""

    width: float = 1.0
    """Factor on the width of skull and face."""
    jaw: float = 0.37
    """Half the distance of the jaw's angles."""
    jaw_y: float = -0.52
    chin_y: float = -0.86
    chin_width: float = 0.07
    chin_size: float = 0.14
    chin_z: float = 0.58
    apples: float = 1.0
    """Roundness of the cheeks."""
    cheek_fat: float = 1.0
    """Fullness beside the mouth."""
    brow_ridge: float = 0.0
    ears: float = 1.0
    neck: float = 0.30
    """Radius."""
    shoulder: float = 1.25
    age: float = 0.0
    """0 young .. 1 old: folds, troughs, thinner lips' edges."""


@dataclass(frozen=True, slots=True)
class Eyes:
    """Eyeballs and lids."""

    x: float = 0.335
    radius: float = 0.205
    half_width: float = 0.218
    upper: float = 0.086
    lower: float = 0.074
    tilt: float = 0.036
    skew_upper: float = 0.90
    skew_lower: float = 1.12
    crease: float = 0.046
    """Height of the upper lid's crease above its margin."""
    iris: float = 0.113
    """Radius of the iris."""
    lashes: float = 1.0


@dataclass(frozen=True, slots=True)
class Nose:
    """The nose."""

    width: float = 1.0
    y: float = 0.0
    """Change of its height."""
    length: float = 0.0
    """How far it stands out, change."""
    tip: float = 1.0
    bridge: float = 1.0


@dataclass(frozen=True, slots=True)
class Mouth:
    """Lips, shut."""

    y: float = -0.575
    half_width: float = 0.25
    upper: float = 0.066
    lower: float = 0.088
    fullness: float = 1.0
    smile: float = 0.038
    """How far the corners stand above the middle."""


@dataclass(frozen=True, slots=True)
class Brows:
    """Eyebrows."""

    y: float = 0.0
    thickness: float = 1.0
    arch: float = 1.0
    hairs: int = 900


@dataclass(frozen=True, slots=True)
class Skin:
    """Colour and marks of the skin."""

    freckles: float = 0.0
    moles: int = 2
    stubble: float = 0.0
    """Shadow of a shaven beard, 0..1."""
    beard: float = 0.0
    """Length of a short beard, decimetres; 0 none."""
    blush: float = 1.0
    shine: float = 1.0


@dataclass(frozen=True, slots=True)
class Hair:
    """Hair on the head."""

    style: str = "long"
    length: float = 1.0
    """Factor on the style's own length."""
    volume: float = 1.0
    recede: float = 0.0
    """How far the hairline has gone back."""
    grey: float = 0.0
    """Share of grey hairs."""
    shine: float = 1.0


@dataclass(frozen=True, slots=True)
class Colours:
    """sRGB, 0..255."""

    skin: Rgb = (206, 164, 140)
    lips: Rgb = (188, 112, 104)
    iris: Rgb = (112, 78, 44)
    hair: Rgb = (50, 32, 24)
    brows: Rgb = (52, 38, 30)
    grey: Rgb = (122, 120, 118)
    """Of grey hairs."""
    cloth: Rgb = (48, 94, 102)
    wall: Rgb = (170, 160, 150)
    """The wall where the light falls on it."""
    wall_shade: Rgb = (104, 106, 112)

    def linear(self, name: str) -> Floats:
        """One of the colours as light, shape (3,), 0..1."""
        return linear(getattr(self, name))


@dataclass(frozen=True, slots=True)
class Framing:
    """Which part of the scene the picture shows."""

    y: float = -0.12
    """Height of the picture's middle."""
    span: float = 3.2
    """Width of the picture."""


@dataclass(frozen=True, slots=True)
class Person:
    """Everything that makes one portrait."""

    name: str
    description: str = ""
    seed: int = 1
    head: Head = field(default_factory=Head)
    eyes: Eyes = field(default_factory=Eyes)
    nose: Nose = field(default_factory=Nose)
    mouth: Mouth = field(default_factory=Mouth)
    brows: Brows = field(default_factory=Brows)
    skin: Skin = field(default_factory=Skin)
    hair: Hair = field(default_factory=Hair)
    colours: Colours = field(default_factory=Colours)
    framing: Framing = field(default_factory=Framing)
    garment: str = "knit"
    asymmetry: float = 1.0
    """How much the two halves of the face differ; 0 is a mirror."""

    def __post_init__(self) -> None:
        _one_of("hair.style", self.hair.style, HAIR_STYLES)
        _one_of("garment", self.garment, GARMENTS)


def list_people() -> tuple[str, ...]:
    """Names of the people whose pages lie in people/."""
    return tuple(sorted(page.stem for page in PEOPLE.glob("*.yaml")))


def load_person(name: str) -> Person:
    """The person of people/NAME.yaml; PersonError if there is none or its page has an unknown or unusable key."""
    if name not in list_people():
        raise PersonError(f"no person {name!r}; there are {', '.join(list_people())}")
    values = yaml.safe_load((PEOPLE / f"{name}.yaml").read_text("utf-8"))
    return read_person({"name": name, **values})


def read_person(values: Mapping[str, Any]) -> Person:
    """A person from the values of a page."""
    return _read(Person, values, "")


def _one_of(key: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise PersonError(f"{key}: {value!r} is not one of {', '.join(choices)}")


def _read(kind: type[_Section], values: Mapping[str, Any], prefix: str) -> _Section:
    types = get_type_hints(kind)
    known = [item.name for item in fields(kind)]  # type: ignore[arg-type]  # every section is a dataclass
    found = {}
    for key, value in values.items():
        if key not in known:
            raise PersonError(f"{prefix}{key}: unknown key; {nearest(key, known)}")
        found[key] = _value(types[key], value, prefix + key)
    return kind(**found)


def _value(kind: Any, value: Any, key: str) -> Any:
    if is_dataclass(kind):
        return _read(kind, value, f"{key}.")  # type: ignore[arg-type]  # a dataclass type, not an instance
    if kind == Rgb:
        if not (isinstance(value, list) and len(value) == 3 and all(type(c) is int and 0 <= c <= 255 for c in value)):
            raise PersonError(f"{key}: {value!r} is not a colour of three whole numbers 0..255")
        return tuple(value)
    wanted = (int, float) if kind is float else kind
    if isinstance(value, bool) or not isinstance(value, wanted):
        raise PersonError(f"{key}: {value!r} is not {'a number' if kind in (int, float) else 'text'}")
    return kind(value)
