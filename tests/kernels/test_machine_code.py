"""Machine code on disk: who calls it, and what happens when it is not what it should be."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from tth.kernels import compiler, machine_code
from tth.kernels.jit import F32, Kernel, Scalar, as_row, f32, inlined, kernel

pytestmark = pytest.mark.embedded

only_here = pytest.mark.skipif(not machine_code.is_supported(), reason="machine code is kept on Linux with x86-64 only")


class Pair(NamedTuple):
    """Arguments that travel together."""

    values: F32
    length: int


@inlined
def doubled(x: Scalar) -> Scalar:
    """A helper."""
    return x * f32(2.0)


@kernel
def add_doubled(pair: Pair, gain: Scalar, out: F32) -> None:
    """A kernel: out (n, m) += twice the values (n * m) times gain."""
    row = as_row(out)
    for i in range(pair.length):
        row[i] += doubled(pair.values[i]) * gain


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine_code, "code_dir", lambda package: tmp_path / "kernels")


def _result(run: Any, gain: Any = 0.5) -> list[float]:
    out = np.ones((2, 3), np.float32)
    run(Pair(np.arange(6, dtype=np.float32), 5), gain, out)
    found: list[float] = out.ravel().tolist()
    return found


def _afresh() -> Any:
    """The kernel as another process has it."""
    known: Any = add_doubled
    return Kernel(known.function)


EXPECTED = [1.0, 2.0, 3.0, 4.0, 5.0, 1.0]


@only_here
def test_what_was_compiled_once_is_called_without_the_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second process reads machine code, and gets the same."""
    assert _result(_afresh()) == EXPECTED
    monkeypatch.setattr(compiler, "compiled", None)
    assert _result(_afresh()) == EXPECTED
    assert _result(_afresh(), np.float32(0.5)) == EXPECTED


@only_here
@pytest.mark.parametrize("content", [b"", b"nonsense" * 20, None])
def test_a_damaged_file_is_compiled_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    """Whatever happened to the file: no crash, no wrong result, and a good file afterwards."""
    _result(_afresh())
    (file,) = (tmp_path / "kernels").iterdir()
    file.write_bytes(file.read_bytes()[:-7] if content is None else content)
    assert _result(_afresh()) == EXPECTED
    monkeypatch.setattr(compiler, "compiled", None)
    assert _result(_afresh()) == EXPECTED


@only_here
def test_a_kernel_can_be_asked_whether_it_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking runs nothing and compiles nothing; a yes is kept."""
    out = np.ones((2, 3), np.float32)
    arguments = Pair(np.arange(6, dtype=np.float32), 5), 0.5, out
    assert not _afresh().is_compiled_for(*arguments)
    _result(_afresh())
    monkeypatch.setattr(compiler, "compiled", None)
    later = _afresh()
    assert later.is_compiled_for(*arguments)
    assert out.tolist() == [[1, 1, 1], [1, 1, 1]]
    monkeypatch.setattr(machine_code, "entry_of", None)
    assert later.is_compiled_for(*arguments)
    assert _result(later) == EXPECTED


def test_nothing_is_said_to_be_compiled_where_it_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """On systems where numba must be imported to know it."""
    monkeypatch.setattr(machine_code, "is_supported", lambda: False)
    assert not _afresh().is_compiled_for(Pair(np.zeros(6, np.float32), 5), 0.5, np.zeros((2, 3), np.float32))


def test_the_name_holds_all_sources_of_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A change of any file beside the kernel's, such as one with helpers, is another folder."""
    monkeypatch.undo()
    (tmp_path / "loops.py").write_text("a = 1")
    before = machine_code.code_dir(tmp_path)
    machine_code.code_dir.cache_clear()
    assert machine_code.code_dir(tmp_path) == before
    (tmp_path / "helpers.py").write_text("b = 2")
    machine_code.code_dir.cache_clear()
    assert machine_code.code_dir(tmp_path) != before


@only_here
def test_arrays_of_another_kind_get_code_of_their_own() -> None:
    """An entry looks at what it is given: type, dimensions, order, and whether it may be written to."""
    run = _afresh()
    _result(run)
    (entry,) = run._entries
    values, out = np.zeros(6, np.float32), np.zeros((2, 3), np.float32)
    frozen = out.copy()
    frozen.flags.writeable = False
    assert entry(values, 5, 0.5, out)
    for wrong in (out[0], out.astype(np.float64), out.astype(">f4"), out.T, frozen, None, [1.0]):
        assert not entry(values, 5, 0.5, wrong)
    assert not entry(values, 5.0, 0.5, out)


def test_arrays_with_gaps_go_numbas_own_way(tmp_path: Path) -> None:
    """Nothing is kept for them, and the result is right."""

    def double(values: F32) -> None:
        for i in range(values.shape[0]):
            values[i] *= f32(2.0)

    values = np.ones(6, np.float32)
    kernel(double)(values[::2])
    assert values.tolist() == [2, 1, 2, 1, 2, 1]
    assert not list(tmp_path.glob("kernels/double*"))


def test_elsewhere_kernels_are_numbas_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On systems where machine code is not kept, all works the same."""
    monkeypatch.setattr(machine_code, "is_supported", lambda: False)

    def triple(values: F32) -> None:
        for i in range(values.shape[0]):
            values[i] *= f32(3.0)

    values = np.ones(3, np.float32)
    kernel(triple)(values)
    assert values.tolist() == [3, 3, 3]
    assert not list(tmp_path.glob("kernels/triple*"))


@only_here
def test_nowhere_to_keep_it_is_no_harm(tmp_path: Path) -> None:
    """A read-only home: compiled in every process."""
    (tmp_path / "kernels").write_text("in the way")
    assert _result(_afresh()) == EXPECTED


@only_here
def test_code_of_other_sources_is_not_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A change of a kernel's file is a change of its name in the cache."""
    function: Any = _afresh().function
    before = machine_code.path_of(function, ("f",))
    monkeypatch.setattr(Path, "read_bytes", lambda self: b"another source")
    assert machine_code.path_of(function, ("f",)) != before
    assert machine_code.path_of(function, ("i",)) != machine_code.path_of(function, ("f",))


def test_the_first_call_of_a_process_removes_code_that_nobody_uses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of other versions; its own is noted as used, so that other versions leave it alone."""
    monkeypatch.setattr(machine_code, "code_dir", lambda package: tmp_path / ("0" * 16))
    own, recent, old = (tmp_path / (digit * 16) for digit in "012")
    for folder, days in ((own, 40), (recent, 20), (old, 40)):
        folder.mkdir()
        (folder / "some.o2").write_text("x")
        os.utime(folder, (0, time.time() - days * 86400))
    _result(_afresh())
    assert [folder.exists() for folder in (own, recent, old)] == [True, True, False]
    assert time.time() - own.stat().st_mtime < 3600


@only_here
def test_a_second_start_does_without_the_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    """No picture of a process needs numba or scipy where head and machine code are in the cache."""
    code = """
import sys
from tth.face.painter import load_painter
from tth.face.parameters import FaceState
from tth.face.shot import Shot
load_painter("anna", Shot(64, 64)).paint(FaceState(yaw_deg=5.0))
print([name for name in ("numba", "scipy", "cv2") if name in sys.modules])
"""
    run = [sys.executable, "-c", code]
    subprocess.run(run, check=True)
    assert subprocess.run(run, check=True, capture_output=True, text=True).stdout.strip() == "[]"
