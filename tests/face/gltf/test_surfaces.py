"""Colours of an exported head."""

from __future__ import annotations

import numpy as np
import pytest

from tests.face.conftest import HeadOf
from tth.face.gltf.surfaces import HAIR, MOUTH, WORN, material_of, texture_picture, vertex_colours
from tth.face.look import load_look
from tth.face.sculpt.sculpture import Section

pytestmark = pytest.mark.embedded


def test_every_section_has_a_material() -> None:
    """Mouth and hair their own; what is worn counts as worn."""
    assert material_of(Section.TEETH_LOWER) is MOUTH
    assert material_of(Section.HAIR) is HAIR
    assert all(material_of(section).roughness > 0 for section in Section)
    assert WORN.two_sided


def test_skin_has_the_colour_of_its_look(head_of: HeadOf) -> None:
    """The middle of the texture, where the face is, is about the tone that the look asks for."""
    for name in ("anna", "amara"):
        picture = texture_picture(head_of(name), "skin").astype(float)
        found = np.median(picture[250:800, 250:770].reshape(-1, 3), axis=0)
        assert np.abs(found - np.array(load_look(name).skin.tone)).max() < 30


def test_vertex_colours_are_legal_and_darker_in_the_mouth(head_of: HeadOf) -> None:
    """0..1; no lamp reaches behind the lips."""
    anna = head_of("anna")
    colours = {section: vertex_colours(anna, section) for section in Section}
    assert all(found.min() >= 0 and found.max() <= 1 for found in colours.values() if len(found))
    assert colours[Section.TEETH_UPPER].mean() < colours[Section.SKIN].mean()
