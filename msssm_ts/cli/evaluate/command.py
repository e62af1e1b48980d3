"""``msssm-ts evaluate``: score a model on labelled data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from msssm_ts.cli.answering.covering import (
    AskedCoverage,
    PerClass,
    asked_covering,
    check_covering,
    reached,
    reached_pairs,
    too_few,
)
from msssm_ts.cli.answering.deciding import (
    Positive,
    Threshold,
    decided,
    operating_rates,
    positive_column,
    rate_pairs,
)
from msssm_ts.cli.errors import guarded
from msssm_ts.cli.evaluate.scores import resampled, score_pairs, show_classes, show_confusion
from msssm_ts.cli.given import options
from msssm_ts.cli.given.reading import reads_data
from msssm_ts.cli.shown.console import say, show_json, show_pairs
from msssm_ts.cli.shown.files import claim, write_text
from msssm_ts.errors import InputError
from msssm_ts.model_path import find_model

if TYPE_CHECKING:
    from msssm_ts.analysis.results.predictions import Predictions
    from msssm_ts.datasets import LabelledSeries
    from msssm_ts.estimator import MSSSMClassifier


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
    threshold: Threshold = None,
    positive: Positive = None,
    sensitivity: Annotated[
        float | None,
        typer.Option(
            metavar="X", min=0, max=1, help="Show the specificity at this sensitivity on DATA, too."
        ),
    ] = None,
    specificity: Annotated[
        float | None,
        typer.Option(
            metavar="X", min=0, max=1, help="Show the sensitivity at this specificity on DATA, too."
        ),
    ] = None,
    coverage: AskedCoverage = None,
    per_class: PerClass = False,
    bootstrap: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=2,
            max=1_000_000,
            help="Intervals of 95 % for every score, by so many resamples of the series, or of "
            "whole groups where there are any; such as 1000.",
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
    find_model(model, data)

    from msssm_ts.analysis.results.predictions import Predictions
    from msssm_ts.cli.evaluate.ec57 import check_ec57, ec57_report, show_ec57
    from msssm_ts.cli.given.inputs import load_model_and_series, score

    if without is not None and not ec57:
        raise InputError("--without leaves records out of --ec57; say that, too")
    covering = asked_covering(coverage, per_class)
    if report is not None:
        what = "the report is an HTML page"
        claim(report, force=force, inputs=(model, data), suffix=".html", what=what)
    classifier, series = load_model_and_series(
        model, data, reading, device=device, needs_labels=True, quiet=quiet
    )
    if ec57:
        check_ec57(classifier)
    check_covering(classifier.model_.labels, covering)
    decided(classifier, threshold, positive, quiet)
    asked = {"sensitivity": sensitivity, "specificity": specificity}
    known = {name: value for name, value in asked.items() if value is not None}
    if known or positive is not None:
        # Before all series are asked about.
        positive_column(classifier.model_.labels, positive, f"--{next(iter(known), 'positive')}")
    series, proba, scores = score(classifier, series, quiet)
    beats = ec57_report(series, classifier, proba, without) if ec57 else None
    predictions = Predictions.of(classifier.model_, series.labels, proba)
    point = operating_rates(classifier.model_.labels, predictions, series.groups, known, positive)
    if point:
        scores["operating_point"] = point
    covered: dict[str, object] = {}
    if covering is not None:
        labels = classifier.model_.labels
        if (said := too_few(labels, covering)) is not None:
            say(said, quiet=quiet)
        names = [str(c) for c in labels.classes.tolist()]
        found = reached(covering.sets(labels, proba), predictions.truth > 0, names)
        scores["sets"] = {"asked": coverage, "by_class": per_class, **found}
        covered = reached_pairs(found, covering)
    if bootstrap is not None:
        scores["bootstrap"] = resampled(predictions, series, bootstrap)
    if report is not None:
        write_text(report, _page(model, data, classifier, series, predictions, bootstrap))
    if json:
        written = {} if report is None else {"report": str(report)}
        counted = {} if beats is None else {"ec57": beats}
        show_json({"model": model, "data": data, **written, **scores, **counted})
        return
    show_pairs(score_pairs(scores) | rate_pairs(point) | covered)
    show_classes(scores)
    if not classifier.multilabel_:
        show_confusion(scores)
    if beats is not None:
        show_ec57(beats, series.group_name)
    if report is not None:
        say(f"\nreport in {report}", quiet=quiet)


def _page(
    model: str,
    data: str,
    classifier: MSSSMClassifier,
    series: LabelledSeries,
    predictions: Predictions,
    n_resamples: int | None,
) -> str:
    from msssm_ts.analysis.results.report import report_page
    from msssm_ts.fitted.artifact import read_header

    # As it answers here, which may not be as it was kept.
    decision = classifier.model_.labels.decision
    answers = {"decision": None if decision is None else decision.to_dict()}
    return report_page(
        predictions,
        series,
        {**read_header(model), **answers},
        model=Path(model).resolve().name,
        source=Path(data).name,
        dates=_dates(model),
        **({} if n_resamples is None else {"n_resamples": n_resamples}),
    )


def _dates(model: str) -> dict[str, str | None]:
    """Return the days on which the model was fitted, where its run says so, and of the report."""
    from datetime import UTC, datetime

    from msssm_ts.cli.fit.run_folder import recorded

    fitted = (recorded(model) or {}).get("date")
    day = fitted[:10] if isinstance(fitted, str) else None
    return {"fitted": day, "written": datetime.now(UTC).date().isoformat()}
