"""Compilation of the CPU kernels with numba, cached on disk between runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba

from msssm_ts.kernels.compiled_cache import CompiledCache

_COMMON = {"boundscheck": False, "error_model": "numpy"}


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function that Python calls: at its first call, without the GIL, kept on disk."""
    compiled: Callable[..., Any] = numba.njit(nogil=True, no_cfunc_wrapper=True, **_COMMON)(
        function
    )
    # What cache=True would set, with numba's own cache.
    compiled._cache = CompiledCache(function)  # type: ignore[attr-defined]
    return compiled


def inlined(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function that only kernels call, as a part of each of them.

    Without an entry from Python and a place on disk of its own, which took a third of the time
    that kernels take to compile. Never a call: a process that compiles a kernel would link such
    a call to the function alone, one that loads the kernel from disk to the copy in the kernel,
    which LLVM may have rounded differently.
    """
    return _compile_part(function, forceinline=True)


def subroutine(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function that only kernels call, and that may stay a call.

    For what cannot round in two ways (moves, sums in a fixed order) and has many callers, which
    compile sooner.
    """
    return _compile_part(function)


def _compile_part(function: Callable[..., Any], **options: bool) -> Callable[..., Any]:
    compiled: Callable[..., Any] = numba.njit(
        no_cpython_wrapper=True, no_cfunc_wrapper=True, **options, **_COMMON
    )(function)
    return compiled
