"""Tests of tth.config.dotenv."""

from __future__ import annotations

from pathlib import Path

import pytest

from tth.config.dotenv import read_dotenv
from tth.errors import ConfigProblem

pytestmark = pytest.mark.unit


def read(tmp_path: Path, text: str) -> tuple[dict[str, str], list[ConfigProblem]]:
    path = tmp_path / ".env"
    path.write_text(text, "utf-8")
    problems: list[ConfigProblem] = []
    return {name: value.text for name, value in read_dotenv(path, problems).items()}, problems


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=1", "1"),
        ("export A=1", "1"),
        ("  A = 1  ", "1"),
        ("A=one two", "one two"),
        ("A=1 # a comment", "1"),
        ("A=1#2", "1#2"),
        ('A="1 # 2" # a comment', "1 # 2"),
        ("A='it is'", "it is"),
        ("A=x=y", "x=y"),
    ],
)
def test_lines_are_understood(tmp_path: Path, line: str, value: str) -> None:
    """Quotes, comments, blanks and export as people write them."""
    assert read(tmp_path, line) == ({"A": value}, [])


@pytest.mark.parametrize("line", ["A=", "A=  # later", 'A=""', "", "# A=1"])
def test_empty_values_say_nothing(tmp_path: Path, line: str) -> None:
    """A name copied from .env.example and left empty is not set."""
    assert read(tmp_path, line) == ({}, [])


def test_a_bad_line_is_named_by_its_number_only(tmp_path: Path) -> None:
    """What cannot be read is not shown: it may be a key."""
    values, problems = read(tmp_path, "A=1\nsk-secret without a name\n")
    assert values == {"A": "1"}
    assert [str(problem) for problem in problems] == [".env:2: must be NAME=value"]


def test_values_know_their_line(tmp_path: Path) -> None:
    """A value from the file can be found again."""
    (tmp_path / ".env").write_text("\nA=1\n", "utf-8")
    found = read_dotenv(tmp_path / ".env", [])["A"]
    assert (found.where, found.from_environment) == (".env:2", True)


def test_no_file_is_no_problem(tmp_path: Path) -> None:
    """Nobody needs a .env file."""
    problems: list[ConfigProblem] = []
    assert read_dotenv(tmp_path / ".env", problems) == {}
    assert problems == []


def test_a_file_that_is_not_text_is_a_problem(tmp_path: Path) -> None:
    """Bytes that are not UTF-8 are reported, not guessed."""
    (tmp_path / ".env").write_bytes(b"A=\xff\n")
    problems: list[ConfigProblem] = []
    assert read_dotenv(tmp_path / ".env", problems) == {}
    assert str(problems[0]) == ".env: cannot be read: is not UTF-8"
