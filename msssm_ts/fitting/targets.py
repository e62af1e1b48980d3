"""Checks on what users pass as y: classes, several labels at once, weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_array
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import _check_sample_weight, column_or_1d

from msssm_ts.parameter_checks import ClassWeight
from msssm_ts.text import counted


@dataclass(frozen=True)
class Targets:
    """Labels as the network learns them.

    Parameters
    ----------
    classes : array of shape (n_classes,)
        Labels, sorted; with several labels at once their column numbers.
    encoded : int64 array of shape (n_samples,), or float32 array of shape (n_samples, n_labels)
        Class indices; with several labels at once 0 and 1.
    """

    classes: NDArray[Any]
    encoded: NDArray[Any]

    @property
    def multilabel(self) -> bool:
        """Whether a series can have several labels at once."""
        return self.encoded.ndim == 2

    def __getitem__(self, index: NDArray[Any]) -> Targets:
        return Targets(self.classes, self.encoded[index])

    @property
    def labels(self) -> NDArray[Any]:
        """As the user gave them."""
        labels: NDArray[Any] = (
            self.encoded.astype(int) if self.multilabel else self.classes[self.encoded]
        )
        return labels


def encode_targets(y: Any, classes: NDArray[Any] | None = None) -> Targets:
    """Encode labels.

    Parameters
    ----------
    y : array of shape (n_samples,) or (n_samples, n_labels)
        Labels of any kind; a matrix of 0 and 1 where a series can have several.
    classes : array, optional
        The labels there are; those that occur by default.

    Raises
    ------
    ValueError
        If y is not made of labels, there is one class only, or a label is not among ``classes``.

    Examples
    --------
    >>> encode_targets(["b", "a", "b"]).encoded
    array([1, 0, 1])
    >>> encode_targets([[0, 1], [1, 1], [0, 0]]).multilabel
    True
    """
    _refuse_odd(y)
    y = _of_numpy(y)
    y = check_array(
        y, dtype=None, ensure_2d=False, accept_sparse="csr", ensure_min_samples=0, input_name="y"
    )
    if type_of_target(y, input_name="y") == "multilabel-indicator":
        matrix = y.toarray() if hasattr(y, "toarray") else y
        odd = np.setdiff1d(matrix, [0, 1])
        if len(odd):
            raise ValueError(
                f"y of several labels must be 0 and 1, but holds {odd[0]:g}; write 1 where a "
                "series has the label, else 0"
            )
        if classes is not None and len(classes) != matrix.shape[1]:
            raise ValueError(
                f"y has {counted(matrix.shape[1], 'label')}, the model knows {len(classes)}"
            )
        return Targets(np.arange(matrix.shape[1]), matrix.astype(np.float32))
    check_classification_targets(y)
    y = column_or_1d(y, warn=True)
    found, encoded = np.unique(y, return_inverse=True)
    if classes is None:
        if len(found) < 2:
            raise ValueError(
                "Classifier can't train when only one class is present: every label is "
                f"{found[:1].tolist()[0] if len(found) else 'missing'!r}"
            )
        return Targets(found, encoded)
    unknown = found[~np.isin(found, classes)]
    if len(unknown):
        raise ValueError(
            f"y has the label {unknown[:1].tolist()[0]!r}, which is not among {classes.tolist()}"
        )
    return Targets(classes, np.searchsorted(classes, found)[encoded])


def _of_numpy(y: Any) -> Any:
    """Return whole numbers of pandas that may be missing, and are not, as numpy's."""
    kind = getattr(getattr(y, "dtype", None), "numpy_dtype", None)
    if getattr(kind, "kind", "") not in tuple("iub") or y.isna().any():
        return y
    return y.to_numpy(kind)


def _refuse_odd(y: Any) -> None:
    """Refuse a list of labels for each series, and labels of which some are text, some numbers."""
    cells = y if isinstance(y, (list, tuple)) else getattr(y, "tolist", list)()
    if len({len(row) for row in cells if isinstance(row, (list, tuple, set))}) > 1:
        raise ValueError(
            "y has lists of different lengths; of several labels give a matrix of 0 and 1, as "
            "sklearn.preprocessing.MultiLabelBinarizer makes of such lists"
        )
    if (place := next((i for i, c in enumerate(cells) if c is None), None)) is not None:
        raise ValueError(
            f"Input y contains NaN: series {place} (counted from 0) has no label, but None; leave "
            "it out, or pass it as unlabelled"
        )
    if getattr(getattr(y, "dtype", None), "kind", "") == "O":
        text = next((c for c in cells if isinstance(c, str)), None)
        number = next((c for c in cells if isinstance(c, Real) and c == c), None)
        if text is not None and number is not None:
            raise ValueError(
                f"y has labels that are text, such as {text!r}, and numbers, such as {number!r}; "
                "make all of them text"
            )


def check_weights(sample_weight: Any, n_samples: int) -> NDArray[np.float64]:
    """Return a weight for each series: ones where none are given.

    Raises
    ------
    ValueError
        If there are more or fewer than series, or one is negative or not finite.
    """
    weights: NDArray[np.float64] = _check_sample_weight(
        sample_weight, np.empty((n_samples, 1)), dtype=np.float64, ensure_non_negative=True
    )
    return weights


def loss_weights(
    targets: Targets, sample_weight: NDArray[np.float64], class_weight: ClassWeight
) -> tuple[NDArray[np.float64] | None, NDArray[np.float64] | None]:
    """Return a weight per series, of mean 1, and with several labels one per label's presence.

    Both are None where every series, or label, counts the same.
    """
    weights, positive = sample_weight, None
    if class_weight is not None and targets.multilabel:
        positive = _positive_weights(targets.encoded, class_weight)
    elif class_weight is not None:
        weights = weights * compute_sample_weight(class_weight, targets.labels)
    weights = weights / weights.mean()
    return (None if np.allclose(weights, 1.0) else weights), positive


def _positive_weights(encoded: NDArray[Any], class_weight: ClassWeight) -> NDArray[np.float64]:
    if class_weight == "balanced":
        present = encoded.sum(0)
        return np.where(present > 0, (len(encoded) - present) / np.maximum(present, 1), 1.0)
    assert isinstance(class_weight, Mapping)
    return np.array([float(class_weight.get(i, 1.0)) for i in range(encoded.shape[1])])


def best_thresholds(proba: NDArray[Any], truth: NDArray[Any]) -> NDArray[np.float64]:
    """Return for each label the probability from which on it is best predicted, by F1.

    Parameters
    ----------
    proba, truth : arrays of shape (n_samples, n_labels)
        Probabilities, and 0 or 1.

    Returns
    -------
    array of shape (n_labels,)
        The nearest to 0.5 among the best; 0.5 for a label that every series has, or none.
    """
    from sklearn.metrics import precision_recall_curve

    thresholds = np.full(proba.shape[1], 0.5)
    for label, (p, t) in enumerate(zip(proba.T, truth.T, strict=True)):
        if 0 < t.sum() < len(t):
            precision, recall, cuts = precision_recall_curve(t, p)
            f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
            # Anything between a cut and the next lower one predicts the same: go towards 0.5.
            lower = (cuts + np.concatenate([[0.0], cuts[:-1]])) / 2
            best = np.flatnonzero(f1[:-1] >= f1[:-1].max() - 1e-12)
            candidates = np.clip(0.5, lower[best], cuts[best])
            thresholds[label] = candidates[np.abs(candidates - 0.5).argmin()]
    return thresholds
