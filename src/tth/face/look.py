"""What one person of the embedded face looks like: shape and colour parameters, read from a short YAML file.

A `Look` that exists is legal: every number is inside its range and every key is known. This file knows nothing of
meshes or pictures. Tests: tests/face/test_look.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar, Literal, get_args

import yaml

from tth.face import yaml_text
from tth.face.look_rules import COLOUR, LookSection, mapping, nearest, number
from tth.face.look_rules import LookError as LookError

Rgb = tuple[int, int, int]
"""An sRGB colour, 0..255 each."""
HairStyle = Literal["long", "short", "bun", "ponytail", "curly", "cropped", "balding", "bald"]
BeardStyle = Literal["none", "moustache", "goatee", "short", "full"]
FrameStyle = Literal["none", "round", "rectangular"]
EarringStyle = Literal["none", "stud", "hoop"]
ClothStyle = Literal["crew", "vneck", "turtle", "collared", "shirt", "blazer", "cardigan", "hoodie"]

LOOKS_DIR = Path(__file__).parent / "looks"


@dataclass(frozen=True, slots=True)
class FaceShape(LookSection):
    """Proportions of the head. Lengths are millimetres; what is called a change is added to an average head."""

    section: ClassVar[str] = "shape"

    face_width: float = number(1.0, -8, 8)
    """Change of half the face's width."""
    jaw_width: float = number(-3.5, -12, 8)
    """Change of the jaw on each side."""
    jaw_square: float = number(0.0, 0, 1)
    """Corner of the jaw: 0 soft .. 1 square."""
    chin_length: float = number(-2.0, -8, 8)
    """Change of the chin's length."""
    chin_width: float = number(-1.5, -6, 6)
    """Change of the chin on each side."""
    chin_forward: float = number(0.0, -5, 5)
    """How far the chin comes forward."""
    cheekbone: float = number(0.6, 0, 2)
    """Prominence of the cheekbones; 1 = marked."""
    cheek_fullness: float = number(1.7, 0, 2.5)
    """Soft tissue of the cheeks; 1 = average."""
    cheek_hollow: float = number(-0.1, -0.5, 1.5)
    """Hollow under the cheekbone."""
    brow_ridge: float = number(0.15, -1, 2.5)
    """Prominence of the bone above the eyes."""
    neck_width: float = number(-8.0, -14, 10)
    """Change of half the neck's width."""
    eye_radius: float = number(19.6, 15, 22)
    """Radius of the eyeball; larger than in life, as in most drawn people."""
    eye_spacing: float = number(33.6, 28, 38)
    """Distance of each pupil from the midline."""
    eye_height: float = number(0.0, -3, 3)
    """Height of the pupils."""
    eye_half_width: float = number(18.6, 13, 21)
    """Half the width of the opening between the lids."""
    lid_upper: float = number(8.4, 3, 10)
    """Upper lid above the line between the corners."""
    lid_lower: float = number(6.2, 3, 9)
    """Lower lid below the line between the corners."""
    eye_tilt: float = number(2.0, -4, 6)
    """Outer corner above the inner corner."""
    eye_depth: float = number(0.0, -2, 4)
    """How far the eyeballs lie back."""
    lid_crease: float = number(3.0, 0.5, 5)
    """Strip of the upper lid that is seen when the eye is open."""
    nose_half_width: float = number(13.4, 11, 20)
    """Half the width at the wings."""
    bridge_half_width: float = number(8.2, 7, 12)
    """Half the width of the bridge."""
    bridge_height: float = number(-1.6, -5, 5)
    """Change of the bridge's height."""
    nose_tip: float = number(-1.0, -5, 5)
    """How far the tip comes forward."""
    nose_lift: float = number(1.4, -2, 3)
    """Turn of the tip; positive = upwards."""
    nose_length: float = number(-1.2, -5, 5)
    """Change of the nose's length."""
    mouth_half_width: float = number(24.0, 19, 29)
    """Half the width of the mouth."""
    mouth_height: float = number(-67.0, -71, -63)
    """Height of the line between the lips, on an average face."""
    lip_upper: float = number(7.2, 4, 12)
    """Height of the upper lip's red."""
    lip_lower: float = number(8.8, 5, 14)
    """Height of the lower lip's red."""
    lip_volume: float = number(0.9, 0.4, 1.6)
    """How far the lips stand out; 1 = average."""
    cupid_bow: float = number(1.0, 0, 1.5)
    """Notch of the upper lip."""
    ear_size: float = number(1.0, 0.7, 1.3)
    """Size of the ears; 1 = average."""
    adams_apple: float = number(0.0, 0, 1.5)
    """Prominence of the larynx."""
    lower_face: float = number(0.88, 0.8, 1.1)
    """Height of the face below the eyes; 1 = average."""
    upper_skull: float = number(0.97, 0.85, 1.1)
    """Height of the skull above the brows; 1 = average."""


@dataclass(frozen=True, slots=True)
class SkinLook(LookSection):
    """Colours and surface of the skin and lips. Strengths: 0 = none, 1 = plain to see."""

    section: ClassVar[str] = "skin"

    tone: Rgb = field(default=(230, 181, 157), metadata=COLOUR)
    """Skin in full light."""
    lips: Rgb = field(default=(196, 104, 100), metadata=COLOUR)
    """Colour of the lips."""
    blush: float = number(1.0, 0, 2)
    """Red of cheeks and nose."""
    gloss: float = number(1.0, 0, 2)
    """Strength of the highlights."""
    stubble: float = number(0.0, 0, 1)
    """Shaved beard."""
    freckles: float = number(0.0, 0, 1)
    """Freckles on cheeks and nose."""
    age: float = number(0.0, 0, 1)
    """Lines of age."""


@dataclass(frozen=True, slots=True)
class BrowLook(LookSection):
    """The eyebrows."""

    section: ClassVar[str] = "brows"

    colour: Rgb = field(default=(70, 46, 34), metadata=COLOUR)
    """Colour of the hairs."""
    width: float = number(1.0, 0.5, 1.8)
    """Thickness; 1 = average."""
    height: float = number(1.0, -5, 5)
    """Millimetres above the average height."""
    arch: float = number(1.0, 0, 1.6)
    """Curvature; 0 = straight."""
    density: float = number(1.0, 0.3, 1.6)
    """Number of hairs; 1 = average."""


@dataclass(frozen=True, slots=True)
class EyeLook(LookSection):
    """Iris, lashes and make-up."""

    section: ClassVar[str] = "eyes"

    iris: Rgb = field(default=(58, 52, 30), metadata=COLOUR)
    """Outer colour of the iris."""
    iris_inner: Rgb = field(default=(112, 84, 40), metadata=COLOUR)
    """Colour of the iris around the pupil."""
    lashes: float = number(1.0, 0.3, 1.4)
    """Length of the lashes; 1 = average."""
    liner: float = number(0.7, 0, 1)
    """Dark line on the lids."""
    shadow: float = number(0.35, 0, 1)
    """Eye shadow."""


@dataclass(frozen=True, slots=True)
class HairLook(LookSection):
    """The hair."""

    section: ClassVar[str] = "hair"

    style: HairStyle = field(default="long", metadata={"choices": get_args(HairStyle)})
    """Cut of the hair."""
    colour: Rgb = field(default=(74, 46, 32), metadata=COLOUR)
    """Colour of the hair."""
    grey: float = number(0.0, 0, 1)
    """Share of the strands that have turned grey."""
    volume: float = number(1.0, 0.6, 1.6)
    """Thickness of the whole; 1 = average."""
    parting: float = number(14.0, -25, 25)
    """Long hair: parting, millimetres from the midline, positive = right in the picture."""
    tips: float = number(-158.0, -205, -90)
    """Long hair: height of the tips in millimetres above the eyes."""
    wave: float = number(0.0, 0, 1)
    """Long hair: waviness."""
    recede: float = number(0.0, 0, 30)
    """Short or cropped hair: how far the hairline has drawn back, millimetres."""
    fringe: float = number(0.0, 0, 1)
    """Short hair: combed forward over the forehead instead of back; how far it falls."""


@dataclass(frozen=True, slots=True)
class BeardLook(LookSection):
    """The beard; its stubble, if it is only shaved, is `skin.stubble`."""

    section: ClassVar[str] = "beard"

    style: BeardStyle = field(default="none", metadata={"choices": get_args(BeardStyle)})
    """Cut of the beard."""
    colour: Rgb = field(default=(60, 42, 32), metadata=COLOUR)
    """Colour of the hairs."""
    grey: float = number(0.0, 0, 1)
    """Share of the hairs that have turned grey."""
    length: float = number(1.0, 0.6, 1.6)
    """Length of the hairs; 1 = average for the cut."""


@dataclass(frozen=True, slots=True)
class GlassesLook(LookSection):
    """Spectacles. Their lenses are clear."""

    section: ClassVar[str] = "glasses"

    frame: FrameStyle = field(default="none", metadata={"choices": get_args(FrameStyle)})
    """Shape of the lenses."""
    colour: Rgb = field(default=(40, 32, 30), metadata=COLOUR)
    """Colour of the frame."""
    thickness: float = number(1.8, 0.8, 3.5)
    """Thickness of the rims in millimetres: about 1 = metal wire, about 2.5 = acetate."""
    size: float = number(1.0, 0.85, 1.15)
    """Size of the lenses; 1 = average."""


@dataclass(frozen=True, slots=True)
class EarringLook(LookSection):
    """Jewellery of the ears."""

    section: ClassVar[str] = "earrings"

    style: EarringStyle = field(default="none", metadata={"choices": get_args(EarringStyle)})
    """A small ball or a ring that hangs."""
    colour: Rgb = field(default=(212, 168, 92), metadata=COLOUR)
    """Colour of the metal."""
    size: float = number(1.0, 0.6, 1.6)
    """Size; 1 = average."""


@dataclass(frozen=True, slots=True)
class ClothesLook(LookSection):
    """What the person wears."""

    section: ClassVar[str] = "clothes"

    style: ClothStyle = field(default="crew", metadata={"choices": get_args(ClothStyle)})
    """Cut; "collared" is a jumper over a shirt whose collar shows."""
    colour: Rgb = field(default=(54, 70, 92), metadata=COLOUR)
    """Main colour."""
    shirt: Rgb = field(default=(236, 234, 230), metadata=COLOUR)
    """What shows below a blazer, a cardigan, a hoodie or a collared jumper."""


@dataclass(frozen=True, slots=True)
class BackdropLook(LookSection):
    """The wall behind the person: a soft round gradient."""

    section: ClassVar[str] = "backdrop"

    centre: Rgb = field(default=(206, 212, 220), metadata=COLOUR)
    """Colour behind the head."""
    edge: Rgb = field(default=(128, 138, 154), metadata=COLOUR)
    """Colour at the picture's corners."""


@dataclass(frozen=True, slots=True)
class Look:
    """One person, complete. The defaults are the person "anna" up to her wave of hair."""

    shape: FaceShape = field(default_factory=FaceShape)
    skin: SkinLook = field(default_factory=SkinLook)
    brows: BrowLook = field(default_factory=BrowLook)
    eyes: EyeLook = field(default_factory=EyeLook)
    hair: HairLook = field(default_factory=HairLook)
    beard: BeardLook = field(default_factory=BeardLook)
    glasses: GlassesLook = field(default_factory=GlassesLook)
    earrings: EarringLook = field(default_factory=EarringLook)
    clothes: ClothesLook = field(default_factory=ClothesLook)
    backdrop: BackdropLook = field(default_factory=BackdropLook)
    seed: int = 1
    """Chooses the random detail: hairs, pores, fibres of the iris. 0..65535."""

    def __post_init__(self) -> None:
        if type(self.seed) is not int or not 0 <= self.seed <= 65535:
            raise LookError("seed", f"{self.seed!r} is not a whole number in 0..65535")


SECTIONS: dict[str, type[LookSection]] = {
    part.section: part
    for part in (
        FaceShape,
        SkinLook,
        BrowLook,
        EyeLook,
        HairLook,
        BeardLook,
        GlassesLook,
        EarringLook,
        ClothesLook,
        BackdropLook,
    )
}


def list_sculpted_looks() -> tuple[str, ...]:
    """Names of the sculpted people that come with the package, in alphabetical order."""
    return tuple(sorted(path.stem for path in LOOKS_DIR.glob("*.yaml")))


def list_looks() -> tuple[str, ...]:
    """Names of all people that come with the package, sculpted or portraits, in alphabetical order."""
    return tuple(sorted((*list_sculpted_looks(), *(path.parent.name for path in LOOKS_DIR.glob("*/look.yaml")))))


def load_look(name_or_path: str | Path) -> Look:
    """Read one sculpted look: a name from `list_sculpted_looks()`, or the path of a YAML file.

    For a look that may be a portrait use `tth.face.catalogue.open_look`. Raises LookError for an unknown name or key
    (naming the nearest valid one), a value out of range (naming key and range), and a file that cannot be read or is
    not YAML.
    """
    if isinstance(name_or_path, str) and not name_or_path.endswith((".yaml", ".yml")):
        if name_or_path not in list_sculpted_looks():
            if name_or_path in list_looks():
                raise LookError("look", f"{name_or_path!r} is a portrait, not a sculpted head")
            raise LookError("look", f"no look is called {name_or_path!r}; {nearest(name_or_path, list_looks())}")
        path = LOOKS_DIR / f"{name_or_path}.yaml"
    else:
        path = Path(name_or_path)
    try:
        content = yaml_text.parsed(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise LookError("look", f"cannot be read ({type(error).__name__})", str(path)) from error
    try:
        return parse_look(content or {})
    except LookError as error:
        raise LookError(error.key, error.problem, str(path)) from None


def parse_look(content: object) -> Look:
    """Turn the content of a YAML file (nested mappings) into a Look; what is not named keeps its default.

    Raises LookError as `load_look` does.
    """
    top = mapping(content, "look", [*SECTIONS, "seed"])
    values: dict[str, Any] = {key: value for key, value in top.items() if key == "seed"}
    values |= {key: _parse_section(SECTIONS[key], value) for key, value in top.items() if key in SECTIONS}
    return Look(**values)


def _parse_section(section: type[LookSection], content: object) -> LookSection:
    """Build one section, turning YAML lists into colours."""
    known = [item.name for item in fields(section)]  # type: ignore[arg-type]  # every subclass is a dataclass
    found = mapping(content, section.section, known)
    return section(**{key: tuple(value) if isinstance(value, list) else value for key, value in found.items()})
