"""The door of the command line."""

from __future__ import annotations

import pytest

from tth.cli.main import COMMANDS, main

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"]])
def test_help_lists_every_command_and_the_exit_codes(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Also when nothing is asked for."""
    with pytest.raises(SystemExit) as ended:
        main(words)
    text = capsys.readouterr().out
    assert ended.value.code == 0
    assert all(f"  {name} " in text for name in COMMANDS)
    assert "exit codes:" in text


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_has_a_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It begins with its own name and says what it does."""
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    text = capsys.readouterr().out
    assert ended.value.code == 0
    assert text.startswith(f"usage: tth {name} ")
    assert "exit codes:" in text


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """With the name of the program."""
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("tth ")


@pytest.mark.parametrize("words", [["sing"], ["serve", "--nonsense"], ["say"], ["config", "forget"], ["--loud"]])
def test_wrong_usage_is_code_2_on_stderr(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is run and nothing is printed on stdout."""
    with pytest.raises(SystemExit) as ended:
        main(words)
    printed = capsys.readouterr()
    assert ended.value.code == 2
    assert printed.out == ""
    assert "usage: tth" in printed.err
