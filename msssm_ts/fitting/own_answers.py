"""A vote that learns from its own answers about series without labels.

After Lee, "Pseudo-Label: The Simple and Efficient Semi-Supervised Learning Method for Deep Neural
Networks", ICML 2013 workshop: here once, by all members in closed form, each from what all of them
together answered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from msssm_ts.fitted.vote import Vote
from msssm_ts.fitting.closed import Closed, FitOne, fit_again
from msssm_ts.fitting.pretrain import together
from msssm_ts.members.member import Member
from msssm_ts.members.presets import Seat
from msssm_ts.members.problem import Problem
from msssm_ts.preparation import vote as mean_of_windows
from msssm_ts.series import Prepared

# Series without labels that are answered and learned, at most; drawn where there are more.
_MOST = 2000
# How sure a vote is of its answers from which on it learns them: 1 of all, 0 as by chance. Below,
# it lost about as often as it gained (docs/unlabelled.md).
_SURE = 0.8
_UNSURE = (
    "did not learn from its own answers about {n} unlabelled series: it expects {sure:.0%} of them "
    "to be right"
)
OF_ONE_CLASS = (
    "did not learn from its own answers about the unlabelled series, which can have several labels"
)
# All of them together weigh no more than so many times those with labels.
_WEIGHT = 3.0


@dataclass(frozen=True)
class Answered:
    """What a vote answers of series without labels.

    Parameters
    ----------
    values : Prepared
        These series, standardised alike; of many those that were drawn.
    owner : integer array of shape (n_values,)
        Which series each of ``values`` is of: windows of one are answered together.
    proba : array of shape (n_series, n_classes)
        The answers.
    """

    values: Prepared
    owner: NDArray[np.int64]
    proba: NDArray[np.float64]


def answered(vote: Vote, others: Prepared, seed: int) -> Answered:
    """Let a vote answer series without labels; of many some are drawn, by the seed."""
    others = _some_of(others, seed)
    _, owner = np.unique(others.owner, return_inverse=True)
    proba = mean_of_windows(vote.predict_proba(others), owner, int(owner.max()) + 1)
    return Answered(others, owner, proba)


def learned_again(
    first: Closed,
    seats: Sequence[Seat],
    answers: Answered,
    labelled: Problem,
    seconds: float | None,
    fit_one: FitOne,
) -> tuple[list[Member] | None, str]:
    """Fit members again, to labelled series and to the vote's answers about others.

    What members told of training series left out stays: of those fitted again it would be too
    good, for the answers that they learn come from a vote that has seen all labels.

    Parameters
    ----------
    first : Closed
        Members that have learned the labels.
    seats, fit_one : as of :func:`msssm_ts.fitting.closed.fit_again`
        What they are, and how one is fitted.
    answers : Answered
        Of the vote.
    labelled : Problem
        With one label each.
    seconds : float, optional
        Time that there is.

    Returns
    -------
    members : list of Member, or None
        In the order of the first ones; None where the vote is too unsure, and they stay.
    said : str
        What was done, or why nothing.
    """
    labelled = replace(labelled, asks_left_out=False)
    n, n_classes = answers.proba.shape
    sure, chance = float(answers.proba.max(1).mean()), 1 / n_classes
    if (sure - chance) / (1 - chance) < _SURE:
        return None, _UNSURE.format(n=n, sure=sure)
    n_labelled = len(np.unique(labelled.values.owner))
    weight = min(1.0, _WEIGHT * n_labelled / n)
    labels = answers.proba.argmax(1)[answers.owner]
    problem = _with_answers(labelled, answers.values, labels, weight)
    again = Closed()
    fit_again(again, first, seats, problem, seconds, fit_one)
    members = [
        new.telling(old.left_out, (old.seconds or 0.0) + (new.seconds or 0.0), old.said)
        for old, new in zip(first.members, again.members, strict=True)
    ]
    return members, (
        f"learned from its own answers about {n} unlabelled series, too, each for {weight:.2g} of "
        "a labelled one; what is expected is the accuracy before that"
    )


def _with_answers(
    labelled: Problem, others: Prepared, answers: np.ndarray, weight: float
) -> Problem:
    """Return labelled series with others behind them, of the class that was answered."""
    both = together(labelled, others)
    targets, n = both.targets.copy(), len(labelled)
    targets[n:] = answers
    weights = np.ones(n) if labelled.weights is None else labelled.weights
    weights = np.concatenate([weights, np.full(len(others), weight * weights.mean())])
    groups = labelled.groups
    if groups is not None:
        known = np.unique(groups, return_inverse=True)[1]
        groups = np.concatenate([known, known.max() + 1 + others.owner])
    elif others.is_cut:
        groups = both.values.owner
    return replace(
        both,
        targets=targets,
        weights=weights / weights.mean(),
        groups=groups,
        workers=labelled.workers,
    )


def _some_of(others: Prepared, seed: int) -> Prepared:
    """Return whole series, or those that are drawn of many, with all windows of theirs."""
    owners = np.unique(others.owner)
    if len(owners) <= _MOST:
        return others
    drawn = np.random.default_rng(seed).choice(owners, _MOST, replace=False)
    return others.take(np.flatnonzero(np.isin(others.owner, drawn)))
