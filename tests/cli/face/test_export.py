"""`tth face export`: the head as a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.face.puppet.folders import average_content, write_folder
from tth.cli.main import main
from tth.face.gltf.check import GltfHead

pytestmark = pytest.mark.embedded


def test_the_file_is_written_and_its_truth_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is called like a look holds that look, unless another one is named."""
    path = tmp_path / "new" / "mei.glb"
    assert main(["face", "export", str(path)]) == 0
    printed = capsys.readouterr()
    assert f"{path}: glTF 2.0" in printed.out
    assert "mm from the drawn face" in printed.err
    assert GltfHead(path.read_bytes()).facts["look"] == "mei"


def test_an_unknown_look_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the nearest name; nothing is written."""
    assert main(["face", "export", str(tmp_path / "a.glb"), "--look", "marko"]) == 2
    assert "did you mean 'marco'?" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_portrait_has_no_head(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And is refused with the reason."""
    folder = write_folder(tmp_path / "me", average_content())
    assert main(["face", "export", str(tmp_path / "me.glb"), "--look", str(folder)]) == 2
    assert "only sculpted looks" in capsys.readouterr().err


def test_only_glb_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    """The name says the format."""
    with pytest.raises(SystemExit) as ended:
        main(["face", "export", "a.obj"])
    assert ended.value.code == 2
    assert "must end in .glb" in capsys.readouterr().err
