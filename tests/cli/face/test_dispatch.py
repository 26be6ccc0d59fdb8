"""The door of `tth face`."""

from __future__ import annotations

import pytest

from tth.cli.face import VERBS
from tth.cli.main import main

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("verb", list(VERBS))
def test_every_verb_has_a_help_that_teaches(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It says what the verb does, gives an example that begins with its own name, and the exit codes."""
    with pytest.raises(SystemExit) as ended:
        main(["face", verb, "--help"])
    text = capsys.readouterr().out
    assert ended.value.code == 0
    assert text.startswith(f"usage: tth face {verb} ")
    assert f"  tth face {verb}" in text.partition("examples:")[2]
    assert "exit codes:" in text


def test_the_help_lists_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    """With one line each."""
    with pytest.raises(SystemExit):
        main(["face", "--help"])
    text = capsys.readouterr().out
    assert all(f"    {verb}" in text and summary in " ".join(text.split()) for verb, (_, summary) in VERBS.items())


@pytest.mark.parametrize("words", [[], ["sing"], ["list", "--loud"]])
def test_wrong_usage_is_code_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is run."""
    with pytest.raises(SystemExit) as ended:
        main(["face", *words])
    assert ended.value.code == 2
    assert capsys.readouterr().out == ""
