"""Arguments that several commands share: the controls of the contract, and which server.

Ranges and choices come from `tth.model.controls.FIELDS`, the one table of controls. Tests: tests/cli/test_arguments.py.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from tth.cli.connection import add_tls_arguments
from tth.cli.exits import USAGE, CommandFailed
from tth.model.controls import BY_PATH, MAX_SIDE_PX, MIN_SIDE_PX, ControlField

if TYPE_CHECKING:
    from tth.v1 import controls_pb2

FLAGS: Mapping[str, str] = MappingProxyType(
    {
        "emotion": "emotion.label",
        "intensity": "emotion.intensity",
        "valence": "emotion.valence",
        "arousal": "emotion.arousal",
        "persona": "character.persona_id",
        "rate": "character.speech_rate",
        "pitch": "character.pitch_shift",
        "expressivity": "character.expressivity",
        "motion": "character.motion_gain",
        "fps": "render.fps",
        "size": "render.resolution",
        "latency": "render.latency_mode",
        "idle": "render.idle_mode",
        "background": "render.background",
        "framing": "render.framing",
    }
)
"""Short name of each control -> its path. The same names as the arguments of `tth.client.controls`."""
_MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        "emotion": "what the person feels",
        "intensity": "how strongly",
        "valence": "unpleasant to pleasant, in place of the emotion's own",
        "arousal": "calm to excited, in place of the emotion's own",
        "persona": "who speaks",
        "rate": "speed of speech, 1 is normal",
        "pitch": "octaves up or down",
        "expressivity": "how much the face says",
        "motion": "how much head and body move, 1 is normal",
        "fps": "frames per second",
        "size": "picture, WIDTHxHEIGHT",
        "latency": "how far media may be sent ahead",
        "idle": "what is sent while nobody speaks",
        "background": "what stands behind the person",
        "framing": "how much of the person is in the picture",
    }
)
DEFAULT_TARGET = "localhost:50051"


def add_control_arguments(parser: argparse.ArgumentParser) -> None:
    """One flag for each control."""
    group = parser.add_argument_group("the person")
    for flag, path in FLAGS.items():
        field = BY_PATH[path]
        group.add_argument(
            f"--{flag}",
            type=value_parser(flag),
            metavar=flag.upper() if not field.choices else "|".join(field.choices),
            help=f"{_MEANINGS[flag]}; {field.allowed}" if not field.choices else _MEANINGS[flag],
        )


def controls_of(arguments: argparse.Namespace) -> controls_pb2.Controls:
    """The controls that were given."""
    from tth.client import controls

    return controls(**{flag: value for flag in FLAGS if (value := getattr(arguments, flag)) is not None})


def value_parser(flag: str) -> Callable[[str], str | int | float | tuple[int, int]]:
    """Reads one control's value; raises argparse.ArgumentTypeError that says what is allowed."""
    field = BY_PATH[FLAGS[flag]]
    if field.choices:
        return lambda text: _choice(text, field)
    if flag == "size":
        return _size
    if field.minimum is not None:
        return lambda text: _number(text, field, whole=flag == "fps")
    return str


def add_server_argument(parser: argparse.ArgumentParser, own: bool) -> None:
    """Which server. own: without one the command starts its own."""
    default = None if own else DEFAULT_TARGET
    absent = "without it a server of its own is started on the offline profile" if own else f"default {DEFAULT_TARGET}"
    parser.add_argument("--server", metavar="HOST:PORT", default=default, help=f"a running server; {absent}")
    add_tls_arguments(parser)
    if own:
        meaning = "who is shown: a name from `tth face list`, a look's YAML file or a portrait's folder"
        parser.add_argument("--look", metavar="NAME|PATH", help=f"{meaning}; for a server of one's own")


def own_server_settings(arguments: argparse.Namespace) -> tuple[str, ...]:
    """Settings, as KEY=VALUE, for the server that the command starts. Raises CommandFailed where it starts none."""
    if arguments.look is None:
        return ()
    if arguments.server is not None:
        raise CommandFailed("--look is for a server of one's own; with --server a persona brings its look", USAGE)
    return (f"adapters.avatar.embedded_face.look={arguments.look}",)


def _choice(text: str, field: ControlField) -> str:
    if text not in field.choices:
        raise argparse.ArgumentTypeError(f"must be {field.allowed}")
    return text


def _number(text: str, field: ControlField, *, whole: bool) -> int | float:
    assert field.minimum is not None
    assert field.maximum is not None
    try:
        number = int(text) if whole else float(text)
    except ValueError:
        number = math.nan
    if not field.minimum <= number <= field.maximum:
        raise argparse.ArgumentTypeError(f"must be {'a whole number, ' if whole else ''}{field.allowed}")
    return number


def _size(text: str) -> tuple[int, int]:
    width, cross, height = text.lower().partition("x")
    sides = (int(width), int(height)) if cross and width.isdecimal() and height.isdecimal() else (0, 0)
    if any(side % 2 or not MIN_SIDE_PX <= side <= MAX_SIDE_PX for side in sides):
        raise argparse.ArgumentTypeError(f"must be WIDTHxHEIGHT, even numbers, {MIN_SIDE_PX}..{MAX_SIDE_PX} each")
    return sides
