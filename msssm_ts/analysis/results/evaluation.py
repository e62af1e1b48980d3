"""How good predictions are."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from msssm_ts.errors import InputError
from msssm_ts.text import counted


def evaluate_predictions(
    y_true: ArrayLike,
    proba: NDArray[np.floating[Any]],
    classes: NDArray[Any],
    columns: NDArray[np.integer[Any]] | None = None,
) -> dict[str, Any]:
    """Score class probabilities, and what is predicted, against the true labels.

    Parameters
    ----------
    y_true : array of shape (n_series,)
        True labels, all among ``classes``.
    proba : array of shape (n_series, n_classes)
        Probabilities.
    classes : array of shape (n_classes,)
        Labels in the order of proba's columns.
    columns : integer array of shape (n_series,), optional
        The column of each prediction, as :meth:`msssm_ts.fitted.Labels.chosen_columns` gives it;
        by default that of the largest probability.

    Returns
    -------
    dict
        ``n_series``, ``accuracy``, ``balanced_accuracy`` (mean recall over the classes that
        occur), ``macro_f1`` (over classes that occur or are predicted), ``macro_auroc`` (one
        against the rest, over classes that occur; None where fewer than two do), ``log_loss``,
        ``classes``, ``confusion_matrix`` (rows: true, columns: predicted) and ``per_class``: by
        name its ``precision``, ``recall``, ``f1``, ``auroc`` (None where undefined) and
        ``n_series``.

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
    columns = proba.argmax(1) if columns is None else columns
    predicted = classes[columns]
    present = np.isin(classes, y)
    truth = y[:, None] == classes
    claimed = columns[:, None] == np.arange(len(classes))
    per_class = {
        str(name): _of_class(truth[:, i], claimed[:, i], proba[:, i])
        for i, name in enumerate(classes.tolist())
    }
    auroc = [found["auroc"] for found in per_class.values() if found["auroc"] is not None]
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
        "per_class": per_class,
    }


def _of_class(
    truth: NDArray[np.bool_], claimed: NDArray[np.bool_], proba: NDArray[np.floating[Any]]
) -> dict[str, Any]:
    """Score one class, or label, against the rest; None where a score is undefined."""
    from sklearn import metrics

    hits, n, n_claimed = (int(rows.sum()) for rows in (truth & claimed, truth, claimed))
    varied = 0 < n < len(truth)
    return {
        "precision": hits / n_claimed if n_claimed else None,
        "recall": hits / n if n else None,
        "f1": 2 * hits / (n + n_claimed) if n + n_claimed else None,
        "auroc": float(metrics.roc_auc_score(truth, proba)) if varied else None,
        "n_series": n,
    }


def evaluate_multilabel(
    y_true: ArrayLike,
    proba: NDArray[np.floating[Any]],
    names: NDArray[Any],
    thresholds: NDArray[np.float64],
) -> dict[str, Any]:
    """Score the probabilities of several labels at once.

    Parameters
    ----------
    y_true : array of shape (n_series, n_labels)
        0 and 1.
    proba : array of shape (n_series, n_labels)
        Probability of each label.
    names : array of shape (n_labels,)
        Of the labels.
    thresholds : array of shape (n_labels,) or (n_series, n_labels)
        Probabilities from which on each is predicted; of each series, where several models have
        answered.

    Returns
    -------
    dict
        ``n_series``, ``macro_auroc`` (over the labels that some series have and some have not;
        None where there are none), ``macro_f1``, ``accuracy`` (of all answers), ``exact_match``
        (series with every answer right), ``log_loss``, and ``labels``: per name its precision,
        recall, F1, AUROC, number, and threshold where it has one.

    Raises
    ------
    InputError
        If there are more or fewer labels than the model knows.

    Examples
    --------
    >>> proba = np.array([[0.9, 0.2], [0.4, 0.6], [0.7, 0.3]])
    >>> truth = [[1, 0], [0, 1], [1, 1]]
    >>> scores = evaluate_multilabel(truth, proba, np.array(["a", "b"]), np.full(2, 0.5))
    >>> scores["macro_auroc"], round(scores["exact_match"], 3)
    (1.0, 0.667)
    """
    y = np.asarray(y_true).astype(int)
    if y.shape != proba.shape:
        raise InputError(
            f"the data has labels of shape {y.shape[1:]}, the model knows "
            f"{counted(len(names), 'label')}"
        )
    predicted = (proba >= thresholds).astype(int)
    labels = {}
    for i, name in enumerate(names.tolist()):
        found = _of_class(y[:, i] == 1, predicted[:, i] == 1, proba[:, i])
        # A label that is never there and never claimed has an F1 of 0, as in scikit-learn.
        own = {"threshold": float(thresholds[i])} if thresholds.ndim == 1 else {}
        labels[str(name)] = {**found, "f1": found["f1"] or 0.0, **own}
    auroc = [found["auroc"] for found in labels.values() if found["auroc"] is not None]
    clipped = np.clip(proba, 1e-15, 1 - 1e-15)
    return {
        "n_series": len(y),
        "accuracy": float((predicted == y).mean()),
        "exact_match": float((predicted == y).all(1).mean()),
        "macro_f1": float(np.mean([v["f1"] for v in labels.values()])),
        "macro_auroc": float(np.mean(auroc)) if auroc else None,
        "log_loss": float(-np.where(y == 1, np.log(clipped), np.log1p(-clipped)).mean()),
        "labels": labels,
    }


def as_class_type(labels: NDArray[Any], classes: NDArray[Any]) -> NDArray[Any]:
    """Compare like with like: a file may write as text what training read as numbers."""
    if labels.dtype.kind != classes.dtype.kind and "U" in (labels.dtype.kind, classes.dtype.kind):
        by_text = {str(c): c for c in classes.tolist()}
        return np.array([by_text.get(str(v), v) for v in labels.tolist()])
    return labels
