"""The mistakes that a model was surest of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from msssm_ts.analysis.results.predictions import Predictions


@dataclass(frozen=True)
class Mistake:
    """A series with a wrong answer.

    Parameters
    ----------
    index : int
        Of the series, from 0.
    true, predicted : tuple of str
        One class each; any number of labels where a series can have several.
    about : str
        The class, or label, that the wrong answer is about.
    confidence : float
        Probability that the model gave that answer.
    """

    index: int
    true: tuple[str, ...]
    predicted: tuple[str, ...]
    about: str
    confidence: float


def surest_mistakes(predictions: Predictions, most: int = 6) -> list[Mistake]:
    """Return the series with a wrong answer, the surest first.

    Examples
    --------
    >>> proba = np.array([[0.9, 0.1], [0.4, 0.6], [0.7, 0.3]])
    >>> predictions = Predictions.of_one_label(["a", "b", "b"], proba, np.array(["a", "b"]))
    >>> surest_mistakes(predictions)
    [Mistake(index=2, true=('b',), predicted=('a',), about='a', confidence=0.7)]
    """
    wrong = predictions.truth != predictions.predicted
    if not predictions.multilabel:
        # The class that was missed is no answer of its own.
        wrong &= predictions.predicted
    confidence = np.where(wrong, predictions.confidence, -1.0)
    surest = confidence.max(1)
    found = np.argsort(-surest, kind="stable")[:most]
    return [
        Mistake(
            int(i),
            _chosen(predictions, predictions.truth[i]),
            _chosen(predictions, predictions.predicted[i]),
            predictions.names[int(confidence[i].argmax())],
            float(surest[i]),
        )
        for i in found
        if surest[i] >= 0
    ]


def _chosen(predictions: Predictions, row: np.ndarray) -> tuple[str, ...]:
    return tuple(name for name, there in zip(predictions.names, row, strict=True) if there)
