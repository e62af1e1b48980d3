"""How much each side of a vote counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.fitted.vote import Vote, prior_weights
from msssm_ts.fitting.split import Split
from msssm_ts.members.member import Member
from msssm_ts.members.problem import Problem

# A member whose best share is no more than that, after a quarter or half of its training, has
# not been worth the rest.
_NEXT_TO_NOTHING = 0.1
# Shares that are tried.
_SHARES = np.linspace(0, 1, 11)
# Exponents that make probabilities less sure, or surer.
_SHARPER = 2.0 ** np.arange(-1, 4.5, 0.5)
# A log-likelihood of a series that is less than that better is no better.
_NOTHING = 0.005
# The series set aside have also chosen the weights of members that learn by steps: no more than
# four fifths of the vote are theirs.
_MOST = 0.8
# In closed form few series (or groups) that have told move it little: so many half of the way from
# what was supposed (docs/tried/channels.md).
_FEW = 50
# What networks of sound have where no series can be set aside to measure it (docs/tried/sound.md).
SHARE_OF_SOUND = 0.6


def _log_likelihoods(proba: NDArray[np.float64], targets: NDArray[Any]) -> NDArray[np.float64]:
    """Return how likely each series' labels are, (n_series,)."""
    proba = np.clip(proba, 1e-6, 1 - 1e-6)
    if targets.ndim == 2:
        found: NDArray[np.float64] = np.log(np.where(targets > 0, proba, 1 - proba)).sum(1)
    else:
        found = np.log(proba[np.arange(len(targets)), targets])
    return found


def best_share(
    ours: NDArray[np.float64], theirs: NDArray[np.float64], targets: NDArray[Any]
) -> float:
    """Return the share of ``ours`` in the mean that makes labels most likely, in tenths.

    Parameters
    ----------
    ours, theirs : arrays of shape (n_series, n_outputs)
        Probabilities of series that neither has learned from.
    targets : integer array of shape (n_series,) or array of shape (n_series, n_outputs)
        Class indices, or 0 and 1 for several labels at once.

    Examples
    --------
    >>> sure, unsure = np.array([[0.9, 0.1]]), np.array([[0.5, 0.5]])
    >>> best_share(sure, unsure, np.array([0])), best_share(sure, unsure, np.array([1]))
    (1.0, 0.0)
    """
    votes = (share * ours + (1 - share) * theirs for share in _SHARES)
    likelihood = [_log_likelihoods(vote, targets).sum() for vote in votes]
    return float(_SHARES[int(np.argmax(likelihood))])


def certain_share(
    ours: NDArray[np.float64], theirs: NDArray[np.float64], targets: NDArray[Any]
) -> float:
    """Return the least share of ``ours`` that is not surely worse than the best, in tenths.

    Not surely: by less than a standard error of the difference, as Breiman, Friedman, Olshen,
    Stone, "Classification and Regression Trees", 1984, prune their trees. Votes are made as sure
    as suits each first: who is right no more often, but surer of it, has told nothing new.

    Parameters
    ----------
    ours, theirs, targets : arrays
        See :func:`best_share`.

    Examples
    --------
    >>> right, even, truth = np.eye(2)[[0, 1] * 20], np.full((40, 2), 0.5), np.array([0, 1] * 20)
    >>> certain_share(right, even, truth), certain_share(right, 0.3 * right + 0.7 * even, truth)
    (0.2, 0.0)
    """
    votes = (share * ours + (1 - share) * theirs for share in _SHARES)
    likelihood = [as_sure_as_suits(vote, targets)[1] for vote in votes]
    worse = max(likelihood, key=np.sum) - np.array(likelihood)  # (n_shares, n_series)
    n = len(targets)
    unsure = worse.sum(1) <= worse.std(1) * np.sqrt(n) + _NOTHING * n
    return float(_SHARES[unsure.argmax()])


def _share_told(
    ours: NDArray[np.float64], theirs: NDArray[np.float64], targets: NDArray[Any]
) -> float:
    """Return the certain share of ours, or nothing where as much of even answers does as well."""
    share = certain_share(ours, theirs, targets)
    return share if _surely_knows(ours, theirs, share, targets) else 0.0


def _surely_knows(
    ours: NDArray[np.float64], theirs: NDArray[np.float64], share: float, targets: NDArray[Any]
) -> bool:
    """Whether labels are more likely with a share of ours than with as much of even answers.

    By two standard errors of the difference. Even ones help those who are too sure.
    """
    even = np.full_like(ours, 0.5 if targets.ndim == 2 else 1 / ours.shape[1])
    with_ours, with_even = (
        as_sure_as_suits(share * own + (1 - share) * theirs, targets)[1] for own in (ours, even)
    )
    better = with_ours - with_even
    return bool(better.sum() > 2 * better.std() * np.sqrt(len(better)))


def as_sure_as_suits(
    proba: NDArray[np.float64], targets: NDArray[Any]
) -> tuple[float, NDArray[np.float64]]:
    """Make a vote as sure as suits the labels.

    Parameters
    ----------
    proba, targets : arrays
        See :func:`best_share`.

    Returns
    -------
    exponent : float
        For :func:`made_sharper`, of a few that are tried.
    likelihood : array of shape (n_series,)
        How likely each series' labels are then, the logarithm.

    Examples
    --------
    >>> unsure = np.array([[0.6, 0.4]] * 9 + [[0.4, 0.6]])
    >>> float(as_sure_as_suits(unsure, np.zeros(10, int))[0])
    5.656854249492381
    """
    tried = [(g, _log_likelihoods(made_sharper(proba, g, targets), targets)) for g in _SHARPER]
    return max(tried, key=lambda one: one[1].sum())


def made_sharper(
    proba: NDArray[np.float64], exponent: float, targets: NDArray[Any]
) -> NDArray[np.float64]:
    """Return probabilities that are as much surer as their odds to the power."""
    proba = np.clip(proba, 1e-6, 1 - 1e-6)
    powers = proba**exponent
    if targets.ndim == 2:
        return powers / (powers + (1 - proba) ** exponent)
    sharper: NDArray[np.float64] = powers / powers.sum(1, keepdims=True)
    return sharper


def measured_share(
    learned: Sequence[Member], validation: Problem, theirs: NDArray[np.float64] | None
) -> float | None:
    """Return the learned members' part of the vote, as the series set aside tell it.

    Parameters
    ----------
    learned : sequence of Member
        Those that learn by steps, telling what they say of the series set aside.
    validation : Problem
        These series.
    theirs : array of shape (n_series, n_outputs), optional
        What the other members say of these; without it there is no telling, and None is returned.
    """
    ours = vote_of([], learned).left_out
    if ours is None or theirs is None:
        return None
    return min(_MOST, certain_share(ours, theirs, validation.targets))


def measured_priors(
    members: Sequence[Member],
    priors: Mapping[str, float],
    targets: NDArray[Any],
    groups: NDArray[Any] | None,
) -> dict[str, float]:
    """Return priors, those of kinds that are measured by what they add to the others.

    Parameters
    ----------
    members : sequence of Member
        In closed form, telling what they answer of series that they have not learned from.
    priors : mapping from str to float
        Of kinds, see :func:`~msssm_ts.fitted.vote.prior_weights`; stay where nothing is told.
    targets : array
        See :func:`best_share`.
    groups : array of shape (n_series,), optional
        Of these series.
    """
    found = dict(priors)
    others = [member for member in members if not member.most_measured]
    kinds = {member.kind: priors.get(member.kind, member.prior) for member in others}
    theirs = vote_of(others, [], priors=priors).left_out if others else None
    for one in {member.kind: member for member in members if member.most_measured}.values():
        ours = vote_of([member for member in members if member.kind == one.kind], []).left_out
        share, n = 0.0, 0
        if ours is not None and theirs is not None:
            told = ~np.isnan(ours + theirs).any(1)
            n = told.sum() if groups is None else len(np.unique(groups[told]))
            share = _share_told(ours[told], theirs[told], targets[told]) if n else 0.0
        if others and (n or one.supposed):
            share = (min(one.most_measured, share) * n + one.supposed * _FEW) / (n + _FEW)
            found[one.kind] = float(share / (1 - share) * sum(kinds.values()))
    return found


def unmeasured(split: Split) -> str:
    """Say why it is not measured what networks of sound are worth, and what that is taken for.

    Examples
    --------
    >>> unmeasured(Split(np.arange(100), reason="no series are set aside")).partition(",")[0]
    'networks of sound have 60% of the vote'
    """
    why = f"{split.few} are too few to set some aside" if split.few else split.reason
    return (
        f"networks of sound have {SHARE_OF_SOUND:.0%} of the vote, which was not measured ({why}): "
        "cross-validation tells what to expect"
    )


def in_vain(
    validation: Problem, theirs: NDArray[np.float64]
) -> Callable[[NDArray[np.float64]], bool]:
    """Return what tells from validation answers that a member adds next to nothing to others."""
    return lambda proba: best_share(proba, theirs, validation.targets) <= _NEXT_TO_NOTHING


def vote_of(
    closed: Sequence[Member],
    learned: Sequence[Member],
    share: float | None = None,
    priors: Mapping[str, float] | None = None,
) -> Vote:
    """Return the vote of members; what has no part of it is not kept.

    Parameters
    ----------
    closed, learned : sequence of Member
        Those in closed form, and those that learn by steps.
    share : float, optional
        What the latter have together; None: by their kinds.
    priors : mapping from str to float, optional
        Of kinds, see :func:`~msssm_ts.fitted.vote.prior_weights`.
    """
    members = (*closed, *learned)
    if share is None or not closed or not learned:
        weights = prior_weights(members, priors)
    else:
        own = tuple((1 - share) * weight for weight in prior_weights(tuple(closed), priors))
        weights = own + tuple(share * w for w in prior_weights(tuple(learned), priors))
    kept = [(m, w) for m, w in zip(members, weights, strict=True) if w > 0]
    return Vote(tuple(member for member, _ in kept), tuple(weight for _, weight in kept))
