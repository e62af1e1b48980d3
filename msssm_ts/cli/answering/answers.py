"""What is answered about series: rows of labels and probabilities, with what was asked for."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from msssm_ts.cli.answering.covering import Covering, asked_covering, check_covering, too_few
from msssm_ts.cli.answering.deciding import from_threshold
from msssm_ts.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from msssm_ts.datasets import LabelledSeries
    from msssm_ts.estimator import MSSSMClassifier


# Of probabilities that are shown, not kept.
SHOWN_DIGITS = 6


@dataclass(frozen=True)
class Answering:
    """How a model is to answer, where not as it does by itself.

    Parameters
    ----------
    covering : Covering, optional
        Prediction sets.
    reject : bool
        Answer only series whose set has one class.
    threshold : float, optional
        Answer the positive class from this probability on.
    positive : str, optional
        That class.
    """

    covering: Covering | None = None
    reject: bool = False
    threshold: float | None = None
    positive: str | None = None


def asked_answering(
    coverage: float | None,
    per_class: bool,
    reject: bool,
    threshold: float | None,
    positive: str | None,
) -> Answering:
    """Return how to answer, by the options of ``msssm-ts predict``.

    Raises
    ------
    InputError
        If they cannot be used together.
    """
    covering = asked_covering(coverage, per_class)
    if reject and covering is None:
        raise InputError("--reject leaves out answers by the sets of --coverage; give that, too")
    if reject and threshold is not None:
        raise InputError("--reject and --threshold both say what is answered; give one of them")
    if positive is not None and threshold is None:
        raise InputError("--positive names the class of --threshold; give that, too")
    return Answering(covering, reject, threshold, positive)


def answering_as(classifier: MSSSMClassifier, how: Answering) -> MSSSMClassifier:
    """Return a model that answers so.

    Raises
    ------
    InputError
        If it cannot: it keeps nothing to make sets from, or has no such class.
    """
    check_covering(classifier.model_.labels, how.covering)
    other = copy.copy(classifier)
    other.model_ = from_threshold(classifier.model_, how.threshold, how.positive)
    return other


def ids_of(series: LabelledSeries) -> list[Any]:
    """Return the series' own names, or their numbers from 1."""
    return [*range(1, series.n_series + 1)] if series.ids is None else series.ids.tolist()


def rows_about(
    classifier: MSSSMClassifier,
    series: LabelledSeries,
    proba: NDArray[np.floating[Any]],
    how: Answering,
    unknown: NDArray[np.float64] | None = None,
    digits: int | None = SHOWN_DIGITS,
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return a row a series, and what there is to say.

    Parameters
    ----------
    classifier : MSSSMClassifier
        From :func:`answering_as`.
    series : LabelledSeries
        What was asked about.
    proba : array of shape (n_series, n_classes)
        Of them.
    how : Answering
        The same.
    unknown : array of shape (n_series,), optional
        How unlike the training each is.
    digits : int, optional
        Of probabilities; all where it is None.

    Returns
    -------
    list of dict
        ``id``, the series' own or its number from 1; ``prediction``; ``set`` and ``unknown`` where
        those are asked for; ``p_CLASS`` for each class.
    list of str
        Lines for a person.
    """
    from msssm_ts.cli.answering.predictions import prediction_rows

    ids = ids_of(series)
    plain = prediction_rows(classifier, proba, digits)
    if unknown is not None:
        plain = [
            {"prediction": row.pop("prediction"), "unknown": round(strange, 6), **row}
            for row, strange in zip(plain, unknown.tolist(), strict=True)
        ]
    if how.covering is None:
        return [{"id": name, **row} for name, row in zip(ids, plain, strict=True)], []
    labels = classifier.model_.labels
    few = too_few(labels, how.covering)
    said = [] if few is None else [few]
    classes = labels.classes.tolist()
    sets = [
        [c for c, inside in zip(classes, row, strict=True) if inside]
        for row in how.covering.sets(labels, proba).tolist()
    ]
    rows = []
    for name, row, some in zip(ids, plain, sets, strict=True):
        answer = row.pop("prediction")
        if how.reject:
            answer = some[0] if len(some) == 1 else None
        shown = ";".join(map(str, some))
        rows.append({"id": name, "prediction": answer, "set": shown, **row})
    if how.reject:
        n = sum(len(some) != 1 for some in sets)
        said.append(f"{n} of {len(sets)} series are not answered: their set has not one class")
    return rows, said
