"""``msssm-ts evaluate``: score a model on labelled data."""

from __future__ import annotations

from typing import Any

from msssm_ts.cli import options
from msssm_ts.cli.console import results, show_json, show_pairs
from msssm_ts.cli.errors import guarded
from msssm_ts.cli.reading import reads_data
from msssm_ts.errors import InputError

_NAMES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "exact_match": "every label right",
    "macro_f1": "macro F1",
    "macro_auroc": "macro AUROC",
    "log_loss": "log loss",
}


@guarded
@reads_data
def evaluate(
    model: options.Model,
    data: options.Data,
    reading: Any = None,
    device: options.Device = "auto",
    quiet: options.Quiet = False,
    json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Score MODEL on the labelled series of DATA."""
    from msssm_ts.cli.inputs import load_model_and_series, predict_proba
    from msssm_ts.evaluation import evaluate_multilabel, evaluate_predictions

    classifier, series = load_model_and_series(
        model, data, reading, device=device, needs_labels=True, quiet=quiet
    )
    assert series.labels is not None
    if classifier.multilabel_ != series.multilabel:
        kinds = ("one label", "several labels")
        raise InputError(
            f"{data}: {kinds[series.multilabel]} a series, but the model was trained on "
            f"{kinds[classifier.multilabel_]}"
        )
    proba = predict_proba(classifier, series)
    scores = (
        evaluate_multilabel(series.labels, proba, classifier.label_names, classifier.thresholds_)
        if classifier.multilabel_
        else evaluate_predictions(series.labels, proba, classifier.classes_)
    )
    if json:
        show_json({"model": model, "data": data, **scores})
        return
    pairs: dict[str, object] = {"series": scores["n_series"]}
    for key, name in _NAMES.items():
        if key in scores:
            value = scores[key]
            pairs[name] = "undefined (one class only)" if value is None else f"{value:.4f}"
    show_pairs(pairs)
    if classifier.multilabel_:
        _show_labels(scores["labels"])
    else:
        _show_confusion(scores)


def _show_labels(labels: dict[str, dict[str, Any]]) -> None:
    head = ["label", "series", "AUROC", "F1", "threshold"]
    rows = [
        [
            name,
            str(v["n_series"]),
            "" if v["auroc"] is None else f"{v['auroc']:.4f}",
            f"{v['f1']:.4f}",
            f"{v['threshold']:.3f}",
        ]
        for name, v in labels.items()
    ]
    _show_table("labels", head, rows)


def _show_confusion(scores: dict[str, Any]) -> None:
    head = ["true \\ predicted", *map(str, scores["classes"])]
    rows = [
        [str(name), *map(str, row)]
        for name, row in zip(scores["classes"], scores["confusion_matrix"], strict=True)
    ]
    _show_table("confusion matrix", head, rows)


def _show_table(title: str, head: list[str], rows: list[list[str]]) -> None:
    from rich import box
    from rich.table import Table

    out = results()
    style = box.SIMPLE_HEAD if out.is_terminal else None
    table = Table(box=style, pad_edge=False, title=title, title_justify="left")
    for i, name in enumerate(head):
        table.add_column(name, justify="right" if i else "left", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    out.print()
    # Off a terminal nothing may be cut to a width that nobody asked for.
    out.print(table, width=None if out.is_terminal else 100_000, crop=False)
