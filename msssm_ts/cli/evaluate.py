"""``msssm-ts evaluate``: score a model on labelled data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from msssm_ts.cli import options
from msssm_ts.cli.console import say, show_json, show_pairs
from msssm_ts.cli.errors import guarded
from msssm_ts.cli.files import claim, write_text
from msssm_ts.cli.reading import reads_data
from msssm_ts.cli.tables import show_table
from msssm_ts.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from msssm_ts.datasets import LabelledSeries
    from msssm_ts.estimator import MSSSMClassifier

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
    report: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Also write an HTML page: intervals, confusions, curves, calibration, the "
            "surest mistakes, the model.",
        ),
    ] = None,
    ec57: Annotated[
        bool,
        typer.Option(
            "--ec57",
            help="Count heart beats (N S V F Q) as ANSI/AAMI EC57 does: each class, VEB and SVEB, "
            "gross, by record and on average.",
        ),
    ] = False,
    without: Annotated[
        str | None,
        typer.Option(
            metavar="RECORD,...", help="With --ec57: count once more without these records."
        ),
    ] = None,
    force: options.Force = False,
    reading: Any = None,
    device: options.Device = "auto",
    quiet: options.Quiet = False,
    json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Score MODEL on the labelled series of DATA."""
    from msssm_ts.cli.ec57 import check_ec57, ec57_report, show_ec57
    from msssm_ts.cli.inputs import load_model_and_series, score

    if without is not None and not ec57:
        raise InputError("--without leaves records out of --ec57; say that, too")
    if report is not None:
        what = "the report is an HTML page"
        claim(report, force=force, inputs=(model, data), suffix=".html", what=what)
    classifier, series = load_model_and_series(
        model, data, reading, device=device, needs_labels=True, quiet=quiet
    )
    if ec57:
        check_ec57(classifier)
    series, proba, scores = score(classifier, series, quiet)
    beats = ec57_report(series, classifier, proba, without) if ec57 else None
    if report is not None:
        write_text(report, _page(model, data, classifier, series, proba))
    if json:
        written = {} if report is None else {"report": str(report)}
        counted = {} if beats is None else {"ec57": beats}
        show_json({"model": model, "data": data, **written, **scores, **counted})
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
    if beats is not None:
        show_ec57(beats, series.group_name)
    if report is not None:
        say(f"\nreport in {report}", quiet=quiet)


def _page(
    model: str,
    data: str,
    classifier: MSSSMClassifier,
    series: LabelledSeries,
    proba: NDArray[np.floating[Any]],
) -> str:
    from msssm_ts.analysis.results.predictions import Predictions
    from msssm_ts.analysis.results.report import report_page
    from msssm_ts.fitted.artifact import read_header

    return report_page(
        Predictions.of(classifier.model_, series.labels, proba),
        series,
        read_header(model),
        model=Path(model).resolve().name,
        source=Path(data).name,
    )


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
    show_table(head, rows, right=head[1:], title="labels")


def _show_confusion(scores: dict[str, Any]) -> None:
    head = ["true \\ predicted", *map(str, scores["classes"])]
    rows = [
        [str(name), *map(str, row)]
        for name, row in zip(scores["classes"], scores["confusion_matrix"], strict=True)
    ]
    show_table(head, rows, right=head[1:], title="confusion matrix")
