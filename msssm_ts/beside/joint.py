"""A vote and evidence from beside the series, multiplied; and how much each counts."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Exponents that are tried.
_OF_SERIES = 2.0 ** np.linspace(-2, 2, 17)
_OF_FEATURES = np.linspace(0, 2, 17)
# What is expected before anything is seen, and how firmly: as if a handful of series had said so.
_EXPECTED, _SPREAD = 0.5, 0.5
# A log-likelihood of a series that is less than that better is no better.
_NOTHING = 0.005
# Answers from which the exponents are found, drawn where there are more.
_MOST_ROWS = 20_000
# No probability is nearer to 0 or 1 than that.
LEAST = 1e-6
_FEWEST_GROUPS = 3


class Exponents(NamedTuple):
    """Powers of the vote's probabilities and of what the features say beside them.

    Parameters
    ----------
    series : float
        Of the vote's.
    features : float
        Of the features'; 0: they do not vote.
    """

    series: float = 1.0
    features: float = 0.0


def joint_proba(
    proba: Array, evidence: Array, exponents: Exponents, multilabel: bool
) -> NDArray[np.float64]:
    """Return ``proba ** exponents.series * exp(exponents.features * evidence)``, normalised.

    Parameters
    ----------
    proba : array of shape (n_series, n_outputs)
        The vote's.
    evidence : array of shape (n_series, n_outputs)
        See :meth:`msssm_ts.beside.SideMember.evidence`.
    exponents : Exponents
        How much each counts.
    multilabel : bool
        Whether each label stands for itself; its odds are multiplied then.

    Examples
    --------
    >>> even, told = np.array([[0.5, 0.5]]), np.log([[0.2, 0.8]])
    >>> joint_proba(even, told, Exponents(1.0, 1.0), False).round(3)
    array([[0.2, 0.8]])
    """
    clipped = np.clip(proba, LEAST, 1 - LEAST)
    scores = exponents.series * np.log(clipped) + exponents.features * evidence
    if multilabel:
        scores -= exponents.series * np.log1p(-clipped)
        joint: Array = 1 / (1 + np.exp(-scores))
        return joint
    powers = np.exp(scores - scores.max(1, keepdims=True))
    joint = powers / powers.sum(1, keepdims=True)
    return joint


class Told(NamedTuple):
    """What is known of series that were left out.

    Parameters
    ----------
    proba : array of shape (n_rows, n_outputs)
        The vote's.
    evidence : array of shape (n_rows, n_outputs)
        The features'.
    targets : array of shape (n_rows,) or (n_rows, n_outputs)
        Class indices, or 0 and 1.
    weights : array of shape (n_rows,)
        Of the rows.
    groups : array of shape (n_rows,), optional
        What tells of each other.
    """

    proba: Array
    evidence: Array
    targets: NDArray[Any]
    weights: Array
    groups: NDArray[Any] | None = None

    def take(self, index: NDArray[Any]) -> Told:
        """Return some of the rows."""
        return Told(
            self.proba[index],
            self.evidence[index],
            self.targets[index],
            self.weights[index],
            None if self.groups is None else self.groups[index],
        )

    def likelihoods(self, exponents: Exponents) -> Array:
        """Return how likely each row's labels are, (n_rows,)."""
        multilabel = self.targets.ndim == 2
        proba = joint_proba(self.proba, self.evidence, exponents, multilabel)
        if multilabel:
            right = np.where(self.targets > 0, proba, 1 - proba)
        else:
            right = proba[np.arange(len(proba)), self.targets][:, None]
        found: Array = self.weights * np.log(np.maximum(right, LEAST)).sum(1)
        return found


def chosen_exponents(told: Told, seed: int = 0) -> Exponents:
    """Return the exponents that make labels of left-out series most likely.

    With few series they stay near what is expected. The features do not vote where labels are not
    more likely with them than without by more than a standard error.

    Parameters
    ----------
    told : Told
        What vote and features say of series that they have not learned from.
    seed : int
        Of what is drawn of very many rows.

    Examples
    --------
    >>> truth = np.arange(200) % 2
    >>> even, knows = np.full((200, 2), 0.5), np.log(1.6 * np.eye(2)[truth] + 0.2)
    >>> chosen_exponents(Told(even, knows, truth, np.ones(200))).features > 1
    True
    >>> chosen_exponents(Told(even, 0 * knows, truth, np.ones(200)))
    Exponents(series=1.0, features=0.0)
    """
    if len(told.proba) > _MOST_ROWS:
        rng = np.random.default_rng(seed)
        told = told.take(np.sort(rng.choice(len(told.proba), _MOST_ROWS, replace=False)))
    tables = _tables(told)
    total = tables.sum(2)
    a, b = _best(total, with_features=True)
    if not _is_better(told, tables[a, b] - tables[_best(total, with_features=False)]):
        return Exponents()
    return Exponents(round(float(_OF_SERIES[a]), 4), round(float(_OF_FEATURES[b]), 4))


def _tables(told: Told) -> Array:
    """Return likelihoods by both exponents, (n_series_exponents, n_features_exponents, n_rows)."""
    return np.array([[told.likelihoods(Exponents(a, b)) for b in _OF_FEATURES] for a in _OF_SERIES])


def _expected() -> Array:
    """Return the logarithm of how much each pair of exponents is expected beforehand."""
    series = np.log2(_OF_SERIES) / (2 * _SPREAD)
    features = (_OF_FEATURES - _EXPECTED) / _SPREAD
    table: Array = -(series[:, None] ** 2 + features**2) / 2
    return table


def _best(total: Array, *, with_features: bool) -> tuple[int, int]:
    score = total + _expected()
    if not with_features:
        return int(score[:, 0].argmax()), 0
    a, b = np.unravel_index(score.argmax(), score.shape)
    return int(a), int(b)


def _is_better(told: Told, gain: Array) -> bool:
    """Whether a gain in likelihood, (n_rows,), is more than chance and the choice of exponents.

    Of features that tell nothing the gain of the best exponent is z²/2 for a score of z standard
    errors, and its own standard error |z|: a gain of more than one standard error is a score of
    more than two.
    """
    own = np.arange(len(gain)) if told.groups is None else told.groups
    groups = np.unique(own, return_inverse=True)[1]
    by_group = np.bincount(groups, gain)
    if len(by_group) < _FEWEST_GROUPS:
        return False
    error = by_group.std(ddof=1) * np.sqrt(len(by_group))
    return bool(gain.sum() > error + _NOTHING * told.weights.sum())
