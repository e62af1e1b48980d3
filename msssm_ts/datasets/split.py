"""Which series a user sets aside for validation."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.errors import InputError
from msssm_ts.text import meant


def validation_mask(
    data: LabelledSeries, choice: str, option: str = "--validation"
) -> NDArray[np.bool_]:
    """Return which series a choice names, shape (n_series,).

    Parameters
    ----------
    data : LabelledSeries
        The series, with folds or ids.
    choice : str
        ``COLUMN=VALUE``, the column being that of the folds, or a text file that lists ids, or the
        recordings of pieces and beats.
    option : str
        By which it was made, for messages.

    Raises
    ------
    InputError
        If that names no series, or all of them.

    Examples
    --------
    >>> data = LabelledSeries([np.zeros((1, 5))] * 3, folds=np.array([1, 1, 9]))
    >>> validation_mask(data, "fold=9")
    array([False, False,  True])
    """
    check_choice(choice, option)
    column, equals, value = choice.partition("=")
    mask = _by_fold(data, column, value, option) if equals else _by_list(data, Path(choice), option)
    if not mask.any() or mask.all():
        raise InputError(
            f"{data.source}: {option} {choice} sets {'no' if not mask.any() else 'every'} "
            "series aside; some must stay on each side"
        )
    return mask


def check_choice(choice: str, option: str = "--validation") -> None:
    """Refuse a choice of series that is neither COLUMN=VALUE nor a file; no data is read.

    Raises
    ------
    InputError
        If there is no such file.

    Examples
    --------
    >>> check_choice("fold=9")
    >>> check_choice("nine.txt")
    Traceback (most recent call last):
    msssm_ts.errors.InputError: --validation nine.txt: no such file; give a text file with an id ...
    """
    if "=" not in choice and not Path(choice).is_file():
        raise InputError(
            f"{option} {choice}: no such file; give a text file with an id a line, or COLUMN=VALUE"
        )


def refuse_class(data: LabelledSeries, choice: str) -> None:
    """Refuse a validation part that is a class: series of it would not be trained on.

    Raises
    ------
    InputError
        If the column of the choice is that of the labels, and its value one of them.
    """
    if "=" not in choice or data.folds is None or data.labels is None:
        return
    labels = data.labels.astype(str)
    if choice.partition("=")[2] in labels and np.array_equal(data.folds.astype(str), labels):
        raise InputError(
            f"{data.source}: --validation {choice} sets a class aside, for its column is the "
            "label's; name one of parts, such as a fold or a person"
        )


def on_folds(data: LabelledSeries) -> str:
    """Say that folds which the data bring divide nothing; empty where there are none.

    Examples
    --------
    >>> on_folds(LabelledSeries([np.zeros((1, 5))] * 3, folds=np.array([1, 1, 9])))
    'its 2 folds divide nothing; --validation fold=9 sets one aside'
    """
    names = [] if data.folds is None else [f for f in np.unique(data.folds).tolist() if f != ""]
    if len(names) < 2 or data.validation is not None:
        return ""
    source = dict(data.account.taken).get("fold", "")
    column = source.partition(" of ")[0].removeprefix("column ")
    where = f" ({source})" if source else ""
    choice = f"{column if source.startswith('column ') else 'fold'}={names[-1]}"
    return (
        f"its {len(names)} folds{where} divide nothing; --validation {shlex.quote(choice)} sets "
        "one aside"
    )


def _by_fold(data: LabelledSeries, column: str, value: str, option: str) -> NDArray[np.bool_]:
    if data.folds is None:
        raise InputError(
            f"{data.source}: there is no column {column!r} for {option}; name one that says to "
            "which part a series belongs, or give a text file with an id a line"
        )
    names = np.array([str(f) for f in data.folds])
    if value not in names:
        raise InputError(
            f"{data.source}: no series has {column} {value!r} ({option}); there are "
            f"{enumerate_names(sorted(set(names)))}{meant(value, names.tolist())}"
        )
    return np.asarray(names == value)


def _by_list(data: LabelledSeries, file: Path, option: str) -> NDArray[np.bool_]:
    if data.ids is None:
        raise InputError(
            f"{data.source}: the series have no ids, so that a list cannot name them; give "
            f"{option} COLUMN=VALUE, or a column of ids with --id"
        )
    try:
        listed = {line.strip() for line in file.read_text(encoding="utf-8").splitlines()} - {""}
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: cannot be read as a list of ids ({error})") from error
    ids = [str(i) for i in data.ids]
    # Of r0.wav:0.5-1.5 it is the recording.
    owners = [i.rpartition(":")[0] for i in ids]
    unknown = sorted(listed - {*ids, *owners})
    if unknown:
        raise InputError(
            f"{file}: {len(unknown)} ids are not in {data.source}, the first {unknown[0]!r}"
        )
    named = zip(ids, owners, strict=True)
    mask: NDArray[Any] = np.array([i in listed or owner in listed for i, owner in named])
    return mask
