"""``msssm-ts predict``: label series."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from msssm_ts.cli import options
from msssm_ts.cli.answers import Answering, answering_as, asked_answering, rows_about
from msssm_ts.cli.console import say, show_json
from msssm_ts.cli.covering import AskedCoverage, PerClass
from msssm_ts.cli.csv_text import CsvText
from msssm_ts.cli.deciding import Positive, Threshold, decided
from msssm_ts.cli.errors import guarded
from msssm_ts.cli.files import claim, write_text
from msssm_ts.cli.reading import reads_data
from msssm_ts.cli.unknown import Unknown, drift_among, unknown_of
from msssm_ts.errors import InputError

if TYPE_CHECKING:
    from msssm_ts.datasets import LabelledSeries
    from msssm_ts.estimator import MSSSMClassifier


@guarded
@reads_data
def predict(
    model: options.Model,
    data: options.Data,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="CSV file; else stdout.")
    ] = None,
    early: Annotated[
        float | None,
        typer.Option(
            "--early",
            metavar="P",
            help="Stop reading a series at a class of this probability, such as 0.95; adds n_read "
            "and part_read.",
        ),
    ] = None,
    windows: Annotated[
        bool,
        typer.Option(
            "--windows",
            help="A row for each window of a model of fit --crop, with its start and stop.",
        ),
    ] = False,
    threshold: Threshold = None,
    positive: Positive = None,
    coverage: AskedCoverage = None,
    per_class: PerClass = False,
    reject: Annotated[
        bool,
        typer.Option(
            "--reject",
            help="With --coverage: answer only series whose set has one class, and that.",
        ),
    ] = False,
    unknown: Unknown = False,
    safe_csv: options.SafeCsv = False,
    force: options.Force = False,
    reading: Any = None,
    device: options.Device = "auto",
    quiet: options.Quiet = False,
    json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Label the series of DATA with MODEL, with a probability per class, as CSV.

    The columns are id (the series' own, or its number from 1), prediction, and p_CLASS for each
    class; where a series can have several labels, those are joined by semicolons. Labels in DATA
    are not needed; only --early looks at them, to compare its accuracy with that of whole series.
    A model of fit --sensitivity, --specificity or --decide predicts accordingly; probabilities are
    the same either way.

    With --coverage the column set has the classes, joined by semicolons, that hold the true one as
    often as that; it may have none.

    With --unknown the column unknown has the part of the training series that looked no stranger
    when they were left out: 0.99 is stranger than 99 of 100. Where ten series or more are unlike
    the training all together a line says so, --unknown or not; with it --json is an object of
    predictions and drift.

    With --early a causal model (fit --causal) is read step by step, any other at 20 prefixes of
    each series; n_read and part_read are the steps, and the part of the series, that it took.

    With --windows each window of a long recording gets a row of its own, where otherwise they vote:
    start and stop are in seconds, or in steps where no rate is known.
    """
    from msssm_ts.cli.inputs import load_model_and_series, predict_proba

    if safe_csv and json and out is None:
        raise InputError("--safe-csv and --json: JSON needs no such thing; give one of them")
    how = asked_answering(coverage, per_class, reject, threshold, positive)
    if how.covering is not None and (windows or early is not None):
        other = "--windows" if windows else "--early"
        raise InputError(f"--coverage is of whole series; leave it or {other} out")
    if unknown and (windows or early is not None):
        other = "--windows" if windows else "--early"
        raise InputError(f"--unknown is of whole series; leave it or {other} out")
    if out is not None:
        claim(out, force=force, inputs=(model, data))
    classifier, series = load_model_and_series(
        model, data, reading, device=device, needs_labels=False, quiet=quiet
    )
    classifier = answering_as(classifier, how)
    decided(classifier, None, None, quiet)
    found: Any = None
    if windows:
        from msssm_ts.cli.by_window import window_rows

        if early is not None:
            raise InputError("--windows and --early: give one of them")
        rows = window_rows(classifier, series)
    elif early is not None:
        rows = _early_rows(classifier, series, early, quiet)
    else:
        proba = predict_proba(classifier, series)
        strange = unknown_of(classifier, series, proba) if unknown else None
        rows, said = rows_about(classifier, series, proba, how, strange)
        for line in said:
            say(line, quiet=quiet)
        drift = drift_among(classifier, series, proba, strange)
        if drift is not None and drift.is_there:
            say(f"{data}: {drift.line()}", quiet=quiet)
        found = None if drift is None else drift.to_dict()
    if json:
        show_json({"predictions": rows, "drift": found} if unknown else rows)
    if out is not None:
        _write(CsvText(safe=safe_csv), rows, out, quiet)
        say(f"{len(rows)} predictions in {out}", quiet=quiet)
    elif not json:
        _write(CsvText(safe=safe_csv, shown=sys.stdout.isatty()), rows, None, quiet)


def _write(table: CsvText, rows: list[dict[str, Any]], out: Path | None, quiet: bool) -> None:
    text = table.table(rows)
    if out is None:
        sys.stdout.write(text)
    else:
        write_text(out, text)
    table.say_risky(quiet)


def _early_rows(
    classifier: MSSSMClassifier, series: LabelledSeries, confidence: float, quiet: bool
) -> list[dict[str, Any]]:
    """Return rows with how much of each series was read."""
    from msssm_ts.cli.early import predict_early

    early = predict_early(classifier, series, confidence, quiet)
    rows, _ = rows_about(classifier, series, early.proba, Answering())
    return [
        {**row, "n_read": n_read, "part_read": round(part, 6)}
        for row, n_read, part in zip(
            rows, early.n_read.tolist(), early.part_read.tolist(), strict=True
        )
    ]
