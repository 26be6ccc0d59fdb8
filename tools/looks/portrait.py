"""One person from numbers to a finished picture, and the set that further layers are taken from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tools.looks import studio
from tools.looks.face_hair import beard_strands, brow_strands, lash_strands
from tools.looks.hairstyles import hair_strands
from tools.looks.march import Camera, camera_for
from tools.looks.person import Person
from tools.looks.sculpt import figure_of
from tools.looks.shade import Picture, Set, photograph
from tools.looks.strands import Strands, density, light_strands, no_hair
from tools.looks.volume import Volume, bake

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Quality:
    """How much work a portrait is worth."""

    size_px: int = 1024
    """Side of the picture."""
    oversample: float = 1.5
    """The picture is made this many times larger, then reduced."""
    rays: int = 6
    """Samples of light a pixel (of the larger picture)."""
    hairs: int = 70_000
    grid_step: float = 0.02
    """Resolution of the baked distances, decimetres; from 0.05 on, lips lie in shadow of their own."""

    @property
    def render_px(self) -> int:
        """Side of the picture before it is reduced."""
        return round(self.size_px * self.oversample)


FINAL = Quality()
PREVIEW = Quality(size_px=320, oversample=1.5, rays=4, hairs=24_000, grid_step=0.03)


@dataclass(frozen=True, slots=True)
class Sitting:
    """A person in the studio, hair combed and lit; each picture of them is taken from this."""

    place: Set
    hair: Sequence[Strands]
    """Hair that stays the same in every picture: head, brows, beard."""
    quality: Quality

    @property
    def person(self) -> Person:
        return self.place.person

    def camera(self) -> Camera:
        """The camera of the whole picture."""
        return camera_for(self.person.framing, self.quality.render_px)


def sit(person: Person, quality: Quality, progress: Progress) -> Sitting:
    """Sculpt the person and grow their hair."""
    progress("sculpting")
    figure = figure_of(person)
    body = bake(figure, quality.grid_step)
    progress("growing hair")
    rng = np.random.default_rng(person.seed)
    scalp = hair_strands(person, body, quality.hairs, rng)
    hair = density(scalp.points, body, 1.25 * 60_000 / quality.hairs)
    progress("lighting hair")
    lights = studio.lights()
    groups = [light_strands(scalp, body, hair, lights, person.hair.shine, rng)]
    groups.append(light_strands(brow_strands(person, body, rng), body, no_hair(body), lights, 0.3, rng))
    if person.skin.beard > 0:
        beard = beard_strands(person, body, quality.hairs, rng)
        own_shade = density(beard.points, body, 0.6 * 60_000 / quality.hairs)
        groups.append(light_strands(beard, body, own_shade, lights, 0.5, rng))
    return Sitting(Set(person, figure, body, body, hair), groups, quality)


def lashes(person: Person, openness: float = 1.0) -> list[Strands]:
    """The lashes; their colour is light already."""
    return [
        group._replace(colour=np.ascontiguousarray(group.colour))
        for group in lash_strands(person, openness, np.random.default_rng(person.seed + 1))
    ]


def take_portrait(sitting: Sitting, progress: Progress) -> Picture:
    """The neutral picture."""
    progress("taking the portrait")
    strands = [*sitting.hair, *lashes(sitting.person)]
    return photograph(sitting.place, sitting.camera(), strands, sitting.quality.rays)


def empty_volume(like: Volume) -> Volume:
    """A volume in which nothing is near: the camera asks the exact distances everywhere."""
    return Volume(np.full(like.values.shape, 0.05, np.float32), like.low, like.step)
