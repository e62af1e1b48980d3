"""ZIP archives, whose directories are checked before anything is unpacked."""

from __future__ import annotations

import contextlib
import os
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from msssm_ts.datasets.memory import demand
from msssm_ts.errors import InputError

_END, _END_BYTES, _LONGEST_COMMENT = b"PK\x05\x06", 22, 1 << 16
# What an entry of the directory takes in memory, for one of its bytes.
_ENTRY = 16
# Methods of packing that there is a module for.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


@contextlib.contextmanager
def open_zip(file: Path) -> Iterator[zipfile.ZipFile]:
    """Open a ZIP archive whose directory is plausible.

    Raises
    ------
    InputError
        If the directory is too large, members overlap (as those of archives do that unpack to more
        than any could hold), are encrypted, or packed in a way that is not known.
    """
    with file.open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        demand(_ENTRY * _directory_bytes(stream, size), file, "the directory of the archive")
        with zipfile.ZipFile(stream) as archive:
            _check(file, archive.infolist(), size)
            yield archive


def _directory_bytes(stream: BinaryIO, size: int) -> int:
    """Bytes of the directory, as the archive's end says; at most those of the file."""
    stream.seek(max(size - _END_BYTES - _LONGEST_COMMENT, 0))
    end = stream.read()
    place = end.rfind(_END)
    stream.seek(0)
    if place < 0 or len(end) - place < _END_BYTES:
        return 0
    said: int = struct.unpack_from("<I", end, place + 12)[0]
    # Of archives of more than 4 GB it stands elsewhere.
    return 0 if said == 0xFFFFFFFF else min(said, size)


def _check(file: Path, members: list[zipfile.ZipInfo], size: int) -> None:
    packed = sum(m.compress_size for m in members)
    if packed > size:
        raise InputError(
            f"{file}: its members take {packed} bytes packed, more than the file's {size}: they "
            "overlap, as no honest archive's do; it is not read"
        )
    for member in members:
        if not member.filename:
            raise InputError(f"{file}: one of its members has no name; replace the file")
        if member.flag_bits & 1:
            raise InputError(f"{file}: {_said(member)} is encrypted; unpack it and name the file")
        if member.compress_type not in _METHODS:
            raise InputError(
                f"{file}: {_said(member)} is packed in a way that is not known "
                f"({member.compress_type}); unpack it and name the file"
            )


def _said(member: zipfile.ZipInfo) -> str:
    """Return the name of a member, with nothing in it that a terminal takes for a command."""
    name = "".join(c if c.isprintable() else "?" for c in member.filename)
    return name if len(name) <= 80 else name[:79] + "…"
