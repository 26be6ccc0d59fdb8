"""The pages of people."""

from __future__ import annotations

import numpy as np
import pytest

from tools.looks.person import Colours, PersonError, list_people, load_person, read_person

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("name", list_people())
def test_every_page_can_be_read(name: str) -> None:
    """Each person in people/ is complete and says who it is."""
    person = load_person(name)
    assert person.name == name
    assert person.description


def test_people_do_not_share_a_face() -> None:
    """Skull, eyes, nose and mouth differ between any two people."""
    people = [load_person(name) for name in list_people()]
    for part in ("head", "eyes", "nose", "mouth"):
        assert len({getattr(person, part) for person in people}) == len(people)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"head": {"widht": 1.0}}, "head.widht: unknown key; did you mean 'width'?"),
        ({"head": {"width": "wide"}}, "head.width: 'wide' is not a number"),
        ({"colours": {"skin": [1, 2, 300]}}, "colours.skin"),
        ({"hair": {"style": "mohawk"}}, "hair.style: 'mohawk' is not one of"),
        ({"garment": "cape"}, "garment: 'cape' is not one of knit, tee"),
    ],
)
def test_a_bad_value_is_named(values: dict[str, object], text: str) -> None:
    """The error says which key is wrong and what would be right."""
    with pytest.raises(PersonError, match=text):
        read_person({"name": "someone", **values})


def test_an_unknown_person_is_refused_with_those_there_are() -> None:
    """The names to choose from are in the error."""
    with pytest.raises(PersonError, match="maya"):
        load_person("nobody")


def test_colours_become_light() -> None:
    """sRGB 0, 188 and 255 are about 0, a half and 1 of the light."""
    np.testing.assert_allclose(Colours(skin=(0, 188, 255)).linear("skin"), [0, 0.5, 1], atol=0.005)
