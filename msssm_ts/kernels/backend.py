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
from functools import cache
from importlib.util import find_spec

import torch

from msssm_ts.kernels.parallel import at_work

BACKENDS = ("auto", "reference", "numba", "triton")
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
    name : {"auto", "reference", "numba", "triton"}
        The backend. With tensors on the CPU, "triton" needs its interpreter: TRITON_INTERPRET=1.

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


@cache
def _has_triton() -> bool:
    # Looked up, not imported: that takes a while and is of no use without a GPU.
    return find_spec("triton") is not None


def choose_backend(device: torch.device) -> tuple[str, str]:
    """Return the backend for tensors on a device, and the reason for the choice.

    Parameters
    ----------
    device : torch.device
        Where the tensors are.

    Returns
    -------
    name, reason : str
        The backend, and why it.

    Raises
    ------
    ValueError
        If ``MSSSM_TS_BACKEND`` holds an unknown name, or the chosen backend cannot work there.
    """
    at_work()
    name, reason = _forced.get() or "auto", "chosen by use_backend"
    if name == "auto" and ENVIRONMENT_VARIABLE in os.environ:
        name = _check(os.environ[ENVIRONMENT_VARIABLE], ENVIRONMENT_VARIABLE)
        reason = f"chosen by {ENVIRONMENT_VARIABLE}"
    if name == "auto":
        if device.type == "cpu":
            return "numba", "tensors on the CPU"
        if device.type == "cuda" and _has_triton():
            return "triton", "tensors on a GPU"
        why = "triton is not installed" if device.type == "cuda" else "no kernels for it"
        return "reference", f"tensors on {device.type}, {why}: plain torch operations"
    if name == "numba" and device.type != "cpu":
        raise ValueError(f"the numba backend ({reason}) needs tensors on the CPU, not {device}")
    if name == "triton":
        if not _has_triton():
            raise ValueError(f"the triton backend ({reason}) needs triton, which is not installed")
        if device.type not in ("cpu", "cuda"):
            raise ValueError(f"the triton backend ({reason}) needs tensors on a GPU, not {device}")
        if device.type == "cpu" and os.environ.get("TRITON_INTERPRET") != "1":
            raise ValueError(
                f"the triton backend ({reason}) takes tensors on the CPU only under its "
                "interpreter: set TRITON_INTERPRET=1, or move the tensors to a GPU"
            )
    return name, reason


def backend_of(device: torch.device) -> str:
    """Return the backend for tensors on a device; fixed in a compiled graph."""
    return choose_backend(device)[0]


# What torch.compiler.assume_constant_result does; calling that would import the compiler (and,
# where it is installed, triton) into every process.
backend_of._dynamo_marked_constant = True  # type: ignore[attr-defined]


def backend_report(device: str = "cpu") -> dict[str, str | int]:
    """Say which backend serves a device, why, on how many threads, and where its cache is.

    Parameters
    ----------
    device : str
        Where tensors would be.

    Returns
    -------
    dict
        ``backend``, ``reason``, ``threads``, ``cache_dir`` (or why there is none).

    Examples
    --------
    >>> backend_report()["backend"]
    'numba'
    """
    from msssm_ts.kernels.compiled_cache import cache_report

    name, reason = choose_backend(torch.device(device))
    return {
        "backend": name,
        "reason": reason,
        "threads": torch.get_num_threads(),
        "cache_dir": cache_report(),
    }
