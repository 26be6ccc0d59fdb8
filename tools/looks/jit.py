"""How the tool's loops are compiled. The machine code is kept under a name made from these sources, because numba
notices changes in a loop's own file only and would go on running old helpers of other files."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba as nb
import numpy as np
import platformdirs
from numpy.typing import NDArray

from tth.disk_cache import note_use

Floats = NDArray[np.floating[Any]]
"""float32 for pictures, float64 for geometry; the loops are compiled for what they get."""
U8 = NDArray[np.uint8]

_Function = TypeVar("_Function", bound=Callable[..., Any])
_njit: Any = nb.njit
_config: Any = nb.config


def _machine_code_dir() -> str:
    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parent.glob("*.py")):
        text = source.read_bytes()
        if b"@kernel" in text or b"@serial_kernel" in text or b"@helper" in text:
            digest.update(text)
    folder = Path(platformdirs.user_cache_dir("tth")) / "kernels" / f"looks-{digest.hexdigest()[:16]}"
    note_use(folder)  # whoever paints a face removes folders that nobody uses
    return str(folder)


def kernel(function: _Function) -> _Function:
    """A compiled loop over pixels, voxels or strands; `prange` runs on all cores."""
    return _compiled(function, parallel=True)


def serial_kernel(function: _Function) -> _Function:
    """A compiled loop whose order matters."""
    return _compiled(function, parallel=False)


def helper(function: _Function) -> _Function:
    """A scalar function that kernels call."""
    return cast(_Function, _njit(fastmath=True)(function))


def _compiled(function: _Function, parallel: bool) -> _Function:
    before = _config.CACHE_DIR
    _config.CACHE_DIR = before or _machine_code_dir()  # looked at while decorating only: others keep theirs
    try:
        return cast(_Function, _njit(parallel=parallel, fastmath=True, cache=True)(function))
    except RuntimeError:  # nowhere to keep machine code: compiled in every process
        return cast(_Function, _njit(parallel=parallel, fastmath=True)(function))
    finally:
        _config.CACHE_DIR = before
