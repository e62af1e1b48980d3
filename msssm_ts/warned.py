"""Warnings at the line of the caller's that brought them about."""

from __future__ import annotations

import sys
import warnings

# This package, and those whose classes call its methods.
_PASSED = ("msssm_ts", "sklearn", "sktime")


def warn_caller(said: str) -> None:
    """Warn at the line of the program's from which the package was called, however deep.

    It is shown with that line, and filters of warnings go by its file.

    Parameters
    ----------
    said : str
        A sentence.
    """
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and _package_of(frame.f_globals.get("__name__", "")) in _PASSED:
        level, frame = level + 1, frame.f_back
    warnings.warn(said, UserWarning, stacklevel=level)


def _package_of(module: str) -> str:
    return module.partition(".")[0]
