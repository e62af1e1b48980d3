"""What lies below a folder."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from msssm_ts.datasets.dicom.sign import SUFFIX, is_unnamed_dicom
from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.errors import InputError

# What archivers leave beside the data.
_NOT_DATA = {"__MACOSX"}
# What this package's own folders hold: those of runs, and of work that goes on.
_OWN = ("model.safetensors", "encoder.safetensors", "scores.json", "search.json")
_GOES_ON = {"call.json", "lock"}
_LONGEST_PATH = 1024
# What publishers put beside data to be read by people and by tools.
_ABOUT = re.compile(
    r"(readme|licen[cs]e|copying|notes?|changelog|citation|description|sha\d+sums?|md5sums?"
    r"|requirements|thumbs\.db|desktop\.ini)([_\-.].*)?|records([_\-][^.]*)?|annotators|source|index\.html?",
    re.IGNORECASE,
)


def files_below(folder: Path, hidden: list[Path] | None = None) -> list[Path]:
    """Return the files below a folder, sorted; hidden ones are left out, links are followed.

    Folders in it that hold a run of this package are not looked into.

    Parameters
    ----------
    folder : Path
        Looked through with all folders in it.
    hidden : list of Path, optional
        Gets the hidden files and folders.

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
    _walk(str(folder), (), found, [] if hidden is None else hidden)
    return sorted(found)


def _walk(folder: str, above: tuple[str, ...], found: list[Path], hidden: list[Path]) -> None:
    """Add the files below a folder; one that links to a folder above itself ends there."""
    real = os.path.realpath(folder)
    if real in above:
        return
    try:
        entries = sorted(os.scandir(folder), key=lambda e: e.name)
    except OSError as error:
        raise InputError(
            f"{folder}: the folder cannot be read ({error.strerror}); see to it that you may read "
            "it, or name the folders to read"
        ) from error
    if above and _are_of_a_run({e.name for e in entries}):
        return
    for entry in entries:
        if entry.name.startswith(".") or entry.name in _NOT_DATA:
            hidden.append(Path(entry.path))
            continue
        if entry.is_dir():
            _walk(entry.path, (*above, real), found, hidden)
        else:
            found.append(Path(entry.path))


def is_run(folder: Path) -> bool:
    """Whether a folder holds what a command of this package has written, or is writing."""
    names = {p.name for p in folder.iterdir()}
    going = folder / "checkpoint"
    return _are_of_a_run(names) or (going.is_dir() and is_run(going))


def _are_of_a_run(names: set[str]) -> bool:
    return names >= _GOES_ON or ("config.toml" in names and not names.isdisjoint(_OWN))


def with_suffix(files: Iterable[Path], suffixes: Iterable[str]) -> list[Path]:
    """Return the files with one of the suffixes, in any case; DICOM may have none.

    Examples
    --------
    >>> [f.name for f in with_suffix([Path("a.WAV"), Path("b.txt")], [".wav"])]
    ['a.WAV']
    """
    wanted = set(suffixes)
    bare = SUFFIX in wanted
    return [f for f in files if f.suffix.lower() in wanted or (bare and is_unnamed_dicom(f))]


def is_about(file: Path) -> bool:
    """Whether a file's name says that it is about the data, such as README.md.

    Examples
    --------
    >>> is_about(Path("LICENSE.txt")), is_about(Path("labels.csv"))
    (True, False)
    """
    return bool(_ABOUT.fullmatch(file.name))


def relative_name(file: Path, folder: Path) -> str:
    """Return a file's name as seen from a folder, with slashes.

    Examples
    --------
    >>> relative_name(Path("set/a/1.wav"), Path("set")), relative_name(Path("b.csv"), Path("set"))
    ('a/1.wav', 'b.csv')
    """
    return file.relative_to(folder).as_posix() if file.is_relative_to(folder) else file.name


def leads_nowhere(file: Path) -> bool:
    """Whether a file is a link to nothing."""
    return file.is_symlink() and not file.exists()


def is_copied_link(file: Path) -> bool:
    """Whether a file is a link that became text: a line that names what is there, or was."""
    try:
        if file.stat().st_size > _LONGEST_PATH:
            return False
        text = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return False
    named = "/" in text and "\n" not in text and not text.startswith("#")
    return named and (text.startswith("../") or (file.parent / text).exists())


def count_by_suffix(files: Iterable[Path]) -> list[str]:
    """Count files by suffix.

    Examples
    --------
    >>> count_by_suffix([Path("a.jpg"), Path("b.jpg"), Path("README")])
    ['2 .jpg', '1 without suffix']
    """
    counts = Counter(f.suffix.lower() or "without suffix" for f in files)
    return [f"{n} {suffix}" for suffix, n in counts.most_common()]


def describe_files(files: Iterable[Path]) -> str:
    """Count files by suffix, in words.

    Examples
    --------
    >>> describe_files([Path("a.jpg"), Path("b.jpg"), Path("README")])
    '2 .jpg, 1 without suffix'
    >>> describe_files([])
    'no files'
    """
    words = count_by_suffix(files)
    return enumerate_names(words) if words else "no files"
