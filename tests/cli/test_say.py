"""`tth say` against a real server with mock adapters."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import av
import pytest

from tth.cli.main import main

pytestmark = pytest.mark.e2e


def test_an_mp4_has_picture_and_sound(server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In the size that was asked for, in a folder that is made for it; the result is one line on stdout."""
    path = tmp_path / "new" / "hello.mp4"
    words = ["say", "Hello there.", "-o", str(path), "--server", server, "--size", "128x96", "--emotion", "happy"]
    assert main(words) == 0
    with av.open(str(path)) as file:
        video, audio = file.streams.video[0].codec_context, file.streams.audio[0].codec_context
        assert (video.name, video.width, video.height, audio.name) == ("h264", 128, 96, "aac")
    out = capsys.readouterr().out
    assert out.startswith(f"{path}: ")
    assert out.count("\n") == 1


def test_a_wav_comes_from_standard_input(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TEXT "-" reads it."""
    path = tmp_path / "hello.wav"
    monkeypatch.setattr("sys.stdin", io.StringIO("Hello there."))
    assert main(["say", "-", "-o", str(path), "--server", server]) == 0
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels()) == (24_000, 1)
        assert file.getnframes() > 12_000


@pytest.mark.parametrize(
    ("words", "names"), [(["  "], "user_text.text"), (["Hi", "--persona", "nobody"], "persona_id")]
)
def test_refused_input_is_code_4(
    server: str, tmp_path: Path, words: list[str], names: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The field is named; no file is left."""
    assert main(["say", *words, "-o", str(tmp_path / "a.mp4"), "--server", server]) == 4
    assert names in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_an_output_of_another_kind_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    """Known before anything is started."""
    with pytest.raises(SystemExit) as ended:
        main(["say", "Hi", "-o", "a.gif"])
    assert ended.value.code == 2
    assert ".mp4, .mov or .wav" in capsys.readouterr().err
