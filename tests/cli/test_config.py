"""`tth config explain`."""

from __future__ import annotations

import json

import pytest

from tth.cli.main import main

pytestmark = pytest.mark.unit


def test_each_value_is_shown_with_its_origin(capsys: pytest.CaptureFixture[str]) -> None:
    """A setting of the command line says so."""
    words = ["config", "explain", "--profile", "offline_mock", "--set", "server.port=6000", "--json"]
    assert main(words) == 0
    rows = {row["key"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["server.port"] == {"key": "server.port", "value": "6000", "origin": "command line"}
    assert "base.yaml" in rows["server.max_sessions"]["origin"]


def test_without_json_it_is_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    """One line for each setting."""
    assert main(["config", "explain", "--profile", "offline_mock"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["setting", "value", "from"]
    assert any(line.startswith("roles.tts.adapter") and "mock_tts" in line for line in lines)


@pytest.mark.parametrize("setting", ["server.prot=1", "server.port=high", "nothing", "=3"])
def test_a_wrong_setting_is_code_2(setting: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Named on stderr."""
    assert main(["config", "explain", "--set", setting]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert setting.partition("=")[0] in printed.err
