"""``msssm-ts evaluate``: score a model on labelled data."""

from __future__ import annotations

from typing import Any

from msssm_ts.cli import options
from msssm_ts.cli.console import results, say, show_json, show_pairs
from msssm_ts.cli.errors import guarded
from msssm_ts.cli.reading import reads_data

_NAMES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
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
    from msssm_ts.evaluation import evaluate_predictions

    classifier, series = load_model_and_series(
        model, data, reading, device=device, needs_labels=True
    )
    say(f"{data}: {series.summary()}", quiet=quiet)
    assert series.labels is not None
    proba = predict_proba(classifier, series)
    scores = evaluate_predictions(series.labels, proba, classifier.classes_)
    if json:
        show_json({"model": model, "data": data, **scores})
        return
    pairs: dict[str, object] = {"series": scores["n_series"]}
    for key, name in _NAMES.items():
        value = scores[key]
        pairs[name] = "undefined (one class only)" if value is None else f"{value:.4f}"
    show_pairs(pairs)
    _show_confusion(scores)


def _show_confusion(scores: dict[str, Any]) -> None:
    from rich import box
    from rich.table import Table

    out = results()
    style = box.SIMPLE_HEAD if out.is_terminal else None
    table = Table(box=style, pad_edge=False, title="confusion matrix", title_justify="left")
    table.add_column("true \\ predicted", no_wrap=True)
    for name in scores["classes"]:
        table.add_column(str(name), justify="right", no_wrap=True)
    for name, row in zip(scores["classes"], scores["confusion_matrix"], strict=True):
        table.add_row(str(name), *map(str, row))
    out.print()
    # Off a terminal nothing may be cut to a width that nobody asked for.
    out.print(table, width=None if out.is_terminal else 100_000, crop=False)
