"""What a kernel is, and the few scalar helpers that kernels share. Importing this imports neither numba nor LLVM.

A kernel is compiled by numba when it is first called on a machine (`compiler.py`); afterwards its machine code is read
from the user's cache (`machine_code.py`), which spares a new process the import of numba, 0.5 s.

Traps met while writing them:
- float32 against an integer or float literal promotes to float64, so constants are written f32(...).
- Inlined helpers that take arrays leave atomic reference counts in the pixel loops; `_nrt=False` takes them out.
- A loop over data becomes vector instructions only if its arrays are known not to overlap (`compiler._apart`), its
  indices are not negative (u32, or an index into a slice) and its integers stay 32 bits wide (int32 + int32 is int64:
  cast back).
- No array may be given to a kernel twice, not even as a part of another argument.
- An argument that is assigned to inside a kernel can corrupt memory; use a local. Develop with NUMBA_BOUNDSCHECK=1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from tth.kernels.machine_code import Entry

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I16 = NDArray[np.int16]
I32 = NDArray[np.int32]
U8 = NDArray[np.uint8]
U16 = NDArray[np.uint16]
U32 = NDArray[np.uint32]
U64 = NDArray[np.uint64]
Scalar = np.float32
Whole = np.uint32
f32 = np.float32
i32 = np.int32
u8 = np.uint8
u16 = np.uint16
u32 = np.uint32

_Function = TypeVar("_Function", bound=Callable[..., Any])


class Helper:
    """A function that is copied into the kernels which call it."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def __call__(self, *args: Any) -> Any:
        return self.function(*args)


class Kernel:
    """A compiled loop. May be called by many threads at once; the interpreter lock is released.

    Arguments: numbers, arrays that do not overlap, and named tuples of both. A real number arrives as float32, a whole
    number as int64, whatever it was.
    """

    def __init__(self, function: Callable[..., None]) -> None:
        self.function = function
        self._entries: tuple[Entry, ...] = ()

    def __call__(self, *args: Any) -> None:
        flat = flattened(args)
        for entry in self._entries:
            if entry(*flat):
                return
        self._call_first(args, flat)

    def _call_first(self, args: tuple[Any, ...], flat: list[Any]) -> None:
        """With arrays of this kind for the first time in this process."""
        from tth.kernels import machine_code  # here, because it imports LLVM

        entry = machine_code.entry_of(self.function, flat)
        if entry is None:
            from tth.kernels import compiler  # here, because it imports numba

            entry = compiler.compiled(self, args, flat)
            if entry is None:
                compiler.dispatcher(self, is_stored=True)(*args)
                return
        self._entries = (*self._entries, entry)
        if not entry(*flat):
            raise AssertionError(f"{self.function.__qualname__}: machine code does not fit the arguments")

    def is_compiled_for(self, *args: Any) -> bool:
        """A call with such arguments would compile nothing, and not import numba: its machine code is here or is read
        now. Runs nothing. Always False where machine code is not kept."""
        from tth.kernels import machine_code

        flat = flattened(args)
        kinds = machine_code.kinds_of(flat)
        if kinds is None or not machine_code.is_supported():
            return False
        if any(entry.kinds == kinds for entry in self._entries):
            return True
        entry = machine_code.entry_of(self.function, flat)
        if entry is None:
            return False
        self._entries = (*self._entries, entry)
        return True


def flattened(args: tuple[Any, ...]) -> list[Any]:
    """The parts of tuples one by one."""
    flat: list[Any] = []
    for arg in args:
        if isinstance(arg, tuple):
            flat += flattened(arg)
        else:
            flat.append(arg)
    return flat


def kernel(function: _Function) -> _Function:
    """A compiled loop. Its arrays must not overlap."""
    return cast(_Function, Kernel(function))


def inlined(function: _Function) -> _Function:
    """A helper that is copied into the kernels which call it."""
    return cast(_Function, Helper(function))


@inlined
def as_row(array: Any) -> Any:
    """An array without gaps as one row. Unlike `reshape` it calls nothing; the compiler has its own form of it."""
    return array.reshape(-1)


@inlined
def clamp01(x: Scalar) -> Scalar:
    """x cut to 0..1."""
    return min(max(x, f32(0.0)), f32(1.0))


@inlined
def soft_step(low: Scalar, high: Scalar, x: Scalar) -> Scalar:
    """0 at low, 1 at high, with a soft start and end."""
    t = clamp01((x - low) / (high - low))
    return t * t * (f32(3.0) - f32(2.0) * t)
