"""Recordings that are decoded in one go: small files, of seconds or minutes."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.signals.names import numbered
from msssm_ts.datasets.signals.record import Facts, Format, Record
from msssm_ts.errors import InputError
from msssm_ts.series import Series


class Stored(NamedTuple):
    """A recording in memory.

    Parameters
    ----------
    values : array of shape (n_signals, length)
        In the units.
    names, units : tuple of str
        Of the signals.
    rate : float
        In hertz; 0 where unknown.
    odd : tuple of str
        What is to be said of it.
    about : tuple of pairs of str
        What it says of the patient.
    """

    values: NDArray[np.float32]
    names: tuple[str, ...]
    units: tuple[str, ...]
    rate: float
    odd: tuple[str, ...] = ()
    about: Facts = ()


class Excerpt(NamedTuple):
    """A stretch of some signals of a file."""

    path: str
    start: int
    stop: int
    signals: tuple[int, ...]


class Cut:
    """Reads excerpts of files of one kind; pickles for worker processes."""

    def __init__(self, decode: Callable[[Path], Stored]):
        self.decode = decode

    def __call__(self, item: Excerpt) -> Series:
        """Decode an excerpt."""
        values = _stored(self.decode, Path(item.path)).values
        return np.ascontiguousarray(values[list(item.signals), item.start : item.stop])


def _stored(decode: Callable[[Path], Stored], file: Path) -> Stored:
    try:
        stamp = file.stat().st_mtime_ns
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror}); put it back") from error
    return _decoded(decode, file, stamp)


@lru_cache(maxsize=2)
def _decoded(decode: Callable[[Path], Stored], file: Path, stamp: int) -> Stored:
    # The header, the check for life, and the first pieces ask for the same file.
    found = decode(file)
    if np.isinf(found.values).any():
        raise InputError(f"{file}: some of its values are infinite; replace the file")
    return found


def stored_format(suffixes: tuple[str, ...], decode: Callable[[Path], Stored]) -> Format:
    """Return the format of files that a function decodes as a whole.

    Parameters
    ----------
    suffixes : tuple of str
        Of the files.
    decode : callable
        A function of a module, which raises InputError.
    """

    def header(file: Path) -> Record:
        found = _stored(decode, file)
        n, length = found.values.shape
        return Record(
            file,
            numbered(found.names),
            found.units,
            (length,) * n,
            (found.rate,) * n,
            odd=found.odd,
            about=found.about,
        )

    def item(record: Record, start: int, stop: int, signals: tuple[int, ...]) -> Excerpt:
        return Excerpt(str(record.file), start, stop, signals)

    return Format("files", suffixes, header, item, Cut(decode))
