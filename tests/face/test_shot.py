"""Shots: what sizes are allowed."""

from __future__ import annotations

import pytest

from tth.face.shot import Detail, Shot

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(("width", "height"), [(511, 512), (512, 62), (1026, 512)])
def test_a_size_that_cannot_be_encoded_is_refused(width: int, height: int) -> None:
    """Odd, too small or too large: the message names the side and the range."""
    with pytest.raises(ValueError, match=r"(width|height)_px must be even and in 64\.\.1024"):
        Shot(width, height)


@pytest.mark.parametrize(
    ("detail", "drawn"), [(Detail.FULL, (512, 318)), (Detail.REDUCED, (364, 226)), (Detail.LOW, (256, 160))]
)
def test_less_detail_is_drawn_smaller(detail: Detail, drawn: tuple[int, int]) -> None:
    """Each step halves the pixels; sides stay even."""
    shot = Shot(512, 318, detail=detail).as_drawn()
    assert (shot.width_px, shot.height_px) == drawn


def test_a_small_shot_is_not_drawn_smaller_than_allowed() -> None:
    """64 pixels stay 64."""
    assert Shot(64, 64, detail=Detail.LOW).as_drawn() == Shot(64, 64, detail=Detail.LOW)
