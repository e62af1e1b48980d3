"""Scores of weighted series: many weightings at once, as the bootstrap needs them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.analysis.results.predictions import Predictions

Weights = NDArray[np.float64]


@dataclass(frozen=True)
class Scores:
    """Scores, one entry a weighting; NaN where undefined.

    Parameters
    ----------
    overall : dict of str to array of shape (n_weightings,)
        ``accuracy``; ``balanced_accuracy``, or ``exact_match`` where a series can have several
        labels; ``macro_f1``; ``macro_auroc``. Defined as in
        :mod:`msssm_ts.analysis.results.evaluation`.
    per_class : dict of str to array of shape (n_weightings, n_classes)
        ``precision``, ``recall``, ``f1``, ``auroc``.
    """

    overall: dict[str, NDArray[np.float64]]
    per_class: dict[str, NDArray[np.float64]]


def score(predictions: Predictions, weights: Weights) -> Scores:
    """Score predictions, a series of weight k counting like k copies of it.

    Parameters
    ----------
    predictions : Predictions
        Of n series.
    weights : array of shape (n_weightings, n_series)
        Not negative.

    Examples
    --------
    >>> proba = np.array([[0.9, 0.1], [0.4, 0.6], [0.7, 0.3]])
    >>> predictions = Predictions.of_one_label(["a", "b", "b"], proba, np.array(["a", "b"]))
    >>> score(predictions, np.array([[1.0, 1.0, 1.0], [1.0, 1.0, 2.0]])).overall["accuracy"]
    array([0.66666667, 0.5       ])
    """
    truth, predicted = predictions.truth, predictions.predicted
    hits, present, claimed = (
        weights @ m.astype(float) for m in (truth & predicted, truth, predicted)
    )
    columns = zip(truth.T, predictions.proba.T, strict=True)
    per_class = {
        "precision": _ratio(hits, claimed),
        "recall": _ratio(hits, present),
        "f1": _ratio(2 * hits, present + claimed),
        "auroc": np.stack([weighted_auroc(t, p, weights) for t, p in columns], axis=1),
    }
    total = weights.sum(1)
    exact = _ratio(weights @ predictions.right.astype(float), total)
    f1 = per_class["f1"]
    if predictions.multilabel:
        right = (truth == predicted).mean(1)
        first = {"accuracy": _ratio(weights @ right, total), "exact_match": exact}
        # A label that is never there and never claimed has an F1 of 0, as in scikit-learn.
        f1 = np.nan_to_num(f1)
    else:
        first = {"accuracy": exact, "balanced_accuracy": _mean(per_class["recall"])}
    return Scores(
        first | {"macro_f1": _mean(f1), "macro_auroc": _mean(per_class["auroc"])}, per_class
    )


def weighted_auroc(
    truth: NDArray[np.bool_], scores: NDArray[np.floating[Any]], weights: Weights
) -> NDArray[np.float64]:
    """Return the area under the ROC curve for each weighting.

    It is the probability that a positive scores above a negative, ties counting half.

    Parameters
    ----------
    truth, scores : arrays of shape (n_series,)
        Which are positive, and what they score.
    weights : array of shape (n_weightings, n_series)
        Not negative.

    Returns
    -------
    array of shape (n_weightings,)
        NaN where no positive or no negative has weight.

    Examples
    --------
    >>> weighted_auroc(np.array([True, False, True]), np.array([0.9, 0.5, 0.5]), np.ones((1, 3)))
    array([0.75])
    """
    positive, negative = np.flatnonzero(truth), np.flatnonzero(~truth)
    negative = negative[np.argsort(scores[negative], kind="stable")]
    # below[:, k]: weight of the k lowest negatives.
    below = np.zeros((len(weights), len(negative) + 1))
    np.cumsum(weights[:, negative], axis=1, out=below[:, 1:])
    fewer, more = (
        np.searchsorted(scores[negative], scores[positive], side=side) for side in ("left", "right")
    )
    won = (weights[:, positive] * (below[:, fewer] + below[:, more])).sum(1) / 2
    return _ratio(won, weights[:, positive].sum(1) * below[:, -1])


def _ratio(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(part, whole, out=np.full_like(whole, np.nan), where=whole > 0)


def _mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over the classes for which a value is defined."""
    defined = ~np.isnan(values)
    return _ratio(np.where(defined, values, 0.0).sum(1), defined.sum(1).astype(float))
