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

from msssm_ts.errors import InputError
from msssm_ts.series import Series

HDF5_MARK = b"\x89HDF\r\n\x1a\n"
# Larger arrays stay on disk and are read series by series.
_IN_MEMORY = 1 << 29


def _h5py(file: Path) -> Any:
    try:
        import h5py
    except ImportError as error:
        raise InputError(
            f"{file}: an HDF5 file, which needs h5py; pip install 'msssm-ts[hdf5]'"
        ) from error
    return h5py


@contextmanager
def opened(file: Path) -> Iterator[Any]:
    """Open an HDF5 file; what is wrong with it is told as InputError.

    Raises
    ------
    InputError
        If it is damaged, or h5py is not installed.
    """
    h5py = _h5py(file)
    try:
        with h5py.File(file, "r") as opened_file:
            yield opened_file
    # h5py raises these and more for what is damaged.
    except (OSError, KeyError, RuntimeError, ValueError, TypeError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(
            f"{file}: not a readable HDF5 file ({reason[:120]}); replace the file"
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

    @property
    def nbytes(self) -> int:
        """How much memory it takes."""
        return int(np.prod(self.shape, dtype=np.float64)) * self.dtype.itemsize

    def read(self) -> NDArray[Any]:
        """Read all of it."""
        with opened(self.file) as file:
            return np.asarray(file[self.name][()])


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
            short = name.rsplit("/", 1)[-1]
            key = name if short in found else short
            size = int(np.prod(item.shape, dtype=np.float64)) * item.dtype.itemsize
            if size > _IN_MEMORY:
                found[key] = OnDisk(file, name, item.shape, item.dtype)
            else:
                found[key] = _texts(item[()])

        top.visititems(visit)
        for name, value in top.attrs.items():
            found.setdefault(name, _texts(np.asarray(value)))
    return found


def _texts(values: Any) -> NDArray[Any]:
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
    with opened(file) as top:
        found = {name: item for name, item in top.items() if not name.startswith("#")}
        structs = [n for n, item in found.items() if hasattr(item, "items")]
        variables: dict[str, NDArray[Any]] = {}
        for name, item in found.items():
            if name in structs:
                for field, inner in item.items():
                    key = field if len(structs) == 1 else f"{name}.{field}"
                    variables.setdefault(key, _matlab_value(inner, top))
            else:
                variables[name] = _matlab_value(item, top)
    return variables


def _matlab_value(item: Any, top: Any) -> NDArray[Any]:
    if not hasattr(item, "dtype"):
        return np.empty(0, dtype=object)
    values = np.asarray(item[()]).T
    kind = item.attrs.get("MATLAB_class", b"")
    if item.attrs.get("MATLAB_empty", 0):
        return np.empty(0)
    if item.dtype.kind == "O":
        cells = np.empty(values.shape, dtype=object)
        for place, reference in np.ndenumerate(values):
            cells[place] = _matlab_value(top[reference], top)
        return cells
    if kind == b"char":
        rows = ["".join(map(chr, row)) for row in np.atleast_2d(values)]
        return np.array(rows)
    return values
