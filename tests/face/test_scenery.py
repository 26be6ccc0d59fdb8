"""Backgrounds by name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.media.pictures import grey
from tth.face.backdrop import CLEAR
from tth.face.scenery import KEPT, Scenery, check_pictures
from tth.face.shot import Detail, Shot
from tth.media.alpha import PngEncoder
from tth.model.controls import BACKGROUNDS, GREEN_RGB, STUDIO

pytestmark = pytest.mark.unit

SHOT = Shot(64, 96)


@pytest.fixture
def office(tmp_path: Path) -> Path:
    """A grey picture twice as wide as high, its left and right ends white."""
    picture = grey(80, 200, 100)
    picture[:, :40] = picture[:, -40:] = 255
    path = tmp_path / "office.png"
    path.write_bytes(PngEncoder(200, 100, 1).encode(picture).data)
    return path


def test_every_known_name_has_a_backdrop(office: Path) -> None:
    """Of the shot's size; the studio is the look's own and not kept here, nothing is CLEAR."""
    scenery = Scenery({"office": office})
    for name in {*BACKGROUNDS, "office", "#102030"} - {STUDIO}:
        found = scenery.behind(name, SHOT)
        assert found is CLEAR or found.shape == (96, 64, 3), name
    assert scenery.behind("transparent", SHOT) is CLEAR
    for name, rgb in {"green": GREEN_RGB, "#102030": (16, 32, 48)}.items():
        assert np.unique(np.asarray(scenery.behind(name, SHOT)).reshape(-1, 3), axis=0).tolist() == [list(rgb)]
    with pytest.raises(KeyError):
        scenery.behind("beach", SHOT)


def test_a_picture_covers_the_frame(office: Path) -> None:
    """Scaled to the frame's height, its middle kept: the white ends are outside."""
    found = Scenery({"office": office}).behind("office", Shot(64, 64))
    assert found is not CLEAR
    assert np.abs(found.astype(int) - 80).max() <= 1


def test_a_picture_can_be_out_of_focus(office: Path) -> None:
    """White and grey run into each other."""
    sharp, soft = (Scenery({"office": office}, level).behind("office", Shot(128, 64)) for level in (0.0, 1.0))
    assert sharp is not CLEAR
    assert soft is not CLEAR
    assert np.abs(np.diff(sharp.astype(int), axis=1)).max() > 60
    assert np.abs(np.diff(soft.astype(int), axis=1)).max() < 50


def test_a_backdrop_is_made_once(office: Path) -> None:
    """Whatever the detail of the person before it; it cannot be written to, for all sessions share it."""
    scenery = Scenery({"office": office})
    first = scenery.behind("office", SHOT)
    assert scenery.behind("office", replace(SHOT, detail=Detail.LOW)) is first
    assert scenery.behind("office", Shot(96, 64)) is not first
    assert first is not CLEAR
    assert not first.flags.writeable


def test_memory_is_bounded() -> None:
    """A client that asks for a thousand colours is given them one after the other."""
    scenery = Scenery({})
    first = scenery.behind("#000000", SHOT)
    for number in range(1, KEPT + 1):
        scenery.behind(f"#{number:06x}", SHOT)
    assert scenery.behind("#000000", SHOT) is not first


def test_what_is_wrong_with_a_picture_is_said_with_its_key(office: Path, tmp_path: Path) -> None:
    """A name that has a meaning, one that cannot be typed, a file that is absent, one that is no picture."""
    text = tmp_path / "text.jpg"
    text.write_text("no picture")
    problems = check_pictures(
        {"office": office, "room": office, "Big Office": office, "gone": tmp_path / "gone.png", "text": text}, "key"
    )
    assert [problem.key for problem in problems] == ["key.room", "key.Big Office", "key.gone", "key.text"]
    assert "gone.png" in problems[2].message
