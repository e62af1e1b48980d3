"""MATLAB files of version 4, which PhysioNet's records in MATLAB files are."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.arrays.mat5 import NOTHING, Broken, joined_texts, latin_text

_HEADER = 20
# By the hundreds, tens and ones of a variable's type: precision, and kind.
_PRECISIONS = ("f8", "f4", "i4", "i2", "u2", "u1")
_TEXT, _SPARSE = 1, 2
_MOST_OF_NAME = 4096


def read_mat4(data: bytes) -> dict[str, NDArray[Any]]:
    """Return the variables of a file.

    Raises
    ------
    Broken
        If it is damaged.
    """
    found: dict[str, NDArray[Any]] = {}
    place = 0
    while len(data) - place >= _HEADER:
        (kind,) = struct.unpack_from("<i", data, place)
        order = "<" if 0 <= kind < 5000 else ">"
        kind, rows, columns, imaginary, n_name = struct.unpack_from(f"{order}5i", data, place)
        place += _HEADER
        machine, rest = divmod(kind, 1000)
        zero, rest = divmod(rest, 100)
        precision, kind = divmod(rest, 10)
        # Other machines are those of DEC and Cray.
        if machine not in (0, 1) or zero or precision >= len(_PRECISIONS) or kind > _SPARSE:
            raise Broken(f"no type of variables is {machine}{zero}{precision}{kind}")
        if min(rows, columns) < 0 or not 0 < n_name <= _MOST_OF_NAME or imaginary not in (0, 1):
            raise Broken(f"a variable of {rows} × {columns} with a name of {n_name} bytes")
        dtype = np.dtype(order + _PRECISIONS[precision])
        parts = []
        name = latin_text(data[place : place + n_name]).rstrip("\0")
        place += n_name
        size = rows * columns * dtype.itemsize
        for _ in range(1 + imaginary):
            if size > len(data) - place:
                raise Broken(f"{name[:40]!r} breaks off")
            part = np.frombuffer(data, dtype, rows * columns, place)
            parts.append(part.reshape((rows, columns), order="F").astype(dtype.newbyteorder("=")))
            place += size
        value = parts[0] if len(parts) == 1 else parts[0] + 1j * parts[1]
        if kind == _SPARSE:
            value = NOTHING
        elif kind == _TEXT:
            letters = value.real.astype(np.uint8).tobytes(order="F")
            value = joined_texts(latin_text(letters), (rows, columns))
        found[name] = value
    if not found:
        raise Broken("it holds no variable")
    return found
