"""Looks: what a file may say, and how a mistake in it is named."""

from __future__ import annotations

import runpy
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from tth.face.look import (
    LOOKS_DIR,
    BackdropLook,
    BeardLook,
    BrowLook,
    ClothesLook,
    EarringLook,
    EyeLook,
    FaceShape,
    GlassesLook,
    HairLook,
    Look,
    LookError,
    SkinLook,
    list_sculpted_looks,
    load_look,
    parse_look,
)

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]

SECTION_TYPES = (
    FaceShape, SkinLook, BrowLook, EyeLook, HairLook, BeardLook, GlassesLook, EarringLook, ClothesLook, BackdropLook,
)  # fmt: skip


def test_people_come_with_the_package() -> None:
    """The shipped looks are listed in alphabetical order; the six of the personas are among them."""
    names = list_sculpted_looks()
    assert list(names) == sorted(names)
    assert {"amara", "anna", "helen", "leo", "marco", "mei"} < set(names)
    assert len(names) >= 8


@pytest.mark.parametrize("name", list_sculpted_looks())
def test_every_shipped_look_is_legal_and_says_who_it_is(name: str) -> None:
    """Every shipped file can be read, starts with a line about the person, and names skin, hair and clothes."""
    text = (LOOKS_DIR / f"{name}.yaml").read_text(encoding="utf-8")
    assert text.startswith(f"# {name.capitalize()}: ")
    assert {"skin", "hair", "clothes"} <= yaml.safe_load(text).keys()
    load_look(name)


def test_shipped_people_cover_glasses_beards_and_ages() -> None:
    """Somebody wears glasses, somebody a beard, and there are an old woman and an old man."""
    looks = {name: load_look(name) for name in list_sculpted_looks()}
    assert {look.glasses.frame for look in looks.values()} >= {"none", "round", "rectangular"}
    assert {look.beard.style for look in looks.values()} >= {"none", "short", "full"}
    assert looks["helen"].skin.age == looks["george"].skin.age == 1.0


def test_shipped_people_differ() -> None:
    """No two shipped looks are the same person."""
    looks = [load_look(name) for name in list_sculpted_looks()]
    assert len({(look.shape, look.skin, look.hair) for look in looks}) == len(looks)


def test_what_is_not_named_keeps_its_default() -> None:
    """An empty file is the default person."""
    assert parse_look({}) == Look()
    assert parse_look({"shape": {"jaw_width": 1}}).shape.chin_width == FaceShape().chin_width


def test_unknown_key_names_the_nearest() -> None:
    """A mistyped key is refused with a hint."""
    with pytest.raises(LookError, match=r"shape\.jaw_widht: unknown key; did you mean 'jaw_width'"):
        parse_look({"shape": {"jaw_widht": 1}})


def test_unknown_section_names_the_nearest() -> None:
    """A mistyped section is refused with a hint."""
    with pytest.raises(LookError, match=r"shap: unknown key; did you mean 'shape'"):
        parse_look({"shap": {}})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"shape": {"jaw_width": 30}}, r"shape\.jaw_width: 30 is outside -12\.\.8"),
        ({"shape": {"jaw_width": "wide"}}, r"shape\.jaw_width: 'wide' is not a number"),
        ({"shape": {"jaw_width": True}}, r"shape\.jaw_width: True is not a number"),
        ({"shape": {"jaw_width": float("nan")}}, r"shape\.jaw_width: nan is outside"),
        ({"skin": {"tone": [1, 2, 300]}}, r"skin\.tone: \[1, 2, 300\] is outside 0\.\.255"),
        ({"skin": {"tone": [1, 2]}}, r"skin\.tone: \(1, 2\) is not a colour"),
        ({"hair": {"style": "mohawk"}}, r"hair\.style: 'mohawk' is not one of long, short, bun, ponytail"),
        ({"hair": ["long"]}, r"hair: is not a mapping"),
        ({"seed": -1}, r"seed: -1 is not a whole number"),
        (["shape"], r"look: is not a mapping"),
    ],
)
def test_illegal_value_names_key_and_range(content: object, message: str) -> None:
    """A value that is refused is named with its key and what would be legal."""
    with pytest.raises(LookError, match=message):
        parse_look(content)


def test_unknown_name_names_the_nearest() -> None:
    """A mistyped look is refused with a hint."""
    with pytest.raises(LookError, match="did you mean 'marco'"):
        load_look("marko")


def test_look_from_a_file(tmp_path: Path) -> None:
    """A path works like a name; its errors name the file."""
    path = tmp_path / "me.yaml"
    path.write_text("hair:\n  style: bun\n", encoding="utf-8")
    assert load_look(path).hair.style == "bun"
    assert load_look(str(path)).hair.style == "bun"
    path.write_text("hair:\n  stile: bun\n", encoding="utf-8")
    with pytest.raises(LookError, match=r"me\.yaml: hair\.stile: unknown key; did you mean 'style'"):
        load_look(path)


@pytest.mark.parametrize("content", ["hair: [", None])
def test_unreadable_file_is_a_look_error(tmp_path: Path, content: str | None) -> None:
    """Broken YAML and a missing file are both refused as a look."""
    path = tmp_path / "broken.yaml"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(LookError, match="cannot be read"):
        load_look(path)


@pytest.mark.parametrize("section", SECTION_TYPES)
def test_every_field_has_a_rule(section: type[FaceShape]) -> None:
    """No field is accepted unchecked."""
    for item in fields(section):
        assert item.metadata.keys() & {"range", "colour", "choices"}, item.name


def test_every_key_is_documented() -> None:
    """docs/looks.md lists everybody and every key as they are; `python tools/look_reference.py` writes it."""
    tool: Mapping[str, Any] = runpy.run_path(str(ROOT / "tools" / "look_reference.py"))
    document = tool["DOCUMENT"].read_text("utf-8")
    assert document == tool["written"](document)
