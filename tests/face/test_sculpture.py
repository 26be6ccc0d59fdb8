"""The built head and its cache."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from tth.face.look import FaceShape, Look, load_look
from tth.face.parameters import BLENDSHAPES
from tth.face.raster.zbuffer import MAX_TRIANGLES
from tth.face.sculpt.maths import rotation, smoothstep
from tth.face.sculpt.proportions import on_average, on_face
from tth.face.sculpt.sculpture import SHAPES, Sculpture, Section, frozen_sculpture
from tth.face.sculpt.store import cache_path, load_sculpture

pytestmark = pytest.mark.embedded

WITHOUT_OFFSETS = {name for name in BLENDSHAPES if name.startswith(("eyeLook", "eyeWide"))}
"""These only turn eyes and lids."""
SIDED = [
    name for name in BLENDSHAPES if name.endswith("Left") and name not in {*WITHOUT_OFFSETS, "jawLeft", "mouthLeft"}
]
"""Shapes that act on one side of the face; jawLeft and mouthLeft name a direction instead."""


def offsets(head: Sculpture, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Vertices that a shape moves, and by how much."""
    position = SHAPES.index(name)
    part = slice(int(head.shape_start[position]), int(head.shape_start[position + 1]))
    return head.shape_index[part], head.shape_offset[part]


def same(one: Sculpture, other: Sculpture) -> bool:
    """Whether all arrays are equal."""
    return all(np.array_equal(getattr(one, item.name), getattr(other, item.name)) for item in fields(Sculpture))


def test_all_arrays_are_finite_and_read_only(anna: Sculpture) -> None:
    """Nothing in a head is NaN, and nobody can change what sessions share."""
    for item in fields(Sculpture):
        array = getattr(anna, item.name)
        assert np.isfinite(array).all(), item.name
        assert not array.flags.writeable, item.name


def test_triangles_fit_the_keys_and_clothes_are_last(anna: Sculpture) -> None:
    """Triangle numbers fit 16 bits, and the clothes end the drawing order."""
    assert len(anna.triangles) <= MAX_TRIANGLES
    cloth = anna.range_of(Section.CLOTH)
    is_cloth = (anna.triangles[:, 0] >= cloth.start) & (anna.triangles[:, 0] < cloth.stop)
    assert is_cloth[np.argmax(is_cloth) :].all()


@pytest.mark.parametrize("name", BLENDSHAPES)
def test_every_shape_of_arkit_is_there(anna: Sculpture, name: str) -> None:
    """Each of the 52 shapes moves something, except those that only turn eyes and lids."""
    index, _ = offsets(anna, name)
    assert (len(index) == 0) == (name in WITHOUT_OFFSETS)


@pytest.mark.parametrize("name", SIDED)
def test_sides_are_the_persons(anna: Sculpture, name: str) -> None:
    """Left shapes act at x > 0, the person's left; right ones mirror them."""
    for shape, sign in ((name, 1), (name.replace("Left", "Right"), -1)):
        index, move = offsets(anna, shape)
        amount = np.linalg.norm(move, axis=1)
        assert sign * np.average(anna.points[index, 0], weights=amount) > 5


@pytest.mark.parametrize(("name", "sign"), [("jawLeft", 1), ("jawRight", -1), ("mouthLeft", 1), ("mouthRight", -1)])
def test_slides_go_to_the_persons_side(anna: Sculpture, name: str, sign: int) -> None:
    """jawLeft and mouthLeft move towards the person's left."""
    _, move = offsets(anna, name)
    assert sign * move[:, 0].mean() > 0.3


def test_cache_gives_back_what_was_built(tmp_path: Path) -> None:
    """A head from the cache equals the one that was built; nothing else is left in the folder."""
    look = load_look("mei")
    built = load_sculpture(look, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [cache_path(look, tmp_path).name]
    assert same(built, load_sculpture(look, tmp_path))


@pytest.mark.parametrize("damage", ["cut short", "garbage", "empty", "flipped byte", "lacks an array"])
def test_damaged_cache_is_rebuilt(
    anna: Sculpture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    """Whatever has happened to the file, the head is built again and the file mended."""
    look, calls = Look(), []
    path = cache_path(look, tmp_path)
    arrays = {item.name: getattr(anna, item.name) for item in fields(Sculpture)}
    if damage == "lacks an array":
        arrays.pop("triangles")
    np.savez(path, **arrays)
    content = path.read_bytes()
    middle = len(content) // 2
    path.write_bytes({
        "cut short": content[:middle],
        "garbage": b"not an archive",
        "empty": b"",
        "flipped byte": content[:middle] + bytes([content[middle] ^ 255]) + content[middle + 1 :],
        "lacks an array": content,
    }[damage])  # fmt: skip

    def build(look: Look) -> Sculpture:
        calls.append(look)
        return anna

    monkeypatch.setattr("tth.face.sculpt.build.build_sculpture", build)
    assert load_sculpture(look, tmp_path) is anna
    assert same(load_sculpture(look, tmp_path), anna)
    assert len(calls) == 1


def test_unwritable_cache_is_done_without(anna: Sculpture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing can be written, the head is still built."""
    blocked = tmp_path / "file"
    blocked.write_text("", encoding="utf-8")
    monkeypatch.setattr("tth.face.sculpt.build.build_sculpture", lambda look: anna)
    assert load_sculpture(Look(), blocked / "faces") is anna


def test_other_content_gets_another_file(tmp_path: Path) -> None:
    """The cache is named by content: any change of a look is another head."""
    look = Look()
    other = replace(look, shape=replace(look.shape, jaw_width=0.0))
    assert cache_path(look, tmp_path) == cache_path(Look(), tmp_path)
    assert cache_path(look, tmp_path) != cache_path(other, tmp_path)


def test_inconsistent_arrays_are_refused(anna: Sculpture) -> None:
    """Arrays that would make a kernel read outside memory never become a head."""
    arrays = {item.name: getattr(anna, item.name) for item in fields(Sculpture)}
    for name in ("points", "triangles", "shape_offset", "surface"):
        with pytest.raises(ValueError, match="inconsistent"):
            frozen_sculpture({**arrays, name: arrays[name][: len(arrays[name]) // 2]})


def test_heights_map_back() -> None:
    """Stretching a face and back is the identity, and keeps the order of the features."""
    shape = FaceShape(lower_face=0.9, upper_skull=1.05)
    y = np.linspace(-200, 120, 321)
    assert np.allclose(on_average(shape, on_face(shape, y)), y)
    assert (np.diff(on_face(shape, y)) > 0).all()


def test_rotation_signs() -> None:
    """Positive yaw turns forward to the right, positive pitch downwards, positive roll against the clock."""
    assert rotation(yaw_deg=30)[0, 2] > 0
    assert rotation(pitch_deg=30)[1, 2] < 0
    assert rotation(roll_deg=30)[1, 0] > 0
    assert np.allclose(rotation(20, 10, 5) @ rotation(20, 10, 5).T, np.eye(3))


def test_smoothstep_runs_both_ways() -> None:
    """The step may fall as well as rise."""
    assert smoothstep(0, 1, [-1, 0.5, 2]).tolist() == [0, 0.5, 1]
    assert smoothstep(1, 0, [-1, 0.5, 2]).tolist() == [1, 0.5, 0]
