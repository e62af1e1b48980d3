"""Labels in the comments of WFDB headers, such as ``#Dx: 164889003,59118001``.

The challenges of 2020 to 2025 and the PTB diagnostic database write what is known of a patient as
``# key: value``, a line each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.labels import tidy_labels

# Keys that mean labels, the likeliest first; in small letters.
_KEYS = ("dx", "diagnosis", "diagnose", "diagnoses", "label", "labels", "class", "rhythm")
# Keys whose value is a list.
_LISTS = ("dx", "labels", "diagnoses")
_UNKNOWN = {"", "unknown", "n/a", "na", "none", "nan", "null"}


def fields_of_comments(comments: Sequence[str]) -> dict[str, str]:
    """Return what comments say, by key in small letters.

    Examples
    --------
    >>> fields_of_comments(["Age: 68", "Dx: 164889003,59118001", "nothing"])
    {'age': '68', 'dx': '164889003,59118001'}
    """
    fields: dict[str, str] = {}
    for comment in comments:
        key, colon, value = comment.partition(":")
        if colon and key.strip():
            fields.setdefault(" ".join(key.split()).casefold(), value.strip())
    return fields


def label_key(fields: Mapping[Path, Mapping[str, str]], chosen: str | None) -> str | None:
    """Return the key of the labels: the one that the user named, or one that is known.

    Examples
    --------
    >>> label_key({Path("a.hea"): {"age": "68", "dx": "164889003"}}, None)
    'dx'
    """
    if chosen is not None:
        key = " ".join(chosen.split()).casefold()
        return key if any(key in own for own in fields.values()) else None
    for key in _KEYS:
        values = {_known(own.get(key, "")) for own in fields.values()} - {""}
        if values:
            return key
    return None


def labels_of(
    fields: Mapping[Path, Mapping[str, str]], files: Sequence[Path], key: str
) -> tuple[NDArray[Any], tuple[str, ...] | None, list[int]]:
    """Return the labels of records from their comments.

    Parameters
    ----------
    fields : dict of Path to dict
        What the comments of all records say, of those of other parts too.
    files : sequence of Path
        The records to label.
    key : str
        That of the labels.

    Returns
    -------
    labels : array of shape (n_kept,) or (n_kept, n_labels)
        Classes, or 0 and 1 where the key's value is a list.
    label_names : tuple of str or None
        Of several labels.
    kept : list of int
        Places of the files that have a label.
    """
    every = {f: _known(own.get(key, "")) for f, own in fields.items()}
    kept = [i for i, f in enumerate(files) if every[f]]
    if key not in _LISTS:
        return tidy_labels(every[files[i]] for i in kept), None, kept
    lists = {f: _split(text) for f, text in every.items()}
    names = sorted({name for own in lists.values() for name in own})
    matrix = [[int(n in lists[files[i]]) for n in names] for i in kept]
    return np.array(matrix, dtype=np.int64), tuple(names), kept


def shown(key: str) -> str:
    """Return a key as headers write it."""
    return key.capitalize()


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.replace(";", ",").split(",") if part.strip()]


def _known(text: str) -> str:
    return "" if text.casefold() in _UNKNOWN else text
