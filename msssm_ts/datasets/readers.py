"""Every reader, what it reads, and which of the user's options act on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from msssm_ts.datasets.archives.archive import read_arff, read_ts
from msssm_ts.datasets.arrays.hdf5_series import read_hdf5
from msssm_ts.datasets.arrays.matlab import read_mat
from msssm_ts.datasets.arrays.named_arrays import read_npz
from msssm_ts.datasets.arrays.npy import read_npy
from msssm_ts.datasets.arrays.zarr_store import read_zarr
from msssm_ts.datasets.audio.formats import SUFFIXES as AUDIO
from msssm_ts.datasets.audio.reader import read_audio
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.damage import told_as_damage
from msssm_ts.datasets.dicom.reader import DICOM
from msssm_ts.datasets.edf.reader import read_edf
from msssm_ts.datasets.ishne.reader import ISHNE, are_ishne
from msssm_ts.datasets.kardia.reader import ATC
from msssm_ts.datasets.mat_records.reader import MAT, are_records
from msssm_ts.datasets.mfer.reader import MFER
from msssm_ts.datasets.not_read import FORMATS, refuse_format
from msssm_ts.datasets.npy_records.reader import are_npy_records, read_npy_records
from msssm_ts.datasets.options import OF_RECORDINGS, OF_RECORDS, ReadOptions
from msssm_ts.datasets.scp.reader import SCP, are_scp
from msssm_ts.datasets.signals.reader import read_recordings
from msssm_ts.datasets.tables.frame import from_frame, read_parquet
from msssm_ts.datasets.tables.json_records import SUFFIXES as JSON
from msssm_ts.datasets.tables.json_table import read_json
from msssm_ts.datasets.tables.text_files import is_text_table
from msssm_ts.datasets.tables.text_table import read_text_table
from msssm_ts.datasets.wfdb.records import read_wfdb
from msssm_ts.datasets.xml_ecg.reader import XML, are_xml_ecgs

_COLUMNS = frozenset({"label", "id", "group", "time", "channel", "fold", "drop"})
OF_TABLES = _COLUMNS | {"beside", "episodes"}
_ARRAYS = frozenset({"label", "id", "group", "fold", "drop", "axes"})


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
    takes : callable
        Whether files of its suffixes in a folder are its, where others have the same.
    alone : bool
        Whether it reads a file that is named alone, too.
    """

    title: str
    suffixes: tuple[str, ...]
    read: Callable[[Any, ReadOptions], LabelledSeries]
    acts_on: frozenset[str]
    recordings: bool = False
    compressed: bool = False
    takes: Callable[[Sequence[Path]], bool] = bool
    alone: bool = True

    def __call__(self, source: Any, options: ReadOptions) -> LabelledSeries:
        """Read a source.

        Raises
        ------
        InputError
            If it cannot be read, or an option has no effect on it.
        """
        where = str(source) if isinstance(source, Path) else "data frame"
        options.check_acting(self.acts_on, self.title, where)
        with told_as_damage(where, self.title):
            return self.read(source, options)


# In this order a folder is looked through for recordings, and for the file of a data set.
READERS = (
    Reader(
        "WFDB records",
        (".hea", ".dat"),
        read_wfdb,
        OF_RECORDS,
        recordings=True,
        takes=lambda files: not all(map(is_text_table, files)),
    ),
    Reader(
        "EDF and BDF files",
        (".edf", ".bdf"),
        read_edf,
        OF_RECORDINGS | {"drop", "episodes"},
        recordings=True,
    ),
    Reader(
        "audio files",
        AUDIO,
        read_audio,
        OF_RECORDINGS | {"drop", "mono"},
        recordings=True,
    ),
    Reader(
        "ISHNE Holter files",
        (".ecg",),
        partial(read_recordings, form=ISHNE),
        OF_RECORDINGS | {"drop"},
        recordings=True,
        takes=are_ishne,
    ),
    Reader(
        "ECGs in XML",
        (".xml",),
        partial(read_recordings, form=XML),
        OF_RECORDINGS | {"drop"},
        recordings=True,
        takes=are_xml_ecgs,
    ),
    *(
        Reader(
            title,
            form.suffixes,
            partial(read_recordings, form=form),
            OF_RECORDINGS | {"drop"},
            recordings=True,
            takes=takes,
        )
        for title, form, takes in (
            ("SCP-ECG files", SCP, are_scp),
            ("MFER files", MFER, bool),
            ("Kardia recordings", ATC, bool),
        )
    ),
    Reader(
        "DICOM waveforms",
        (".dcm", ".dicom"),
        partial(read_recordings, form=DICOM),
        OF_RECORDINGS | {"drop"},
        recordings=True,
    ),
    Reader(
        "MATLAB recordings",
        (".mat",),
        partial(read_recordings, form=MAT),
        OF_RECORDINGS | {"drop"},
        recordings=True,
        takes=are_records,
        alone=False,
    ),
    Reader(
        "NumPy recordings",
        (".npy",),
        read_npy_records,
        OF_RECORDINGS | {"drop", "axes"},
        recordings=True,
        takes=are_npy_records,
        alone=False,
    ),
    Reader(".ts files", (".ts",), lambda file, _: read_ts(file), frozenset()),
    Reader("text tables", (".csv", ".tsv", ".txt"), read_text_table, OF_TABLES, compressed=True),
    Reader(".arff files", (".arff",), lambda file, _: read_arff(file), frozenset()),
    Reader("NumPy archives", (".npz",), read_npz, _ARRAYS | {"time"}),
    Reader("Parquet files", (".parquet",), read_parquet, OF_TABLES),
    Reader("NumPy arrays", (".npy",), read_npy, _ARRAYS | {"beside"}),
    Reader("MATLAB files", (".mat",), read_mat, _ARRAYS),
    Reader("HDF5 files", (".h5", ".hdf5"), read_hdf5, _ARRAYS | {"beside"}),
    Reader("Zarr folders", (".zarr",), read_zarr, _ARRAYS | {"beside", "time"}),
    # Behind all others: beside these they say something of them.
    Reader("JSON files", JSON, read_json, OF_TABLES),
    # Refused by name; a folder that holds something else as well is read.
    Reader("files", tuple(FORMATS), refuse_format, frozenset(), takes=lambda files: False),
)
# Not files: pandas and polars.
FRAMES = Reader("data frames", (), from_frame, OF_TABLES)
RECORDINGS = tuple(r for r in READERS if r.recordings)
DATA_FILES = tuple(r for r in READERS if not r.recordings and r.read is not refuse_format)
# Of every file that is read.
SUFFIXES = tuple(dict.fromkeys(s for r in (*RECORDINGS, *DATA_FILES) for s in r.suffixes))


def reader_of(suffix: str) -> Reader | None:
    """Return the reader of files with a suffix.

    Examples
    --------
    >>> reader_of(".flac").title, reader_of(".pdf")
    ('audio files', None)
    """
    return next((r for r in READERS if r.alone and suffix.lower() in r.suffixes), None)
