"""Which implementation of an operation runs, and why.

``reference`` is plain torch on any device, ``numba`` the fused CPU kernels, ``triton`` the GPU
kernels. The choice follows the tensor's device unless ``MSSSM_TS_BACKEND`` or
:func:`use_backend` says otherwise.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import torch

BACKENDS = ("auto", "reference", "numba")
ENVIRONMENT_VARIABLE = "MSSSM_TS_BACKEND"

_forced: ContextVar[str | None] = ContextVar("msssm_ts_backend", default=None)


def _check(name: str, source: str) -> str:
    if name not in BACKENDS:
        raise ValueError(f"{source} must be one of {', '.join(BACKENDS)}, not {name!r}")
    return name


@contextmanager
def use_backend(name: str) -> Iterator[None]:
    """Choose the backend inside a ``with`` block.

    Parameters
    ----------
    name : {"auto", "reference", "numba"}
        The backend.

    Raises
    ------
    ValueError
        If the name is none of these.

    Examples
    --------
    >>> import torch
    >>> with use_backend("reference"):
    ...     choose_backend(torch.device("cpu"))
    ('reference', 'chosen by use_backend')
    """
    token = _forced.set(_check(name, "use_backend"))
    try:
        yield
    finally:
        _forced.reset(token)


def choose_backend(device: torch.device) -> tuple[str, str]:
    """Return the backend for tensors on a device, and the reason for the choice.

    Raises
    ------
    ValueError
        If ``MSSSM_TS_BACKEND`` holds an unknown name, or the chosen backend cannot work there.
    """
    name, reason = _forced.get() or "auto", "chosen by use_backend"
    if name == "auto" and ENVIRONMENT_VARIABLE in os.environ:
        name = _check(os.environ[ENVIRONMENT_VARIABLE], ENVIRONMENT_VARIABLE)
        reason = f"chosen by {ENVIRONMENT_VARIABLE}"
    if name == "auto":
        if device.type == "cpu":
            return "numba", "tensors on the CPU"
        return "reference", f"no kernels for {device.type} yet: plain torch operations"
    if name == "numba" and device.type != "cpu":
        raise ValueError(f"the numba backend ({reason}) needs tensors on the CPU, not {device}")
    return name, reason


@torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
def uses_reference(device: torch.device) -> bool:
    """Whether tensors on a device go to the plain torch version; fixed in a compiled graph."""
    return choose_backend(device)[0] == "reference"


def backend_report(device: str = "cpu") -> dict[str, str | int]:
    """Say which backend serves a device, why, on how many threads, and where its cache is.

    Examples
    --------
    >>> backend_report()["backend"]
    'numba'
    """
    from msssm_ts.kernels.jit import cache_directory

    name, reason = choose_backend(torch.device(device))
    return {
        "backend": name,
        "reason": reason,
        "threads": torch.get_num_threads(),
        "cache_dir": str(cache_directory()),
    }
