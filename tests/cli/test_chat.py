"""`tth chat` with piped lines against a real server with mock adapters."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from tests.media.test_mp4 import read
from tth.cli.main import main

pytestmark = pytest.mark.e2e


def test_a_recorded_chat(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Replies on stdout; the film and its subtitles hold them."""
    monkeypatch.setattr("sys.stdin", io.StringIO("Hi\n/say Well.\n"))
    path = tmp_path / "chat.mp4"
    assert main(["chat", "--server", server, "--record", str(path)]) == 0
    printed = capsys.readouterr()
    assert printed.out.endswith("Well.\n")
    assert "\x1b" not in printed.out + printed.err
    assert read(path).codecs == {"video": "h264", "audio": "aac"}
    assert "Well." in path.with_suffix(".vtt").read_text()
