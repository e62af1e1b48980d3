"""The model file: weights and a JSON header in one safetensors file.

Nothing in it is executed at load. The header has a schema version; a reader refuses what is
newer than itself and brings every older one up to the present, a step at a time. What the header
says and which arrays there are is checked before any of them is read.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.errors import InputError
from msssm_ts.file_checks import Record, Whole, shown
from msssm_ts.fitted.contents import check_tensors
from msssm_ts.fitted.schema import check_header
from msssm_ts.fitted.tensor_file import (
    TensorEntry,
    TensorFile,
    opened_tensor_file,
    write_tensor_file,
)
from msssm_ts.fitted.upgrades import FIRST_WITH_CHECKSUM, SCHEMA_VERSION, is_small, upgraded
from msssm_ts.model_path import resolve_model_path
from msssm_ts.optional import NEWER

_KEY = "msssm_ts"
_VERSION = Record({"schema_version": Whole(1)}, others=True)

Arrays = dict[str, NDArray[Any]]


def write_artifact(
    path: str | os.PathLike[str], tensors: Mapping[str, NDArray[Any]], header: Mapping[str, Any]
) -> None:
    """Write a model file, all or nothing: an interrupted write leaves the old file as it was.

    Parameters
    ----------
    path : path
        File to write.
    tensors : mapping of str to array
        Weights.
    header : mapping
        What JSON can hold; the schema version is added.

    Raises
    ------
    WritingError
        If the file cannot be written.
    """
    write_tensor_file(path, tensors, {"schema_version": SCHEMA_VERSION, **header}, _KEY)


def read_header(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the header of a model file, brought up to the present schema.

    Parameters
    ----------
    path : path
        Model file, or the run folder that holds it.

    Returns
    -------
    dict
        Schema version that the file was written with, parameters, classes, channel names,
        sampling rate, members of the vote, history, versions.

    Raises
    ------
    InputError
        If the file is missing, damaged, foreign, or newer than this version can read.
    """
    file = resolve_model_path(path)
    with opened_tensor_file(file, _KEY) as opened:
        return _present(file, opened)[0]


def is_model(file: Path) -> bool:
    """Whether a file says that it is a model, whatever else it says."""
    try:
        with opened_tensor_file(file, _KEY):
            return True
    except InputError:
        return False


def checksum_of(path: str | os.PathLike[str]) -> str:
    """Return what a model file is known by; it changes with anything in it.

    Raises
    ------
    InputError
        If the file is missing, damaged or foreign.
    """
    with opened_tensor_file(resolve_model_path(path), _KEY) as opened:
        return opened.checksum


def read_artifact(path: str | os.PathLike[str]) -> tuple[Arrays, dict[str, Any]]:
    """Return the weights and the header of a model file (or run folder), in the present schema.

    Raises
    ------
    InputError
        If the file is missing, damaged, foreign, or newer than this version can read.
    """
    file = resolve_model_path(path)
    with opened_tensor_file(file, _KEY) as opened:
        header, entries = _present(file, opened)
        try:
            check_tensors(header, entries)
        except ValueError as error:
            raise _unfit(file, error) from error
        read = opened.read()
    for name, array in read.items():
        # Whatever it is for.
        if array.dtype.kind in "fc" and not np.isfinite(array).all():
            raise InputError(f"{file}: weight {name} holds NaN or infinity; train again")
    return {name: read[entry.name] for name, entry in entries.items()}, header


def _present(file: Path, opened: TensorFile) -> tuple[dict[str, Any], dict[str, TensorEntry]]:
    """Return header and list of arrays as the present schema has them."""
    header = opened.header
    try:
        _VERSION("header", header)
        version = header["schema_version"]
        if version > SCHEMA_VERSION:
            raise InputError(
                f"{file}: written with schema version {shown(version)}, this msssm-ts reads up to "
                f"{SCHEMA_VERSION}; {NEWER}"
            )
        if version >= FIRST_WITH_CHECKSUM and not opened.has_checksum:
            raise ValueError("its checksum is missing")
        said = {name: e for name, e in opened.entries.items() if not is_small(version, name)}
        small = opened.entries.keys() - said.keys()
        for name in small:
            entry = opened.entries[name]
            if entry.shape != (2,) or entry.dtype.kind != ("f" if name.endswith("fit") else "i"):
                raise ValueError(f"{name[:80]!r} is not of two numbers")
        header, entries = upgraded(header, {**said, **opened.read(small)})
        check_header(header)
        for name, entry in entries.items():
            if not isinstance(entry, TensorEntry):
                raise ValueError(f"{name[:80]!r} is surplus")
    except InputError:
        raise
    except ValueError as error:
        raise _unfit(file, error) from error
    return header, entries


def _unfit(file: Path, error: ValueError) -> InputError:
    if isinstance(error, InputError):
        return InputError(f"{file}: {error}")
    return InputError(f"{file}: its contents do not fit together ({error}); train again")
