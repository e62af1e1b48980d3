"""Scores on labelled series, as ``evaluate`` shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple
from typing import TYPE_CHECKING, Any

from msssm_ts.cli.shown.tables import show_table

if TYPE_CHECKING:
    from msssm_ts.analysis.results.intervals import Estimate
    from msssm_ts.analysis.results.predictions import Predictions
    from msssm_ts.datasets import LabelledSeries

# All that there may be, and how they are shown.
SCORE_NAMES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "exact_match": "every label right",
    "macro_f1": "macro F1",
    "macro_auroc": "macro AUROC",
    "log_loss": "log loss",
}
_OF_CLASS = {"precision": "precision", "recall": "recall", "f1": "F1", "auroc": "AUROC"}


def resampled(predictions: Predictions, series: LabelledSeries, n_resamples: int) -> dict[str, Any]:
    """Return intervals of 95 % for all scores, as JSON holds them.

    Returns
    -------
    dict
        ``n_resamples``; ``units``: what was resampled, and ``n_units``; ``overall``: by score its
        ends; ``per_class``: by class and score. None where an interval is undefined.
    """
    from msssm_ts.analysis.results.intervals import bootstrap

    found = bootstrap(predictions, series.groups, n_resamples=n_resamples)

    def ends(estimate: Estimate) -> list[float] | None:
        _, low, high = astuple(estimate)
        return None if low is None or high is None else [low, high]

    return {
        "n_resamples": n_resamples,
        "units": series.group_name if found.by_group else "series",
        "n_units": found.n_units,
        "overall": {name: ends(estimate) for name, estimate in found.overall.items()},
        "per_class": {
            name: {score: ends(found.per_class[score][i]) for score in _OF_CLASS}
            for i, name in enumerate(predictions.names)
        },
    }


def score_pairs(scores: Mapping[str, Any]) -> dict[str, object]:
    """Return the scores of all classes together, to show."""
    found = scores.get("bootstrap")
    pairs: dict[str, object] = {"series": scores["n_series"]}
    for key, name in SCORE_NAMES.items():
        if key not in scores:
            continue
        value = scores[key]
        shown = "undefined (one class only)" if value is None else f"{value:.4f}"
        between = None if found is None else found["overall"].get(key)
        pairs[name] = shown + ("" if between is None else " ({:.4f} to {:.4f})".format(*between))
    if found is not None:
        units = found["units"]
        of = "series" if units == "series" else f"groups ({units})"
        pairs["intervals"] = f"95 %, {found['n_resamples']} resamples of {found['n_units']} {of}"
    return pairs


def show_classes(scores: Mapping[str, Any]) -> None:
    """Write a row a class, or label, to stdout."""
    several = "labels" in scores
    classes = scores["labels" if several else "per_class"]
    found = scores.get("bootstrap", {}).get("per_class", {})
    head = ["label" if several else "class", "series", *_OF_CLASS.values()]
    rows = []
    for name, of_class in classes.items():
        cells = [_cell(of_class[key], found.get(name, {}).get(key)) for key in _OF_CLASS]
        last = [f"{of_class['threshold']:.3f}"] if "threshold" in of_class else []
        rows.append([name, str(of_class["n_series"]), *cells, *last])
    # The folds of a cross-validation have their own.
    head += ["threshold"] if any("threshold" in of_class for of_class in classes.values()) else []
    title = "labels" if several else "classes"
    show_table(head, rows, right=head[1:], wrap=head if found else (), title=title)


def show_confusion(scores: Mapping[str, Any]) -> None:
    """Write how often each class was taken for which to stdout."""
    head = ["true \\ predicted", *map(str, scores["classes"])]
    rows = [
        [str(name), *map(str, row)]
        for name, row in zip(scores["classes"], scores["confusion_matrix"], strict=True)
    ]
    show_table(head, rows, right=head[1:], title="confusion matrix")


def _cell(value: float | None, between: list[float] | None) -> str:
    if value is None:
        return "–"
    return f"{value:.4f}" + ("" if between is None else " ({:.3f} to {:.3f})".format(*between))
