"""NumPy's files: what their headers promise is compared with what is there before it is built."""

from __future__ import annotations

import math
import os
import tokenize
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.damage import UNPACKING, reason_of
from msssm_ts.datasets.memory import demand
from msssm_ts.datasets.zipped import open_zip
from msssm_ts.errors import InputError

_ZIP, _NPY = b"PK", b"\x93NUMPY"
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
# What a damaged file makes numpy and zipfile raise; SyntaxError and TokenError of its header.
_DAMAGE = (
    *(ValueError, EOFError, KeyError, TypeError, SyntaxError, tokenize.TokenError, MemoryError),
    *(RecursionError, OverflowError, OSError, RuntimeError, *UNPACKING),
)


class _Pickled(ValueError):
    """Python objects, which would be built by whatever code the file names."""


def load_npz(file: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays of a .npz file.

    Raises
    ------
    InputError
        If it is damaged, holds Python objects, or takes more memory than may be.
    """
    try:
        with open_zip(file) as archive:
            wanted = 0
            members = [m for m in archive.infolist() if m.filename.endswith(".npy")]
            for member in members:
                with archive.open(member) as stream:
                    wanted += _promised(stream, member.file_size)
                demand(wanted, file, "its arrays")
            arrays = {}
            for member in members:
                with archive.open(member) as stream:
                    arrays[member.filename[:-4]] = _array(stream)
            return arrays
    except InputError:
        raise
    except _DAMAGE as error:
        raise _unreadable(file, ".npz file of plain arrays", error) from error


def load_npy(file: Path) -> NDArray[Any]:
    """Return the array of a .npy file.

    Raises
    ------
    InputError
        If it is damaged, holds Python objects, or takes more memory than may be.
    """
    try:
        with file.open("rb") as stream:
            if stream.read(2) == _ZIP:
                raise InputError(f"{file}: holds several arrays; rename it to .npz")
            stream.seek(0)
            wanted = _promised(stream, os.fstat(stream.fileno()).st_size)
            demand(wanted, file, "its array")
            stream.seek(0)
            return _array(stream)
    except InputError:
        raise
    except _DAMAGE as error:
        raise _unreadable(file, ".npy file of a plain array", error) from error


def npy_header(file: Path) -> tuple[tuple[int, ...], np.dtype[Any], int]:
    """Return shape, type and bytes of the array of a .npy file, which are there.

    Raises
    ------
    InputError
        If it is damaged, or holds Python objects.
    """
    try:
        with file.open("rb") as stream:
            if stream.read(2) == _ZIP:
                raise InputError(f"{file}: holds several arrays; rename it to .npz")
            stream.seek(0)
            return _header(stream, os.fstat(stream.fileno()).st_size)
    except InputError:
        raise
    except _DAMAGE as error:
        raise _unreadable(file, ".npy file of a plain array", error) from error


def _promised(stream: IO[bytes], size: int) -> int:
    """Bytes of the array that a header speaks of, which are there."""
    return _header(stream, size)[2]


def _header(stream: IO[bytes], size: int) -> tuple[tuple[int, ...], np.dtype[Any], int]:
    version = np.lib.format.read_magic(stream)
    read_header = _HEADERS.get(version)
    if read_header is None:
        raise ValueError(f"version {version} of the format is not read")
    shape, _, dtype = read_header(stream)
    if dtype.hasobject:
        raise _Pickled("it holds Python objects, which are not loaded")
    # In whole numbers of any size.
    n = math.prod(int(k) for k in shape)
    there = size - stream.tell()
    if n * dtype.itemsize > there or n > max(there, 1):
        raise ValueError(
            f"its header promises {n} values of {dtype.itemsize} bytes, but {there} bytes are there"
        )
    return tuple(int(k) for k in shape), dtype, n * dtype.itemsize


def _array(stream: IO[bytes]) -> NDArray[Any]:
    array: NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
    return array


def _unreadable(file: Path, what: str, error: Exception) -> InputError:
    return InputError(
        f"{file}: not a readable {what} ({reason_of(error)}); save it anew with numpy, numbers as "
        "numbers and text as text"
    )
