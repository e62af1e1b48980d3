"""What the arrays of HDF5 files promise, compared with what is stored and with the limit."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.memory import demand
from msssm_ts.errors import InputError

# An array without anything stored may be this large: it reads as zeros.
_EMPTY = 1 << 20
# What packing may add to a chunk that cannot be packed.
_SLACK = 1 << 16
# An array takes as much beside its values.
_ARRAY = 128


def checked_size(item: Any, file: Path) -> int:
    """Return the bytes of a data set in memory, if they can be believed.

    Parameters
    ----------
    item : h5py.Dataset
        The data set.
    file : Path
        For messages.

    Raises
    ------
    InputError
        If nothing is stored of it, it lies in other files, or its chunks unpack to more than they
        may.
    """
    size = math.prod(int(n) for n in item.shape) * int(item.dtype.itemsize)
    if item.external or item.is_virtual:
        raise InputError(
            f"{file}: {_name(item)} lies in other files, which are not opened; copy it here"
        )
    if size > _EMPTY and not item.id.get_storage_size():
        raise InputError(
            f"{file}: {_name(item)} is of shape {item.shape}, but nothing is stored of it; "
            "replace the file"
        )
    if item.chunks is not None:
        chunk = math.prod(int(n) for n in item.chunks) * int(item.dtype.itemsize)
        demand(chunk, file, f"a chunk of {_name(item)}")
        if size:
            _check_chunks(item, chunk, file)
    return size


def _check_chunks(item: Any, chunk: int, file: Path) -> None:
    """Refuse packed chunks that are larger than what they say to unpack to."""
    largest = [0]

    def look(stored: Any) -> None:
        largest[0] = max(largest[0], int(stored.size))

    item.id.chunk_iter(look)
    if largest[0] > chunk + chunk // 8 + _SLACK:
        raise InputError(
            f"{file}: a chunk of {_name(item)} takes {largest[0]} bytes packed and {chunk} "
            "unpacked, which cannot be; replace the file"
        )


class Budget:
    """Reads data sets of a file, as many as all of them together may take.

    Parameters
    ----------
    file : Path
        For messages.
    """

    def __init__(self, file: Path):
        self.file, self._taken = file, 0
        # Arrays that were read already, by the names of what they were read from.
        self.known: dict[str, NDArray[Any]] = {}

    def read(self, item: Any) -> NDArray[Any]:
        """Return a data set's values.

        Raises
        ------
        InputError
            If they and those before take more memory than may be.
        """
        self._taken += math.prod(int(n) for n in item.shape) * int(item.dtype.itemsize) + _ARRAY
        demand(self._taken, self.file, "its arrays")
        return np.asarray(item[()])


def _name(item: Any) -> str:
    name = str(item.name).removeprefix("/")
    return "".join(c if c.isprintable() else "?" for c in name)[:80]
