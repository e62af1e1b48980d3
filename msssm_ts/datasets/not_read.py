"""Formats of recordings that are known by name and not read."""

from __future__ import annotations

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


def refuse_format(file: Path, _: ReadOptions) -> NoReturn:
    """Raise InputError with the remedy for a file of a format that is known by name only."""
    name, remedy = FORMATS[file.suffix.lower()]
    raise InputError(f"{file}: {name} is not read; {remedy}")
