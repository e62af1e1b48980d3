"""Formats of recordings that are known by name and not read."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

from msssm_ts.datasets.options import ReadOptions
from msssm_ts.errors import InputError

# By suffix: what it is, and what turns it into something that is read.
_EEG = "convert it to EDF: mne.io.read_raw(FILE).export('x.edf') in MNE-Python"
FORMATS = {
    ".gdf": ("GDF", _EEG),
    ".vhdr": ("BrainVision", _EEG),
    ".set": ("EEGLAB", _EEG),
    ".cnt": ("Neuroscan CNT", _EEG),
    ".fif": ("FIF", _EEG),
    ".nwb": ("NWB", "convert the recordings to EDF, or to arrays in a .npz file"),
    ".xdf": ("XDF", "convert the recordings to EDF, or to arrays in a .npz file"),
}

SHEETS = (".xlsx", ".xls", ".xlsm", ".ods")
# Containers of anything, and how what they hold is brought into something that is read.
_REMEDIES = {
    SHEETS: "save the sheet as CSV",
    (".feather", ".arrow", ".ipc", ".orc", ".avro"): "write the table as .parquet or CSV",
    (".json", ".jsonl", ".ndjson"): (
        "write the records into one file, a line each, with keys such as id, label and values"
    ),
    (".tdms", ".lvm"): "export it from LabVIEW as text with one line of names above the values",
    (".pkl", ".pickle", ".joblib", ".pt", ".pth", ".rds", ".rdata"): (
        "loading it could run what it holds, so save arrays as .npz and tables as .parquet"
    ),
    (".npy", ".npz"): "put the arrays into one file: np.savez('all.npz', X=arrays, y=labels)",
    (".log", ".data", ".asc", ".prn", ".psv"): "if they are tables of text, call them .csv or .txt",
    (".raw", ".pcm"): (
        "they say neither rate nor format: write WAV, as in ffmpeg -f s16le -ar 8000 -i a.pcm a.wav"
    ),
    (".rec",): "if they are EDF, as ISRUC-Sleep has them, call them .edf",
    (".textgrid",): ("it labels stretches of a recording: put it beside that, under the same name"),
    (".db", ".sqlite", ".sqlite3", ".sav", ".dta"): "export the table as CSV",
    (
        ".zip",
        ".tar",
        ".tgz",
        ".gz",
        ".xz",
        ".bz2",
        ".zst",
        ".7z",
        ".rar",
    ): "unpack it, and name the folder",
}


def remedy_of(files: Iterable[Path]) -> str:
    """Say what to do with the first file that is known for what it is; empty where none is.

    Examples
    --------
    >>> remedy_of([Path("a.xyz"), Path("b.XLSX")]), remedy_of([Path("set.tar.gz")])
    ('save the sheet as CSV', 'unpack it, and name the folder')
    """
    for file in files:
        for suffixes, remedy in _REMEDIES.items():
            if file.suffix.lower() in suffixes:
                return remedy
    return ""


def refuse_format(file: Path, _: ReadOptions) -> NoReturn:
    """Raise InputError with the remedy for a file of a format that is known by name only."""
    name, remedy = FORMATS[file.suffix.lower()]
    raise InputError(f"{file}: {name} is not read; {remedy}")
