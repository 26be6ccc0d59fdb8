"""Both kinds of look behind one door."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.face.puppet.folders import average_content, write_folder
from tth.face.catalogue import open_look
from tth.face.look import LOOKS_DIR, Look, LookError, list_looks, list_sculpted_looks
from tth.face.puppet.portrait_look import PortraitLook

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("name", list_looks())
def test_everybody_who_is_listed_can_be_opened(name: str) -> None:
    """By name, as the kind that their files say."""
    assert isinstance(open_look(name), Look if name in list_sculpted_looks() else PortraitLook)


def test_paths_of_both_kinds_can_be_opened(tmp_path: Path) -> None:
    """A YAML file is a sculpted look, a folder is a portrait."""
    folder = write_folder(tmp_path / "own", average_content())
    assert isinstance(open_look(folder), PortraitLook)
    assert isinstance(open_look(str(folder / "look.yaml")), PortraitLook)
    assert isinstance(open_look(LOOKS_DIR / "anna.yaml"), Look)


def test_an_unknown_name_gets_a_hint() -> None:
    """The nearest name is told."""
    with pytest.raises(LookError, match="did you mean 'anna'"):
        open_look("ana")
