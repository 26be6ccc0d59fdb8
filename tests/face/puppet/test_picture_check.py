"""What is told about a picture before it disappoints. The good picture is the sculpted head; each other one has one
fault."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.face.conftest import HeadOf
from tests.face.puppet.sculpted_portrait import WALL
from tth.face.backdrop import plain_backdrop
from tth.face.painter import SculptedPainter
from tth.face.parameters import INDEX, FaceState, neutral_weights
from tth.face.puppet.landmarks import Floats
from tth.face.puppet.picture_check import check_picture
from tth.face.puppet.portrait import Portrait
from tth.face.shot import Shot

pytestmark = [pytest.mark.embedded, pytest.mark.timeout(300)]  # the first run on a machine sculpts heads

U8 = NDArray[np.uint8]


def subjects(picture: U8, portrait: Portrait, **moved: Floats) -> list[str]:
    return [found.subject for found in check_picture(picture, {**portrait.points, **moved})]


def plain(portrait: Portrait) -> U8:
    return np.ascontiguousarray(portrait.picture[..., :3])


def painted(head_of: HeadOf, **weights: float) -> U8:
    values = neutral_weights()
    for name, weight in weights.items():
        for key in (name,) if name in INDEX else (f"{name}Left", f"{name}Right"):
            values[INDEX[key]] = weight
    shot = Shot(1024, 1024)
    return SculptedPainter(head_of("anna"), shot, plain_backdrop(WALL, shot)).paint(FaceState(values)).copy()


def test_a_good_picture_has_no_findings(anna_portrait: Portrait) -> None:
    """Frontal, mouth shut, even light, large enough."""
    assert subjects(plain(anna_portrait), anna_portrait) == []


def test_teeth_are_seen(head_of: HeadOf, anna_portrait: Portrait) -> None:
    """A smile that bares them."""
    grin = painted(head_of, mouthSmile=1.0, mouthUpperUp=0.6, mouthLowerDown=0.5, jawOpen=0.08)
    assert subjects(grin, anna_portrait) == ["teeth"]


def test_an_open_mouth_is_seen(head_of: HeadOf, anna_portrait: Portrait) -> None:
    """The dark inside."""
    low = anna_portrait.points["lower_lip_bottom"] + [0, 60]
    found = subjects(painted(head_of, jawOpen=0.7), anna_portrait, lower_lip_bottom=low)
    assert found in (["open mouth"], ["teeth"])


def test_a_turned_head_is_seen(anna_portrait: Portrait) -> None:
    """By its points alone: the nose stands off, one half of the face is narrower."""
    unit = anna_portrait.frame.eye_distance_px
    nose = anna_portrait.points["nose_tip"] + [0.12 * unit, 0]
    temple = anna_portrait.points["left_temple"] - [0.35 * unit, 0]
    assert subjects(plain(anna_portrait), anna_portrait, nose_tip=nose, left_temple=temple) == ["turned head"]


def test_glasses_are_seen(anna_portrait: Portrait) -> None:
    """A dark bar across the bridge of the nose."""
    picture, (x, y) = plain(anna_portrait).copy(), anna_portrait.frame.origin.astype(int)
    cv2.line(picture, (x - 40, y + 8), (x + 40, y + 8), (40, 30, 30), 7, cv2.LINE_AA)
    assert subjects(picture, anna_portrait) == ["glasses"]


def test_a_fringe_is_seen(anna_portrait: Portrait) -> None:
    """A dark forehead."""
    picture, points = plain(anna_portrait).copy(), anna_portrait.points
    top, brow = int(points["hairline"][1]), int(points["left_brow_middle"][1])
    picture[top : brow - 20] = picture[top : brow - 20] // 3
    assert subjects(picture, anna_portrait) == ["fringe"]


def test_side_light_is_seen(anna_portrait: Portrait) -> None:
    """One half of the picture is much darker."""
    shade = np.interp(np.arange(1024), [400, 620], [1.0, 0.6])[None, :, None]
    assert "side light" in subjects((plain(anna_portrait) * shade).astype(np.uint8), anna_portrait)


def test_few_pixels_are_told(anna_portrait: Portrait) -> None:
    """With the number that there are."""
    small = cv2.resize(plain(anna_portrait), (512, 512), interpolation=cv2.INTER_AREA)
    findings = check_picture(np.asarray(small, np.uint8), {name: at / 2 for name, at in anna_portrait.points.items()})
    assert [found.subject for found in findings] == ["low resolution"]
    assert f"{anna_portrait.frame.eye_distance_px / 2:.0f} pixels apart" in replace(findings[0]).message
