"""Labels in the comments of WFDB headers, such as ``#Dx: 164889003,59118001``.

The challenges of 2020 to 2025 and the PTB diagnostic database write what is known of a patient as
``# key: value``, a line each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.labels import tidy_labels
from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.datasets.wfdb.diagnoses import is_diagnosis, meant, remarks_on, short_name
from msssm_ts.errors import OptionError

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


def chosen_diagnoses(
    fields: Mapping[Path, Mapping[str, str]], chosen: str | None, source: str
) -> tuple[str, ...]:
    """Return the diagnoses that the user named, by their short names; none where it is no list.

    Parameters
    ----------
    fields : dict of Path to dict
        What the comments of all records say.
    chosen : str or None
        Codes, abbreviations or names, with commas between.
    source : str
        For the message.

    Raises
    ------
    OptionError
        If some of them are diagnoses and others are not.

    Examples
    --------
    >>> chosen_diagnoses({Path("a.hea"): {"dx": "164889003,59118001"}}, "AF,713427006", "x")
    ('AF', 'CRBBB')
    """
    key = label_key(fields, None)
    if chosen is None or key not in _LISTS:
        return ()
    there = {short_name(c) for own in fields.values() for c in _split(own.get(key, ""))}
    names = tuple(dict.fromkeys(meant(n) for n in chosen.split(",") if n.strip()))
    known = [n for n in names if n in there or is_diagnosis(n)]
    if known and len(known) < len(names):
        other = next(n for n in names if n not in known)
        raise OptionError(
            f"{source}: no diagnosis {other!r} (--label) in #{shown(key)}: of the headers; there "
            f"are {enumerate_names(sorted(there), 12)}",
            "label",
        )
    return names if known else ()


def without_labels(fields: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield what comments say of a patient besides labels.

    Examples
    --------
    >>> dict(without_labels({"age": "68", "dx": "164889003"}))
    {'age': '68'}
    """
    return ((key, value) for key, value in fields.items() if key not in _KEYS)


def labels_of(
    fields: Mapping[Path, Mapping[str, str]],
    files: Sequence[Path],
    key: str,
    chosen: Sequence[str] = (),
) -> tuple[NDArray[Any], tuple[str, ...] | None, list[int], Sequence[str]]:
    """Return the labels of records from their comments.

    Parameters
    ----------
    fields : dict of Path to dict
        What the comments of all records say, of those of other parts too.
    files : sequence of Path
        The records to label.
    key : str
        That of the labels.
    chosen : sequence of str
        Diagnoses of a list that are wanted; all of them otherwise.

    Returns
    -------
    labels : array of shape (n_kept,) or (n_kept, n_labels)
        Classes; or 0 and 1 where the key's value is a list, of one chosen diagnosis a class each.
    label_names : tuple of str or None
        Of several labels.
    kept : list of int
        Places of the files that have a label.
    said : sequence of str
        Which codes were taken for which names.
    """
    every = {f: _known(own.get(key, "")) for f, own in fields.items()}
    kept = [i for i, f in enumerate(files) if every[f]]
    if key not in _LISTS:
        return tidy_labels(every[files[i]] for i in kept), None, kept, ()
    codes = {f: _split(text) for f, text in every.items()}
    lists = {f: [short_name(code) for code in own] for f, own in codes.items()}
    names = list(chosen) or sorted({name for own in lists.values() for name in own})
    there = sorted({c for own in codes.values() for c in own if short_name(c) in names})
    matrix = [[int(n in lists[files[i]]) for n in names] for i in kept]
    labels = np.array(matrix, dtype=np.int64).reshape(len(kept), len(names))
    if len(chosen) == 1:
        return labels[:, 0], None, kept, remarks_on(there)
    return labels, tuple(names), kept, remarks_on(there)


def shown(key: str) -> str:
    """Return a key as headers write it."""
    return key.capitalize()


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.replace(";", ",").split(",") if part.strip()]


def _known(text: str) -> str:
    return "" if text.casefold() in _UNKNOWN else text
