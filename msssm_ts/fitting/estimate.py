"""What is to be expected of a vote, as its members tell it of training series left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.fitted.intervals import accuracy_with_interval
from msssm_ts.fitted.vote import Vote
from msssm_ts.members.member import Member
from msssm_ts.members.problem import Problem
from msssm_ts.members.strata import standing_for


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
    """Let members tell of the series set aside, from which they have not learned."""
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


def weights_of_told(
    proba: NDArray[np.float64], targets: NDArray[Any], weights: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Return weights with which series that are told of stand for all of their classes.

    Members tell of all of a rare class, and of some of a frequent one.

    Parameters
    ----------
    proba : array of shape (n_series, n_outputs)
        What is answered; NaN in rows that are not told of, whose weight is 0.
    targets, weights : arrays
        See :func:`right`; of all series.

    Examples
    --------
    >>> proba = np.array([[1.0, 0.0], [np.nan, np.nan], [0.0, 1.0]])
    >>> weights_of_told(proba, np.array([0, 0, 1]))
    array([2., 0., 1.])
    """
    told = np.flatnonzero(~np.isnan(proba).any(1))
    found = np.zeros(len(proba))
    found[told] = standing_for(told, targets, weights)
    return found


def expected_accuracy(
    left_out: NDArray[np.float64] | None,
    targets: NDArray[Any],
    weights: NDArray[np.float64] | None = None,
    groups: NDArray[Any] | None = None,
) -> dict[str, float] | None:
    """Return what :func:`accuracy_with_interval` says of a vote's answers of series left out."""
    if left_out is None:
        return None
    own = weights_of_told(left_out, targets, weights)
    return accuracy_with_interval(right(left_out, targets), own, groups)


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
            own_weights = weights_of_told(member.left_out, targets, weights)
            known = accuracy_with_interval(right(member.left_out, targets), own_weights)
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
