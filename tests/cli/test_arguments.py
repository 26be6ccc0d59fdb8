"""Controls as flags."""

from __future__ import annotations

import argparse

import pytest

from tth.cli.arguments import (
    FLAGS,
    add_control_arguments,
    add_server_argument,
    controls_of,
    own_server_settings,
    value_parser,
)
from tth.cli.exits import USAGE, CommandFailed
from tth.client import controls
from tth.model.controls import FIELDS
from tth.v1 import controls_pb2

pytestmark = pytest.mark.unit


def parse(*words: str) -> controls_pb2.Controls:
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_control_arguments(parser)
    return controls_of(parser.parse_args(words))


def test_every_control_of_the_contract_has_a_flag() -> None:
    """A new control cannot be forgotten here."""
    assert set(FLAGS.values()) == {field.path for field in FIELDS}


def test_what_is_given_is_set_and_nothing_else() -> None:
    """Zero is a value."""
    words = ("--emotion", "sad", "--intensity", "0", "--fps", "30", "--size", "640x480", "--background", "#102030")
    assert parse(*words) == controls(emotion="sad", intensity=0.0, fps=30, size=(640, 480), background="#102030")
    assert parse() == controls_pb2.Controls()


@pytest.mark.parametrize(
    ("flag", "text"),
    [
        ("intensity", "1.01"),
        ("intensity", "nan"),
        ("intensity", "loud"),
        ("valence", "-2"),
        ("rate", "inf"),
        ("rate", "0.2"),
        ("fps", "25.5"),
        ("fps", "0"),
        ("emotion", "joyful"),
        ("size", "512"),
        ("size", "513x512"),
        ("size", "2048x512"),
        ("size", "-64x64"),
        ("latency", "fast"),
    ],
)
def test_what_is_out_of_range_is_refused_with_the_range(flag: str, text: str) -> None:
    """Before anything is sent."""
    with pytest.raises(argparse.ArgumentTypeError, match="must be "):
        value_parser(flag)(text)


@pytest.mark.parametrize(("flag", "text"), [("intensity", "1"), ("valence", "-1"), ("rate", "4"), ("size", "64X1024")])
def test_the_ends_of_a_range_belong_to_it(flag: str, text: str) -> None:
    """And an X is an x."""
    value_parser(flag)(text)


def test_the_help_shows_ranges_and_choices() -> None:
    """From the one table of controls."""
    parser = argparse.ArgumentParser()
    add_control_arguments(parser)
    text = parser.format_help()
    assert "0.25..4" in text
    assert "neutral|happy|sad" in text
    assert "64..1024" in text


def test_a_look_is_for_a_server_of_ones_own() -> None:
    """There it is a setting; with a server that runs already it is wrong usage."""
    parser = argparse.ArgumentParser()
    add_server_argument(parser, own=True)
    assert own_server_settings(parser.parse_args([])) == ()
    assert own_server_settings(parser.parse_args(["--look", "me/"])) == ("adapters.avatar.embedded_face.look=me/",)
    with pytest.raises(CommandFailed, match="--look") as refused:
        own_server_settings(parser.parse_args(["--look", "mei", "--server", "localhost:1"]))
    assert refused.value.code == USAGE
