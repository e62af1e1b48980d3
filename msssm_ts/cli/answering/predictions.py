"""Probabilities as rows for a table or JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from msssm_ts.estimator import MSSSMClassifier


def prediction_rows(
    classifier: MSSSMClassifier, proba: NDArray[np.floating[Any]], digits: int | None = 6
) -> list[dict[str, Any]]:
    """Return prediction and p_CLASS for each row of proba (n, n_classes), to so many digits.

    Several labels at once are joined by semicolons; where there are no probabilities yet (NaN),
    every value is None.
    """
    names, labels = classifier.label_names, classifier.model_.labels
    if labels.multilabel:
        predicted = [";".join(map(str, names[row > 0])) for row in labels.chosen(proba)]
    else:
        predicted = labels.chosen(proba).tolist()
    return answer_rows(names, predicted, proba, digits)


def answer_rows(
    names: NDArray[Any],
    predicted: Sequence[Any],
    proba: NDArray[np.floating[Any]],
    digits: int | None = 6,
) -> list[dict[str, Any]]:
    """Return those rows of classes, or labels, by these names; all digits where it is None."""

    def shown(p: float) -> float | None:
        return None if p != p else p if digits is None else round(p, digits)

    return [
        {
            "prediction": None if any(p != p for p in row) else prediction,
            **{f"p_{c}": shown(p) for c, p in zip(names, row, strict=True)},
        }
        for prediction, row in zip(predicted, proba.tolist(), strict=True)
    ]
