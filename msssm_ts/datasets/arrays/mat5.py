"""MATLAB files of versions 5 to 7: elements of a tag and bytes, matrices within matrices."""

from __future__ import annotations

import math
import struct
import zlib
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.memory import allowed_bytes, demand

_TYPES = {
    **{1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4"},
    **{7: "f4", 9: "f8", 12: "i8", 13: "u8"},
}
_UINT16, _MATRIX, _COMPRESSED, _UTF8, _UTF16, _UTF32 = 4, 14, 15, 16, 17, 18
_CELL, _STRUCT, _OBJECT, _CHAR, _SPARSE, _OPAQUE = 1, 2, 3, 4, 5, 17
_NUMBERS = range(6, 16)
_COMPLEX = 0x0800
# What no data set comes near.
_DEEPEST, _MOST_AXES, _LONGEST_NAME = 24, 32, 4096
# An array in an array of objects, at least.
_CELL_BYTES = 128
# What stands for variables that cannot be series or say anything of them.
NOTHING: NDArray[Any] = np.empty(0, dtype=object)


class Broken(ValueError):
    """A damaged file; the text says what is wrong."""


def read_mat5(file: Path, stream: BinaryIO, size: int, order: str) -> dict[str, NDArray[Any]]:
    """Return the variables of a file whose stream stands behind its header.

    Parameters
    ----------
    file : Path
        For messages.
    stream : binary stream
        The open file.
    size : int
        Of the file, in bytes.
    order : {"<", ">"}
        Of the bytes in numbers.

    Raises
    ------
    Broken
        If it is damaged.
    InputError
        If it takes more memory than may be.
    """
    found: dict[str, NDArray[Any]] = {}
    unpacked = 0
    while (place := stream.tell()) + 8 <= size:
        kind, n_bytes = struct.unpack(f"{order}II", stream.read(8))
        if kind not in (_MATRIX, _COMPRESSED):
            raise Broken(f"no variable begins at byte {place}")
        if n_bytes > size - place - 8:
            raise Broken(f"the variable at byte {place} breaks off")
        data = stream.read(n_bytes)
        if kind == _COMPRESSED:
            data = _decompressed(file, data, unpacked, place)
            tag = struct.unpack_from(f"{order}II", data) if len(data) >= 8 else (0, 0)
            if tag[0] != _MATRIX or tag[1] > len(data) - 8:
                raise Broken(f"no variable is in the compressed data at byte {place}")
            data = data[8 : 8 + tag[1]]
        unpacked += len(data)
        demand(unpacked, file, "its variables")
        try:
            name, value = _Elements(file, data, order).matrix(0)
        except Broken as error:
            raise Broken(f"{error}, in the variable at byte {place}") from error
        # Functions' workspaces have no name.
        if name:
            found[name] = value
    if not found:
        raise Broken("it holds no variable")
    return found


def _decompressed(file: Path, data: bytes, unpacked: int, place: int) -> bytes:
    inflater = zlib.decompressobj()
    try:
        found = inflater.decompress(data, max(allowed_bytes() - unpacked, 0) + 1)
    except zlib.error as error:
        raise Broken(f"the compressed data at byte {place} is damaged: {error}") from error
    demand(unpacked + len(found), file, f"the variable at byte {place}")
    if not inflater.eof:
        raise Broken(f"the compressed data at byte {place} breaks off")
    return found


class _Elements:
    """The elements in some bytes, one after the other.

    Parameters
    ----------
    file : Path
        For messages.
    data : bytes
        Of a matrix, without its tag.
    order : {"<", ">"}
        Of the bytes in numbers.
    """

    def __init__(self, file: Path, data: bytes, order: str):
        self.file, self.data, self.order = file, data, order
        self.place = 0

    def tag(self) -> tuple[int, int, int]:
        """Kind, place and size of the next element; stand behind it."""
        left = len(self.data) - self.place
        if left < 8:
            raise Broken("an element is missing")
        kind, size = struct.unpack_from(f"{self.order}II", self.data, self.place)
        if kind >> 16:
            # A small one, within its tag.
            start, size, step = self.place + 4, kind >> 16, 8
            kind &= 0xFFFF
            if size > 4:
                raise Broken(f"a small element of {size} bytes")
        else:
            start, step = self.place + 8, 8 + size + -size % 8
            if size > left - 8:
                raise Broken(f"an element of {size} bytes, where {left - 8} are left")
        self.place += min(step, left)
        return kind, start, size

    def numbers(self) -> NDArray[Any]:
        """Return the next element's numbers, (n,)."""
        kind, start, size = self.tag()
        if kind not in _TYPES:
            raise Broken(f"no type of numbers is {kind}")
        dtype = np.dtype(self.order + _TYPES[kind])
        if size % dtype.itemsize:
            raise Broken(f"{size} bytes of numbers of {dtype.itemsize}")
        return np.frombuffer(self.data, dtype, size // dtype.itemsize, start)

    def text(self) -> str:
        """Return the next element's text, a name."""
        _, start, size = self.tag()
        if size > _LONGEST_NAME:
            raise Broken(f"a name of {size} bytes")
        return latin_text(self.data[start : start + size]).rstrip("\0")

    def matrix(self, depth: int) -> tuple[str, NDArray[Any]]:
        """Return the name and the value of the matrix that begins here."""
        flags = self.numbers()
        if len(flags) != 2 or flags.dtype.kind not in "iu":
            raise Broken("no flags stand at the beginning of a matrix")
        kind, is_complex = int(flags[0]) & 0xFF, bool(int(flags[0]) & _COMPLEX)
        if kind == _OPAQUE:
            return self.text(), NOTHING
        axes = self.numbers()
        shape = tuple(int(n) for n in axes[: _MOST_AXES + 1])
        if axes.dtype.kind not in "iu" or not 2 <= len(shape) <= _MOST_AXES or min(shape) < 0:
            raise Broken(f"no matrix has the axes {shape}")
        name = self.text()
        if kind == _CELL:
            return name, self._cells(shape, depth)
        if kind in (_STRUCT, _OBJECT):
            if kind == _OBJECT:
                # The name of its class.
                self.text()
            return name, self._struct(shape, depth)
        if kind == _CHAR:
            return name, self._texts(shape)
        if kind in _NUMBERS:
            value = self._numeric(shape)
            return name, value + 1j * self._numeric(shape) if is_complex else value
        return name, NOTHING

    def _numeric(self, shape: tuple[int, ...]) -> NDArray[Any]:
        values = self.numbers()
        if len(values) != math.prod(shape):
            raise Broken(f"{len(values)} numbers in a matrix of shape {shape}")
        # A copy, which can be written to and does not keep the file's bytes.
        return values.reshape(shape, order="F").astype(values.dtype.newbyteorder("="))

    def _below(self, depth: int) -> NDArray[Any]:
        """Return the next element, a matrix within this one."""
        kind, start, size = self.tag()
        if kind != _MATRIX:
            raise Broken(f"an element of type {kind} in place of a matrix")
        if not size:
            return np.empty((0, 0))
        if depth >= _DEEPEST:
            raise Broken(f"matrices within matrices, more than {_DEEPEST} deep")
        inner = _Elements(self.file, self.data[start : start + size], self.order)
        return inner.matrix(depth + 1)[1]

    def _room_for(self, n: int, shape: tuple[int, ...]) -> None:
        """Refuse more matrices than there is place for."""
        if n > (len(self.data) - self.place) // 8:
            raise Broken(f"an array of shape {shape} breaks off")
        demand(_CELL_BYTES * n, self.file, f"an array of {n} matrices")

    def _cells(self, shape: tuple[int, ...], depth: int) -> NDArray[Any]:
        n = math.prod(shape)
        self._room_for(n, shape)
        cells = np.empty(n, dtype=object)
        for i in range(n):
            cells[i] = self._below(depth)
        return cells.reshape(shape, order="F")

    def _struct(self, shape: tuple[int, ...], depth: int) -> NDArray[Any]:
        width = self.numbers()
        _, start, size = self.tag()
        if len(width) != 1 or not 0 < width[0] <= _LONGEST_NAME or size % int(width[0]):
            raise Broken("the names of a struct's fields are damaged")
        step = int(width[0])
        fields: list[str] = []
        for place in range(start, start + size, step):
            field = latin_text(self.data[place : place + step].partition(b"\0")[0])
            fields.append(field if field and field not in fields else f"_{len(fields)}_{field}")
        n = math.prod(shape)
        if not fields or not n:
            return NOTHING
        self._room_for(n * len(fields), shape)
        values = np.empty(n, dtype=[(f, object) for f in fields])
        for i in range(n):
            for f in fields:
                values[f][i] = self._below(depth)
        return values.reshape(shape, order="F")

    def _texts(self, shape: tuple[int, ...]) -> NDArray[Any]:
        kind, start, size = self.tag()
        raw = self.data[start : start + size]
        ending = "le" if self.order == "<" else "be"
        if kind in (_UINT16, _UTF16, _UTF32):
            width = 4 if kind == _UTF32 else 2
            text = raw.decode(f"utf-{8 * width}-{ending}", "replace")
        elif kind == _UTF8:
            text = raw.decode("utf-8", "replace")
        else:
            text = latin_text(raw)
        # Each counts, though it may take several units of its encoding; 4 bytes in numpy.
        demand(4 * math.prod(shape), self.file, f"text of shape {shape}")
        if math.prod(shape) > max(len(raw), 1):
            raise Broken(f"{len(raw)} bytes in text of shape {shape}")
        return joined_texts(text, shape)


def latin_text(raw: bytes) -> str:
    """Return text of one byte a character: ASCII, or UTF-8 where it is."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def joined_texts(text: str, shape: tuple[int, ...]) -> NDArray[Any]:
    """Return the rows of a char matrix as texts, shape without the last axis.

    Parameters
    ----------
    text : str
        Its characters, column by column; spaces behind where there are fewer.
    shape : tuple of int
        Of the matrix.

    Examples
    --------
    >>> joined_texts("adbecf", (2, 3))
    array(['abc', 'def'], dtype='<U3')
    """
    n = math.prod(shape)
    if not n:
        return np.empty(0, dtype="U1")
    # In the order of this machine, behind the mark that says it.
    raw = text.ljust(n).encode("utf-32", "replace")[4:]
    letters = np.frombuffer(raw, dtype="U1", count=n).reshape(shape, order="F")
    return np.ascontiguousarray(letters).view(f"U{shape[-1]}").reshape(shape[:-1])
