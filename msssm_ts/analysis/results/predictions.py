"""What a model said of labelled series, in one form for one label a series and for several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.analysis.results.evaluation import as_class_type

if TYPE_CHECKING:
    from msssm_ts.fitted import FittedModel


@dataclass(frozen=True)
class Predictions:
    """Answers of a model beside the truth.

    Parameters
    ----------
    names : tuple of str
        Classes, or labels, in the order of the columns below.
    truth, predicted : boolean arrays of shape (n_series, n_classes)
        One True a row; any number where a series can have several labels.
    proba : array of shape (n_series, n_classes)
        Probabilities.
    multilabel : bool
        Whether a series can have several labels.

    Examples
    --------
    >>> proba = np.array([[0.9, 0.1], [0.4, 0.6], [0.7, 0.3]])
    >>> predictions = Predictions.of_one_label(["a", "b", "b"], proba, np.array(["a", "b"]))
    >>> predictions.right
    array([ True,  True, False])
    """

    names: tuple[str, ...]
    truth: NDArray[np.bool_]
    predicted: NDArray[np.bool_]
    proba: NDArray[np.floating[Any]]
    multilabel: bool

    @classmethod
    def of_one_label(
        cls,
        labels: Any,
        proba: NDArray[np.floating[Any]],
        classes: NDArray[Any],
        columns: NDArray[np.integer[Any]] | None = None,
    ) -> Predictions:
        """Take labels of shape (n_series,), all among the classes.

        Predicted are ``columns``, by default those of the largest probabilities.
        """
        truth = as_class_type(np.asarray(labels), classes)[:, None] == classes
        columns = proba.argmax(1) if columns is None else columns
        predicted = columns[:, None] == np.arange(len(classes))
        return cls(tuple(map(str, classes.tolist())), truth, predicted, proba, False)

    @classmethod
    def of(cls, model: FittedModel, labels: Any, proba: NDArray[np.floating[Any]]) -> Predictions:
        """Take labels as the data has them and what the model said."""
        names = model.labels.shown
        if not model.labels.multilabel:
            return cls.of_one_label(labels, proba, names, model.labels.chosen_columns(proba))
        predicted = proba >= model.labels.thresholds
        truth = np.asarray(labels).astype(bool)
        return cls(tuple(map(str, names.tolist())), truth, predicted, proba, True)

    @property
    def n_series(self) -> int:
        """Number of series."""
        return len(self.truth)

    @property
    def right(self) -> NDArray[np.bool_]:
        """Of each series, whether every answer is right."""
        right: NDArray[np.bool_] = (self.truth == self.predicted).all(1)
        return right

    @property
    def confidence(self) -> NDArray[np.floating[Any]]:
        """Of each answer, the probability that the model gave it, (n_series, n_classes)."""
        return np.where(self.predicted, self.proba, 1.0 - self.proba)
