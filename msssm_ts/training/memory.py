"""Memory that a training step frees, and the next one asks for again."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable

# glibc's names for its settings (malloc.h), and bytes: a step's arrays are a few megabytes.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_KEPT, _LARGEST = 1 << 28, 1 << 25


def keep_freed_memory() -> bool:
    """Let glibc keep up to 256 MB that were freed, for the next step's arrays.

    By default it gives them back to the system, which then fills page after page with zeros at
    every step: a tenth of a default network's training step. Other systems and C libraries stay
    as they are.

    Returns
    -------
    bool
        Whether it does.

    Examples
    --------
    >>> keep_freed_memory() in (True, False)
    True
    """
    mallopt = _of_glibc("mallopt")
    if mallopt is None:
        return False
    # Either setting ends glibc's own adjustment of both.
    return bool(mallopt(_TRIM_THRESHOLD, _KEPT)) and bool(mallopt(_MMAP_THRESHOLD, _LARGEST))


def give_back_freed_memory() -> bool:
    """Let glibc give back to the system what was freed between what is still in use.

    A member's features are freed when it is fitted, and would count beside the next one's.

    Returns
    -------
    bool
        Whether there was anything.

    Examples
    --------
    >>> give_back_freed_memory() in (True, False)
    True
    """
    trim = _of_glibc("malloc_trim")
    return trim is not None and bool(trim(0))


def _of_glibc(name: str) -> Callable[..., int] | None:
    """Return a function of glibc; None where it is another library, or system."""
    if not sys.platform.startswith("linux"):
        return None
    return getattr(ctypes.CDLL(None), name, None)
