"""Recordings as MATLAB files without headers, one a file.

The challenge of 2018 (CPSC) has a struct ``ECG`` with ``sex``, ``age`` and ``data`` of shape (12,
steps); others a matrix ``val``, as PhysioNet's exports.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.arrays.mat_file import read_mat_file
from msssm_ts.datasets.parts import part_in
from msssm_ts.datasets.signals.about import facts
from msssm_ts.datasets.signals.stored import Stored, stored_format
from msssm_ts.errors import InputError

# What the signals of one recording are called, the likeliest first.
_SIGNALS = ("val", "data", "ecg", "signal", "signals", "values", "x", "eeg")
_RATES = ("fs", "rate", "sampling_rate", "srate", "samplingrate", "frequency")
_NAMES = ("leads", "lead_names", "channels", "channel_names", "labels", "sig_name")
_ABOUT = ("age", "sex", "gender", "patient")
# Labels in a file make it a data set.
_DATA_SET = {"y", "label", "target", "class"}
# More signals than this are no recording's.
_MOST_SIGNALS = 256


def decode_mat(file: Path) -> Stored:
    """Read the recording in a MATLAB file.

    Raises
    ------
    InputError
        If there is none in it.
    """
    values = read_mat_file(file)
    fields = {name.casefold(): value for name, value in _fields(values)}
    found = next((fields[n] for n in _SIGNALS if _is_matrix(fields.get(n))), None)
    found_names: list[str] = []
    if found is None:
        named = {n: np.squeeze(v) for n, v in _fields(values) if _is_matrix(v)}
        matrices = list(named.values())
        # Vectors of one length are signals, numbered by file or not: X097_DE_time, X097_FE_time.
        signals = [re.sub(r"\d+", "", n) for n in named]
        if _are_signals(matrices) and len({*signals}) == len(signals):
            matrices, found_names = [np.stack(matrices)], signals
        if len(matrices) != 1:
            raise InputError(
                f"{file}: which of {', '.join(sorted(fields)) or 'no variables'} is the "
                "recording is not clear; call it val"
            )
        found = matrices[0]
    matrix = np.atleast_2d(np.squeeze(np.asarray(found)))
    # Steps outnumber signals.
    if matrix.shape[0] > matrix.shape[1]:
        matrix = matrix.T
    if matrix.shape[0] > _MOST_SIGNALS:
        raise InputError(
            f"{file}: a matrix of {matrix.shape[0]} × {matrix.shape[1]} is no recording of some "
            "signals; name the file alone to read it as a data set"
        )
    rate = next((_scalar(fields[n]) for n in _RATES if n in fields), 0.0)
    names = next((_texts(fields[n]) for n in _NAMES if n in fields), found_names)
    if len(names) != len(matrix):
        names = [""] * len(matrix)
    return Stored(
        np.ascontiguousarray(matrix, dtype=np.float32),
        tuple(names),
        ("",) * len(matrix),
        rate if 0 < rate < 1e7 else 0.0,
        about=facts((n, _text(fields[n])) for n in _ABOUT if n in fields),
    )


def _fields(values: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Variables, and the fields of structs in place of these."""
    for name, value in values.items():
        if getattr(value, "dtype", None) is not None and value.dtype.names and value.size == 1:
            for field in value.dtype.names:
                yield field, value.ravel()[0][field]
        else:
            yield name, value


def _is_matrix(value: Any) -> bool:
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "iuf":
        return False
    return value.size > 1 and np.squeeze(value).ndim in (1, 2)


def _are_signals(matrices: Sequence[NDArray[Any]]) -> bool:
    """Whether several matrices are vectors of one length."""
    return len(matrices) > 1 and all(m.shape == matrices[0].shape and m.ndim == 1 for m in matrices)


def _text(value: Any) -> str:
    cells = np.asarray(value).ravel()
    return f"{cells[0]:g}" if cells.dtype.kind in "iuf" and cells.size else "".join(map(str, cells))


def _scalar(value: Any) -> float:
    try:
        return float(np.asarray(value).ravel()[0])
    except (ValueError, TypeError, IndexError):
        return 0.0


def _texts(value: Any) -> list[str]:
    cells: NDArray[Any] = np.asarray(value).ravel()
    return [str(np.asarray(c).ravel()[0]) if np.asarray(c).size else "" for c in cells]


MAT = stored_format((".mat",), decode_mat)


def are_records(files: Sequence[Path]) -> bool:
    """Whether MATLAB files in a folder are recordings, rather than data sets, by the first few.

    There are several, none has labels, and in each one matrix has far more steps than signals.
    """
    if len(files) < 2 or any(part_in(f.stem) for f in files):
        return False
    if files[0].with_suffix(".hea").exists():
        # The signals of WFDB records.
        return False
    some, unclear = files[:5], 0
    for file in some:
        try:
            values = read_mat_file(file)
            if {n.casefold() for n in values} & _DATA_SET:
                return False
            shape = decode_mat(file).values.shape
        except InputError:
            unclear += 1
            continue
        # X is what the series of a data set are called, too.
        if shape[1] < 8 * shape[0] or shape[0] > (16 if "X" in values else 64):
            return False
    # A few that are not clear are left out and named.
    return 2 * unclear < len(some)
