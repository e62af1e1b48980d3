"""How good predictions are."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from msssm_ts.errors import InputError


def evaluate_predictions(
    y_true: ArrayLike, proba: NDArray[np.floating[Any]], classes: NDArray[Any]
) -> dict[str, Any]:
    """Score class probabilities against the true labels.

    Parameters
    ----------
    y_true : array of shape (n_series,)
        True labels, all among ``classes``.
    proba : array of shape (n_series, n_classes)
        Probabilities; the label with the largest is the prediction.
    classes : array of shape (n_classes,)
        Labels in the order of proba's columns.

    Returns
    -------
    dict
        ``n_series``, ``accuracy``, ``balanced_accuracy`` (mean recall over the classes that
        occur), ``macro_f1`` (over classes that occur or are predicted), ``macro_auroc`` (one
        against the rest, over classes that occur; None where fewer than two do), ``log_loss``,
        ``classes`` and ``confusion_matrix`` (rows: true, columns: predicted).

    Raises
    ------
    InputError
        If a label is not among the classes.

    Examples
    --------
    >>> proba = np.array([[0.9, 0.1], [0.4, 0.6], [0.7, 0.3]])
    >>> scores = evaluate_predictions(["a", "b", "b"], proba, np.array(["a", "b"]))
    >>> round(scores["accuracy"], 3), scores["macro_auroc"], scores["confusion_matrix"]
    (0.667, 1.0, [[1, 0], [1, 1]])
    """
    from sklearn import metrics

    y = as_class_type(np.asarray(y_true), classes)
    unknown = sorted({str(v) for v in y[~np.isin(y, classes)]})
    if unknown:
        raise InputError(
            f"the data has labels that the model has never seen: {', '.join(unknown)}; it knows "
            f"{', '.join(str(c) for c in classes)}"
        )
    predicted = classes[proba.argmax(1)]
    present = np.isin(classes, y)
    truth = y[:, None] == classes
    auroc = [
        metrics.roc_auc_score(truth[:, i], proba[:, i])
        for i in np.flatnonzero(present & ~truth.all(0))
    ]
    return {
        "n_series": len(y),
        "accuracy": float(metrics.accuracy_score(y, predicted)),
        # Mean recall over the classes that occur; sklearn's own warns about the others.
        "balanced_accuracy": float(
            np.mean([(predicted[y == c] == c).mean() for c in classes[present]])
        ),
        "macro_f1": float(metrics.f1_score(y, predicted, average="macro", zero_division=0)),
        "macro_auroc": float(np.mean(auroc)) if auroc else None,
        "log_loss": float(metrics.log_loss(y, proba, labels=classes)),
        "classes": classes.tolist(),
        "confusion_matrix": metrics.confusion_matrix(y, predicted, labels=classes).tolist(),
    }


def as_class_type(labels: NDArray[Any], classes: NDArray[Any]) -> NDArray[Any]:
    """Compare like with like: a file may write as text what training read as numbers."""
    if labels.dtype.kind != classes.dtype.kind and "U" in (labels.dtype.kind, classes.dtype.kind):
        by_text = {str(c): c for c in classes.tolist()}
        return np.array([by_text.get(str(v), v) for v in labels.tolist()])
    return labels
