"""The machine code of kernels, kept on disk and called without numba.

What is kept are two object files per kernel and kind of arguments, as LLVM made them: numba's function, and an *entry*
that fetches pointers and shapes from numpy's array objects and calls it (`compiler.py`). They are linked by LLVM in
memory and called by ctypes, which releases the interpreter lock.

Names hold digests of everything that the code depends on: the sources, the versions of Python, numba and llvmlite, the
processor and its features. Anything that does not fit is compiled anew. Folders of other versions that
nobody has used for long are removed when the first kernel of a process is called. Only on Linux with x86-64, where
this is tested: a linker's mistake would end the process. Elsewhere kernels are numba's own, with numba's cache.
Tests: tests/kernels/test_machine_code.py.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import platform
import re
import sys
import time
from collections.abc import Callable, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
import numpy as np
import platformdirs

from tth.disk_cache import note_use, remove_unused, whole_file

FOLDER_NAME = re.compile(r"(looks-)?[0-9a-f]{16}")
"""Folders of machine code; those that begin with "looks-" belong to the tool that makes portraits."""
DONE, OTHER_ARGUMENTS = 0, -100
"""What an entry answers; numba has small numbers for its own."""
ENTRY = "tth_entry"
HEAD_BYTES, DATA_AT, NDIM_AT, SHAPE_AT, DTYPE_AT, FLAGS_AT = 16, 16, 24, 32, 56, 64
"""Where a numpy array keeps what the entry reads. These places are part of numpy's binary interface, which its C macros
compile into every extension module; `_is_as_expected` looks all the same."""
DTYPE_ORDER_AT, DTYPE_NUMBER_AT = 26, 28
ARRAY_FLAGS, WRITEABLE = 0x1 | 0x100, 0x400
"""Flags: C order and aligned; may be written to."""
_CTYPES: dict[str, Any] = {"f": ctypes.c_float, "i": ctypes.c_int64}


class Entry:
    """A kernel that is ready for arguments of one kind."""

    def __init__(self, engine: Any, kinds: Sequence[str]) -> None:
        self.kinds = tuple(kinds)
        self._engine = engine  # owns the code
        arguments = [_CTYPES.get(kind, ctypes.py_object) for kind in kinds]
        prototype = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.py_object, *arguments)
        self._call = prototype(engine.get_function_address(ENTRY))

    def __call__(self, *flat: Any) -> bool:
        """Run it; False, with nothing done, for arguments of another kind."""
        try:
            status = self._call(np.ndarray, *flat)
        except ctypes.ArgumentError:
            return False
        if status not in (DONE, OTHER_ARGUMENTS):
            raise RuntimeError(f"a kernel failed with {status}")
        return bool(status == DONE)


def kinds_of(flat: Sequence[Any]) -> tuple[str, ...] | None:
    """What is compiled for: "f", "i", or an array's dtype, dimensions and whether it may be written to, as "<f4 2 w".
    None if there is anything that an entry cannot take, as arrays with gaps."""
    kinds = []
    for value in flat:
        if type(value) is np.ndarray:
            if not (value.flags.c_contiguous and value.flags.aligned and value.dtype.isnative and value.ndim):
                return None
            kinds.append(f"{value.dtype.str} {value.ndim} {'w' if value.flags.writeable else 'r'}")
        elif isinstance(value, float | np.floating):
            kinds.append("f")
        elif type(value) is int:
            kinds.append("i")
        else:
            return None
    return tuple(kinds)


def entry_of(function: Callable[..., None], flat: Sequence[Any]) -> Entry | None:
    """The kernel's entry for such arguments from the cache; None if it must be compiled."""
    _note_use_of(code_dir(folder_of(function)))
    kinds = kinds_of(flat)
    if kinds is None or not is_supported():
        return None
    try:
        content = path_of(function, kinds).read_bytes()
        digest, size, objects = content[:32], int.from_bytes(content[32:40], "little"), content[40:]
        if hashlib.sha256(objects).digest() != digest:
            return None
        return linked((objects[:size], objects[size:]), kinds)
    except (OSError, RuntimeError, ValueError):
        return None


def keep(function: Callable[..., None], kinds: tuple[str, ...], objects: tuple[bytes, bytes]) -> None:
    """Write what was compiled for other processes, all or nothing; where nothing can be written, it is done without."""
    both = b"".join(objects)
    with contextlib.suppress(OSError), whole_file(path_of(function, kinds)) as file:
        file.write(hashlib.sha256(both).digest() + len(objects[0]).to_bytes(8, "little") + both)


def linked(objects: tuple[bytes, bytes], kinds: Sequence[str]) -> Entry:
    """Machine code in memory, ready to be called. Raises RuntimeError for what is no object file."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine()
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    for content in objects:
        engine.add_object_file(llvm.ObjectFileRef.from_data(content))
    engine.finalize_object()
    return Entry(engine, kinds)


def path_of(function: Callable[..., None], kinds: tuple[str, ...]) -> Path:
    """The file of one kernel and kind of arguments. Raises OSError if its source cannot be read."""
    digest = hashlib.sha256(Path(function.__code__.co_filename).read_bytes())
    digest.update("|".join(kinds).encode())
    name = function.__qualname__.replace("<locals>.", "")
    return code_dir(folder_of(function)) / f"{name}-{digest.hexdigest()[:16]}.o2"


def folder_of(function: Callable[..., None]) -> Path:
    """The folder of the package that a kernel belongs to."""
    return Path(function.__code__.co_filename).parent


@cache
def code_dir(package: Path) -> Path:
    """Where the machine code of exactly these sources, for this processor, is kept. All files of the package's folder
    count, since helpers and layouts come from one file into another, and all of this one."""
    digest = hashlib.sha256()
    for source in (*sorted(package.glob("*.py")), *sorted(Path(__file__).parent.glob("*.py"))):
        digest.update(source.read_bytes())
    for name in ("numba", "llvmlite"):  # their versions, without importing them
        spec = find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        version = Path(spec.origin).with_name("_version.py")
        digest.update(version.read_bytes())
    digest.update(repr((sys.version, np.__version__, llvm.get_host_cpu_name())).encode())
    digest.update(llvm.get_host_cpu_features().flatten().encode())
    return Path(platformdirs.user_cache_dir("tth")) / "kernels" / digest.hexdigest()[:16]


@cache
def _note_use_of(folder: Path) -> None:
    """Once in a process: this folder of machine code is used, and those that nobody uses any more go."""
    note_use(folder)
    remove_unused(folder.parent, FOLDER_NAME, time.time())


@cache
def is_supported() -> bool:
    """Machine code can be kept and linked here."""
    is_tested = sys.platform == "linux" and platform.machine() == "x86_64"
    return is_tested and sys.implementation.name == "cpython" and _is_as_expected()


def _is_as_expected() -> bool:
    """numpy's arrays lie in memory as the entries take for granted."""
    array = np.zeros((3, 5), np.int16)
    if object.__basicsize__ != HEAD_BYTES or np.ndarray.__basicsize__ < FLAGS_AT + 4:
        return False

    def at(address: int, kind: Any) -> Any:
        return kind.from_address(address).value

    here = id(array)
    shape = at(here + SHAPE_AT, ctypes.c_void_p)
    dtype = at(here + DTYPE_AT, ctypes.c_void_p)
    flags = at(here + FLAGS_AT, ctypes.c_int32)
    return bool(
        at(here + 8, ctypes.c_void_p) == id(np.ndarray)
        and at(here + DATA_AT, ctypes.c_void_p) == array.__array_interface__["data"][0]
        and at(here + NDIM_AT, ctypes.c_int32) == 2
        and (at(shape, ctypes.c_int64), at(shape + 8, ctypes.c_int64)) == array.shape
        and dtype == id(array.dtype)
        and at(dtype + DTYPE_ORDER_AT, ctypes.c_char) == b"="
        and at(dtype + DTYPE_NUMBER_AT, ctypes.c_int32) == array.dtype.num
        and flags == array.flags.num
    )
