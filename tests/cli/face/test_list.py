"""`tth face list`: who can be shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tth.adapters.avatar.face_studio import Studio
from tth.cli.face.list import first_sentence, row_of
from tth.cli.main import main
from tth.face.look import list_looks
from tth.face.shot import Shot

pytestmark = pytest.mark.embedded


def test_every_look_is_listed_with_who_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """In the order of `list_looks`, each with a sentence about the person."""
    assert main(["face", "list", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["look"] for row in rows] == list(list_looks())
    assert all(len(row["about"]) > 5 for row in rows)
    assert {row["kind"] for row in rows} <= {"sculpted", "portrait"}


def test_the_personas_of_the_configuration_stand_with_their_looks(capsys: pytest.CaptureFixture[str]) -> None:
    """Every persona of the default configuration wears a look of the list, or one of its own."""
    main(["face", "list", "--json"])
    rows = {row["look"]: row["personas"] for row in json.loads(capsys.readouterr().out)}
    assert "default" in rows["anna"]
    assert "professional" in rows["marco"]


def test_the_table_says_what_to_do_next(capsys: pytest.CaptureFixture[str]) -> None:
    """The next command goes to stderr, so that the table can be piped."""
    assert main(["face", "list"]) == 0
    printed = capsys.readouterr()
    assert "anna" in printed.out
    assert "tth face sheet" in printed.err
    assert "tth face sheet" not in printed.out


def test_a_look_is_ready_once_it_is_in_the_cache(tmp_path: Path) -> None:
    """Neither a head that was never sculpted nor a portrait that was never prepared is; prepared, it is for all."""
    assert [row_of(name, (), Studio(tmp_path)).ready for name in ("anna", "maya", "zuri")] == [False] * 3
    Studio(tmp_path).painter("maya", Shot(64, 64), "studio")
    assert [row_of(name, (), Studio(tmp_path)).ready for name in ("anna", "maya", "zuri")] == [False, True, False]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("# Anna: late twenties, brown hair. Keys: see there.", "late twenties, brown hair"),
        ("# Somebody with a hat.", "Somebody with a hat"),
        ("seed: 1", "seed: 1"),
        ("", ""),
    ],
)
def test_the_first_sentence_of_a_file_says_who_it_is(line: str, sentence: str, tmp_path: Path) -> None:
    """Without the name and without what follows."""
    path = tmp_path / "look.yaml"
    path.write_text(f"{line}\nhair: {{style: bun}}\n", "utf-8")
    assert first_sentence(path) == (sentence if line.startswith("#") else "")
