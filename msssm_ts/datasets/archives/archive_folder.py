"""The file of a data set in a folder: NAME_TRAIN and NAME_TEST, as archives have them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from msssm_ts.datasets.account import Account
from msssm_ts.datasets.arrays.npy import BESIDE
from msssm_ts.datasets.arrays.stored import is_series
from msssm_ts.datasets.compressed import bare_suffix
from msssm_ts.datasets.files import SUFFIXES, without_json
from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.tree import is_about, relative_name
from msssm_ts.errors import InputError

_PART = re.compile(r"(?:(.*?)[_\-. ]?)(train|test)(?:ing)?", re.IGNORECASE)
# What lies beside data and is none.
_ABOUT = re.compile(
    r"(readme|source|licen[cs]e|copying|notes?|index|changelog|description|citation"
    r"|sha\d+sums?|md5sums?|requirements|metadata)([_\-.].*)?",
    re.IGNORECASE,
)
# The UEA archive has every channel in a file of its own, too; and labels lie beside .npy files.
_PIECE = re.compile(r".*Dimension\d+|y|.*_y|y_.*|labels|.*_labels", re.IGNORECASE)


def find_archive_file(folder: Path, options: ReadOptions) -> Path | None:
    """Find the file of a set in a folder: the part asked for, or the only file with series.

    Parameters
    ----------
    folder : Path
        With ``NAME_TRAIN`` and ``NAME_TEST`` in a format that is known, or one file; README,
        SOURCE and the like do not count.
    options : ReadOptions
        ``split`` says which part.

    Returns
    -------
    Path or None
        None if no file there can hold series.

    Raises
    ------
    InputError
        If there are several sets, or the part is missing.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> for name in ("A_TRAIN.tsv", "A_TEST.tsv", "README.txt"):
    ...     (folder / name).touch()
    >>> find_archive_file(folder, ReadOptions(split="test")).name
    'A_TEST.tsv'
    """
    known = _known(folder)
    split = _split(known)
    if split:
        sets = sorted({name for name, _ in split.values()})
        if len(sets) > 1 and folder.name in sets:
            sets = [folder.name]
        chosen = [f for f, (name, p) in split.items() if p == options.split and name == sets[0]]
        if len(sets) == 1 and not chosen:
            raise InputError(
                f"{folder}: no file of the {options.split} part beside "
                f"{enumerate_names([f.name for f in split], 3)}; name the file to read"
            )
    else:
        chosen = [f for f in known if not _PIECE.fullmatch(_stem(f))]
        if any(f.suffix == ".npy" and is_series(f.stem) for f in chosen):
            # What others hold belongs to it.
            chosen = [f for f in chosen if not _is_piece(f)]
        sets = sorted({_stem(f) for f in chosen})
    if len(sets) > 1:
        raise InputError(
            f"{folder}: several files that may hold series ({enumerate_names(sets)}); name one, or "
            "number those of one table (part-1.csv, part-2.csv)"
        )
    return min(chosen, key=lambda f: SUFFIXES.index(bare_suffix(f)), default=None)


def left_beside(file: Path, below: Sequence[Path]) -> Account:
    """Name the files in a set's folder that may hold series as well, and are not of the set.

    Parameters
    ----------
    file : Path
        Of the set, that is read.
    below : sequence of Path
        All files below its folder.

    Examples
    --------
    >>> import tempfile
    >>> from msssm_ts.datasets.tree import files_below
    >>> folder = Path(tempfile.mkdtemp())
    >>> for name in ("A_TRAIN.tsv", "A_TEST.tsv", "A.txt", "B.csv"):
    ...     (folder / name).touch()
    >>> left_beside(folder / "A_TRAIN.tsv", files_below(folder)).line()
    'left out: 1 file (B.csv: A_TRAIN.tsv is read)'
    """
    known = _known(file.parent)
    split = _split(known)
    sets = {f: split[f][0] if f in split else _stem(f) for f in known if not _is_piece(f)}
    rest = [f.name for f, name in sets.items() if name != sets.get(file, _stem(file))]
    # A table called metadata is not looked at, but may say what the series are.
    said = (f for f in below if f.parent == file.parent and f not in sets and not is_about(f))
    rest += [f.name for f in said if f.stem.casefold().startswith("metadata")]
    deeper = [f for f in below if f.parent != file.parent and not is_about(f)]
    rest += [relative_name(f, file.parent) for f in deeper if bare_suffix(f) in SUFFIXES]
    return Account().without(len(rest), "files", f"{file.name} is read", rest)


def _is_piece(file: Path) -> bool:
    """Whether a file belongs to others: a channel, labels."""
    part = _part(file)
    name = _stem(file) if part is None else part[0]
    return bool(_PIECE.fullmatch(name)) or (file.suffix == ".npy" and file.stem in BESIDE)


def holds_parts(folder: Path) -> bool:
    """Whether files of a folder are called as the training or test part of a set."""
    return bool(_split(_known(folder)))


def _known(folder: Path) -> list[Path]:
    files = [f for f in sorted(folder.iterdir()) if f.is_file() and not f.name.startswith(".")]
    known = [f for f in files if bare_suffix(f) in SUFFIXES and not _ABOUT.fullmatch(_stem(f))]
    return without_json(known)


def _split(files: Sequence[Path]) -> dict[Path, tuple[str, str]]:
    """Set and part of the files whose names say them."""
    parts = {f: _part(f) for f in files}
    return {f: part for f, part in parts.items() if part is not None and not _is_piece(f)}


def _stem(file: Path) -> str:
    """Return the name without suffixes."""
    suffix = bare_suffix(file)
    return file.name[: file.name.lower().rindex(suffix)] if suffix else file.name


def _part(file: Path) -> tuple[str, str] | None:
    """Name of the set and part, where the file's name has them."""
    found = _PART.fullmatch(_stem(file))
    return None if found is None else (found[1], found[2].lower())
