"""A file of named arrays and a JSON header, in the safetensors format, read as untrusted input.

Nothing is executed, nothing is allocated by a size that the file itself cannot fill, and what is
read is a copy: a file that is replaced or cut meanwhile ends in a sentence, not in a crash. What
the arrays mean is the business of those who read them.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.atomic import replacing
from msssm_ts.errors import InputError
from msssm_ts.fitted.strict_json import LARGEST_TEXT, parse_json

Arrays = dict[str, NDArray[Any]]

# The format's names of the types that NumPy has.
_DTYPES = {
    "BOOL": "|b1", "U8": "|u1", "I8": "|i1", "U16": "<u2", "I16": "<i2", "F16": "<f2",
    "U32": "<u4", "I32": "<i4", "F32": "<f4", "U64": "<u8", "I64": "<i8", "F64": "<f8",
    "C64": "<c8",
}  # fmt: skip
_MOST_TENSORS, _MOST_DIMENSIONS, _LARGEST_DIMENSION = 10_000, 8, 1 << 40
_METADATA = "__metadata__"
# What keys of files of ours begin with; a model's is no more than that.
_OURS = "msssm_ts"


@dataclass(frozen=True)
class TensorEntry:
    """What a file says of one array.

    Parameters
    ----------
    name : str
        By which it is known.
    dtype : dtype
        Of its numbers.
    shape : tuple of int
        Its sizes.
    begin, end : int
        Where its bytes lie in the file, from the first to one after the last.
    """

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    begin: int
    end: int


class TensorFile:
    """An open file: its header and what arrays it has; they are read when they are asked for.

    Parameters
    ----------
    file : Path
        For messages.
    stream : binary file
        Open for reading.
    key : str
        Of the JSON header among the file's metadata.

    Attributes
    ----------
    header : dict
        The JSON header; its own checksum has been compared where there is one.
    entries : dict of str to TensorEntry
        The arrays by their names.
    checksum : str
        By which the file is known; empty in the oldest.
    has_checksum : bool
        Whether the file says what header and arrays have to be.
    """

    def __init__(self, file: Path, stream: BufferedReader, key: str):
        self._file, self._stream = file, stream
        self.entries, metadata = _index(file, stream)
        text, self._sums = metadata.get(key), metadata.get(f"{key}.sha256")
        if text is None:
            of_ours = sorted(name for name in metadata if name.startswith(_OURS))
            if of_ours:
                raise InputError(f"{file}: holds {_called(of_ours[0])}, not {_called(key)}")
            raise InputError(f"{file}: a safetensors file, but not one that msssm-ts wrote")
        self.checksum = self._sums or ""
        self.has_checksum = self._sums is not None
        self._check_sum(0, _hash_of_header(text))
        self.header = _object(file, text, "its header")

    def read(self, names: Iterable[str] | None = None) -> Arrays:
        """Return copies of arrays: all of them, compared with the checksum, or some, unchecked.

        Raises
        ------
        InputError
            If the file is shorter than it was, or its contents are not what was written.
        """
        wanted = self.entries if names is None else {name: self.entries[name] for name in names}
        arrays = {
            name: self._read_one(name, entry)
            for name, entry in sorted(wanted.items(), key=lambda item: item[1].begin)
        }
        if names is None:
            self._check_sum(1, _hash_of_arrays(arrays) if self.has_checksum else "")
        return arrays

    def _read_one(self, name: str, entry: TensorEntry) -> NDArray[Any]:
        array = np.empty(entry.shape, entry.dtype)
        self._stream.seek(entry.begin)
        if self._stream.readinto(_bytes(array)) != array.nbytes:
            raise _damaged(self._file, "it is shorter than a moment ago")
        if entry.dtype.kind == "b" and array.size and array.view(np.uint8).max() > 1:
            raise _damaged(self._file, f"{name[:80]!r} is neither true nor false")
        return array

    def _check_sum(self, part: int, found: str) -> None:
        if self._sums is None:
            return
        written = self._sums.split()
        if len(written) != 2 or written[part] != found:
            what = ("its header is", "its tensors are")[part]
            raise _damaged(self._file, f"{what} not what was written: the checksum differs")


@contextmanager
def opened_tensor_file(path: str | os.PathLike[str], key: str) -> Iterator[TensorFile]:
    """Open a file of arrays; see :class:`TensorFile`.

    Raises
    ------
    InputError
        For everything that is wrong with the file.
    """
    file = Path(path)
    try:
        if not file.is_file():
            raise InputError(f"{file}: no such file")
        with file.open("rb") as stream:
            yield TensorFile(file, stream, key)
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror or error})") from error


def read_tensor_file(
    path: str | os.PathLike[str], key: str, with_tensors: bool = True
) -> tuple[Arrays, dict[str, Any]]:
    """Return the arrays and the JSON header of a file that :func:`write_tensor_file` wrote.

    Parameters
    ----------
    path : path
        The file.
    key : str
        Of the header among the file's metadata.
    with_tensors : bool
        Without, no array is read and only the header's checksum is compared.

    Returns
    -------
    arrays : dict of str to array
        Copies, in the order of the file.
    header : dict
        What JSON said.

    Raises
    ------
    InputError
        For everything that is wrong with the file: missing, damaged, foreign, or not what was
        written.

    Examples
    --------
    >>> file = getfixture("tmp_path") / "a.safetensors"
    >>> write_tensor_file(file, {"x": np.arange(3.0)}, {"unit": "mV"}, "example")
    >>> read_tensor_file(file, "example")
    ({'x': array([0., 1., 2.])}, {'unit': 'mV'})
    """
    with opened_tensor_file(path, key) as opened:
        return opened.read() if with_tensors else {}, opened.header


def write_tensor_file(
    path: str | os.PathLike[str],
    tensors: Mapping[str, NDArray[Any]],
    header: Mapping[str, Any],
    key: str,
) -> None:
    """Write arrays and a JSON header, all or nothing, with a checksum of both.

    Parameters
    ----------
    path : path
        File to write.
    tensors : mapping of str to array
        Numbers or truth values of a type that safetensors has.
    header : mapping
        What JSON can hold; NaN and infinity are not.
    key : str
        Of the header among the file's metadata. ``KEY.sha256`` is the checksum.

    Raises
    ------
    WritingError
        If the file cannot be written.
    ValueError
        If the header has what JSON cannot hold, or more than is read back.
    """
    from safetensors.numpy import save

    # Not ascontiguousarray, which makes a number an array of one.
    arrays = {
        name: np.asarray(a, np.asarray(a).dtype.newbyteorder("<"), order="C")
        for name, a in tensors.items()
    }
    text = json.dumps(header, allow_nan=False)
    parse_json(text)
    sums = f"{_hash_of_header(text)} {_hash_of_arrays(arrays)}"
    data = save(arrays, {key: text, f"{key}.sha256": sums})
    size = int.from_bytes(data[:8], "little")
    if size > LARGEST_TEXT:
        raise ValueError(f"a header of {size / 1e6:.0f} MB, at most {LARGEST_TEXT / 1e6:.0f}")
    with replacing(Path(path)) as temporary:
        temporary.write_bytes(data)


def _index(file: Path, stream: BufferedReader) -> tuple[dict[str, TensorEntry], dict[str, str]]:
    """Return the arrays' entries and the metadata: every byte of the file is in one of them."""
    size = os.fstat(stream.fileno()).st_size
    first = stream.read(8)
    length = int.from_bytes(first, "little")
    if len(first) < 8 or length > size - 8:
        raise _damaged(file, "it is cut, or no safetensors file")
    if length > LARGEST_TEXT:
        raise _damaged(file, f"a header of {length:,} bytes; at most {LARGEST_TEXT:,} are read")
    text = stream.read(length)
    if len(text) != length:
        raise _damaged(file, "it is cut, or no safetensors file")
    try:
        decoded = text.decode()
    except UnicodeDecodeError as error:
        raise _damaged(file, "its header is no text") from error
    del text
    found = _object(file, decoded, "its list of tensors")
    del decoded
    metadata = found.pop(_METADATA, {})
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise _damaged(file, "its metadata are not texts")
    if len(found) > _MOST_TENSORS:
        raise _damaged(file, f"{len(found):,} tensors; at most {_MOST_TENSORS:,} are read")
    entries = {name: _entry(file, name, said, 8 + length) for name, said in found.items()}
    end = 8 + length
    for name, entry in sorted(entries.items(), key=lambda item: (item[1].begin, item[1].end)):
        if entry.begin != end:
            raise _damaged(file, f"{name[:80]!r} does not begin where the one before it ends")
        end = entry.end
    if end != size:
        raise _damaged(file, f"it has {size:,} bytes, its tensors end at {end:,}")
    return entries, metadata


def _entry(file: Path, name: str, said: Any, start: int) -> TensorEntry:
    if not isinstance(said, dict) or said.keys() != {"dtype", "shape", "data_offsets"}:
        raise _damaged(file, f"{name[:80]!r} has no shape or no place")
    code, shape, offsets = said["dtype"], said["shape"], said["data_offsets"]
    if not (_are_sizes(shape) and _are_sizes(offsets) and len(offsets) == 2):
        raise _damaged(file, f"{name[:80]!r} has no shape or no place")
    if not isinstance(code, str) or code not in _DTYPES:
        raise _damaged(file, f"{name[:80]!r} is of a type that is not read")
    dtype = np.dtype(_DTYPES[code])
    # NumPy counts the other sizes of an empty array, too.
    largest = math.prod(max(1, n) for n in shape) * dtype.itemsize
    if len(shape) > _MOST_DIMENSIONS or largest > _LARGEST_DIMENSION:
        raise _damaged(file, f"{name[:80]!r} is too large")
    begin, end = offsets
    if end - begin != math.prod(shape) * dtype.itemsize:
        raise _damaged(file, f"{name[:80]!r} has more or fewer bytes than its shape")
    return TensorEntry(name, dtype, tuple(shape), start + begin, start + end)


def _are_sizes(values: Any) -> bool:
    return isinstance(values, list) and all(
        type(n) is int and 0 <= n <= _LARGEST_DIMENSION for n in values
    )


def _object(file: Path, text: str, what: str) -> dict[str, Any]:
    try:
        found = parse_json(text)
    except ValueError as error:
        raise _damaged(file, f"{what} is damaged: {error}") from error
    if not isinstance(found, dict):
        raise _damaged(file, f"{what} is damaged: no JSON object")
    return found


def _hash_of_header(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _hash_of_arrays(arrays: Mapping[str, NDArray[Any]]) -> str:
    """Return a checksum of names, types, shapes and numbers, whatever their order in the file."""
    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        digest.update(json.dumps([name, array.dtype.str, array.shape]).encode())
        digest.update(_bytes(array))
    return digest.hexdigest()


def _bytes(array: NDArray[Any]) -> memoryview:
    """Return an array's memory, without a copy."""
    return array.reshape(-1).view(np.uint8).data


def _damaged(file: Path, why: str) -> InputError:
    return InputError(
        f"{file}: damaged, or not a file of msssm-ts ({why}); make it again, or fetch a fresh copy"
    )


def _called(key: str) -> str:
    """Return what a file holds under a key of ours.

    Examples
    --------
    >>> _called("msssm_ts"), _called("msssm_ts_encoder")
    ('a model', 'an encoder')
    """
    kind = key.removeprefix(_OURS).partition(".")[0].strip("_") or "model"
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"
