"""How the kernels are compiled, and the few scalar helpers they share.

Traps met while writing them, which hold for every file of this package:
- float32 against an integer or float literal promotes to float64, so constants are written f32(...).
- Inlined helpers that take arrays leave atomic reference counts in the pixel loops; `_nrt=False` takes them out.
- A loop over data becomes vector instructions only if its arrays are known not to overlap (`_apart`), its indices are
  not negative (u32, or an index into a slice) and its integers stay 32 bits wide (int32 + int32 is int64: cast back).
- numba's cache looks at the kernel's own file only; `_machine_code_dir` makes it look at the whole package.
- No array may be given to a kernel twice, not even as a part of another argument.
- An argument that is assigned to inside a kernel can corrupt memory; use a local. Develop with NUMBA_BOUNDSCHECK=1.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import llvmlite.binding as llvm
import numba as nb
import numpy as np
import platformdirs
from numpy.typing import NDArray

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]
U8 = NDArray[np.uint8]
U32 = NDArray[np.uint32]
U64 = NDArray[np.uint64]
Scalar = np.float32
Whole = np.uint32
f32 = np.float32
i32 = np.int32
u32 = np.uint32

_Function = TypeVar("_Function", bound=Callable[..., Any])

SKIN, PLAIN, EYE, HAIR = 0, 1, 2, 3
"""Materials: textured skin or cloth; vertex colours only; eyeball; hair."""
MATERIALS = 4


# Lets LLVM turn the four samples of the z-buffer into vector instructions, which numba leaves out unless asked:
# measured at 512x512, finding the visible triangles takes half the time (5.5 instead of 10.7 ms). It must be set before
# the first kernel is compiled, and concerns speed only.
_config: Any = nb.config
_config.SLP_VECTORIZE = 1

if not _config.CPU_FEATURES:  # NUMBA_CPU_FEATURES is the user's own choice
    _features = llvm.get_host_cpu_features().flatten()
    # Vectors of 512 bits wherever there are any: LLVM shuns them because the first processors that had them slowed
    # down by their use; those since Ice Lake (2019, told by AVX512-VBMI) do not. Measured: a tenth less per picture.
    if "+avx512vbmi" in _features:
        _config.CPU_NAME = llvm.get_host_cpu_name()
        _config.CPU_FEATURES = f"{_features},-prefer-256-bit"


def _machine_code_dir() -> str:
    """Where the machine code of exactly these sources is kept. numba would not notice a change in a helper that is
    inlined from another file, and would go on drawing with the old one."""
    digest = hashlib.sha256()
    face = Path(__file__).parents[1]
    for source in sorted([*face.glob("raster/*.py"), *face.glob("puppet/kernels*.py")]):
        digest.update(source.read_bytes())
    return str(Path(platformdirs.user_cache_dir("tth")) / "kernels" / digest.hexdigest()[:16])


if not _config.CACHE_DIR:  # NUMBA_CACHE_DIR is the user's own choice
    _config.CACHE_DIR = _machine_code_dir()

_njit: Any = nb.njit
"""Untyped, because numba's own types do not know `_nrt`."""
_OPTIONS = {"fastmath": True, "error_model": "numpy", "_nrt": False}
"""fastmath: pictures need no IEEE corner cases; division by zero gives inf, never an exception."""


def kernel(function: _Function) -> _Function:
    """A compiled loop. Its arrays must not overlap."""
    try:
        return cast(_Function, _apart(_njit(cache=True, nogil=True, **_OPTIONS)(function)))
    except RuntimeError:  # nowhere to keep machine code (a read-only image without a home): compiled in every process
        return cast(_Function, _apart(_njit(nogil=True, **_OPTIONS)(function)))


def _apart(dispatcher: Any) -> Any:
    """Tell the compiler that the arguments do not overlap, as `restrict` does in C. Numba uses this flag itself (for
    parfors) and offers no option for it; without it the pictures are the same, only slower."""
    compiler: Any = getattr(dispatcher, "_compiler", None)
    if not hasattr(compiler, "_customize_flags"):  # another numba, or NUMBA_DISABLE_JIT
        return dispatcher

    def customized(flags: Any) -> Any:
        flags.noalias = True
        return flags

    compiler._customize_flags = customized
    return dispatcher


def inlined(function: _Function) -> _Function:
    """A helper that is copied into the kernels which call it."""
    return cast(_Function, _njit(inline="always", **_OPTIONS)(function))


@inlined
def clamp01(x: Scalar) -> Scalar:
    """x cut to 0..1."""
    return min(max(x, f32(0.0)), f32(1.0))


@inlined
def soft_step(low: Scalar, high: Scalar, x: Scalar) -> Scalar:
    """0 at low, 1 at high, with a soft start and end."""
    t = clamp01((x - low) / (high - low))
    return t * t * (f32(3.0) - f32(2.0) * t)
