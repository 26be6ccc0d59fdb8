"""`tth emulate` as a process, and as a provider of `tth providers check`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tth.cli.main import main

pytestmark = pytest.mark.e2e


@contextmanager
def emulated(*words: str) -> Iterator[tuple[subprocess.Popen[str], str, list[str]]]:
    """A running emulator, its URL, and the lines that it has printed to be pasted."""
    command = (sys.executable, "-m", "tth.cli.main", "emulate", *words, "--port", "0")
    environ = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ) as process:
        try:
            assert process.stdout is not None
            lines: list[str] = []
            while not lines or not lines[-1].startswith("curl"):
                lines.append(process.stdout.readline())
                assert lines[-1], "it ended"
            yield process, lines[0].split(" at ")[1].split(",")[0], lines
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=20) == 0


def test_what_it_prints_works(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The variables lead an adapter there; the fault happens to its first request and not to the second."""
    with emulated("openai", "--key", "my-key", "--first-byte-ms", "0", "--fault", "overloaded") as (_, url, lines):
        for line in lines:
            if line.startswith("export"):
                name, _, value = line.removeprefix("export ").strip().partition("=")
                monkeypatch.setenv(name, value)
        assert main(["providers", "check", "openai_chat"]) == 1
        assert "server_is_overloaded" in capsys.readouterr().out
        assert main(["providers", "check", "openai_chat", "openai_responses"]) == 0
        assert "hint happy" in capsys.readouterr().out
        body = json.dumps([{"kind": "rate_limited", "retry_after_s": 1}]).encode()
        with urllib.request.urlopen(f"{url}/_emulator/faults", body) as answer:
            assert json.loads(answer.read()) == {"waiting": 1}
        assert main(["providers", "check", "openai_responses"]) == 1
        assert "rate_limit_exceeded" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "says"),
    [(["openia"], "openai, anthropic"), (["openai", "--fault", "bad_weather"], "rate_limited")],
)
def test_wrong_names_list_the_right_ones(words: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Code 2, nothing is started."""
    assert main(["emulate", *words]) == 2
    assert says in capsys.readouterr().err
