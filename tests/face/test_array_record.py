"""Records of arrays: read-only, complete, kept on disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tth.face.array_record import cached, frozen

pytestmark = pytest.mark.unit


@dataclass(frozen=True)
class Pair:
    """Two arrays."""

    first: NDArray[Any]
    second: NDArray[Any]


def pair(arrays: dict[str, NDArray[Any]]) -> Pair:
    """Both must be equally long."""
    made = frozen(Pair, arrays)
    if len(made.first) != len(made.second):
        raise ValueError("the pair is uneven")
    return made


def new_pair() -> Pair:
    return pair({"first": np.arange(3), "second": np.ones(3)})


def test_arrays_become_read_only() -> None:
    """Records are shared between threads."""
    with pytest.raises(ValueError, match="read-only"):
        new_pair().first[0] = 1


def test_missing_arrays_are_named() -> None:
    """All of them."""
    with pytest.raises(ValueError, match="pair lacks first, second"):
        frozen(Pair, {})


def test_a_record_is_made_once(tmp_path: Path) -> None:
    """The second time it is read, and equal; nothing else is left in the folder."""
    path = tmp_path / "below" / "a.npz"
    made = cached(path, pair, new_pair)
    again = cached(path, pair, lambda: pytest.fail("made twice"))
    assert np.array_equal(again.first, made.first)
    assert [one.name for one in path.parent.iterdir()] == ["a.npz"]


@pytest.mark.parametrize("content", [b"", b"not an archive"])
def test_what_cannot_be_read_is_made_anew(tmp_path: Path, content: bytes) -> None:
    """And written, so that the next one reads it."""
    path = tmp_path / "a.npz"
    path.write_bytes(content)
    cached(path, pair, new_pair)
    assert len(cached(path, pair, lambda: pytest.fail("made twice")).first) == 3


def test_what_does_not_fit_is_made_anew(tmp_path: Path) -> None:
    """A file from another version of the record is no danger."""
    path = tmp_path / "a.npz"
    np.savez(path, first=np.arange(3), second=np.ones(2))
    assert len(cached(path, pair, new_pair).second) == 3


def test_a_folder_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    """The record is there all the same."""
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    assert len(cached(tmp_path / "file" / "a.npz", pair, new_pair).first) == 3
