"""How much each side of a vote counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.fitted.vote import Vote, prior_weights
from msssm_ts.members.member import Member
from msssm_ts.members.problem import Problem

# A member whose best share is no more than that, after a quarter or half of its training, has
# not been worth the rest.
_NEXT_TO_NOTHING = 0.1


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
    shares = np.linspace(0, 1, 11)
    likelihood = []
    for share in shares:
        proba = np.clip(share * ours + (1 - share) * theirs, 1e-6, 1 - 1e-6)
        if targets.ndim == 2:
            right = np.where(targets > 0, proba, 1 - proba)
        else:
            right = proba[np.arange(len(targets)), targets]
        likelihood.append(np.log(right).sum())
    return float(shares[int(np.argmax(likelihood))])


def measured_share(
    learned: Sequence[Member], validation: Problem | None, theirs: NDArray[np.float64] | None
) -> float | None:
    """Return the learned members' part of the vote, as the series set aside tell it.

    Parameters
    ----------
    learned : sequence of Member
        Those that learn by steps.
    validation : Problem, optional
        The series that are set aside; without them there is no telling, and None is returned.
    theirs : array of shape (n_series, n_outputs), optional
        What the other members say of these.
    """
    if validation is None or theirs is None:
        return None
    ours = vote_of([], learned).predict_proba(validation.values)
    # The same series have chosen the networks' weights: they look better there than they are.
    return best_share(ours, theirs, validation.targets) / 2


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
