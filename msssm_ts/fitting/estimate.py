"""What is to be expected of a vote, as its members tell it of training series left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.fitted.vote import Vote
from msssm_ts.members.member import Member
from msssm_ts.members.problem import Problem

# Of the normal distribution, for 95 %.
_NORMAL = 1.959964


def by_series(
    answers: NDArray[np.float64], owner: NDArray[np.int64], n_series: int
) -> NDArray[np.float64]:
    """Return the mean over each series' windows that are told of, NaN where none is.

    Parameters
    ----------
    answers : array of shape (n_windows, n_outputs)
        Probabilities; NaN in rows that are not told of.
    owner : integer array of shape (n_windows,)
        The series that each window is from.
    n_series : int
        Of the fit.

    Examples
    --------
    >>> by_series(np.array([[0.2], [0.4], [np.nan]]), np.array([0, 0, 1]), 2)
    array([[0.3],
           [nan]])
    """
    told = ~np.isnan(answers).any(1)
    sums = np.zeros((n_series, answers.shape[1]))
    np.add.at(sums, owner[told], answers[told])
    counts = np.bincount(owner[told], minlength=n_series).astype(float)
    counts[counts == 0] = np.nan
    means: NDArray[np.float64] = sums / counts[:, None]
    return means


def told_by_series(
    members: Sequence[Member], problem: Problem, index: NDArray[np.int64], n_series: int
) -> list[Member]:
    """Let members of a problem tell of series, not of windows.

    Parameters
    ----------
    members : sequence of Member
        Just fitted.
    problem : Problem
        What they were fitted to, or asked about.
    index : integer array
        The problem's series among all of the fit.
    n_series : int
        Of the fit.
    """
    owner = index[problem.values.owner]
    return [
        m
        if m.left_out is None
        else m.telling(by_series(m.left_out, owner, n_series), m.seconds, m.said)
        for m in members
    ]


def told_of_validation(members: Sequence[Member], validation: Problem) -> list[Member]:
    """Let members that learn by steps tell of the series set aside."""
    return [m.telling(m.predict_proba(validation.values), m.seconds, m.said) for m in members]


def right(proba: NDArray[np.float64], targets: NDArray[Any]) -> NDArray[np.float64]:
    """Return the part of each series' answers that is right, (n_series,); NaN where none is told.

    Parameters
    ----------
    proba : array of shape (n_series, n_outputs)
        What is answered.
    targets : integer array of shape (n_series,) or array of shape (n_series, n_outputs)
        Class indices, or 0 and 1 for several labels at once.
    """
    told = ~np.isnan(proba).any(1)
    found = np.full(len(proba), np.nan)
    if targets.ndim == 2:
        found[told] = ((proba[told] >= 0.5) == (targets[told] > 0)).mean(1)
    else:
        found[told] = proba[told].argmax(1) == targets[told]
    return found


def accuracy_with_interval(
    right: NDArray[np.float64],
    weights: NDArray[np.float64] | None = None,
    groups: NDArray[Any] | None = None,
) -> dict[str, float] | None:
    """Return the accuracy of answers, and how far it may be off, by Wilson's interval of 95 %.

    Series of one group resemble each other, and weights may lie on few: the interval is that of
    as many series as would tell no more than these (Kish, "Survey Sampling", 1965; Wilson,
    "Probable inference", JASA 22, 1927).

    Parameters
    ----------
    right : array of shape (n_series,)
        From :func:`right`; NaN is not counted.
    weights : array of shape (n_series,), optional
        Of the series.
    groups : array of shape (n_series,), optional
        What each belongs to.

    Returns
    -------
    dict, or None
        ``accuracy``, ``low``, ``high``, ``n_series``; None where nothing is told.

    Examples
    --------
    >>> found = accuracy_with_interval(np.array([1.0] * 9 + [0.0]))
    >>> [round(found[name], 2) for name in ("accuracy", "low", "high")]
    [0.9, 0.6, 0.98]
    """
    told = ~np.isnan(right)
    w = np.ones(len(right)) if weights is None else np.asarray(weights, float)
    right, w = right[told], w[told]
    if not w.sum() > 0:
        return None
    p = float(w @ right / w.sum())
    w = w / w.sum()
    _, unit = np.unique(np.arange(len(w)) if groups is None else groups[told], return_inverse=True)
    shares = np.bincount(unit, w)
    least = 1 / np.square(shares).sum()
    # Squared error of a weighted mean over groups, were each drawn anew.
    off = np.square(np.bincount(unit, w * (right - p))).sum()
    n = float(np.clip(p * (1 - p) / off if off > 0 else least, least, len(w)))
    z = _NORMAL**2 / n
    middle, half = p + z / 2, np.sqrt(z * p * (1 - p) + z**2 / 4)
    return {
        "accuracy": p,
        "low": max(0.0, float((middle - half) / (1 + z))),
        "high": min(1.0, float((middle + half) / (1 + z))),
        "n_series": int(told.sum()),
    }


def members_told(
    vote: Vote, targets: NDArray[Any], weights: NDArray[np.float64] | None = None
) -> tuple[dict[str, Any], ...]:
    """Return what each member of a vote tells after a fit.

    Parameters
    ----------
    vote : Vote
        Of members that were just fitted.
    targets : array
        See :func:`right`.
    weights : array of shape (n_series,), optional
        Of the series.

    Returns
    -------
    tuple of dict
        ``seconds``; ``accuracy`` of series left out, None where it tells of none; ``alike``: the
        correlations of its errors (1 − probability of what is true) with those of each member,
        None where there is nothing to correlate.
    """
    missed = [None if m.left_out is None else _missed(m.left_out, targets) for m in vote.members]
    told: list[dict[str, Any]] = []
    for member, own in zip(vote.members, missed, strict=True):
        known = None
        if member.left_out is not None:
            known = accuracy_with_interval(right(member.left_out, targets), weights)
        told.append(
            {
                "seconds": None if member.seconds is None else round(member.seconds, 3),
                "accuracy": None if known is None else known["accuracy"],
                "alike": [_correlation(own, other) for other in missed],
            }
        )
    return tuple(told)


def _missed(proba: NDArray[np.float64], targets: NDArray[Any]) -> NDArray[np.float64]:
    """Return how much of the probability is not on what is true, (n_series,)."""
    if targets.ndim == 2:
        missed: NDArray[np.float64] = np.abs(proba - (targets > 0)).mean(1)
    else:
        missed = 1 - proba[np.arange(len(targets)), targets]
    return missed


def _correlation(
    one: NDArray[np.float64] | None, other: NDArray[np.float64] | None
) -> float | None:
    if one is None or other is None:
        return None
    both = ~np.isnan(one) & ~np.isnan(other)
    a, b = one[both], other[both]
    if len(a) < 3 or not a.std() > 0 or not b.std() > 0:
        return None
    return float(np.clip(np.corrcoef(a, b)[0, 1], -1, 1))
