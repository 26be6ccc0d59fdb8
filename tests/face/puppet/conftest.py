"""Portraits for the tests: a picture of the sculpted head, with known points."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.face.conftest import HeadOf
from tests.face.puppet.sculpted_portrait import write_sculpted_look
from tth.face.look import load_look
from tth.face.puppet.portrait import Portrait
from tth.face.puppet.portrait_look import load_portrait_look
from tth.face.puppet.prepare import prepare_portrait


@pytest.fixture(scope="session")
def anna_folder(head_of: HeadOf, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A look folder with a picture of the default person, and a matte."""
    return write_sculpted_look(tmp_path_factory.mktemp("looks") / "anna", head_of("anna"), load_look("anna"))


@pytest.fixture(scope="session")
def anna_portrait(anna_folder: Path) -> Portrait:
    """That picture prepared."""
    return prepare_portrait(load_portrait_look(anna_folder))


@pytest.fixture(scope="session")
def plain_portrait(head_of: HeadOf, tmp_path_factory: pytest.TempPathFactory) -> Portrait:
    """Another person, without a matte: a photograph as far as the puppet knows."""
    folder = tmp_path_factory.mktemp("looks") / "marco"
    return prepare_portrait(
        load_portrait_look(write_sculpted_look(folder, head_of("marco"), load_look("marco"), layers={}))
    )
