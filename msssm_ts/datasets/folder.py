"""Folders: told apart by what lies in them."""

from __future__ import annotations

from pathlib import Path

from msssm_ts.datasets.archives.archive_folder import find_archive_file
from msssm_ts.datasets.arrays.hdf5_series import SUFFIXES as HDF5
from msssm_ts.datasets.arrays.hdf5_series import read_hdf5
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.files import read_file
from msssm_ts.datasets.not_read import FORMATS, refuse_format
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.readers import RECORDINGS
from msssm_ts.datasets.tables.folders import read_matrices, read_text_folder
from msssm_ts.datasets.tree import describe_files, files_below, with_suffix
from msssm_ts.errors import InputError

_KNOWN = (
    "WFDB records (.hea with signals), EDF and BDF files, ECGs of MUSE, HL7, ISHNE and DICOM, "
    "audio files in a folder per class, NAME_TRAIN and NAME_TEST files of the UCR and UEA "
    "archives, and the layouts of 'msssm-ts data list'"
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
    files = files_below(folder)
    for reader in RECORDINGS:
        if reader.takes(with_suffix(files, reader.suffixes)):
            return reader(folder, options)
    if any(f.suffix.lower() in HDF5 for f in folder.iterdir()):
        return read_hdf5(folder, options)
    for read in (read_matrices, read_text_folder):
        series = read(folder, options)
        if series is not None:
            return series
    file = find_archive_file(folder, options)
    if file is not None:
        return read_file(file, options)
    for known in with_suffix(files, FORMATS):
        refuse_format(known, options)
    raise InputError(
        f"{folder}: the folder has nothing to read ({describe_files(files)}); known are {_KNOWN}"
    )
