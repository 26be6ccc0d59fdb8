"""The embedded avatar with its real painter, on small pictures. The first run on a machine builds the heads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tests.face.puppet.sculpted_portrait import write_sculpted_look
from tests.face.scripts import phonemes, silence, speech
from tth.adapters.avatar.embedded_face import Settings, build
from tth.adapters.avatar.face_studio import Studio
from tth.adapters.base import AvatarInput, Persona, SessionContext, TurnContext
from tth.face.look import LookError, load_look
from tth.face.painter import SculptedPainter
from tth.face.parameters import FaceState
from tth.face.sculpt.store import load_sculpture
from tth.face.shot import Shot
from tth.model.controls import STUDIO, Controls, EmotionLabel, Resolution
from tth.model.media import FrameKind, Picture

pytestmark = [pytest.mark.embedded, pytest.mark.timeout(300)]

SIZE = Resolution(128, 128)
SHOT = Shot(128, 128)
SPEECH = speech(phonemes("m:200 a:400:2 m:200"))


@pytest.fixture(scope="module")
def studio() -> Studio:
    return Studio(None)


def pictures(items: list[AvatarInput], controls: Controls, motion_look: str = "anna") -> list[Picture]:
    """What one stream of the whole adapter shows."""

    async def spans() -> AsyncIterator[AvatarInput]:
        for item in items:
            yield item

    async def main() -> list[Picture]:
        avatar = build(Settings(look=motion_look))
        await avatar.load()
        try:
            session = avatar.open_session(SessionContext("s_1"), Persona("p"), draw=True)
            frames = [f async for f in session.infer_stream(spans(), controls, TurnContext("s_1", "t_0", 0))]
        finally:
            await avatar.aclose()
        return [frame.picture for frame in frames if frame.picture is not None]

    return asyncio.run(main())


def test_the_drawn_mouth_opens_with_the_vowel() -> None:
    """Between the m of "mam" the mouth's part of the picture is plainly another, and much darker inside."""
    shown = pictures([SPEECH], Controls(resolution=SIZE, motion_gain=0.0))
    mouths = [picture[72:92, 52:76].astype(float) for picture in shown]
    assert len(shown) == 20
    assert np.abs(mouths[10] - mouths[2]).mean() > 8
    assert mouths[10].min(axis=2).min() < mouths[2].min(axis=2).min() - 15


def test_emotions_are_seen() -> None:
    """Every label changes the face's part of the picture against neutral."""
    stills = {
        label: pictures(
            [silence(0, 40)], Controls(label, 1.0, resolution=SIZE, motion_gain=0.0)
        )[0][30:95, 35:93].astype(float)
        for label in EmotionLabel
    }  # fmt: skip
    for label, still in stills.items():
        if label is not EmotionLabel.NEUTRAL:
            assert np.abs(still - stills[EmotionLabel.NEUTRAL]).mean() > 2, label


def test_a_person_at_rest_lives() -> None:
    """In two idle seconds the picture never quite stands still."""
    shown = pictures([silence(0, 2000, FrameKind.LISTENING)], Controls(resolution=SIZE))
    assert all((one != other).any() for one, other in zip(shown[::5], shown[5::5], strict=False))


def test_the_background_is_the_colour_asked_for(studio: Studio) -> None:
    """A green wall around the same person; "studio" is the look's own."""
    green = studio.painter("anna", SHOT, "#00ff00").paint(FaceState()).copy()
    own = studio.painter("anna", SHOT, "studio").paint(FaceState()).copy()
    assert np.abs(green[3, 3].astype(int) - (0, 255, 0)).max() <= 2
    assert np.abs(own[3, 3].astype(int) - (0, 255, 0)).max() > 50
    assert np.abs(green[64, 64].astype(int) - own[64, 64]).max() <= 1


def test_sessions_share_a_head(studio: Studio) -> None:
    """Painters that are asked for at the same time hold one head in memory."""
    with ThreadPoolExecutor(4) as threads:
        painters = list(threads.map(lambda _: Studio.painter(studio, "anna", SHOT, "studio"), range(4)))
    assert len({id(painter.sculpture) for painter in painters if isinstance(painter, SculptedPainter)}) == 1


def test_an_unknown_look_is_an_error(studio: Studio) -> None:
    """Named as such."""
    with pytest.raises(LookError):
        studio.painter("nobody", SHOT, "studio")


def test_a_portrait_is_painted_by_the_puppet(studio: Studio, tmp_path: Path) -> None:
    """A look folder instead of a name; without a matte it keeps its own background."""
    folder = str(write_sculpted_look(tmp_path / "own", load_sculpture(load_look("anna")), load_look("anna"), layers={}))
    own, green = (
        studio.painter(folder, SHOT, background).paint(FaceState()).copy() for background in (STUDIO, "green")
    )
    assert np.array_equal(own, green)
    assert studio.is_built(folder)
    matted = str(write_sculpted_look(tmp_path / "cut", load_sculpture(load_look("anna")), load_look("anna")))
    assert tuple(studio.painter(matted, SHOT, "#00ff00").paint(FaceState())[2, 2]) == (0, 255, 0)
