"""The room behind the person: calm where the head is, soft everywhere."""

from __future__ import annotations

import numpy as np
import pytest

from tth.face.room import SIDE_PX, room_backdrop, room_picture
from tth.face.shot import Shot
from tth.model.controls import Framing
from tth.model.media import Picture

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def room() -> Picture:
    return room_picture()


def test_the_room_is_always_the_same(room: Picture) -> None:
    """No chance in it: sessions and machines show the same room."""
    assert room.shape == (SIDE_PX, SIDE_PX, 3)
    assert np.array_equal(room, room_picture())


def test_the_room_is_out_of_focus(room: Picture) -> None:
    """Nowhere an edge: neighbours differ by little, so that the eye stays with the person."""
    assert np.abs(np.diff(room.astype(int), axis=0)).max() <= 32
    assert np.abs(np.diff(room.astype(int), axis=1)).max() <= 32


def test_the_room_is_warm_and_lit_from_the_left(room: Picture) -> None:
    """As the person is: brighter at the left, redder than blue; of middle brightness behind the head."""
    brightness = room.mean(axis=2)
    assert brightness[:, : SIDE_PX // 3].mean() > brightness[:, -SIDE_PX // 3 :].mean() + 20
    assert room[..., 0].mean() > room[..., 2].mean() + 20
    head = brightness[SIDE_PX // 4 : SIDE_PX // 2, SIDE_PX * 2 // 5 : SIDE_PX * 3 // 5]
    assert 90 < head.mean() < 165


@pytest.mark.parametrize("size", [(64, 64), (256, 512), (1024, 640)])
def test_the_room_fills_any_shot(room: Picture, size: tuple[int, int]) -> None:
    """Of the shot's size, with the same colours whatever the size."""
    wall = room_backdrop(Shot(*size), room)
    assert wall.shape == (size[1], size[0], 3)
    assert wall.dtype == np.uint8


def test_a_close_framing_looks_closer(room: Picture) -> None:
    """The wall grows with the person, as through a longer lens."""
    wide, close = (room_backdrop(Shot(256, 256, framing), room).astype(int) for framing in (Framing.BUST, Framing.HEAD))
    assert np.abs(wide - close).mean() > 4
