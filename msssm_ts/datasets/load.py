"""Reading whatever the user names as DATA."""

from __future__ import annotations

import os
from pathlib import Path

from msssm_ts.datasets.archive import CARRIED, Split, read_carried, read_npz, read_ts
from msssm_ts.datasets.columns import ColumnChoice, enumerate_names
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.table import read_csv, read_ucr
from msssm_ts.errors import InputError

_COMPRESSED = (".gz", ".zip", ".bz2", ".xz")
_KNOWN = ".csv, .tsv, .txt, .ts, .npz"


def load(
    source: str | os.PathLike[str],
    *,
    label: str | None = None,
    id: str | None = None,
    group: str | None = None,
    drop: tuple[str, ...] = (),
    split: Split = "train",
    needs_labels: bool = True,
) -> LabelledSeries:
    """Read labelled series from a file, or a data set by name.

    Parameters
    ----------
    source : str or path
        A .csv (wide or long), .tsv or .txt (UCR), .ts or .npz file, or a data set that sktime
        carries, such as ``JapaneseVowels`` or ``JapaneseVowels:test``.
    label, id, group : str, optional
        Columns of a table; found by their names otherwise.
    drop : tuple of str
        Columns of a table to ignore.
    split : {"train", "test"}
        The part of a named data set that is meant where its name does not say.
    needs_labels : bool
        Refuse data without labels.

    Returns
    -------
    LabelledSeries

    Raises
    ------
    InputError
        If there is no such file or set, or it cannot be understood.

    Examples
    --------
    >>> load("JapaneseVowels").summary()
    '270 series, 12 channels × 7–26 steps, 9 classes: 1 2 3 4 5 6 7 8 9'
    """
    data = _load(source, ColumnChoice(label, id, group, drop), split)
    if needs_labels and data.labels is None:
        raise InputError(
            f"{source}: no labels found; name the label column with --label, or call it 'label'"
        )
    return data


def _load(source: str | os.PathLike[str], choice: ColumnChoice, split: Split) -> LabelledSeries:
    file = Path(source)
    name, _, part = str(source).partition(":")
    if not file.exists() and name in CARRIED:
        if part not in ("", "train", "test"):
            raise InputError(f"{source}: a data set has the parts train and test, not {part!r}")
        return read_carried(
            name, "test" if part == "test" or (not part and split == "test") else ("train")
        )
    if not file.exists():
        raise InputError(
            f"{source}: no such file, and no data set of that name "
            f"(these come along: {enumerate_names(list(CARRIED), limit=20)})"
        )
    if file.is_dir():
        raise InputError(f"{file}: a folder; give one of the files in it ({_KNOWN})")
    suffixes = [s.lower() for s in file.suffixes if s.lower() not in _COMPRESSED]
    suffix = suffixes[-1] if suffixes else ""
    if suffix == ".csv":
        return read_csv(file, choice)
    if suffix in (".tsv", ".txt"):
        return _read_tabbed(file, choice)
    if suffix == ".ts":
        return read_ts(file)
    if suffix == ".npz":
        return read_npz(file)
    raise InputError(f"{file}: unknown kind of file {suffix!r}; known are {_KNOWN}")


def _read_tabbed(file: Path, choice: ColumnChoice) -> LabelledSeries:
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
        return read_csv(file, choice, "\t")
    tabbed = file.suffix.lower() == ".tsv"
    return read_ucr(file, "\t" if tabbed else r"\s+")


def _is_float(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
