"""What lies below a folder."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from msssm_ts.datasets.messages import enumerate_names

# What archivers leave beside the data.
_NOT_DATA = {"__MACOSX"}


def files_below(folder: Path) -> list[Path]:
    """Return the files below a folder, sorted; hidden ones are left out.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> (folder / "a").mkdir()
    >>> for name in (".hidden", "b.wav", "a/c.wav"):
    ...     (folder / name).touch()
    >>> [f.relative_to(folder).as_posix() for f in files_below(folder)]
    ['a/c.wav', 'b.wav']
    """
    found: list[Path] = []
    for parent, folders, files in os.walk(folder):
        folders[:] = [f for f in folders if not f.startswith(".") and f not in _NOT_DATA]
        found += [Path(parent, f) for f in files if not f.startswith(".")]
    return sorted(found)


def with_suffix(files: Iterable[Path], suffixes: Iterable[str]) -> list[Path]:
    """Return the files with one of the suffixes, in any case.

    Examples
    --------
    >>> [f.name for f in with_suffix([Path("a.WAV"), Path("b.txt")], [".wav"])]
    ['a.WAV']
    """
    wanted = set(suffixes)
    return [f for f in files if f.suffix.lower() in wanted]


def describe_files(files: Iterable[Path]) -> str:
    """Count files by suffix, in words.

    Examples
    --------
    >>> describe_files([Path("a.jpg"), Path("b.jpg"), Path("README")])
    '2 .jpg, 1 without suffix'
    >>> describe_files([])
    'no files'
    """
    counts = Counter(f.suffix.lower() or "without suffix" for f in files)
    words = [f"{n} {suffix}" for suffix, n in counts.most_common()]
    return enumerate_names(words) if words else "no files"
