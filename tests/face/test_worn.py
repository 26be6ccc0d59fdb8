"""Hair, beards and what people wear: seen in the pictures, and where it should be when the head moves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.face.conftest import HeadOf
from tests.face.test_painter import on_screen
from tth.face.look import list_sculpted_looks
from tth.face.painter import SculptedPainter
from tth.face.parameters import INDEX, FaceState, neutral_weights
from tth.face.pose import DRAPE_MOST, DRAPE_TURNS, drape_weights
from tth.face.sculpt.sculpture import Sculpture, Section
from tth.face.shot import Shot

pytestmark = pytest.mark.embedded

FIRST_BEARD_SURFACE = 24
CLOSED_LIPS: tuple[dict[str, float], ...] = (
    {},
    {"mouthPressLeft": 0.6, "mouthPressRight": 0.6},
    {"mouthRollUpper": 0.5, "mouthRollLower": 0.5},
)
POSES = ((0, 0, 0), (30, 0, 0), (-30, 0, 0), (0, 14, 0), (0, -14, 0), (0, 0, 15), (0, 0, -15), (20, -10, 12))


def without(head: Sculpture, left_out: NDArray[np.bool_]) -> Sculpture:
    """The head without some of its triangles."""
    keep = ~left_out
    parts = {name: getattr(head, name)[keep] for name in ("triangles", "surface", "material", "two_sided", "seen_in")}
    return replace(head, **parts)


def of_section(head: Sculpture, section: Section) -> NDArray[np.bool_]:
    """Triangles of one section."""
    part = head.range_of(section)
    return np.asarray((head.triangles[:, 0] >= part.start) & (head.triangles[:, 0] < part.stop))


def picture(head: Sculpture, face: FaceState, size_px: int = 512) -> NDArray[np.int_]:
    return SculptedPainter(head, Shot(size_px, size_px)).paint(face).astype(int)


def lips(**weights: float) -> FaceState:
    values = neutral_weights()
    for name, weight in weights.items():
        values[INDEX[name]] = weight
    return FaceState(values)


@pytest.mark.parametrize("name", ["omar", "george", "mei"])
def test_glasses_are_seen_around_both_eyes(head_of: HeadOf, name: str) -> None:
    """The frame changes pixels left and right of the nose, at every size, and leaves the middle of the eyes free."""
    head = head_of(name)
    bare = without(head, of_section(head, Section.WORN))
    for size_px in (256, 512):
        changed = np.abs(picture(head, FaceState(), size_px) - picture(bare, FaceState(), size_px)).sum(-1) > 30
        half = size_px // 2
        for side in (changed[:, :half], changed[:, half:]):
            assert side.sum() > 0.0007 * size_px**2
        painter = SculptedPainter(head, Shot(size_px, size_px))
        painter.paint(FaceState())
        for eye in (Section.EYE_LEFT, Section.EYE_RIGHT):
            x, y = on_screen(painter, eye)
            near = int(0.02 * size_px)
            assert not changed[int(y) - near : int(y) + near, int(x) - near : int(x) + near].any()


def test_earrings_hang_straight_when_the_head_tilts(head_of: HeadOf) -> None:
    """A hoop keeps its lowest point below its highest one, at any roll."""
    painter = SculptedPainter(head_of("amara"), Shot(256, 256))
    ring = painter.sculpture.range_of(Section.WORN)
    left = painter.sculpture.points[ring, 0] > 0
    for roll_deg in (-16.0, 0.0, 16.0):
        points = painter.vertices(FaceState(roll_deg=roll_deg))[ring][left]
        lean = points[points[:, 1].argmin(), 0] - points[points[:, 1].argmax(), 0]
        assert abs(lean) < 3.5


@pytest.mark.parametrize("name", ["omar", "george", "marco"])
@pytest.mark.parametrize("shut", CLOSED_LIPS)
def test_a_beard_is_seen_and_leaves_the_lips_free(head_of: HeadOf, name: str, shut: dict[str, float]) -> None:
    """The beard covers much of the lower face, but little of lips that are closed as on p, b and m."""
    head = head_of(name)
    shaved = picture(without(head, head.surface >= FIRST_BEARD_SURFACE), lips(**shut))
    changed = np.abs(picture(head, lips(**shut)) - shaved).sum(-1) > 24
    assert changed[280:400].sum() > 2000
    painter = SculptedPainter(head, Shot(512, 512))
    painter.paint(lips(**shut))
    mouth = on_screen(painter, Section.TEETH_UPPER)
    row, column = int(mouth[1]), int(mouth[0])
    box = np.s_[row - 16 : row + 22, column - 26 : column + 26]
    red = (shaved[box][..., 0] - shaved[box][..., 1]) > np.percentile(shaved[box][..., 0] - shaved[box][..., 1], 70)
    assert changed[box][red].mean() < 0.25


def test_a_beard_follows_the_jaw(head_of: HeadOf) -> None:
    """Opening the mouth takes the chin's hairs down by about as much as the chin."""
    painter = SculptedPainter(head_of("omar"), Shot(256, 256))
    head = painter.sculpture
    beard = np.unique(head.triangles[head.surface >= FIRST_BEARD_SURFACE])
    low = beard[np.argsort(head.points[beard, 1])[:60]]
    skin = head.points[: head.range_of(Section.SKIN).stop]
    chin = np.argmin(np.where(skin[:, 2] > -12, skin[:, 1], 0))
    moved = painter.vertices(lips(jawOpen=0.8)) - painter.vertices(FaceState())
    assert moved[low, 1].mean() < 0.6 * moved[chin, 1] < -6


@pytest.mark.parametrize("name", ["anna", "helen"])
def test_tips_of_long_hair_hang_down_when_the_head_tilts(head_of: HeadOf, name: str) -> None:
    """At a roll of 15 degrees the tips stay near the shoulders: they swing much less than a stiff wig."""
    painter = SculptedPainter(head_of(name), Shot(256, 256))
    head = painter.sculpture
    hair = head.range_of(Section.HAIR)
    low = hair.start + np.argsort(head.points[hair, 1])[:150]
    for roll_deg in (15.0, -15.0):
        points = painter.vertices(FaceState(roll_deg=roll_deg))[low]
        temple = np.array([0.0, 20.0])  # where the hair leaves the head: its tips follow this place and hang from it
        angle = np.radians(-roll_deg)
        pivot = np.array([0.0, -72.0])
        carried = (
            np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ (temple - pivot)
        ) + pivot
        swing = points[:, 0] - head.points[low, 0] - (carried - temple)[0]
        stiff = (head.points[low, 1] - temple[1]) * np.sin(angle)
        assert np.abs(swing).mean() < 0.6 * np.abs(stiff).mean()


def test_hair_stays_outside_the_clothes(head_of: HeadOf) -> None:
    """In no pose do tips of long hair sink into the shoulders by more than a few millimetres."""
    from tth.face.sculpt.mesh import Part
    from tth.face.sculpt.torso import Torso

    painter = SculptedPainter(head_of("anna"), Shot(256, 256))
    head = painter.sculpture
    cloth, hair = head.range_of(Section.CLOTH), head.range_of(Section.HAIR)
    triangles = head.triangles[of_section(head, Section.CLOTH)] - cloth.start
    torso = Torso(Part(head.points[cloth].astype(float), triangles))
    for yaw_deg, pitch_deg, roll_deg in POSES:
        face = FaceState(yaw_deg=yaw_deg, pitch_deg=pitch_deg, roll_deg=roll_deg)
        points = painter.vertices(face)[hair].astype(float)
        pushed = torso.push_out(points, 0.0)
        depth = np.linalg.norm(pushed - points, axis=1)
        assert np.quantile(depth, 0.99) < 8, (yaw_deg, pitch_deg, roll_deg)


@pytest.mark.parametrize("name", list_sculpted_looks())
def test_everybody_is_finite_in_every_pose(head_of: HeadOf, name: str) -> None:
    """All shapes and poses give finite points; every vertex that a shape moves exists."""
    head = head_of(name)
    painter = SculptedPainter(head, Shot(128, 128))
    for number, (yaw_deg, pitch_deg, roll_deg) in enumerate(POSES):
        weights = np.full(len(INDEX), number / len(POSES), np.float32)
        face = FaceState(weights, yaw_deg, pitch_deg, roll_deg)
        assert painter.paint(face).std() > 20
        assert np.isfinite(painter.vertices(face)).all()
    assert head.shape_index.max() < len(head.points)


def test_drape_weights_are_one_at_their_own_turn() -> None:
    """Each turn of DRAPE_TURNS gives its own shape alone; turns beyond the limit give no more."""
    for number, angles in enumerate(DRAPE_TURNS):
        weights = drape_weights(*angles)
        assert weights[number] == pytest.approx(1.0)
        assert weights.sum() == pytest.approx(1.0)
    assert drape_weights(80, 45, -45).max() == pytest.approx(DRAPE_MOST)
