"""MATLAB files, as far as scipy reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.arrays.named_arrays import series_of_arrays
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.errors import InputError

_HDF5 = b"\x89HDF\r\n\x1a\n"


def read_mat(file: Path, options: ReadOptions) -> LabelledSeries:
    """Read a MATLAB file: variables named as in a .npz file, X, y, fs and so on.

    X is a matrix (series, steps), an array (series, channels, steps), or a cell array of matrices
    (channels, steps) of any lengths; y is numbers, a cell array of texts, or a char matrix. A
    file with a single variable that can be X needs no names. A file with a WFDB header beside it
    is a WFDB record.

    Raises
    ------
    InputError
        If it is damaged, of version 7.3, or holds no series.

    Examples
    --------
    >>> import scipy.io, tempfile
    >>> file = Path(tempfile.mkdtemp(), "x.mat")
    >>> scipy.io.savemat(file, {"X": np.ones((2, 5)), "y": [1, 2], "fs": 100})
    >>> read_mat(file, ReadOptions()).summary()
    '2 series, 1 channel × 5 steps at 100 Hz, 2 classes: 1 2'
    """
    import scipy.io

    if file.with_suffix(".hea").exists():
        from msssm_ts.datasets.wfdb.records import read_wfdb

        return read_wfdb(file.with_suffix(".hea"), options)
    with file.open("rb") as stream:
        head = stream.read(1024)
    if _HDF5 in head:
        raise InputError(
            f"{file}: a MATLAB file of version 7.3, which is HDF5; save it in MATLAB with "
            "save(..., '-v7')"
        )
    try:
        loaded = scipy.io.loadmat(file, chars_as_strings=True)
    # scipy raises what its parser happens to run into.
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(
            f"{file}: not a readable MATLAB file ({reason[:120]}); save it anew with -v7"
        ) from error
    arrays = {k: _plain(v) for k, v in loaded.items() if not k.startswith("__")}
    return series_of_arrays(_with_series(arrays), str(file), options)


def _with_series(arrays: dict[str, Any]) -> dict[str, Any]:
    """Call the series X where only one variable can be them."""
    if {"X", "x", "series", "data", "values"} & set(arrays):
        return arrays
    candidates = [k for k, v in arrays.items() if v.dtype.kind in "iufb" and v.ndim > 1]
    if len(candidates) == 1:
        arrays["X"] = arrays[candidates[0]]
    return arrays


def _plain(value: NDArray[Any]) -> NDArray[Any]:
    """Return a variable as numpy has it: no rows of one, cells as texts or padded series."""
    if value.dtype.kind == "O":
        cells = [np.asarray(c) for c in value.ravel()]
        if all(c.dtype.kind == "U" and c.size <= 1 for c in cells):
            return np.array([str(c.item()) if c.size else "" for c in cells])
        if cells and all(c.ndim == 2 and c.size and c.dtype.kind in "iufb" for c in cells):
            return _padded(cells)
    if value.ndim == 2 and 1 in value.shape and value.dtype.kind != "O":
        return value.ravel()
    return value


def _padded(cells: list[NDArray[Any]]) -> NDArray[Any]:
    """Series of a cell array, NaN behind the shorter ones; a column is one channel."""
    rows = [c.T if c.shape[1] == 1 else c for c in cells]
    if len({len(r) for r in rows}) > 1:
        return np.array(cells, dtype=object)
    padded = np.full((len(rows), len(rows[0]), max(r.shape[1] for r in rows)), np.nan)
    for whole, r in zip(padded, rows, strict=True):
        whole[:, : r.shape[1]] = r
    return padded
