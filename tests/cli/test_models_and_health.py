"""`tth models` and `tth health` against a real server with mock adapters."""

from __future__ import annotations

import json

import pytest

from tth.cli.main import main

pytestmark = pytest.mark.e2e


def test_models_are_listed_with_personas(server: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Those in use have a star."""
    assert main(["models", "--server", server]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "profile offline_mock"
    assert any(line.startswith("*") and "mock_tts" in line for line in lines)
    assert any(line.startswith("casual") for line in lines)


def test_health_is_one_line_and_the_parts(server: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Code 0 while it serves."""
    assert main(["health", "--server", server]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("serving: tth ")
    assert sum("mock_" in line for line in lines) == 3


@pytest.mark.parametrize("command", ["models", "health"])
def test_json_is_the_servers_answer(server: str, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With the names of the contract."""
    assert main([command, "--server", server, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["profile"] == "offline_mock"


@pytest.mark.parametrize("command", ["models", "health"])
def test_nobody_there_is_code_3(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Said with the address."""
    monkeypatch.setattr("tth.cli.connection.CONNECT_TIMEOUT_S", 0.05)
    assert main([command, "--server", "127.0.0.1:1"]) == 3
    assert "127.0.0.1:1" in capsys.readouterr().err
