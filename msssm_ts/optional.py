"""Libraries that only some need, and what to type where one is missing."""

from __future__ import annotations

import shlex
from importlib import import_module
from importlib.util import find_spec
from types import MappingProxyType
from typing import Any

from msssm_ts.errors import InputError

# As pyproject.toml has them: named one by one, they install from wherever the command is typed.
EXTRAS = MappingProxyType(
    {
        "onnx": ("onnx>=1.17", "onnxruntime>=1.20", "onnxscript>=0.5"),
        "hdf5": ("h5py>=3.10",),
        "dicom": ("pydicom>=3.0",),
        "edf": ("edfio>=0.4.18",),
        "serve": (
            *("starlette>=0.45", "uvicorn>=0.34", "python-multipart>=0.0.18", "websockets>=14"),
        ),
        "tune": ("optuna>=4",),
        "dask": ("distributed>=2025.1",),
        "stores": ("fsspec>=2024.6",),
        "zarr": ("zarr>=3",),
    }
)
NEWER = "update the source of msssm-ts, and run 'python -m pip install .' in it"


def install(extra: str) -> str:
    """Return the command that installs what an extra brings.

    Examples
    --------
    >>> install("hdf5")
    "python -m pip install 'h5py>=3.10'"
    """
    return f"python -m pip install {shlex.join(EXTRAS[extra])}"


def needed(extra: str, what: str) -> Any:
    """Import the libraries of an extra.

    Parameters
    ----------
    extra : str
        One of ``EXTRAS``.
    what : str
        What needs it, the subject of the sentence.

    Returns
    -------
    module
        The first one.

    Raises
    ------
    InputError
        If one is missing: which, for what, and the command that installs it.
    """
    check_installed(extra, what)
    try:
        first, *_ = [import_module(name) for name in _modules(extra)]
    except ImportError as error:
        raise InputError(_missing(extra, what, str(error.name))) from error
    return first


def check_installed(extra: str, what: str) -> None:
    """Refuse to begin where a library of an extra is missing; nothing is imported.

    Parameters
    ----------
    extra, what : str
        See :func:`needed`.

    Raises
    ------
    InputError
        See :func:`needed`.
    """
    for name in _modules(extra):
        if find_spec(name) is None:
            raise InputError(_missing(extra, what, name))


def _modules(extra: str) -> list[str]:
    return [each.partition(">=")[0].replace("-", "_") for each in EXTRAS[extra]]


def _missing(extra: str, what: str, name: str) -> str:
    return f"{what} needs {name}, which is not installed; run: {install(extra)}"
