"""Reading whatever the user names as DATA."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from msssm_ts.datasets.archive import CARRIED, read_carried
from msssm_ts.datasets.columns import enumerate_names
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.files import read_file
from msssm_ts.datasets.folder import read_folder
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.split import validation_mask
from msssm_ts.errors import InputError


def load(
    source: str | os.PathLike[str],
    options: ReadOptions | None = None,
    *,
    validation: str | None = None,
    needs_labels: bool = True,
) -> LabelledSeries:
    """Read labelled series from a file, a folder, or a data set by name.

    Parameters
    ----------
    source : str or path
        A .csv (wide or long), .tsv or .txt (UCR), .ts or .npz file, a folder, or a data set by
        name, such as ``JapaneseVowels`` or ``JapaneseVowels:test``.
    options : ReadOptions, optional
        Columns and cuts; found by looking otherwise.
    validation : str, optional
        Series to set aside, as ``COLUMN=VALUE`` (for example ``fold=9``) or as a text file that
        lists their ids, one a line.
    needs_labels : bool
        Refuse data without labels.

    Returns
    -------
    LabelledSeries

    Raises
    ------
    InputError
        If there is no such file or set, or it cannot be understood.

    Examples
    --------
    >>> load("JapaneseVowels").summary()
    '270 series, 12 channels × 7–26 steps, 9 classes: 1 2 3 4 5 6 7 8 9'
    """
    options = options or ReadOptions()
    column, equals, _ = (validation or "").partition("=")
    if equals and options.fold is None:
        options = replace(options, fold=column)
    data = _load(source, options)
    if needs_labels and data.labels is None:
        raise InputError(
            f"{source}: no labels found; name the label column with --label, or call it 'label'"
        )
    if validation is not None:
        data = replace(data, validation=validation_mask(data, validation))
    return data


def _load(source: str | os.PathLike[str], options: ReadOptions) -> LabelledSeries:
    file = Path(source)
    name, _, part = str(source).partition(":")
    if not file.exists() and name in CARRIED:
        if part not in ("", "train", "test"):
            raise InputError(f"{source}: a data set has the parts train and test, not {part!r}")
        return read_carried(name, "test" if (part or options.split) == "test" else "train")
    if not file.exists():
        raise InputError(
            f"{source}: no such file, and no data set of that name "
            f"(these come along: {enumerate_names(list(CARRIED), limit=20)})"
        )
    if file.is_dir():
        return read_folder(file, options)
    return read_file(file, options)
