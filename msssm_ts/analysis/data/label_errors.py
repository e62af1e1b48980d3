"""Which labels look wrong, by answers of models that have not seen the series."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class LabelErrors:
    """Series in the order in which their labels are to be looked at.

    Parameters
    ----------
    order : integer array of shape (n_series,)
        The series, the most doubtful first.
    given, suggested : integer array of shape (n_series,)
        Column of each series' label, and of the other class that is most probable.
    margin : array of shape (n_series,)
        The probability of the label less that of the suggestion, brought to 0 (wrong) to 1.
    flagged : boolean array of shape (n_series,)
        Whether another class is the one that a series surely is of.
    joint : array of shape (n_classes, n_classes)
        How many series of each label (rows) are expected to be of each class (columns).

    All but ``order`` are in the order of the series.
    """

    order: Rows
    given: Rows
    suggested: Rows
    margin: Floats
    flagged: NDArray[np.bool_]
    joint: Floats


def label_errors(given: Rows, proba: Floats) -> LabelErrors:
    """Rank labels by confident learning.

    A series is surely of a class if that is at least as probable as it is on average of the series
    that are labelled so; of several such classes, of the most probable (Northcutt, Jiang, Chuang,
    "Confident learning: estimating uncertainty in dataset labels", JAIR 70, 2021). The counts of
    labels and of what series surely are, brought to as many series as each label has, are the
    expected flips. The order is that of the margin.

    Parameters
    ----------
    given : integer array of shape (n_series,)
        Columns of the labels.
    proba : array of shape (n_series, n_classes)
        What was answered of series that models have not seen.

    Examples
    --------
    >>> proba = np.array([[0.9, 0.1], [0.8, 0.2], [0.2, 0.8], [0.95, 0.05], [0.1, 0.9]])
    >>> found = label_errors(np.array([0, 0, 1, 1, 1]), proba)
    >>> found.order[:1], np.flatnonzero(found.flagged), found.joint.tolist()
    (array([3]), array([3]), [[2.0, 0.0], [1.0, 2.0]])
    """
    n, n_classes = proba.shape
    rows = np.arange(n)
    own = proba[rows, given]
    others = proba.copy()
    others[rows, given] = -np.inf
    suggested = others.argmax(1)
    margin = (own - proba[rows, suggested] + 1) / 2
    counts = np.bincount(given, minlength=n_classes)
    # No series is surely of a class that no label names.
    needed = np.full(n_classes, np.inf)
    np.divide(np.bincount(given, own, n_classes), counts, out=needed, where=counts > 0)
    sure = np.where(proba >= needed - 1e-12, proba, -np.inf)
    place = sure.argmax(1)
    is_sure = np.isfinite(sure[rows, place])
    # The given label, where it is as probable as another.
    place = np.where(sure[rows, given] == sure[rows, place], given, place)
    flagged = is_sure & (place != given)
    joint = np.zeros((n_classes, n_classes))
    np.add.at(joint, (given[is_sure], place[is_sure]), 1.0)
    # What is said of nobody is said of no other class.
    empty = joint.sum(1) == 0
    joint[empty, empty.nonzero()[0]] = 1.0
    joint *= (counts / joint.sum(1))[:, None]
    suggested = np.where(flagged, place, suggested)
    order = np.lexsort((-proba[rows, suggested], margin))
    return LabelErrors(order, given, suggested, margin, flagged, joint)


def flips(found: LabelErrors) -> list[tuple[int, int, float]]:
    """Return label, class and the expected number of flips, the most frequent first.

    Examples
    --------
    >>> proba = np.array([[0.9, 0.1], [0.8, 0.2], [0.2, 0.8], [0.95, 0.05], [0.1, 0.9]])
    >>> flips(label_errors(np.array([0, 0, 1, 1, 1]), proba))
    [(1, 0, 1.0)]
    """
    away = found.joint.copy()
    np.fill_diagonal(away, 0)
    pairs = np.argwhere(away > 0).tolist()
    told = [(i, j, float(away[i, j])) for i, j in pairs]
    return sorted(told, key=lambda flip: (-flip[2], flip[0], flip[1]))


def alike(values: list[NDArray[np.floating]], n_steps: int = 128) -> Floats:
    """Return series of any length as rows that can be compared, (n_series, n_channels * n_steps).

    Each channel is stretched to as many steps, its missing values interpolated, and standardised
    by all series.

    Parameters
    ----------
    values : list of arrays of shape (n_channels, length)
        NaN is a missing value.
    n_steps : int
        Of all.
    """
    from msssm_ts.series.checks import filled

    places = np.linspace(0, 1, n_steps)
    found = np.array(
        [[np.interp(places, np.linspace(0, 1, len(c)), c) for c in filled(x)] for x in values],
        dtype=np.float64,
    )
    found -= found.mean((0, 2), keepdims=True)
    spread = found.std((0, 2), keepdims=True)
    return np.asarray((found / np.where(spread > 0, spread, 1)).reshape(len(values), -1))


def neighbour(rows: Floats, series: int, among: Rows) -> int | None:
    """Return which of some series is nearest to one, by rows of :func:`alike`; None of none.

    Examples
    --------
    >>> neighbour(np.array([[0.0], [5.0], [1.0]]), 0, np.array([0, 1, 2]))
    2
    """
    among = among[among != series]
    if not len(among):
        return None
    return int(among[np.square(rows[among] - rows[series]).sum(1).argmin()])
