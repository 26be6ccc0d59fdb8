"""The points of a face: what they span and which sets are refused."""

from __future__ import annotations

import numpy as np
import pytest

from tests.face.puppet.folders import EYE_DISTANCE_PX, SIDE_PX, average_points
from tth.face.puppet.landmarks import LANDMARKS, LandmarkError, check_landmarks, face_frame

pytestmark = pytest.mark.unit


def points(**moved: tuple[float, float]) -> dict[str, np.ndarray]:
    """The average face with some points elsewhere."""
    return {name: np.array(moved.get(name, at), float) for name, at in average_points().items()}


def check(**moved: tuple[float, float]) -> None:
    check_landmarks(points(**moved), SIDE_PX, SIDE_PX)


def test_there_are_29_points() -> None:
    """As many as the documentation says, and the average face of the tests has all of them."""
    assert len(LANDMARKS) == 29
    assert set(average_points()) == set(LANDMARKS)
    check()


def test_the_frame_has_its_origin_between_the_eyes() -> None:
    """One eye distance is the unit, and pixels come back as they were."""
    face = points()
    frame = face_frame(face)
    assert frame.eye_distance_px == pytest.approx(EYE_DISTANCE_PX)
    assert frame.tilt_deg() == pytest.approx(0)
    assert frame.pixels(frame.of(face["chin"])) == pytest.approx(face["chin"])
    assert frame.of(face["left_eye_top"]) == pytest.approx([0.5, -0.10])


def test_a_tilted_face_is_measured_upright() -> None:
    """Turning the picture turns the frame: the face's own coordinates stay."""
    turn = np.array([[np.cos(0.2), -np.sin(0.2)], [np.sin(0.2), np.cos(0.2)]])
    upright, tilted = points(), {name: turn @ at for name, at in points().items()}
    frame = face_frame(tilted)
    assert frame.tilt_deg() == pytest.approx(np.degrees(0.2))
    for name in ("chin", "left_mouth_corner", "hairline"):
        assert frame.of(tilted[name]) == pytest.approx(face_frame(upright).of(upright[name]))


@pytest.mark.parametrize(
    ("key", "at", "problem"),
    [
        ("chin", (256, 600), r"outside the picture: x in 0\.\.512, y in 0\.\.512"),
        ("lip_seam", (256, 345), "must lie below lip_seam"),
        ("left_mouth_corner", (200, 322), "must lie to the right of lip_seam"),
        ("left_brow_outer", (300, 180), "must lie to the right of left_brow_middle"),
        ("left_eye_bottom", (306, 200), "must lie below left_eye_top"),
        ("lip_seam", (256, 300.0), "must lie below upper_lip_top"),
        ("chin", (256, 490), r"a face has 0\.25\.\.1\.5"),
    ],
)
def test_impossible_points_are_refused(key: str, at: tuple[float, float], problem: str) -> None:
    """Outside, crossed or out of proportion: the error says which point and why."""
    with pytest.raises(LandmarkError, match=problem):
        check(**{key: at})


def test_a_mirrored_face_is_refused() -> None:
    """Whoever takes left for the viewer's left is told so."""
    swapped = {name: SIDE_PX - at[0] for name, at in points().items()}
    with pytest.raises(LandmarkError, match="left and right are swapped"):
        check_landmarks({name: np.array([swapped[name], at[1]]) for name, at in points().items()}, SIDE_PX, SIDE_PX)


def test_a_small_face_is_refused() -> None:
    """Too few pixels between the eyes."""
    with pytest.raises(LandmarkError, match="50 pixels apart, at least 60"):
        check_landmarks({name: at / 2 for name, at in points().items()}, SIDE_PX, SIDE_PX)
