"""Folders: told apart by what lies in them."""

from __future__ import annotations

from pathlib import Path

from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.errors import InputError


def read_folder(folder: Path, options: ReadOptions) -> LabelledSeries:
    """Read a folder by what lies in it.

    Raises
    ------
    InputError
        If nothing in it is known.
    """
    raise InputError(f"{folder}: a folder; give one of the files in it")
