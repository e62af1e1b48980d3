"""Single files: told apart by their suffix."""

from __future__ import annotations

from pathlib import Path

from msssm_ts.datasets.archive import read_npz, read_ts
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.table import read_csv, read_ucr
from msssm_ts.errors import InputError

_COMPRESSED = (".gz", ".zip", ".bz2", ".xz")
_KNOWN = ".csv, .tsv, .txt, .ts, .npz"


def read_file(file: Path, options: ReadOptions) -> LabelledSeries:
    """Read one file, by its suffix."""
    suffixes = [s.lower() for s in file.suffixes if s.lower() not in _COMPRESSED]
    suffix = suffixes[-1] if suffixes else ""
    if suffix == ".csv":
        return read_csv(file, options)
    if suffix in (".tsv", ".txt"):
        return _read_tabbed(file, options)
    if suffix == ".ts":
        return read_ts(file)
    if suffix == ".npz":
        return read_npz(file)
    raise InputError(f"{file}: unknown kind of file {suffix!r}; known are {_KNOWN}")


def _read_tabbed(file: Path, options: ReadOptions) -> LabelledSeries:
    """Tab-separated: with a header if its first line holds a word, else as in the UCR archive."""
    if set(file.suffixes) & set(_COMPRESSED):
        return read_ucr(file)
    try:
        with file.open(encoding="utf-8") as stream:
            first = stream.readline().split()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: cannot be read as UTF-8 text ({error})") from error
    numbers = [_is_float(cell) for cell in first[1:]]
    if first and not all(numbers):
        return read_csv(file, options, "\t")
    tabbed = file.suffix.lower() == ".tsv"
    return read_ucr(file, "\t" if tabbed else r"\s+")


def _is_float(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
