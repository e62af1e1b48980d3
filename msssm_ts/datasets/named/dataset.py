"""What is known of a named data set."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.options import ReadOptions

# Where the data sets lie; else in the user's cache.
FOLDER_VARIABLE = "MSSSM_TS_DATA_DIR"


@dataclass(frozen=True)
class RemoteFile:
    """A file to download.

    Parameters
    ----------
    url : str
        Its address.
    name : str
        Its name here.
    sha256 : str, optional
        Its checksum, where the publisher or a library that downloads it states one.
    n_bytes : int, optional
        Its size, where that is known.
    """

    url: str
    name: str
    sha256: str | None = None
    n_bytes: int | None = None

    @property
    def is_archive(self) -> bool:
        """Whether it is to be unpacked."""
        return self.name.endswith((".zip", ".tar.gz", ".tgz"))


@dataclass(frozen=True)
class DataSet:
    """A data set that is known by its name.

    Parameters
    ----------
    name : str
        What users call it; also its folder's name.
    title : str
        What it is, in a few words.
    size : str
        Series, channels, steps and classes, in words.
    licence, citation, homepage : str
        As its publisher states them.
    files : tuple of RemoteFile
        What to download.
    read : callable
        From the folder, a task and options to the series.
    find_root : callable
        From a folder to the folder in or below it that has the set's layout, or None.
    tasks : tuple of str
        Label sets that it offers, the default first.
    folder : str, optional
        Its folder's name, where several names share one.
    has_test_part : bool
        Whether it is published with a test part.
    acts_on : frozenset of str, optional
        The fields of :class:`ReadOptions` that act on it; None where its files' reader says so.
    """

    name: str
    title: str
    size: str
    licence: str
    citation: str
    homepage: str
    files: tuple[RemoteFile, ...]
    read: Callable[[Path, str, ReadOptions], LabelledSeries]
    find_root: Callable[[Path], Path | None]
    tasks: tuple[str, ...] = ()
    folder: str = field(default="")
    has_test_part: bool = True
    acts_on: frozenset[str] | None = frozenset()

    @property
    def place(self) -> Path:
        """Where it lies after a download."""
        return data_folder() / (self.folder or self.name)


def data_folder() -> Path:
    """Return the folder of the named data sets.

    That is ``$MSSSM_TS_DATA_DIR``, or ``data`` in the user's cache folder.

    Examples
    --------
    >>> data_folder().is_absolute()
    True
    """
    chosen = os.environ.get(FOLDER_VARIABLE)
    if chosen:
        return Path(chosen).expanduser().absolute()
    import platformdirs

    return Path(platformdirs.user_cache_dir("msssm-ts", appauthor=False), "data")


def folder_with(folder: Path, *names: str) -> Path | None:
    """Return the folder, or the only one in it, in which all the names lie.

    Archives unpack to a folder of their own, so that the set may lie one level below.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> (folder / "set-1.0").mkdir()
    >>> (folder / "set-1.0" / "RECORDS").touch()
    >>> folder_with(folder, "RECORDS").name
    'set-1.0'
    """
    if not folder.is_dir():
        return None
    inner = sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
    candidates = [folder, *inner] if len(inner) == 1 else [folder]
    for candidate in candidates:
        if all((candidate / name).exists() for name in names):
            return candidate
    return None
