"""Files, compressed or not, as streams of bytes."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from msssm_ts.datasets.damage import UNPACKING, reason_of
from msssm_ts.datasets.memory import Bounded
from msssm_ts.datasets.zipped import open_zip
from msssm_ts.errors import InputError

SUFFIXES = (".gz", ".zip", ".bz2", ".xz")
_OPENERS: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
_BUFFER = 1 << 16


def bare_suffix(file: Path) -> str:
    """Return a file's suffix in lower case, that of the compression left out.

    Examples
    --------
    >>> bare_suffix(Path("ecg.CSV.gz"))
    '.csv'
    """
    suffixes = [s.lower() for s in file.suffixes]
    if suffixes and suffixes[-1] in SUFFIXES:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


@contextlib.contextmanager
def open_bytes(file: Path) -> Iterator[IO[bytes]]:
    """Open a file for reading, decompressed as its suffix says.

    What goes wrong while it is open, broken compression and a disk's errors, is told as
    InputError.

    Raises
    ------
    InputError
        If it cannot be read, unpacks to more than may be, or a .zip holds several files.
    """
    compression = file.suffix.lower()
    try:
        with contextlib.ExitStack() as stack:
            if compression == ".zip":
                archive = stack.enter_context(open_zip(file))
                packed = stack.enter_context(archive.open(_only_member(file, archive)))
                yield io.BufferedReader(Bounded(packed, file), _BUFFER)
            elif compression in _OPENERS:
                packed = stack.enter_context(_OPENERS[compression](file, "rb"))
                yield io.BufferedReader(Bounded(packed, file), _BUFFER)
            else:
                yield stack.enter_context(file.open("rb"))
    except EOFError as error:
        raise InputError(f"{file}: the compressed data breaks off; replace the file") from error
    except (*UNPACKING, gzip.BadGzipFile) as error:
        raise InputError(
            f"{file}: cannot be decompressed ({reason_of(error)}); replace the file, or rename "
            "it if it is not compressed"
        ) from error
    except OSError as error:
        reason = (error.strerror or reason_of(error)).lower()
        remedy = "replace the file" if error.errno is None else "see to it that you may read it"
        raise InputError(f"{file}: cannot be read ({reason}); {remedy}") from error


def _only_member(file: Path, archive: zipfile.ZipFile) -> str:
    members = [
        m.filename
        for m in archive.infolist()
        # Archivers leave folders and hidden files of their own.
        if not m.is_dir() and not m.filename.startswith("__MACOSX/")
    ]
    if len(members) != 1:
        raise InputError(
            f"{file}: it holds {len(members)} files, not one; unpack it and name one of them"
        )
    return members[0]
