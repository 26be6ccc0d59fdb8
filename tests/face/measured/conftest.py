"""Painters of everybody, sculpted and portrait, and speech to move them with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.face.measured.mouths import Mouth, mouth_of, openings
from tth.adapters.avatar.face_studio import Studio
from tth.adapters.base import Persona
from tth.cli.face.take import Line, Take, frames_of, from_sound, speak
from tth.face.backdrop import plain_backdrop
from tth.face.catalogue import open_look
from tth.face.look import BeardLook, Look
from tth.face.painter import SculptedPainter
from tth.face.parameters import FaceState
from tth.face.sculpt.store import load_sculpture
from tth.face.shot import Painter, Shot
from tth.model.controls import Controls, Framing
from tth.model.media import SAMPLE_RATE_HZ, Pcm

FPS = 25
TEXT = "Papa and Mama may buy a big apple. Bob laughed about it all the way home."
STILL = Controls(motion_gain=0.0, fps=FPS)
MOUTH_SHOT = Shot(192, 192, Framing.HEAD)

PainterOf = Callable[..., Painter]


@dataclass(frozen=True)
class Spoken:
    """Speech and the faces that go with it, at FPS."""

    take: Take
    faces: list[FaceState]

    def level(self) -> NDArray[np.float64]:
        """How loud the sound is around the middle of each frame: 0 at -45 dBFS and below, 1 at -10 and above."""
        middle = (np.arange(len(self.faces)) + 0.5) * SAMPLE_RATE_HZ / FPS
        return np.array([_level(self.take.pcm[max(int(m) - 480, 0) : int(m) + 480]) for m in middle])


def _level(pcm: Pcm) -> float:
    power = float((pcm.astype(np.float64) ** 2).mean()) / 32768**2 if len(pcm) else 0.0
    return float(np.clip((10 * np.log10(power + 1e-12) + 45) / 35, 0, 1))


@pytest.fixture(scope="session")
def painter_of() -> PainterOf:
    """A fresh painter of a look: `painter_of(look, shot, background="studio")`."""
    studio = Studio(None)

    def painter(look: str, shot: Shot, background: str = "studio") -> Painter:
        return studio.painter(look, shot, background)

    return painter


@pytest.fixture(scope="session")
def mouth_painter(painter_of: PainterOf) -> Callable[[str], tuple[Painter, Mouth]]:
    """A head before a plain wall, and how to measure its mouth; each look is learnt once."""
    known: dict[str, tuple[Painter, Mouth]] = {}

    def of(look: str) -> tuple[Painter, Mouth]:
        if look not in known:
            painter = shaved(look) or painter_of(look, MOUTH_SHOT, "#607080")
            known[look] = (painter, mouth_of(painter))
        return known[look]

    return of


def shaved(name: str) -> Painter | None:
    """A painter of the same face without its beard, whose dark hairs nobody can tell from an open mouth by colour;
    None for who has none."""
    look = open_look(name)
    if not isinstance(look, Look) or look.beard.style == "none":
        return None
    head = load_sculpture(replace(look, beard=BeardLook()))
    return SculptedPainter(head, MOUTH_SHOT, plain_backdrop((96, 112, 128), MOUTH_SHOT))


@pytest.fixture(scope="session")
def spoken() -> Spoken:
    """The sentence by the embedded voice, with phonemes."""
    take = asyncio.run(speak([Line(TEXT, STILL)], Persona("default")))
    return Spoken(take, asyncio.run(_faces(take)))


@pytest.fixture(scope="session")
def heard(spoken: Spoken) -> Spoken:
    """The same from its sound alone."""
    take = from_sound(spoken.take.pcm, STILL)
    return Spoken(take, asyncio.run(_faces(take)))


@pytest.fixture(scope="session")
def spoken_opening(
    mouth_painter: Callable[[str], tuple[Painter, Mouth]], spoken: Spoken
) -> Callable[[str], NDArray[np.float64]]:
    """How far a look's mouth is open in each frame of the spoken sentence; drawn once for each."""
    return cache(lambda look: openings(*mouth_painter(look), spoken.faces))


async def _faces(take: Take) -> list[FaceState]:
    return [frame.face async for frame in frames_of(take, Persona("default"), 1, draw=False) if frame.face]
