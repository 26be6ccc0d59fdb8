"""The cache of prepared portraits."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest

from tth.face.look import LookError
from tth.face.puppet.portrait import Portrait, frozen_portrait
from tth.face.puppet.portrait_look import load_portrait_look
from tth.face.puppet.store import cache_path, load_portrait

pytestmark = [pytest.mark.embedded, pytest.mark.timeout(300)]  # the first run on a machine sculpts heads


def test_what_is_read_is_what_was_prepared(anna_folder: Path, anna_portrait: Portrait, tmp_path: Path) -> None:
    """The first use writes one file, the second reads it; both are equal to the preparation, and read-only."""
    look = load_portrait_look(anna_folder)
    first, second = load_portrait(look, tmp_path), load_portrait(look, tmp_path)
    assert [path.suffix for path in tmp_path.iterdir()] == [".npz"]
    for item in fields(Portrait):
        for portrait in (first, second):
            array = getattr(portrait, item.name)
            assert np.array_equal(array, getattr(anna_portrait, item.name))
            assert not array.flags.writeable


def test_another_content_is_another_entry(anna_folder: Path, tmp_path: Path) -> None:
    """The place in the cache depends on what the files hold, not on where they lie."""
    moved = copytree(anna_folder, tmp_path / "moved")
    before, same = (cache_path(load_portrait_look(folder), tmp_path) for folder in (anna_folder, moved))
    assert before == same
    (moved / "look.yaml").write_text((moved / "look.yaml").read_text() + "\nfold_gain: 0.5\n")
    assert cache_path(load_portrait_look(moved), tmp_path) != before


def test_a_broken_cache_is_made_anew(anna_folder: Path, tmp_path: Path) -> None:
    """Whatever lies there."""
    look = load_portrait_look(anna_folder)
    cache_path(look, tmp_path).write_bytes(b"not an archive")
    assert load_portrait(look, tmp_path).has_matte


def test_a_picture_that_cannot_be_decoded_is_refused(anna_folder: Path, tmp_path: Path) -> None:
    """Its header may be right and the rest gone."""
    folder = copytree(anna_folder, tmp_path / "broken")
    picture = folder / "portrait.png"
    picture.write_bytes(picture.read_bytes()[:60])
    with pytest.raises(LookError, match=r"picture: portrait\.png cannot be decoded"):
        load_portrait(load_portrait_look(folder), tmp_path / "cache")


def test_arrays_that_do_not_fit_are_refused(anna_portrait: Portrait) -> None:
    """A kernel must never read outside an array."""
    arrays = {item.name: getattr(anna_portrait, item.name) for item in fields(Portrait)}
    for wrong in ({"eyes": np.zeros((1, 7))}, {"gains": np.zeros((3, 4, 4), np.float32)}, {"head": np.zeros((2, 2))}):
        with pytest.raises(ValueError, match="inconsistent"):
            frozen_portrait(arrays | wrong)
    del arrays["seam"]
    with pytest.raises(ValueError, match="lacks seam"):
        frozen_portrait(arrays)
