"""Pictures of the face, checked by measurement."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.face.conftest import HeadOf
from tth.face.backdrop import CLEAR, plain_backdrop
from tth.face.look import LookError, list_sculpted_looks, load_look
from tth.face.painter import SculptedPainter, load_painter
from tth.face.parameters import INDEX, FaceState, neutral_weights, set_gaze
from tth.face.sculpt.sculpture import Sculpture, Section
from tth.face.shot import Detail, Shot
from tth.face.stage import frame_px
from tth.model.controls import Framing

pytestmark = pytest.mark.embedded

Picture = NDArray[np.int_]
Paint = Callable[[FaceState], Picture]

# Places in a picture of 512x512 as rows and columns; the person's left is on the right.
MOUTH = np.s_[270:340, 210:302]
LEFT_EYE, RIGHT_EYE = np.s_[180:225, 272:340], np.s_[180:225, 172:240]
LEFT_MOUTH, RIGHT_MOUTH = np.s_[255:320, 275:330], np.s_[255:320, 182:237]
LEFT_BROW, RIGHT_BROW = np.s_[155:185, 265:340], np.s_[155:185, 172:247]


def state(**weights: float) -> FaceState:
    """A face with these shapes."""
    values = neutral_weights()
    for name, weight in weights.items():
        values[INDEX[name]] = weight
    return FaceState(values)


@pytest.fixture(scope="module")
def painter(anna: Sculpture) -> SculptedPainter:
    """One painter of the default person at 512x512."""
    return SculptedPainter(anna, Shot(512, 512))


@pytest.fixture(scope="module")
def paint(painter: SculptedPainter) -> Paint:
    """Pictures that stay valid, as signed numbers."""
    return lambda face: painter.paint(face).astype(int)


def change(one: Picture, other: Picture, where: tuple[slice, slice]) -> float:
    """Mean absolute difference in a part of two pictures."""
    return float(np.abs(one[where] - other[where]).mean())


def dark_pixels(picture: Picture, where: tuple[slice, slice]) -> int:
    """Pixels darker than anything but the inside of a mouth."""
    return int((picture[where].sum(-1) < 170).sum())


def white_pixels(picture: Picture, where: tuple[slice, slice]) -> int:
    """Pixels that are light and hardly coloured: the white of an eye."""
    part = picture[where]
    return int(((part.min(-1) > 120) & (part.max(-1) - part.min(-1) < 24)).sum())


def on_screen(painter: SculptedPainter, section: Section) -> NDArray[np.float64]:
    """Mean place (x, y) of a section's vertices in the last picture."""
    part = painter.sculpture.range_of(section)
    return np.asarray(painter._canvas.screen[part, :2].mean(0), float)


@pytest.mark.parametrize("name", list_sculpted_looks())
def test_everybody_can_be_painted(head_of: HeadOf, name: str) -> None:
    """Each look gives a picture with a person in it at the usual sizes, and no two are alike."""
    head = head_of(name)
    for width, height in ((512, 512), (256, 256), (320, 240)):
        picture = SculptedPainter(head, Shot(width, height)).paint(FaceState())
        assert picture.shape == (height, width, 3)
        assert picture.dtype == np.uint8
        skin = np.array(load_look(name).skin.tone, float)
        face = picture[height // 3 : height * 6 // 10, width * 4 // 10 : width * 6 // 10].reshape(-1, 3).mean(0)
        assert np.abs(face / face.sum() - skin / skin.sum()).max() < 0.12, "the middle has the colour of skin"
        assert picture.std() > 30


def test_same_state_same_picture(painter: SculptedPainter, anna: Sculpture) -> None:
    """Neither what was painted before nor another painter changes a picture."""
    face = FaceState(state(jawOpen=0.4).weights, yaw_deg=7, pitch_deg=-3, roll_deg=4, breath=0.6)
    first = painter.paint(face).copy()
    painter.paint(FaceState(yaw_deg=-30, breath=0.0))
    assert np.array_equal(painter.paint(face), first)
    assert np.array_equal(SculptedPainter(anna, Shot(512, 512)).paint(face), first)


def test_jaw_opens_a_dark_mouth(paint: Paint) -> None:
    """The wider the jaw, the more of the dark inside of the mouth shows."""
    areas = [dark_pixels(paint(state(jawOpen=jaw)), MOUTH) for jaw in (0.0, 0.15, 0.3, 0.5, 0.7, 1.0)]
    assert areas == sorted(areas)
    assert areas[-1] > areas[1] + 200


def test_mouth_close_seals_an_open_jaw(paint: Paint) -> None:
    """Lips that are kept together hide the inside of the mouth."""
    assert dark_pixels(paint(state(jawOpen=0.4, mouthClose=0.4)), MOUTH) < 60
    assert dark_pixels(paint(state(jawOpen=0.4)), MOUTH) > 150


def test_blink_covers_the_eyes(paint: Paint) -> None:
    """A closed eye shows no white."""
    white = [white_pixels(paint(state(eyeBlinkLeft=lid, eyeBlinkRight=lid)), LEFT_EYE) for lid in (0.0, 1.0)]
    assert white[0] > 100
    assert white[1] < white[0] / 5


@pytest.mark.parametrize("name", ["eyeWide", "eyeSquint"])
def test_lids_open_and_narrow(paint: Paint, name: str) -> None:
    """Wide eyes show more of the eyeball, squinting ones less."""
    rest, moved = (white_pixels(paint(state(**{f"{name}Left": weight})), LEFT_EYE) for weight in (0.0, 1.0))
    assert moved > rest if name == "eyeWide" else moved < rest


@pytest.mark.parametrize(
    ("angles", "axis", "sign"),
    [
        ({"yaw_deg": 15.0}, 0, 1), ({"yaw_deg": -15.0}, 0, -1), ({"pitch_deg": 12.0}, 1, -1),
        ({"pitch_deg": -12.0}, 1, 1), ({"roll_deg": 12.0}, 0, 1), ({"roll_deg": -12.0}, 0, -1),
    ],
)  # fmt: skip
def test_head_turns_the_stated_way(painter: SculptedPainter, angles: dict[str, float], axis: int, sign: int) -> None:
    """Yaw moves the teeth right, pitch up, and roll (clockwise) moves the eyes right; in pixels, y down."""
    section = Section.EYE_LEFT if "roll_deg" in angles else Section.TEETH_UPPER
    painter.paint(FaceState())
    rest = on_screen(painter, section)
    painter.paint(FaceState(neutral_weights(), **angles))
    assert sign * (on_screen(painter, section) - rest)[axis] > 5


def test_nose_follows_the_yaw(painter: SculptedPainter) -> None:
    """The tip of the nose moves to the side that the head turns to, further than the eyes do."""
    skin = painter.sculpture.range_of(Section.SKIN)
    tip = int(painter.sculpture.points[skin, 2].argmax())
    nose, eyes = [], []
    for yaw_deg in (-12, 0, 12):
        painter.paint(FaceState(yaw_deg=yaw_deg))
        nose.append(float(painter._canvas.screen[tip, 0]))
        eyes.append(float(on_screen(painter, Section.EYE_LEFT)[0]))
    assert nose[0] < nose[1] - 10 < nose[2] - 20
    assert nose[2] - nose[0] > eyes[2] - eyes[0]


@pytest.mark.parametrize(
    ("name", "left", "right"),
    [
        ("eyeBlink", LEFT_EYE, RIGHT_EYE), ("browDown", LEFT_BROW, RIGHT_BROW), ("mouthSmile", LEFT_MOUTH, RIGHT_MOUTH),
        ("mouthFrown", LEFT_MOUTH, RIGHT_MOUTH), ("browOuterUp", LEFT_BROW, RIGHT_BROW),
    ],
)  # fmt: skip
def test_one_side_moves_alone(paint: Paint, name: str, left: tuple[slice, slice], right: tuple[slice, slice]) -> None:
    """A Left shape changes the right of the picture, a Right shape the left."""
    rest = paint(FaceState())
    for side, moved, still in (("Left", left, right), ("Right", right, left)):
        picture = paint(state(**{f"{name}{side}": 1.0}))
        assert change(picture, rest, moved) > 1.5
        assert change(picture, rest, moved) > 8 * change(picture, rest, still)


def test_smile_moves_the_corners_out_and_up(painter: SculptedPainter) -> None:
    """The vertices that a smile moves most go outwards and up in the picture."""
    painter.paint(FaceState())
    rest = painter._canvas.screen.copy()
    painter.paint(state(mouthSmileLeft=1.0))
    moved = painter._canvas.screen - rest
    corner = np.argsort(np.linalg.norm(moved[:, :2], axis=1))[-40:]
    assert moved[corner, 0].mean() > 3
    assert moved[corner, 1].mean() < -3


@pytest.mark.parametrize(("right_deg", "up_deg"), [(20.0, 0.0), (-20.0, 0.0), (0.0, 14.0), (0.0, -14.0)])
def test_gaze_moves_the_iris(paint: Paint, right_deg: float, up_deg: float) -> None:
    """The dark of iris and pupil moves where the eyes look."""

    def iris(face: FaceState) -> NDArray[np.float64]:
        dark = paint(face)[LEFT_EYE][8:-8].sum(-1) < 240
        row, column = np.nonzero(dark)
        return np.array([column.mean(), -row.mean()])

    looking = neutral_weights()
    set_gaze(looking, right_deg, up_deg)
    shift = iris(FaceState(looking)) - iris(FaceState())
    if right_deg:
        assert np.sign(right_deg) * shift[0] > 1.5
    else:
        assert np.sign(up_deg) * shift[1] > 0.4


def test_breath_lifts_the_shoulders(painter: SculptedPainter) -> None:
    """Breathing in moves the clothes up, and nothing of the face."""
    breathed_out = painter.paint(FaceState()).astype(int)
    low = on_screen(painter, Section.CLOTH)
    breathed_in = painter.paint(FaceState(breath=1.0)).astype(int)
    assert on_screen(painter, Section.CLOTH)[1] < low[1] - 1
    assert change(breathed_in, breathed_out, np.s_[100:320, 150:362]) == 0
    assert change(breathed_in, breathed_out, np.s_[380:512, 0:512]) > 0.5


@pytest.mark.parametrize(
    ("width", "height"), [(320, 240), (240, 320), (640, 360), (180, 320), (64, 64), (1024, 64), (64, 1024)]
)
def test_any_aspect_shows_the_same_framing(head_of: HeadOf, width: int, height: int) -> None:
    """Head and shoulders are centred, undistorted, and as large as the frame says; the bust reaches the bottom."""
    painter = SculptedPainter(head_of("amara"), Shot(width, height))
    picture = painter.paint(FaceState(breath=1.0)).astype(int)
    eyes = [on_screen(painter, section) for section in (Section.EYE_LEFT, Section.EYE_RIGHT)]
    assert abs((eyes[0][0] + eyes[1][0]) / 2 - width / 2) < 0.01 * frame_px(Shot(width, height))
    apart = (eyes[0][0] - eyes[1][0]) / frame_px(Shot(width, height))
    assert apart == pytest.approx(0.175, abs=0.012)
    half = int(0.1 * frame_px(Shot(width, height)))
    bottom = picture[-1, width // 2 - half : width // 2 + half]
    assert (bottom[:, 0] > 2 * bottom[:, 2]).all(), "an orange jumper"


@pytest.mark.parametrize("name", list_sculpted_looks())
def test_the_head_framing_shows_the_whole_head_and_hardly_more(head_of: HeadOf, name: str) -> None:
    """Hair has a little room on every side, and the clothes begin in the lowest part of a square picture."""
    sculpture = head_of(name)
    painter = SculptedPainter(sculpture, Shot(256, 256, Framing.HEAD), plain_backdrop((0, 255, 0), Shot(256, 256)))
    empty = (painter.paint(FaceState()) == (0, 255, 0)).all(-1)
    row, column = np.nonzero(~empty[:200])
    assert 2 <= row.min() <= 30
    assert 8 <= column.min() <= 70
    assert 8 <= 255 - column.max() <= 70
    assert on_screen(painter, Section.CLOTH)[1] > 256
    assert painter._canvas.screen[sculpture.range_of(Section.CLOTH), 1].min() > 190


@pytest.mark.parametrize(
    ("width", "height"), [(320, 240), (240, 320), (640, 360), (180, 320), (64, 64), (1024, 64), (64, 1024)]
)
def test_any_aspect_shows_the_head_in_the_middle(anna: Sculpture, width: int, height: int) -> None:
    """Eyes on the middle line and above the middle; the clothes reach the bottom."""
    shot = Shot(width, height, Framing.HEAD)
    painter = SculptedPainter(anna, shot, CLEAR)
    picture = painter.paint(FaceState())
    eyes = [on_screen(painter, section) for section in (Section.EYE_LEFT, Section.EYE_RIGHT)]
    assert abs((eyes[0][0] + eyes[1][0]) / 2 - width / 2) < 0.01 * frame_px(shot)
    assert (eyes[0][0] - eyes[1][0]) / frame_px(shot) == pytest.approx(0.226, abs=0.016)
    assert 0 < height / 2 - eyes[0][1] < 0.2 * frame_px(shot)
    assert picture[-1, width // 2, 3] == 255


@pytest.mark.parametrize("name", list_sculpted_looks())
def test_a_clear_backdrop_gives_clean_alpha(head_of: HeadOf, name: str) -> None:
    """Put over any colour, the cut-out person is the person drawn before that colour: no fringe at hair or shoulder."""
    shot, face = Shot(256, 256), FaceState(state(jawOpen=0.3).weights, yaw_deg=12, breath=0.4)
    cut_out = SculptedPainter(head_of(name), shot, CLEAR).paint(face)
    assert cut_out.shape == (256, 256, 4)
    alpha = cut_out[..., 3:] / 255
    assert {0, 64, 128, 191, 255} >= set(np.unique(cut_out[..., 3]).tolist())
    assert 0.2 < (alpha == 1).mean() < 0.7
    for colour in ((255, 255, 255), (0, 0, 0), (0, 255, 0)):
        drawn = SculptedPainter(head_of(name), shot, plain_backdrop(colour, shot)).paint(face)
        assert np.abs(cut_out[..., :3] * alpha + np.array(colour) * (1 - alpha) - drawn).max() <= 2


def test_a_clear_picture_can_be_scaled(anna: Sculpture) -> None:
    """Beside the person, clear pixels have the person's colour, or halving the picture would darken the edges."""
    picture = SculptedPainter(anna, Shot(256, 256), CLEAR).paint(FaceState()).astype(int)
    top = int((picture[..., 3] > 0).any(1).argmax())
    assert (picture[top - 1, :, :3] == picture[top, :, :3]).all()
    for row in range(top, 256):
        covered = np.nonzero(picture[row, :, 3])[0]
        assert (picture[row, covered[0] - 1, :3] == picture[row, covered[0], :3]).all() or covered[0] == 0


@pytest.mark.parametrize("size", [(256, 256), (512, 318), (96, 128)])
@pytest.mark.parametrize("detail", [Detail.REDUCED, Detail.LOW])
def test_less_detail_shows_the_same(anna: Sculpture, size: tuple[int, int], detail: Detail) -> None:
    """Same size, same composition, a little softer; each step keeps less of what the full picture shows."""
    face = FaceState(state(jawOpen=0.3).weights, yaw_deg=8, pitch_deg=3, breath=0.7)
    full, less = (SculptedPainter(anna, Shot(*size, detail=d)).paint(face).astype(int) for d in (Detail.FULL, detail))
    assert less.shape == full.shape
    assert np.abs(less - full).mean() < (3.5 if detail is Detail.REDUCED else 5)
    assert (
        np.abs(cv2.blur(less.astype(np.uint8), (9, 9)).astype(int) - cv2.blur(full.astype(np.uint8), (9, 9))).max() < 40
    )


def test_less_detail_takes_a_backdrop_of_full_size(anna: Sculpture) -> None:
    """And a cut-out keeps its alpha."""
    shot = Shot(256, 256, detail=Detail.LOW)
    picture = SculptedPainter(anna, shot, plain_backdrop((0, 255, 0), shot)).paint(FaceState())
    assert (picture[:8] == (0, 255, 0)).all()
    clear = SculptedPainter(anna, shot, CLEAR).paint(FaceState())
    assert clear.shape == (256, 256, 4)
    assert clear[128, 128, 3] == 255
    assert clear[2, 2, 3] == 0


def test_a_backdrop_of_another_size_is_refused(anna: Sculpture) -> None:
    """The message says which shape it must have."""
    with pytest.raises(ValueError, match=r"\(128, 64, 3\)"):
        SculptedPainter(anna, Shot(64, 128), plain_backdrop((0, 0, 0), Shot(64, 64)))


def test_extreme_states_are_painted(paint: Paint) -> None:
    """All shapes at once, weights beyond 1, and a head turned far give a picture and no error."""
    everything = np.full(len(INDEX), 1.3, np.float32)
    for face in (
        FaceState(everything),
        FaceState(everything * 1e6),
        FaceState(-everything),
        FaceState(yaw_deg=80, pitch_deg=45, roll_deg=-45, breath=3.0),
    ):
        assert paint(face).std() > 20


@pytest.mark.parametrize("field", ["yaw_deg", "pitch_deg", "roll_deg", "breath", "weights"])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_state_that_is_not_finite_is_refused(painter: SculptedPainter, field: str, value: float) -> None:
    """No NaN reaches the compiled code."""
    broken = np.full(len(INDEX), value, np.float32) if field == "weights" else value
    bad = replace(FaceState(), **{field: broken})  # type: ignore[arg-type]  # the field is a parameter of the test
    with pytest.raises(ValueError, match="finite"):
        painter.paint(bad)


def test_painters_in_threads_equal_painters_in_turn(head_of: HeadOf) -> None:
    """Two sessions at once, sharing one head or not, get the pictures they would get alone."""
    jobs = [("anna", 256), ("anna", 256), ("mei", 192)]
    states = [FaceState(state(jawOpen=k / 8).weights, yaw_deg=5.0 * k - 20, breath=k / 8) for k in range(8)]

    def film(job: tuple[str, int]) -> list[bytes]:
        painter = SculptedPainter(head_of(job[0]), Shot(job[1], job[1]))
        return [painter.paint(face).tobytes() for face in states]

    alone = [film(job) for job in jobs]
    with ThreadPoolExecutor(len(jobs)) as pool:
        assert list(pool.map(film, jobs)) == alone


def test_load_painter_takes_a_name() -> None:
    """The short way from a name to a picture, and a bad name is refused."""
    painter = load_painter("anna", Shot(128, 96))
    assert painter.size_px == (128, 96)
    assert painter.paint(FaceState()).shape == (96, 128, 3)
    with pytest.raises(LookError):
        load_painter("nobody", Shot(128, 128))


def test_the_package_is_light_to_import() -> None:
    """Parameters and looks bring neither numba nor the modelling libraries."""
    code = (
        "import sys, tth.face, tth.face.look, tth.face.parameters; print({'numba', 'scipy', 'cv2'} & set(sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "set()"
