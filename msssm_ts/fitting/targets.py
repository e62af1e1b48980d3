"""Checks on what users pass as y: classes, several labels at once, weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pandas import isna
from sklearn.utils import check_array
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import _check_sample_weight, column_or_1d

from msssm_ts.datasets.messages import enumerate_names
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
    y = check_array(
        _labels(y),
        dtype=None,
        ensure_2d=False,
        accept_sparse="csr",
        ensure_min_samples=0,
        input_name="y",
    )
    if type_of_target(y, input_name="y") == "multilabel-indicator":
        matrix = y.toarray() if hasattr(y, "toarray") else y
        odd = np.setdiff1d(matrix, [0, 1])
        if len(odd):
            raise ValueError(
                f"y of several labels must be 0 and 1, but holds {odd[0]:g}; write 1 where a "
                "series has the label, else 0"
            )
        if classes is None and (matrix.all(axis=0) == matrix.any(axis=0)).all():
            raise ValueError(
                "Classifier can't train when only one class is present: every series has the same "
                "labels; give series with others, too"
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
                f"{found[:1].tolist()[0] if len(found) else 'missing'!r}; give series of another "
                "class, too, or labels of another kind"
            )
        return Targets(found, encoded)
    unknown = found[~np.isin(found, classes)]
    if len(unknown):
        raise ValueError(
            f"y has the label {unknown[:1].tolist()[0]!r}, which is not among {classes.tolist()}"
        )
    return Targets(classes, np.searchsorted(classes, found)[encoded])


def _labels(y: Any) -> Any:
    """Return y, of pandas' nullable types as NumPy's; refuse what holds no labels, or not all."""
    if hasattr(y, "toarray"):
        return y
    holds = any(hasattr(y, name) for name in ("__len__", "__array__"))
    if not holds or isinstance(y, (str, bytes, Mapping, Set)):
        raise ValueError(
            f"y must be an array or a list, a label for each series, not {type(y).__name__}"
        )
    _refuse_odd(y)
    missing = np.ma.getmaskarray(y) if isinstance(y, np.ma.MaskedArray) else isna(np.asarray(y))
    if missing.any():
        n, first = int(missing.sum()), int(np.argwhere(missing)[0][0])
        raise ValueError(
            f"Input y contains NaN, or nothing: {counted(n, 'label')} missing, the first of series "
            f"{first} (counted from 0); leave such series out, or pass them to fit as unlabelled"
        )
    numpy_type = getattr(getattr(y, "dtype", None), "numpy_dtype", None)
    if numpy_type is not None:
        y = y.to_numpy(dtype=numpy_type)
    array = np.asarray(y)
    if array.dtype.kind == "O" and all(isinstance(cell, Real) for cell in array.ravel()):
        return np.array(array.tolist())
    return array.astype(np.float64) if array.dtype == np.longdouble else y


def _refuse_odd(y: Any) -> None:
    """Refuse a list of labels for each series, labels of two kinds, and what is no label."""
    cells = y if isinstance(y, (list, tuple)) else getattr(y, "tolist", list)()
    if len({len(row) for row in cells if isinstance(row, (list, tuple, set))}) > 1:
        raise ValueError(
            "y has lists of different lengths; of several labels give a matrix of 0 and 1, as "
            "sklearn.preprocessing.MultiLabelBinarizer makes of such lists"
        )
    kind = np.asarray(y).dtype.kind
    if kind in "mMc":
        what = "complex numbers" if kind == "c" else "dates or times"
        raise ValueError(f"y has labels that are {what}: make all of them text")
    if kind not in "OV" and not isinstance(y, (list, tuple)):
        return
    text = next((c for c in cells if isinstance(c, str)), None)
    number = next((c for c in cells if isinstance(c, Real) and c == c), None)
    if text is not None and number is not None:
        raise ValueError(
            f"y has labels that are text, such as {text!r}, and numbers, such as {number!r}; "
            "make all of them text"
        )
    flat = np.asarray(y).ravel().tolist()
    odd = next((c for c in flat if not isinstance(c, (str, bytes, Real)) and not _gone(c)), None)
    if kind in "OV" and odd is not None:
        raise ValueError(
            f"y has labels such as {odd!r}, which are neither text nor numbers; make all of them "
            "text"
        )


def _gone(cell: Any) -> bool:
    return bool(np.all(isna(cell)))


def label_names_of(given: Sequence[str] | None, y: Any, targets: Targets) -> list[str] | None:
    """Return the names of several labels: those that are given, or of a data frame's columns.

    Raises
    ------
    ValueError
        If there are more or fewer than labels, one is there twice, or y has no columns.
    """
    own = list(getattr(y, "columns", ())) if targets.multilabel else []
    if given is None:
        return own if own and all(isinstance(name, str) for name in own) else None
    names = [given] if isinstance(given, str) else [str(name) for name in given]
    n_labels = len(targets.classes) if targets.multilabel else 0
    if len(names) != n_labels:
        of = counted(n_labels, "column") if n_labels else "one column of classes"
        raise ValueError(
            f"{len(names)} label_names, but y has {of}: give a name for each column of 0 and 1"
        )
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"label_names has {twice!r} twice: give each label its own")
    return names


def said_of_labels(targets: Targets, names: Sequence[str] | None) -> str:
    """Say which of several labels every series has, or none: nothing is learned of them.

    Examples
    --------
    >>> said_of_labels(encode_targets([[0, 1, 0], [1, 1, 0]]), ["AF", "PVC", "LBBB"])
    'every series has PVC, none has LBBB: of such labels nothing can be learned'
    """
    if not targets.multilabel:
        return ""
    shown = [str(name) for name in (targets.classes if names is None else names)]
    said = [
        f"{what} {enumerate_names([n for n, on in zip(shown, own, strict=True) if on])}"
        for what, own in (
            ("every series has", np.all(targets.encoded, axis=0)),
            ("none has", np.all(targets.encoded == 0, axis=0)),
        )
        if np.any(own)
    ]
    return f"{', '.join(said)}: of such labels nothing can be learned" if said else ""


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
    ratio = weights[weights > 0].min() / weights.max()
    if ratio < np.finfo(np.float32).tiny:
        raise ValueError(
            f"sample_weight and class_weight make the smallest weight of a series {ratio:.0e} of "
            "the largest, which float32 cannot tell from 0: leave such series out, or give weights "
            "that are nearer to one another"
        )
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
