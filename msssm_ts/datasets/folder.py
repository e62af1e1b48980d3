"""Folders: told apart by what lies in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from msssm_ts.datasets.archives.archive_folder import find_archive_file, left_beside
from msssm_ts.datasets.arrays.hdf5_series import SUFFIXES as HDF5
from msssm_ts.datasets.arrays.zarr_store import is_zarr
from msssm_ts.datasets.audio.embedded import holds_sound, read_embedded
from msssm_ts.datasets.audio.formats import refuse_undecoded
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.files import LISTED, read_file, read_listed
from msssm_ts.datasets.not_read import FORMATS, refuse_format, remedy_of
from msssm_ts.datasets.options import OF_RECORDINGS, ReadOptions
from msssm_ts.datasets.readers import OF_TABLES, RECORDINGS, Reader, reader_of
from msssm_ts.datasets.recordings.listed import listed_below
from msssm_ts.datasets.tables.by_columns import read_by_columns
from msssm_ts.datasets.tables.folders import read_matrices, read_text_folder
from msssm_ts.datasets.tables.keyed import read_keyed
from msssm_ts.datasets.tables.part_files import read_part_files
from msssm_ts.datasets.tables.text_files import is_text
from msssm_ts.datasets.tree import describe_files, files_below, with_suffix
from msssm_ts.errors import InputError

_KNOWN = (
    "WFDB records (.hea with signals), EDF and BDF files, ECGs of MUSE, Philips, HL7, ISHNE, SCP, "
    "MFER, Kardia and DICOM, audio files in a folder per class, NAME_TRAIN and NAME_TEST files of "
    "the UCR and UEA archives, and the layouts of 'msssm-ts data list'"
)

_WFDB = ".hea"
# What a folder of text files may be, and which options act on it.
_TEXT_FOLDERS = (
    (read_matrices, frozenset({"group", "drop"}), "folders of matrices"),
    (
        read_text_folder,
        OF_RECORDINGS | {"id", "time", "channel", "drop", "episodes"},
        "folders of recordings in text",
    ),
)


def read_folder(folder: Path, options: ReadOptions) -> LabelledSeries:
    """Read a folder by what lies in it.

    Parameters
    ----------
    folder : Path
        With a known data set as its authors publish it, files ``NAME_TRAIN`` and ``NAME_TEST``,
        WFDB records, EDF files, or audio files.
    options : ReadOptions
        Passed on to the reader.

    Raises
    ------
    InputError
        If nothing in it is known.

    Examples
    --------
    >>> import tempfile
    >>> read_folder(Path(tempfile.mkdtemp()), ReadOptions())
    Traceback (most recent call last):
    msssm_ts.errors.InputError: ...: the folder has nothing to read (no files); ...
    """
    from msssm_ts.datasets.named import find_layout, read_task

    layout = find_layout(folder)
    if layout is not None:
        return read_task(*layout, "", options, str(folder))
    if is_zarr(folder):
        zarr = reader_of(".zarr")
        assert zarr is not None
        return zarr(folder, options)
    files = files_below(folder)
    kinds = _kinds(files)
    reader = _of_most(kinds)
    if reader is not None:
        return reader(folder, options)
    listed = listed_below(files, LISTED)
    if listed is not None:
        return read_listed(listed, options, str(folder))
    embedded = [f for f in with_suffix(files, [".parquet"]) if holds_sound(f)]
    if embedded:
        return read_embedded(embedded, options, str(folder))
    refuse_undecoded(folder, files)
    if any(f.suffix.lower() in HDF5 for f in folder.iterdir()):
        hdf5 = reader_of(HDF5[0])
        assert hdf5 is not None
        return hdf5(folder, options)
    keyed = read_keyed(folder, options)
    if keyed is not None:
        options.check_acting(OF_TABLES, "tables with others beside them", str(folder))
        return keyed
    columns = read_by_columns(folder, options)
    if columns is not None:
        acts_on = OF_TABLES - {"id", "drop"}
        options.check_acting(acts_on, "tables with a column a series", str(folder))
        return columns
    for read, acts_on, title in _TEXT_FOLDERS:
        series = read(folder, options)
        if series is not None:
            options.check_acting(acts_on, title, str(folder))
            return series
    tables = read_part_files(folder, options)
    if tables is not None:
        options.check_acting(OF_TABLES, "tables in several files", str(folder))
        # Without a column of parts there are none: the files are one table.
        return replace(tables, has_test_part=bool(tables.has_test_part))
    file = find_archive_file(folder, options)
    if file is not None:
        data = read_file(file, options)
        return replace(data, account=data.account + left_beside(file, files))
    for known in with_suffix(files, FORMATS):
        refuse_format(known, options)
    remedy = remedy_of(files) or f"known are {_KNOWN}"
    if files and remedy_of(files) == "" and all(map(is_text, files[:3])):
        remedy = "if they are tables of text, call them .csv or .txt"
    raise InputError(
        f"{folder}: the folder has nothing to read ({describe_files(files)}); {remedy}"
    )


def _kinds(files: Sequence[Path]) -> list[tuple[Reader, list[Path]]]:
    """Return the readers of recordings that are there, with the files that stand for one each."""
    found = [(r, with_suffix(files, r.suffixes)) for r in RECORDINGS]
    return [(r, _of_reader(own, r)) for r, own in found if r.takes(own)]


def _of_most(kinds: Sequence[tuple[Reader, list[Path]]]) -> Reader | None:
    """Return the reader of the kind of recordings that there are most of."""
    return max(kinds, key=lambda kind: len(kind[1]), default=(None, []))[0]


def _of_reader(files: Sequence[Path], reader: Reader) -> list[Path]:
    """Return the files that stand for a recording of a kind."""
    # Signals without a header (.dat) may be anything.
    suffixes = reader.suffixes[:1] if _WFDB in reader.suffixes else reader.suffixes
    return with_suffix(files, suffixes)
