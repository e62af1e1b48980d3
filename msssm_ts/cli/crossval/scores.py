"""Scores of a cross-validation: of each fold, of all together, and how they are shown."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from msssm_ts.cli.answering.deciding import operating_rates, positive_column, rate_pairs
from msssm_ts.cli.evaluate.scores import (
    SCORE_NAMES,
    resampled,
    score_pairs,
    show_classes,
    show_confusion,
)
from msssm_ts.cli.shown.tables import show_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from msssm_ts.cli.crossval.folds import Answers, Fold
    from msssm_ts.datasets import LabelledSeries
    from msssm_ts.fitting.targets import Targets

Row = dict[str, Any]
_NUMBER = re.compile(r"\d+(\.\d+)?")


def scores_of(targets: Targets, names: NDArray[Any], rows: Any, answers: Answers) -> dict[str, Any]:
    """Score answers to some of the series, as ``evaluate`` scores a model's.

    Parameters
    ----------
    targets : Targets
        Of all series.
    names : array of shape (n_classes,)
        Of the classes, or labels.
    rows : integer array
        Which series, a row of answers each.
    answers : Answers
        To them.
    """
    from msssm_ts.analysis.results.evaluation import evaluate_multilabel, evaluate_predictions

    truth = targets[rows].labels
    if targets.multilabel:
        # What was answered lies above its threshold, whichever that was.
        thresholds = np.where(answers.predicted, -np.inf, np.inf)
        return evaluate_multilabel(truth, answers.proba, names, thresholds)
    columns = answers.predicted.argmax(1)
    return evaluate_predictions(truth, answers.proba, names, columns)


def fold_row(fold: Fold, answers: Answers, scores: dict[str, Any]) -> Row:
    """Return what there is to say of a fold, as JSON holds it."""
    return {
        "repeat": fold.repeat,
        "fold": fold.number,
        "n_train": len(fold.train),
        "n_test": len(fold.test),
        "seconds": round(answers.facts["seconds"], 2),
        **{name: scores[name] for name in SCORE_NAMES if name in scores},
        "decision": answers.facts.get("decision"),
    }


def pooled(
    series: LabelledSeries,
    targets: Targets,
    names: NDArray[Any],
    rows: NDArray[np.int64],
    answers: Answers,
    n_resamples: int,
    positive: int | None,
) -> dict[str, Any]:
    """Score the answers of all folds together, with intervals.

    A series that several repeats have answered is one unit of the intervals, not several.

    Parameters
    ----------
    series : LabelledSeries
        All.
    targets, names, rows, answers
        See :func:`scores_of`.
    n_resamples : int
        Of the bootstrap.
    positive : int, optional
        The class whose sensitivity and specificity are wanted, by its column.
    """
    from msssm_ts.analysis.results.predictions import Predictions
    from msssm_ts.fitted.intervals import accuracy_with_interval
    from msssm_ts.fitted.parts import Labels

    scores = scores_of(targets, names, rows, answers)
    encoded = targets.encoded[rows]
    truth = encoded > 0 if targets.multilabel else encoded[:, None] == np.arange(len(names))
    shown = tuple(map(str, names.tolist()))
    predictions = Predictions(shown, truth, answers.predicted, answers.proba, targets.multilabel)
    answered = series.take(rows)
    if answered.groups is None and len(rows) > series.n_series:
        answered = replace(answered, groups=rows, group_name="series")
    scores["bootstrap"] = resampled(predictions, answered, n_resamples)
    scores["accuracy_interval"] = accuracy_with_interval(
        (truth == answers.predicted).mean(1)
        if targets.multilabel
        else predictions.right.astype(float),
        groups=answered.groups,
    )
    if positive is not None:
        labels, name = Labels(targets.classes), str(targets.classes[positive])
        found = operating_rates(labels, predictions, answered.groups, {}, name)
        scores["operating_point"] = found
    return scores


def positive_class(settings: Mapping[str, Any], targets: Targets) -> int | None:
    """Return the class whose sensitivity and specificity settings ask for, by its column.

    Raises
    ------
    InputError
        If there is no such class, or it is not said which is meant.
    """
    from msssm_ts.fitted.parts import Labels

    for name in ("sensitivity", "specificity"):
        if settings[name] is not None:
            labels = Labels(targets.classes, multilabel=targets.multilabel)
            return positive_column(labels, settings["pos_label"], f"--{name}")
    return None


def heard(notes: Sequence[Sequence[str]], unit: str, besides: Sequence[str] = ()) -> list[str]:
    """Return what fits said, each once, whatever numbers are in it, and how many said so.

    Parameters
    ----------
    notes : sequence of sequences of str
        Of each fit.
    unit : str
        What they are.
    besides : sequence of str
        What is known already.

    Examples
    --------
    >>> heard([["19 are too few"], ["20 are too few", "no trees"]], "folds")
    ['19 are too few', 'no trees (in 1 of 2 folds)']
    """
    first: dict[str, str] = {}
    counts: Counter[str] = Counter()
    known = {_NUMBER.sub("", note) for note in besides}
    for own in notes:
        for shape, note in {_NUMBER.sub("", note): note for note in own}.items():
            first.setdefault(shape, note)
            counts[shape] += shape not in known
    n = len(notes)
    return [
        first[shape] if k == n else f"{first[shape]} (in {k} of {n} {unit})"
        for shape, k in counts.items()
        if k
    ]


def spread(rows: Sequence[Row]) -> dict[str, dict[str, float | None]]:
    """Return mean and standard deviation over the folds, by score.

    Examples
    --------
    >>> spread([{"accuracy": 0.5, "seconds": 1.0}, {"accuracy": 1.0, "seconds": 3.0}])["accuracy"]
    {'mean': 0.75, 'sd': 0.3535...}
    """
    found: dict[str, dict[str, float | None]] = {}
    for name in (*SCORE_NAMES, "seconds"):
        values = [row[name] for row in rows if row.get(name) is not None]
        if any(name in row for row in rows):
            found[name] = {
                "mean": float(np.mean(values)) if values else None,
                "sd": float(np.std(values, ddof=1)) if len(values) > 1 else None,
            }
    return found


def show_scores(found: dict[str, Any]) -> None:
    """Write pooled scores, classes, confusions and folds to stdout."""
    from msssm_ts.cli.shown.console import show_pairs

    scores, rows, repeats = found["scores"], found["per_fold"], found["repeats"]
    pairs = score_pairs(scores)
    if repeats > 1:
        pairs["series"] = f"{scores['n_series'] // repeats}, answered {repeats} times each"
    wilson = scores["accuracy_interval"]
    pairs["accuracy, Wilson"] = "{accuracy:.4f} ({low:.4f} to {high:.4f})".format(**wilson)
    pairs |= rate_pairs(scores.get("operating_point", {}))
    n_fits = sum(len(p["per_fold"]) for p in found.get("learning_curve", {}).get("points", []))
    pairs["seconds"] = f"{found['seconds']:.1f} ({n_fits or len(rows)} fits)"
    show_pairs(pairs)
    show_classes(scores)
    if "confusion_matrix" in scores:
        show_confusion(scores)
    names = [name for name in SCORE_NAMES if name in rows[0]]
    head = ["fold", "series", *(SCORE_NAMES[name] for name in names), "seconds"]
    body = [
        [
            f"{row['repeat']}.{row['fold']}" if repeats > 1 else str(row["fold"]),
            str(row["n_test"]),
            *(_number(row[name]) for name in names),
            f"{row['seconds']:.1f}",
        ]
        for row in rows
    ]
    over = found["over_folds"]
    for kind in ("mean", "sd"):
        seconds = over["seconds"][kind]
        last = "–" if seconds is None else f"{seconds:.1f}"
        body.append([kind, "", *(_number(over[n][kind]) for n in names), last])
    show_table(head, body, right=head[1:], wrap=head, title="folds")


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
