"""Compilation of the CPU kernels with numba, cached on disk between runs."""

from __future__ import annotations

import hashlib
import os
import tempfile
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba
import platformdirs

_lock = threading.Lock()
_COMMON = {"boundscheck": False, "error_model": "numpy"}


@cache
def cache_directory() -> Path:
    """Folder that holds the compiled kernels.

    ``MSSSM_TS_CACHE_DIR`` if set, else the user's cache folder, else (when neither can be
    written) a temporary folder of this process. The last part of the name is a digest of the CPU
    kernels' sources and of numba's version: numba itself would notice a change in a kernel's own
    file, but not in a function that it calls.
    """
    digest = hashlib.sha256(numba.__version__.encode())
    here = Path(__file__).parent
    for pattern in ("simd.py", "jit.py", "layout.py", "*/cpu*.py"):
        for source in sorted(here.glob(pattern)):
            digest.update(source.read_bytes())
    name = f"numba-{digest.hexdigest()[:16]}"
    chosen = os.environ.get("MSSSM_TS_CACHE_DIR")
    folder = Path(chosen) if chosen else platformdirs.user_cache_path("msssm-ts", appauthor=False)
    try:
        (folder / name).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder / name):
            pass
    except OSError:
        return Path(tempfile.mkdtemp(prefix="msssm-ts-")) / name
    return folder / name


def has_compiled_kernels() -> bool:
    """Whether earlier processes have left compiled kernels, so that a start is quick."""
    return next(cache_directory().rglob("*.nbi"), None) is not None


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function that Python calls: at its first call, without the GIL, kept on disk."""
    with _lock:
        previous = numba.config.CACHE_DIR
        # numba reads the setting once, when caching is enabled for a function.
        numba.config.CACHE_DIR = str(cache_directory())
        try:
            compiled: Callable[..., Any] = numba.njit(
                nogil=True, cache=True, no_cfunc_wrapper=True, **_COMMON
            )(function)
        finally:
            numba.config.CACHE_DIR = previous
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
