"""Every reader, what it reads, and which of the user's options act on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from msssm_ts.datasets.archives.archive import read_arff, read_ts
from msssm_ts.datasets.arrays.matlab import read_mat
from msssm_ts.datasets.arrays.named_arrays import read_npy, read_npz
from msssm_ts.datasets.audio.formats import SUFFIXES as AUDIO
from msssm_ts.datasets.audio.reader import read_audio
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.edf.reader import read_edf
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.tables.frame import read_parquet
from msssm_ts.datasets.tables.layout import read_text_table
from msssm_ts.datasets.wfdb.records import read_wfdb

_COLUMNS = frozenset({"label", "id", "group", "time", "channel", "fold", "drop"})
_ARRAYS = frozenset({"label", "id", "group", "fold", "axes"})
_BESIDE = frozenset({"label", "group", "fold", "label_from"})


@dataclass(frozen=True)
class Reader:
    """A reader of one kind of file.

    Parameters
    ----------
    title : str
        What it reads, for messages and docs.
    suffixes : tuple of str
        Of its files, in lower case; the first ones come first where a folder holds several.
    read : callable
        From a file, or for recordings also a folder, and options to series.
    acts_on : frozenset of str
        The fields of :class:`ReadOptions` that act on it; others are refused.
    recordings : bool
        Whether a file is one recording among others in a folder, rather than a whole data set.
    compressed : bool
        Whether its files may be compressed (.gz, .zip and so on).
    """

    title: str
    suffixes: tuple[str, ...]
    read: Callable[[Path, ReadOptions], LabelledSeries]
    acts_on: frozenset[str]
    recordings: bool = False
    compressed: bool = False

    def __call__(self, source: Path, options: ReadOptions) -> LabelledSeries:
        """Read a source.

        Raises
        ------
        InputError
            If it cannot be read, or an option has no effect on it.
        """
        options.check_acting(self.acts_on, self.title, str(source))
        return self.read(source, options)


# In this order a folder is looked through for recordings, and for the file of a data set.
READERS = (
    Reader(
        "WFDB records",
        (".hea", ".dat"),
        read_wfdb,
        _BESIDE | {"drop", "window", "beat_classes", "annotator", "episodes"},
        recordings=True,
    ),
    Reader(
        "EDF and BDF files",
        (".edf", ".bdf"),
        read_edf,
        _BESIDE | {"drop", "episodes"},
        recordings=True,
    ),
    Reader("audio files", AUDIO, read_audio, _BESIDE | {"drop", "mono"}, recordings=True),
    Reader(".ts files", (".ts",), lambda file, _: read_ts(file), frozenset()),
    Reader("text tables", (".csv", ".tsv", ".txt"), read_text_table, _COLUMNS, compressed=True),
    Reader(".arff files", (".arff",), lambda file, _: read_arff(file), frozenset()),
    Reader("NumPy archives", (".npz",), read_npz, _ARRAYS),
    Reader("Parquet files", (".parquet",), read_parquet, _COLUMNS),
    Reader("NumPy arrays", (".npy",), read_npy, _ARRAYS),
    Reader("MATLAB files", (".mat",), read_mat, _ARRAYS),
)
RECORDINGS = tuple(r for r in READERS if r.recordings)
DATA_FILES = tuple(r for r in READERS if not r.recordings)


def reader_of(suffix: str) -> Reader | None:
    """Return the reader of files with a suffix.

    Examples
    --------
    >>> reader_of(".flac").title, reader_of(".pdf")
    ('audio files', None)
    """
    return next((r for r in READERS if suffix.lower() in r.suffixes), None)
