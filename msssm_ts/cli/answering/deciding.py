"""How a model's answers become labels: said, and chosen otherwise by ``--threshold``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from msssm_ts.cli.shown.console import say
from msssm_ts.errors import InputError
from msssm_ts.text import meant

if TYPE_CHECKING:
    from msssm_ts.analysis.results.predictions import Predictions
    from msssm_ts.estimator import MSSSMClassifier
    from msssm_ts.fitted import FittedModel, Labels

Threshold = Annotated[
    float | None,
    typer.Option(
        "--threshold",
        metavar="P",
        min=0,
        max=1,
        help="Answer the positive class from this probability on, instead of what the model keeps.",
    ),
]
Positive = Annotated[
    str | None,
    typer.Option(
        "--positive",
        metavar="CLASS",
        help="That class; by default the model's, or of two the second.",
    ),
]


def decided(
    classifier: MSSSMClassifier, threshold: float | None, positive: str | None, quiet: bool
) -> None:
    """Let a model answer from a probability on, if that is asked for; say how it answers.

    Raises
    ------
    InputError
        If there is no such class, or a series can have several labels.
    """
    from msssm_ts.fitted.told import decision_line

    classifier.model_ = model = from_threshold(classifier.model_, threshold, positive)
    line = decision_line(model.labels)
    if line is not None:
        say(f"labels: {line}", quiet=quiet)


def from_threshold(
    model: FittedModel, threshold: float | None, positive: str | None
) -> FittedModel:
    """Return a model that answers a class from a probability on; itself where none is given.

    Raises
    ------
    InputError
        See :func:`positive_column`.
    """
    from msssm_ts.fitted.decision import OperatingPoint

    if threshold is None:
        return model
    if not 0 <= threshold <= 1:
        raise InputError(f"--threshold {threshold:g}: must be a probability, from 0 to 1")
    column = positive_column(model.labels, positive, "--threshold")
    return model.deciding(OperatingPoint(column, threshold))


def positive_column(labels: Labels, name: str | None, option: str) -> int:
    """Return the class that an option is about, by its column.

    Raises
    ------
    InputError
        If there is no such class, none is named and there are not two, or a series can have
        several labels.
    """
    from msssm_ts.fitted.decision import OperatingPoint, class_named

    if labels.multilabel:
        raise InputError(
            f"{option} is of one class a series; here each label has a threshold of its own"
        )
    shown = ", ".join(map(str, labels.classes.tolist()[:20]))
    if name is not None:
        column = class_named(labels.classes, name)
        if column is None:
            near = meant(name, labels.classes.tolist())
            raise InputError(f"--positive {name}: there is no such class; there are {shown}{near}")
        return column
    if isinstance(labels.decision, OperatingPoint):
        return labels.decision.positive
    if len(labels.classes) != 2:
        raise InputError(
            f"{option} is of one class against the others: say which (--positive); there are "
            f"{shown}"
        )
    return 1


def operating_rates(
    labels: Labels,
    predictions: Predictions,
    groups: Any,
    asked: dict[str, float],
    positive: str | None,
) -> dict[str, Any]:
    """Return how a model's operating point does on labelled series, and what could be had there.

    Parameters
    ----------
    labels : Labels
        Of the model.
    predictions : Predictions
        On the series.
    groups : array of shape (n_series,), optional
        What each series belongs to.
    asked : dict of str to float
        Of ``sensitivity`` and ``specificity`` what is asked for: the other is shown with it.
    positive : str, optional
        The class.

    Returns
    -------
    dict
        ``positive``; ``threshold``, ``asked`` and ``target`` of the model's point where it has one
        for that class; ``sensitivity`` and ``specificity`` of what was predicted; ``at``, for each
        rate asked for, ``rate``, ``least``, the ``other`` rate and the ``threshold``. Empty where
        the model has no point and nothing is asked.

    Raises
    ------
    InputError
        See :func:`positive_column`.
    """
    from msssm_ts.analysis.results.operating import at_rate, rates
    from msssm_ts.fitted.decision import OperatingPoint

    point = labels.decision if isinstance(labels.decision, OperatingPoint) else None
    if point is None and not asked and positive is None:
        return {}
    option = f"--{next(iter(asked))}" if asked else "--positive"
    column = positive_column(labels, positive, option)
    found: dict[str, Any] = {"positive": labels.classes[column].item()}
    if point is not None and point.positive == column:
        found |= {name: getattr(point, name) for name in ("threshold", "asked", "target")}
    found |= rates(predictions, column, groups)
    truth, scores = predictions.truth[:, column], predictions.proba[:, column]
    at = []
    for name, least in asked.items():
        other, threshold = at_rate(truth, scores, name, least) or (None, None)  # type: ignore[arg-type]
        at.append({"rate": name, "least": least, "other": other, "threshold": threshold})
    return {**found, "at": at}


def rate_pairs(found: dict[str, Any]) -> dict[str, object]:
    """Return what :func:`operating_rates` found, to show."""
    if not found:
        return {}
    pairs: dict[str, object] = {"positive class": found["positive"]}
    if "threshold" in found:
        pairs["threshold"] = f"{found['threshold']:.4g}"
    for name in ("sensitivity", "specificity"):
        rate = found[name]
        pairs[name] = (
            "undefined (no such series)"
            if rate is None
            else f"{rate['value']:.4f} ({rate['low']:.4f} to {rate['high']:.4f}), "
            f"{rate['n_series']} series"
        )
    others = {"sensitivity": "specificity", "specificity": "sensitivity"}
    for at in found["at"]:
        name = f"{others[at['rate']]} at {at['rate']} {at['least']:g}"
        pairs[name] = (
            "undefined (one class only)"
            if at["other"] is None
            else f"{at['other']:.4f} (from {at['threshold']:.4g} on, by these series themselves)"
        )
    return pairs
