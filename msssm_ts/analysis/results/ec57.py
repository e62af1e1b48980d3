"""Beats counted as ANSI/AAMI EC57 counts them: by class, by record, gross and average.

Which errors count is as in ``bxb`` of PhysioNet's WFDB software, which follows the standard
(https://physionet.org/physiotools/wag/bxb-1.htm), and as in de Chazal, O'Dwyer and Reilly, IEEE
Trans. Biomed. Eng. 51(7), 2004. A fusion beat or one that cannot be classified, called
ventricular, is no false VEB; one that cannot be classified, called supraventricular, no false
SVEB. Unlike in ``bxb``, the first five minutes of a record count, as in that paper, and beats are
not detected: each annotated one is classified.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.errors import InputError

# Normal, supraventricular ectopic, ventricular ectopic, fusion of the two, not classifiable.
CLASSES = ("N", "S", "V", "F", "Q")
# True beats of these, called so, are no false alarm: ectopic class, then true classes.
_NOT_FALSE = {"V": ("F", "Q"), "S": ("Q",)}
_NAMES = {"V": "veb", "S": "sveb"}
# A class of fewer beats has no part in the macro F1: one of two beats would be a fifth of it.
LEAST_BEATS = 20

Counts = NDArray[np.int64]


def count_beats(truth: ArrayLike, predicted: ArrayLike) -> Counts:
    """Count beats by true class (rows) and predicted class (columns), in the order of CLASSES.

    Raises
    ------
    InputError
        If a label is none of the five classes.

    Examples
    --------
    >>> count_beats(["N", "S", "N"], ["N", "N", "S"])[:2, :2].tolist()
    [[1, 1], [1, 0]]
    """
    a, b = (np.asarray(labels).astype(str) for labels in (truth, predicted))
    check_classes([*np.unique(a), *np.unique(b)])
    counts = np.zeros((len(CLASSES), len(CLASSES)), dtype=np.int64)
    place = {name: i for i, name in enumerate(CLASSES)}
    np.add.at(counts, ([place[x] for x in a.tolist()], [place[x] for x in b.tolist()]), 1)
    return counts


def check_classes(labels: Iterable[object]) -> None:
    """Refuse labels that are not EC57's.

    Raises
    ------
    InputError
        With one of them.
    """
    others = sorted({str(label) for label in labels} - set(CLASSES))
    if others:
        raise InputError(
            f"--ec57 counts beats of the classes {' '.join(CLASSES)}, but there are labels "
            f"{enumerate_names(others)}; read annotated records with --beats aami"
        )


def beat_scores(counts: Counts) -> dict[str, Any]:
    """Score counted beats.

    Parameters
    ----------
    counts : array of shape (5, 5)
        From :func:`count_beats`.

    Returns
    -------
    dict
        ``n_beats``; ``classes``: per class ``n_beats``, ``sensitivity``, ``positive_predictivity``
        and ``f1``, every other class counting as an error; ``veb`` and ``sveb``:
        ``true_positives``, ``false_negatives``, ``false_positives``, ``true_negatives``,
        ``sensitivity``, ``positive_predictivity``, ``false_positive_rate`` as EC57 counts them;
        ``macro_f1`` over ``macro_over``, the classes of at least ``LEAST_BEATS`` true beats, and
        ``macro_f1_nsv`` over N, S and V; ``confusion_matrix``. None where nothing is to be
        divided by.

    Examples
    --------
    >>> counts = count_beats(list("NNNVVFQ"), list("NNVVSVV"))
    >>> beat_scores(counts)["veb"]["positive_predictivity"]  # neither F nor Q called V is false
    0.5
    """
    classes = {}
    over = []
    for i, name in enumerate(CLASSES):
        hits, true, called = int(counts[i, i]), int(counts[i].sum()), int(counts[:, i].sum())
        if true >= LEAST_BEATS:
            over.append(name)
        classes[name] = {
            "n_beats": true,
            "sensitivity": _share(hits, true),
            "positive_predictivity": _share(hits, called),
            "f1": _share(2 * hits, true + called),
        }
    nsv = [classes[name]["f1"] for name in "NSV"]
    return {
        "n_beats": int(counts.sum()),
        "classes": classes,
        **{_NAMES[name]: _ectopic(counts, name) for name in _NAMES},
        "macro_f1": _mean([classes[name]["f1"] for name in over]),
        "macro_over": over,
        "macro_f1_nsv": None if None in nsv else _mean(nsv),
        "confusion_matrix": counts.tolist(),
    }


def _ectopic(counts: Counts, name: str) -> dict[str, Any]:
    """Count one ectopic class against the rest."""
    i = CLASSES.index(name)
    free = [CLASSES.index(other) for other in _NOT_FALSE[name]]
    hits = int(counts[i, i])
    missed = int(counts[i].sum()) - hits
    false = int(counts[:, i].sum()) - hits - int(counts[free, i].sum())
    rest = int(counts.sum() - counts[i].sum() - counts[:, i].sum()) + hits
    return {
        "true_positives": hits,
        "false_negatives": missed,
        "false_positives": false,
        "true_negatives": rest,
        "sensitivity": _share(hits, hits + missed),
        "positive_predictivity": _share(hits, hits + false),
        "false_positive_rate": _share(false, false + rest),
    }


def beat_report(
    truth: ArrayLike,
    predicted: ArrayLike,
    records: ArrayLike | None = None,
    without: Sequence[str] = (),
) -> dict[str, Any]:
    """Score beats of several records: each record, all beats together, and the records' mean.

    Parameters
    ----------
    truth, predicted : arrays of shape (n_beats,)
        Labels among CLASSES.
    records : array of shape (n_beats,), optional
        The record, or the patient, of each.
    without : sequence of str
        Records to leave out a second time round.

    Returns
    -------
    dict
        ``gross`` (of all beats, as :func:`beat_scores`); with records also ``average`` (the mean of
        the records' figures, and over how many records each is defined) and ``records``; and with
        ``without`` the same once more under ``rest``, with the names of what is left out.

    Raises
    ------
    InputError
        If a label is none of the classes, or ``without`` names what is not there, or all.

    Examples
    --------
    >>> report = beat_report(list("NVVN"), list("NVNN"), ["100", "100", "232", "232"], ["232"])
    >>> report["gross"]["veb"]["sensitivity"], report["average"]["veb"]["sensitivity"]
    (0.5, {'mean': 0.5, 'n_records': 2})
    >>> report["rest"]["gross"]["veb"]["sensitivity"]
    1.0
    """
    a, b = np.asarray(truth), np.asarray(predicted)
    if records is None:
        if without:
            raise InputError(
                f"--without {','.join(without)}: it is not known which record each beat is of; "
                "read the records themselves, or name a column with --group"
            )
        return {"gross": beat_scores(count_beats(a, b))}
    own = np.asarray(records).astype(str)
    names = np.unique(own).tolist()
    for name in without:
        if name not in names:
            raise InputError(
                f"--without {name}: there is no such record; there are {enumerate_names(names, 60)}"
            )
    if set(without) == set(names):
        raise InputError("--without leaves no record; keep one")
    counted = {name: count_beats(a[own == name], b[own == name]) for name in names}
    report = _together(counted)
    if without:
        left = {name: counts for name, counts in counted.items() if name not in without}
        report["rest"] = _together(left) | {"without": list(without)}
    return report


def _together(counted: Mapping[str, Counts]) -> dict[str, Any]:
    each = {name: beat_scores(counts) for name, counts in counted.items()}
    average: dict[str, Any] = {}
    for kind in ("classes", "veb", "sveb"):
        for name in CLASSES if kind == "classes" else (kind,):
            found = [s[kind][name] if kind == "classes" else s[kind] for s in each.values()]
            average[name] = {
                key: _averaged([f[key] for f in found])
                for key in ("sensitivity", "positive_predictivity")
            }
    gross = beat_scores(np.sum(list(counted.values()), axis=0))
    return {"gross": gross, "average": average, "records": each}


def _averaged(values: Sequence[float | None]) -> dict[str, Any]:
    return {"mean": _mean(values), "n_records": sum(v is not None for v in values)}


def _mean(values: Sequence[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return float(np.mean(known)) if known else None


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
