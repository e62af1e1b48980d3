"""MATLAB files: which variables are the series, and which the labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.arrays.mat_file import read_mat_file
from msssm_ts.datasets.arrays.named_arrays import series_of_arrays
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.options import ReadOptions

# Names that single recordings have, the likeliest first; case does not matter.
_RECORD = ("val", "data", "ecg", "eeg", "emg", "signal", "p_signal", "sig", "y")
_SERIES = ("x", "series", "data", "values", "signals", "samples", "inputs")
_LABELS = ("y", "labels", "label", "targets", "target", "classes", "class")


def read_mat(file: Path, options: ReadOptions) -> LabelledSeries:
    """Read a MATLAB file: variables named as in a .npz file, X, y, fs and so on.

    X is a matrix (series, steps), an array (series, channels, steps), or a cell array of matrices
    (channels, steps) of any lengths; y is numbers, a cell array of texts, or a char matrix. The
    variables may be fields of one struct, or a struct array has one element a series. A file with a
    single variable that can be X needs no names; one that is called ``val`` or ``ECG`` and has no
    labels is a recording of several channels. A file with a WFDB header beside it is a WFDB record.

    Raises
    ------
    InputError
        If it is damaged, or holds no series.

    Examples
    --------
    >>> import scipy.io, tempfile
    >>> file = Path(tempfile.mkdtemp(), "x.mat")
    >>> scipy.io.savemat(file, {"X": np.ones((2, 5)), "y": [1, 2], "fs": 100})
    >>> read_mat(file, ReadOptions()).summary()
    '2 series, 1 channel × 5 steps at 100 Hz, 2 classes: 1 2'
    """
    if file.with_suffix(".hea").exists():
        from msssm_ts.datasets.wfdb.records import read_wfdb

        return read_wfdb(file.with_suffix(".hea"), options)
    arrays = _with_series({k: _plain(v) for k, v in _variables(file).items()})
    return series_of_arrays(arrays, str(file), options, record=True)


def _variables(file: Path) -> dict[str, NDArray[Any]]:
    """Variables of a file, those within a single struct like those outside."""
    found = read_mat_file(file)
    structs = [k for k, v in found.items() if v.dtype.names is not None]
    for name in structs:
        struct = found.pop(name).ravel()
        for field in struct.dtype.names or ():
            cells = np.empty(len(struct), dtype=object)
            cells[:] = [np.asarray(element[field]) for element in struct]
            value = cells[0] if len(struct) == 1 else cells
            found.setdefault(field if len(structs) == 1 else f"{name}.{field}", value)
    return found


def _with_series(arrays: dict[str, Any]) -> dict[str, Any]:
    """Call the series X where their name or their shape tells them; the rest stays.

    A row or a column of numbers is one series if it is what the file holds, else one value a
    series.
    """
    by_name = {k.casefold(): k for k in arrays}
    names = [by_name[n] for n in (*_SERIES, *_RECORD) if n in by_name]
    labels = [by_name[n] for n in _LABELS if n in by_name and by_name[n] not in names[:1]]
    numbers = {k: v for k, v in arrays.items() if v.dtype.kind in "iufb" and v.size > 1}
    named = [k for k in names if k in numbers and k not in labels]
    if not named:
        wide = [k for k, v in numbers.items() if k not in labels and not _is_line(v)]
        lines = [k for k in numbers if k not in labels]
        candidates = wide or lines
        named = candidates if len(candidates) == 1 else []
    if not named:
        return {k: _line(v) for k, v in arrays.items()}
    chosen = named[0]
    rest = {k: _line(v) for k, v in arrays.items() if k != chosen}
    values = arrays[chosen]
    if _is_line(values):
        values = values.reshape(1, -1)
    is_series = chosen.casefold() in _SERIES[:2]
    if is_series or labels or values.ndim != 2:
        return {"X": values, **rest}
    return {"val": values, **rest}


def _is_line(value: NDArray[Any]) -> bool:
    return value.ndim == 2 and 1 in value.shape


def _line(value: NDArray[Any]) -> NDArray[Any]:
    return value.ravel() if _is_line(value) and value.dtype.kind != "O" else value


def _plain(value: NDArray[Any]) -> NDArray[Any]:
    """Return a variable as numpy has it: no rows of one, cells as texts or padded series."""
    if value.dtype.kind == "O":
        cells = [np.asarray(c) for c in value.ravel()]
        if cells and all(c.dtype.kind == "U" and c.size <= 1 for c in cells):
            return np.array([str(c.item()) if c.size else "" for c in cells])
        if cells and all(c.size == 1 and c.dtype.kind in "iufb" for c in cells):
            return np.array([c.item() for c in cells])
        if cells and all(c.ndim == 2 and c.size and c.dtype.kind in "iufb" for c in cells):
            return _padded(cells)
    return value


def _padded(cells: list[NDArray[Any]]) -> NDArray[Any]:
    """Series of a cell array, NaN behind the shorter ones; a column is one channel."""
    rows = [c.T if c.shape[1] == 1 else c for c in cells]
    if len({len(r) for r in rows}) > 1:
        ragged = np.empty(len(cells), dtype=object)
        ragged[:] = cells
        return ragged
    padded = np.full((len(rows), len(rows[0]), max(r.shape[1] for r in rows)), np.nan)
    for whole, r in zip(padded, rows, strict=True):
        whole[:, : r.shape[1]] = r
    return padded
