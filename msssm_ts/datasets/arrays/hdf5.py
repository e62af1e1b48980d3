"""HDF5 files (.h5, .hdf5), and MATLAB files of version 7.3, which are HDF5, too."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.arrays.hdf5_sizes import Budget, checked_size
from msssm_ts.datasets.damage import reason_of
from msssm_ts.datasets.parts import part_of
from msssm_ts.datasets.probe import check_ends
from msssm_ts.errors import InputError
from msssm_ts.optional import needed
from msssm_ts.series import Series

HDF5_MARK = b"\x89HDF\r\n\x1a\n"
# Larger arrays stay on disk and are read series by series.
_IN_MEMORY = 1 << 29
# Cells within cells of MATLAB files; no data set comes near.
_DEEPEST = 24


def _h5py(file: Path) -> Any:
    return needed("hdf5", f"{file}: HDF5")


@contextmanager
def opened(file: Path) -> Iterator[Any]:
    """Open an HDF5 file; what is wrong with it is told as InputError.

    Raises
    ------
    InputError
        If it is damaged, or h5py is not installed.
    """
    h5py = _h5py(file)
    check_ends(file, "hdf5")
    try:
        with h5py.File(file, "r") as opened_file:
            yield opened_file
    except InputError:
        raise
    # h5py raises these and more for what is damaged.
    except (OSError, KeyError, RuntimeError, ValueError, TypeError, MemoryError) as error:
        raise InputError(
            f"{file}: not a readable HDF5 file ({reason_of(error)}); replace the file"
        ) from error


class OnDisk(NamedTuple):
    """An array that is still on disk.

    Parameters
    ----------
    file : Path
        The HDF5 file.
    name : str
        Of the data set in it.
    shape : tuple of int
        Its axes.
    dtype : numpy.dtype
        Of its values.
    """

    file: Path
    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]


def arrays_of(file: Path) -> dict[str, NDArray[Any] | OnDisk]:
    """Return the data sets of a file by the last part of their names; large ones stay on disk.

    Raises
    ------
    InputError
        If it is damaged, written by pandas, or h5py is not installed.
    """
    found: dict[str, NDArray[Any] | OnDisk] = {}
    h5py = _h5py(file)
    with opened(file) as top:
        if any("pandas_type" in getattr(v, "attrs", {}) for v in top.values()):
            raise InputError(
                f"{file}: written by pandas as HDF5; save the data frame as Parquet (to_parquet)"
            )

        def visit(name: str, item: Any) -> None:
            if not isinstance(item, h5py.Dataset) or item.shape is None:
                return
            *_, group, short = ("", *name.split("/"))
            # As X_train stands where there are no groups.
            short = f"{short}_{group}" if part_of(group) is not None else short
            key = name if short in found else short
            if checked_size(item, file) > _IN_MEMORY:
                found[key] = OnDisk(file, name, item.shape, item.dtype)
            else:
                found[key] = texts_in(budget.read(item))

        budget = Budget(file)
        top.visititems(visit)
        for name, value in top.attrs.items():
            found.setdefault(name, texts_in(np.asarray(value)))
    return found


def texts_in(values: Any) -> NDArray[Any]:
    """Return an array, bytes of text as text."""
    array = np.asarray(values)
    if array.dtype.kind == "O" and array.size and isinstance(array.flat[0], bytes):
        return np.array([v.decode("utf-8", "replace") for v in array.ravel()]).reshape(array.shape)
    return np.char.decode(array, "utf-8", "replace") if array.dtype.kind == "S" else array


class OneSeries(NamedTuple):
    """Reads one series of an array on disk; pickles for worker processes."""

    file: str
    name: str
    axes: tuple[str, ...]

    def __call__(self, item: int) -> Series:
        """Read a series by its place."""
        values = np.asarray(_kept_open(self.file, os.getpid())[self.name][item], dtype=np.float32)
        if values.ndim == 1:
            return values[None]
        turned = self.axes.index("steps") < self.axes.index("channels")
        return np.ascontiguousarray(values.T) if turned else values


@lru_cache(maxsize=4)
def _kept_open(file: str, process: int) -> Any:
    """Return an open file: opening it for every series would take longer than reading."""
    return _h5py(Path(file)).File(file, "r")


def matlab_variables(file: Path) -> dict[str, NDArray[Any]]:
    """Return the variables of a MATLAB file of version 7.3 as scipy returns those of others.

    Its axes are reversed, texts are numbers, and cells and fields are references.

    Raises
    ------
    InputError
        If it is damaged, or h5py is not installed.
    """
    budget = Budget(file)
    with opened(file) as top:
        found = {name: item for name, item in own_items(top) if not name.startswith("#")}
        structs = [n for n, item in found.items() if hasattr(item, "items")]
        variables: dict[str, NDArray[Any]] = {}
        for name, item in found.items():
            if name in structs:
                for field, inner in own_items(item):
                    key = field if len(structs) == 1 else f"{name}.{field}"
                    variables.setdefault(key, _matlab_value(inner, top, budget))
            else:
                variables[name] = _matlab_value(item, top, budget)
    return variables


def own_items(group: Any) -> Iterator[tuple[str, Any]]:
    """Yield what a group holds itself; what it links to in other files is left alone."""
    h5py = _h5py(Path(group.file.filename))
    for name in group:
        if not isinstance(group.get(name, getlink=True), h5py.ExternalLink):
            yield name, group[name]


def _matlab_value(item: Any, top: Any, budget: Budget, depth: int = 0) -> NDArray[Any]:
    if not hasattr(item, "dtype") or item.shape is None:
        return np.empty(0, dtype=object)
    if depth > _DEEPEST:
        raise InputError(
            f"{budget.file}: cells within cells, more than {_DEEPEST} deep; it is not read"
        )
    # Any number of cells may refer to the same.
    known = budget.known.get(item.name)
    if known is not None:
        return known
    checked_size(item, budget.file)
    values = budget.read(item).T
    kind = item.attrs.get("MATLAB_class", b"")
    if np.any(item.attrs.get("MATLAB_empty", 0)):
        return np.empty(0)
    if item.dtype.kind == "O":
        cells = np.empty(values.shape, dtype=object)
        for place, reference in np.ndenumerate(values):
            inner = top[reference]
            cells[place] = _matlab_value(inner, top, budget, depth + 1)
            budget.known[inner.name] = cells[place]
        return cells
    if isinstance(kind, bytes) and kind == b"char" and values.dtype.kind in "iu":
        codes = np.atleast_2d(values)
        rows = ["".join(chr(c) if 0 <= c < 0x110000 else "?" for c in r) for r in codes.tolist()]
        return np.array(rows)
    return values
