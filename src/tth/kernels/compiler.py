"""How kernels are compiled by numba. Imported when a kernel is called for the first time on a machine.

Options: fastmath, because pictures need no IEEE corner cases; division by zero gives inf, never an exception.
Tests: tests/kernels/test_compiler.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from threading import RLock
from types import FunctionType
from typing import Any

import llvmlite.binding as llvm
import llvmlite.ir as ir
import numba
import numpy as np
from numba.extending import intrinsic
from numba.np import arrayobj

from tth.kernels import machine_code as code
from tth.kernels.jit import Helper, Kernel, as_row

nb: Any = numba
"""Untyped, as most of numba is."""

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

_array_parts: Any = arrayobj.populate_array
_OPTIONS = {"fastmath": True, "error_model": "numpy", "_nrt": False}
_ALONE = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
"""Nothing around the function that calls Python: its object file needs no symbol of numba's."""
_lock = RLock()


def compiled(kernel: Kernel, args: tuple[Any, ...], flat: Sequence[Any]) -> code.Entry | None:
    """The kernel's entry for such arguments, which is kept for other processes too. None where numba's own way must do:
    for arrays with gaps, on other systems, with numba's debugging options."""
    kinds = code.kinds_of(flat)
    if kinds is None or not code.is_supported() or _config.DISABLE_JIT or _config.BOUNDSCHECK:
        return None
    with _lock:
        function = dispatcher(kernel, is_stored=False)
        types = tuple(_type_of(arg) for arg in args)
        function.compile(types)
        result = function.overloads[types]
        if result.signature.return_type != nb.types.none or not _needs_nothing(result.library):
            return None
        objects = result.library._get_compiled_object(), _entry_object(function.targetctx, result.fndesc)
        code.keep(kernel.function, kinds, objects)
        return code.linked(objects, kinds)


@cache
def dispatcher(part: Kernel | Helper, *, is_stored: bool) -> Any:
    """numba's form of a kernel or helper. is_stored: to be called by numba's own way, and kept in its cache."""
    if part is as_row:
        return _as_row
    function: Any = part.function
    named = {name: function.__globals__.get(name) for name in function.__code__.co_names}
    parts = {name: dispatcher(p, is_stored=is_stored) for name, p in named.items() if isinstance(p, Kernel | Helper)}
    own = FunctionType(
        function.__code__, function.__globals__ | parts, function.__name__, function.__defaults__, function.__closure__
    )
    own.__qualname__ = function.__qualname__
    if isinstance(part, Helper):
        return nb.njit(inline="always", **_OPTIONS)(own)
    if not is_stored:
        return _apart(nb.njit(nogil=True, **_ALONE, **_OPTIONS)(own))
    return _apart(_kept_by_numba(own))


def _kept_by_numba(function: FunctionType) -> Any:
    with _lock:
        users = _config.CACHE_DIR  # NUMBA_CACHE_DIR is the user's own choice
        _config.CACHE_DIR = users or str(code.code_dir(code.folder_of(function)))  # looked at while decorating only
        try:
            return nb.njit(cache=True, nogil=True, **_OPTIONS)(function)
        except RuntimeError:  # nowhere to keep it (a read-only image without a home): compiled in every process
            return nb.njit(nogil=True, **_OPTIONS)(function)
        finally:
            _config.CACHE_DIR = users


@intrinsic
def _as_row(_typing: Any, array: Any) -> Any:
    """`jit.as_row` for arrays in C order."""
    if array.layout != "C":
        return None

    def made(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        whole = context.make_array(array)(context, builder, args[0])
        row = context.make_array(signature.return_type)(context, builder)
        _array_parts(
            row, data=whole.data, shape=[whole.nitems], strides=[whole.itemsize], itemsize=whole.itemsize, meminfo=None
        )
        return row._getvalue()

    return array.copy(ndim=1)(array), made


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


def _type_of(arg: Any) -> Any:
    """numba's type of an argument; real numbers outside of tuples become float32."""
    return nb.float32 if isinstance(arg, float | np.floating) else nb.typeof(arg)


def _needs_nothing(library: Any) -> bool:
    """Everything its code calls is in the code itself, in LLVM or in the C library; the linker would end the process
    over anything else."""
    names = [function.name for function in library._final_module.functions if function.is_declaration]
    return all(name.startswith("llvm.") or name in _C_FUNCTIONS for name in names)


_C_FUNCTIONS = frozenset({"powf", "expf", "exp2f", "logf", "sinf", "cosf", "tanf", "atan2f", "memset", "memcpy"})


def _entry_object(context: Any, fndesc: Any) -> bytes:
    """An object file with the function that ctypes calls: (numpy's array type, the flattened arguments) -> status. It
    looks at every array before it calls the kernel."""
    pointer, whole = ir.IntType(8).as_pointer(), ir.IntType(64)
    leaves = list(_leaves(fndesc.argtypes))
    arguments = [pointer if isinstance(leaf, nb.types.Array) else context.get_value_type(leaf) for leaf in leaves]
    module = context.create_module("tth")
    function = ir.Function(module, ir.FunctionType(ir.IntType(32), [pointer, *arguments]), code.ENTRY)
    builder = ir.IRBuilder(function.append_basic_block())

    def read(start: Any, offset: int, kind: Any) -> Any:
        return builder.load(builder.bitcast(builder.gep(start, [whole(offset)]), kind.as_pointer()))

    def require(condition: Any) -> None:
        with builder.if_then(builder.not_(condition), likely=False):
            builder.ret(ir.IntType(32)(code.OTHER_ARGUMENTS))

    def equal(value: Any, number: int) -> Any:
        return builder.icmp_unsigned("==", value, value.type(number))

    def array(start: Any, kind: Any) -> Any:
        require(builder.icmp_unsigned("==", read(start, 8, whole), builder.ptrtoint(function.args[0], whole)))
        require(equal(read(start, code.NDIM_AT, ir.IntType(32)), kind.ndim))
        dtype = read(start, code.DTYPE_AT, pointer)
        number = np.dtype(str(kind.dtype)).num
        require(equal(read(dtype, code.DTYPE_NUMBER_AT, ir.IntType(32)), number))
        require(builder.not_(equal(read(dtype, code.DTYPE_ORDER_AT, ir.IntType(8)), ord(">"))))
        wanted = code.ARRAY_FLAGS | (code.WRITEABLE if kind.mutable else 0)
        require(equal(builder.and_(read(start, code.FLAGS_AT, ir.IntType(32)), ir.IntType(32)(wanted)), wanted))
        sizes = read(start, code.SHAPE_AT, pointer)
        shape = [read(sizes, 8 * axis, whole) for axis in range(kind.ndim)]
        item_bytes = whole(np.dtype(str(kind.dtype)).itemsize)
        strides = [item_bytes]
        for size in shape[:0:-1]:
            strides.insert(0, builder.mul(strides[0], size))
        made = context.make_array(kind)(context, builder)
        data = builder.bitcast(read(start, code.DATA_AT, pointer), made.data.type)
        _array_parts(made, data=data, shape=shape, strides=strides, itemsize=item_bytes, meminfo=None)
        return made._getvalue()

    values = iter(
        [
            array(arg, leaf) if isinstance(leaf, nb.types.Array) else arg
            for arg, leaf in zip(function.args[1:], leaves, strict=True)
        ]
    )

    def assembled(kind: Any) -> Any:
        if isinstance(kind, nb.types.BaseTuple):
            return context.make_tuple(builder, kind, [assembled(part) for part in kind.types])
        return next(values)

    callee = context.declare_function(module, fndesc)
    status, _ = context.call_conv.call_function(
        builder, callee, fndesc.restype, fndesc.argtypes, [assembled(kind) for kind in fndesc.argtypes]
    )
    builder.ret(status.code)
    return bytes(context.codegen()._tm.emit_object(llvm.parse_assembly(str(module))))


def _leaves(kinds: Sequence[Any]) -> Iterator[Any]:
    for kind in kinds:
        if isinstance(kind, nb.types.BaseTuple):
            yield from _leaves(kind.types)
        else:
            yield kind
