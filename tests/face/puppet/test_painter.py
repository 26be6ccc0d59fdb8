"""Pictures of the puppet, checked by measurement. The person is a picture of the sculpted head with known points."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from tth.face.backdrop import CLEAR, plain_backdrop
from tth.face.expression import mood_of
from tth.face.parameters import INDEX, FaceState, neutral_weights, set_gaze
from tth.face.puppet.face_parts import HeadPoint
from tth.face.puppet.painter import NoMatteError, PuppetPainter
from tth.face.puppet.portrait import Portrait
from tth.face.shot import Detail, Shot
from tth.model.controls import Controls, EmotionLabel, Framing

pytestmark = [pytest.mark.embedded, pytest.mark.timeout(300)]  # the first run on a machine sculpts heads

Picture = NDArray[np.int_]


def state(**weights: float) -> FaceState:
    """A face with these shapes; a name without a side sets both."""
    values = neutral_weights()
    for name, weight in weights.items():
        for key in (name,) if name in INDEX else (f"{name}Left", f"{name}Right"):
            values[INDEX[key]] = weight
    return FaceState(values)


class Film:
    """A painter and the places of its person's features."""

    def __init__(self, portrait: Portrait, side_px: int = 512) -> None:
        self.painter = PuppetPainter(portrait, Shot(side_px, side_px))
        view = self.painter._view
        self.unit_px = view.unit_px
        self.at = {name: view.shot(point) for name, point in portrait.points.items()}

    def paint(self, face: FaceState) -> Picture:
        return self.painter.paint(face).astype(int)

    def around(self, name: str, width: float, up: float, down: float) -> tuple[slice, slice]:
        """A part of the picture about a feature, in eye distances."""
        (x, y), u = self.at[name], self.unit_px
        return np.s_[int(y - up * u) : int(y + down * u), int(x - width * u) : int(x + width * u)]

    @property
    def mouth(self) -> tuple[slice, slice]:
        return self.around("lip_seam", 0.4, 0.12, 0.5)

    def eye(self, side: str) -> tuple[slice, slice]:
        return self.around(f"{side}_eye_top", 0.28, 0.04, 0.30)


@pytest.fixture(scope="module")
def film(anna_portrait: Portrait) -> Film:
    return Film(anna_portrait)


def dark(picture: Picture, where: tuple[slice, slice]) -> int:
    """Pixels darker than anything but the inside of a mouth."""
    return int((picture[where].sum(-1) < 170).sum())


def white(picture: Picture, where: tuple[slice, slice]) -> int:
    """Pixels that are light and hardly coloured: the white of an eye, or teeth."""
    part = picture[where]
    return int(((part.min(-1) > 115) & (part.max(-1) - part.min(-1) < 30)).sum())


def change(one: Picture, other: Picture, where: tuple[slice, slice] = np.s_[:, :]) -> float:
    return float(np.abs(one[where] - other[where]).mean())


def test_at_rest_it_is_the_picture(film: Film, anna_portrait: Portrait) -> None:
    """A face at rest shows the portrait itself, up to resampling."""
    m, stage = film.painter._view.margin_px, film.painter._stage
    plate = stage.plain[:, m:-m, m:-m].transpose(1, 2, 0).astype(int)
    person = plate[..., 3] == 255
    assert np.abs(film.paint(FaceState())[person] - plate[person][:, :3]).mean() < 1.0


def test_the_jaw_opens_the_mouth(film: Film) -> None:
    """The wider the jaw, the more of the dark inside shows."""
    areas = [dark(film.paint(state(jawOpen=jaw)), film.mouth) for jaw in (0.0, 0.15, 0.3, 0.5, 0.75, 1.0)]
    assert areas == sorted(areas)
    assert areas[-1] > areas[1] + 300


def test_lips_close(film: Film) -> None:
    """Pressed lips, and lips kept together over an open jaw, show no inside."""
    for face in (
        state(mouthPress=0.7, mouthRollUpper=0.35, mouthRollLower=0.35),
        state(jawOpen=0.4, mouthClose=0.4),
        state(jawOpen=0.15, mouthClose=0.15, mouthPress=0.5, mouthRollLower=0.2),
    ):
        assert dark(film.paint(face), film.mouth) <= dark(film.paint(FaceState()), film.mouth) + 3
    assert dark(film.paint(state(jawOpen=0.4)), film.mouth) > 150


def test_teeth_show_on_f_and_s(film: Film) -> None:
    """The lower lip under the upper teeth, and bared teeth."""
    for face in (
        state(mouthRollLower=0.85, mouthUpperUp=0.4, jawOpen=0.07),
        state(mouthStretch=0.3, mouthUpperUp=0.3, mouthLowerDown=0.4),
    ):
        assert white(film.paint(face), film.mouth) > white(film.paint(FaceState()), film.mouth) + 80


def test_the_tongue_comes_out(film: Film) -> None:
    """Over the lower lip, pink."""
    shut, out = (film.paint(state(jawOpen=0.4, tongueOut=tongue)) for tongue in (0.0, 1.0))
    assert change(shut, out, film.mouth) > 6


def test_a_blink_shuts_the_eye(film: Film) -> None:
    """The white goes, step by step; one eye at a time."""
    rest = [white(film.paint(FaceState()), film.eye(side)) for side in ("left", "right")]
    assert min(rest) > 60
    areas = [white(film.paint(state(eyeBlink=lid)), film.eye("left")) for lid in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert areas == sorted(areas, reverse=True)
    wink = film.paint(state(eyeBlinkLeft=1.0))
    assert white(wink, film.eye("left")) < rest[0] / 8
    assert white(wink, film.eye("right")) == pytest.approx(rest[1], rel=0.05)


@pytest.mark.parametrize(("name", "sign"), [("eyeWide", 1), ("eyeSquint", -1)])
def test_lids_open_and_narrow(film: Film, name: str, sign: int) -> None:
    """Wide eyes show more white, squinting ones less."""
    rest, moved = (white(film.paint(state(**{name: weight})), film.eye("left")) for weight in (0.0, 1.0))
    assert sign * (moved - rest) > 0


@pytest.mark.parametrize(("right_deg", "up_deg"), [(20.0, 0.0), (-20.0, 0.0), (0.0, 15.0), (0.0, -15.0)])
def test_gaze_moves_the_iris(film: Film, right_deg: float, up_deg: float) -> None:
    """The pupil goes where the eyes look."""

    def pupil(face: FaceState) -> NDArray[np.float64]:
        rows, columns = np.nonzero(film.paint(face)[film.around("left_eye_top", 0.2, -0.05, 0.24)].sum(-1) < 130)
        return np.array([columns.mean(), -rows.mean()])

    looking = neutral_weights()
    set_gaze(looking, right_deg, up_deg)
    shift = pupil(FaceState(looking)) - pupil(FaceState())
    axis, sign = (0, np.sign(right_deg)) if right_deg else (1, np.sign(up_deg))
    assert sign * shift[axis] > 1.0


# Where each shape must show, about a landmark; a name without a side is tested on both.
_PLACES = {
    "mouthSmile": "mouth_corner", "mouthFrown": "mouth_corner", "mouthDimple": "mouth_corner",
    "mouthStretch": "mouth_corner", "browDown": "brow_inner", "browOuterUp": "brow_outer", "noseSneer": "nostril",
    "cheekSquint": "eye_bottom", "eyeBlink": "eye_top", "eyeWide": "eye_top", "eyeSquint": "eye_bottom",
}  # fmt: skip


@pytest.mark.parametrize(("name", "place"), _PLACES.items())
def test_one_side_moves_alone(film: Film, name: str, place: str) -> None:
    """A Left shape changes the person's left, on the right of the picture, a Right shape the right."""
    rest = film.paint(FaceState())
    for side, other in (("left", "right"), ("right", "left")):
        picture = film.paint(state(**{f"{name}{side.capitalize()}": 1.0}))
        moved, still = (film.around(f"{s}_{place}", 0.12, 0.1, 0.1) for s in (side, other))
        assert change(picture, rest, moved) > 1.0
        assert change(picture, rest, moved) > 3 * change(picture, rest, still)


@pytest.mark.parametrize("name", [n for n in INDEX if not n.startswith("eyeLook")])
def test_every_shape_shows(film: Film, name: str) -> None:
    """No shape of ARKit is without effect; those that close something are tried on something open."""
    before = {"mouthClose": {"jawOpen": 0.5}, "tongueOut": {"jawOpen": 0.3}}.get(name, {})
    assert change(film.paint(state(**before, **{name: 1.0})), film.paint(state(**before))) > 0.02


def test_emotions_are_told_apart(film: Film) -> None:
    """Any two of the seven differ in brows, eyes and mouth by far more than two pictures of one."""
    face = np.s_[int(film.at["hairline"][1]) : int(film.at["chin"][1]), 160:352]
    pictures = []
    for label in EmotionLabel:
        mood = mood_of(Controls(emotion_label=label, emotion_intensity=0.7))
        pictures.append(film.paint(FaceState(mood.weights.astype(np.float32))))
    assert min(change(a, b, face) for a, b in combinations(pictures, 2)) > 1.0


def test_growing_smiles_grow(film: Film) -> None:
    """More of a shape is more change."""
    rest = film.paint(FaceState())
    grown = [change(film.paint(state(mouthSmile=weight)), rest, film.mouth) for weight in (0.25, 0.5, 0.75, 1.0)]
    assert grown == sorted(grown)


@pytest.mark.parametrize("yaw_deg", [-15.0, 15.0])
def test_a_turned_head_has_no_holes(film: Film, yaw_deg: float) -> None:
    """The nose moves with the turn and further than the eyes; nothing of the wall shows inside the face."""
    rest, turned = film.paint(FaceState()), film.paint(FaceState(yaw_deg=yaw_deg))
    x0, x1 = int(film.at["right_brow_outer"][0]), int(film.at["left_brow_outer"][0])
    face = turned[int(film.at["hairline"][1]) : int(film.at["chin"][1]), x0:x1]
    wall = np.array(turned[20, 20])
    assert (np.abs(face - wall).sum(-1) < 8).mean() < 0.002
    inside = np.abs(np.diff(turned[:, x0:x1].sum(-1), axis=1)).max()
    assert inside < 1.35 * np.abs(np.diff(rest[:, x0:x1].sum(-1), axis=1)).max(), "a tear would be a sharp edge"


def test_the_head_turns_the_stated_way(film: Film) -> None:
    """Yaw moves the nose right, pitch moves it up, roll (clockwise) moves the forehead right."""
    mouth, forehead = film.painter._mouth._middle, film.painter._eyes[0]._ends[0]

    def at(point: HeadPoint, face: FaceState) -> NDArray[np.float64]:
        return np.array(point.turned(film.painter._pose(face)))

    rest = FaceState()
    assert (at(mouth, FaceState(yaw_deg=12.0)) - at(mouth, rest))[0] > 5
    assert (at(mouth, FaceState(pitch_deg=12.0)) - at(mouth, rest))[1] < -3
    assert (at(forehead, FaceState(roll_deg=12.0)) - at(forehead, rest))[0] > 5


def test_light_follows_the_turn(film: Film) -> None:
    """Lit from its right, a face gets darker when it turns to its left, away from the light."""
    m, light = film.painter._view.margin_px, film.painter._light
    rows, columns = film.around("nose_tip", 0.5, 0.3, 0.3)
    red = []
    for yaw_deg in (-14.0, 0.0, 14.0):
        lit = light.on(film.painter._stage.plain, FaceState(yaw_deg=yaw_deg))[m:-m, m:-m]
        red.append(float((lit[rows, columns] & np.uint64(255)).mean()))
    assert red[0] > red[1] + 1 > red[2] + 2


def test_breath_lifts_the_shoulders(film: Film) -> None:
    """And nothing of the face."""
    out, in_ = film.paint(FaceState()), film.paint(FaceState(breath=1.0))
    assert change(out, in_, np.s_[420:512, :]) > 0.5
    assert change(out, in_, film.around("nose_tip", 0.8, 0.8, 0.8)) == 0


def test_same_state_same_picture(film: Film, anna_portrait: Portrait) -> None:
    """Neither what was painted before nor another painter changes a picture."""
    face = replace(state(jawOpen=0.4, mouthSmile=0.3), yaw_deg=7.0, pitch_deg=-3.0, roll_deg=4.0, breath=0.6)
    first = film.paint(face)
    film.paint(replace(state(jawOpen=1.0, cheekPuff=1.0), yaw_deg=-20.0))
    assert np.array_equal(film.paint(face), first)
    assert np.array_equal(PuppetPainter(anna_portrait, Shot(512, 512)).paint(face), first)


@pytest.mark.parametrize("framing", list(Framing))
@pytest.mark.parametrize(
    ("width", "height"), [(64, 64), (320, 240), (240, 320), (640, 360), (1024, 64), (64, 1024), (1024, 1024)]
)
def test_any_size_shows_the_person(anna_portrait: Portrait, width: int, height: int, framing: Framing) -> None:
    """Whole pictures of the stated size, with the face in the middle."""
    painter = PuppetPainter(anna_portrait, Shot(width, height, framing))
    assert painter.size_px == (width, height)
    picture = painter.paint(state(jawOpen=0.3))
    assert picture.shape == (height, width, 3)
    assert picture.dtype == np.uint8
    x, y = painter._view.shot(anna_portrait.points["nose_tip"])
    assert abs(x - width / 2) < 0.1 * min(width, height) + 2
    red, _, blue = (int(v) for v in picture[int(y), int(x)])
    assert red > blue, "skin"


def test_the_head_framing_is_closer(anna_portrait: Portrait) -> None:
    """Eyes further apart than in the bust."""
    apart = [
        PuppetPainter(anna_portrait, Shot(256, 256, framing))._view.unit_px for framing in (Framing.BUST, Framing.HEAD)
    ]
    assert apart[1] > 1.2 * apart[0]


@pytest.mark.parametrize("detail", list(Detail))
def test_less_detail_is_the_same_picture(anna_portrait: Portrait, detail: Detail) -> None:
    """Softer, of the same size and content."""
    face = state(jawOpen=0.3)
    full = PuppetPainter(anna_portrait, Shot(256, 256)).paint(face).astype(int)
    picture = PuppetPainter(anna_portrait, Shot(256, 256, detail=detail)).paint(face).astype(int)
    assert picture.shape == full.shape
    assert change(picture, full) < 6


def test_a_clear_backdrop_cuts_the_person_out(anna_portrait: Portrait) -> None:
    """RGBA: opaque in the face, clear at the corners, and over any colour the same as painted before it."""
    shot, face = Shot(256, 256), replace(state(jawOpen=0.4), yaw_deg=9.0)
    clear = PuppetPainter(anna_portrait, shot, CLEAR).paint(face).copy()
    assert clear.shape == (256, 256, 4)
    assert clear[128, 128, 3] == 255
    assert clear[2, 2, 3] == 0
    for colour in ((0, 255, 0), (250, 250, 250)):
        painted = PuppetPainter(anna_portrait, shot, plain_backdrop(colour, shot)).paint(face).astype(int)
        alpha = clear[..., 3:].astype(float) / 255
        laid = clear[..., :3] * alpha + np.array(colour) * (1 - alpha)
        assert np.abs(laid - painted).max() < 4


def test_edges_carry_no_fringe(anna_portrait: Portrait) -> None:
    """Half-clear pixels have the colour of hair and cloth, not of the old wall."""
    picture = PuppetPainter(anna_portrait, Shot(512, 512), CLEAR).paint(FaceState()).astype(int)
    edge = picture[(picture[..., 3] > 40) & (picture[..., 3] < 200)][:, :3]
    from tests.face.puppet.sculpted_portrait import WALL

    assert len(edge) > 50
    assert (np.abs(edge - np.array(WALL)).sum(-1) < 40).mean() < 0.25


def test_without_a_matte_only_the_own_background(plain_portrait: Portrait) -> None:
    """The painter says so, and the portrait can be asked before."""
    assert not plain_portrait.has_matte
    assert PuppetPainter(plain_portrait, Shot(128, 128)).paint(FaceState()).shape == (128, 128, 3)
    for backdrop in (CLEAR, plain_backdrop((0, 255, 0), Shot(128, 128))):
        with pytest.raises(NoMatteError):
            PuppetPainter(plain_portrait, Shot(128, 128), backdrop)


def test_a_plain_photograph_talks_and_blinks(plain_portrait: Portrait) -> None:
    """Everything that a look may leave out is made from the picture."""
    film = Film(plain_portrait)
    rest = film.paint(FaceState())
    assert dark(film.paint(state(jawOpen=0.6)), film.mouth) > dark(rest, film.mouth) + 200
    assert white(film.paint(state(eyeBlink=1.0)), film.eye("left")) < white(rest, film.eye("left")) / 4


def test_extreme_states_are_painted(film: Film) -> None:
    """All shapes at once, weights beyond 1, and a head turned far give a picture and no error."""
    everything = np.full(len(INDEX), 1.3, np.float32)
    for face in (
        FaceState(everything),
        FaceState(everything * 1e6),
        FaceState(-everything),
        FaceState(yaw_deg=80, pitch_deg=45, roll_deg=-45, breath=3.0),
    ):
        assert film.paint(face).std() > 20


@pytest.mark.parametrize("field", ["yaw_deg", "pitch_deg", "roll_deg", "breath", "weights"])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_state_that_is_not_finite_is_refused(film: Film, field: str, value: float) -> None:
    """No NaN reaches the compiled code."""
    broken = np.full(len(INDEX), value, np.float32) if field == "weights" else value
    bad = replace(FaceState(), **{field: broken})  # type: ignore[arg-type]  # the field is a parameter of the test
    with pytest.raises(ValueError, match="finite"):
        film.painter.paint(bad)


def test_painters_in_threads_equal_painters_in_turn(anna_portrait: Portrait, plain_portrait: Portrait) -> None:
    """Sessions at once, sharing one portrait or not, get the pictures they would get alone."""
    jobs = [(anna_portrait, 192), (anna_portrait, 192), (plain_portrait, 128)]
    states = [replace(state(jawOpen=k / 8), yaw_deg=3.0 * k - 12, breath=k / 8) for k in range(8)]

    def filmed(job: tuple[Portrait, int]) -> list[bytes]:
        painter = PuppetPainter(job[0], Shot(job[1], job[1]))
        return [painter.paint(face).tobytes() for face in states]

    alone = [filmed(job) for job in jobs]
    with ThreadPoolExecutor(len(jobs)) as pool:
        assert list(pool.map(filmed, jobs)) == alone
