"""``msssm-ts predict``: label series."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from msssm_ts.cli.answering.answering import Asked
from msssm_ts.cli.answering.answers import asked_answering
from msssm_ts.cli.answering.covering import AskedCoverage, PerClass
from msssm_ts.cli.answering.deciding import Positive, Threshold
from msssm_ts.cli.answering.similar import Similar
from msssm_ts.cli.answering.unknown import Unknown
from msssm_ts.cli.errors import FAILED, guarded
from msssm_ts.cli.given import options
from msssm_ts.cli.given.reading import reads_data
from msssm_ts.cli.shown.console import say, show_json
from msssm_ts.errors import InputError
from msssm_ts.text import counted


class OnError(StrEnum):
    """What to do with a file that cannot be read."""

    STOP = "stop"
    SKIP = "skip"


@guarded
@reads_data
def predict(
    model: options.Model,
    data: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH...",
            help="Files, or folders of them (all that are read, however deep); or one data set by "
            "name.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="FILE", help="A .csv, .jsonl or .parquet file; else stdout."
        ),
    ] = None,
    append: Annotated[
        bool,
        typer.Option(
            "--append", help="Add to the rows that FILE has, without the inputs that are in it."
        ),
    ] = False,
    on_error: Annotated[
        OnError,
        typer.Option(
            "--on-error",
            help="At a file that cannot be read: stop; or skip it, name it, and leave exit code 1.",
        ),
    ] = OnError.STOP,
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
    similar: Similar = None,
    safe_csv: options.SafeCsv = False,
    force: options.Force = False,
    reading: Any = None,
    device: options.Device = "auto",
    quiet: options.Quiet = False,
    json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Label series with MODEL: a row each, with a probability per class, as CSV or FILE's kind.

    The columns are id (the series' own, or its number from 1), prediction, and p_CLASS for each
    class; where a series can have several labels, those are joined by semicolons. Labels in the
    data are not needed; only --early looks at them, to compare its accuracy with that of whole
    series. A model of fit --sensitivity, --specificity or --decide predicts accordingly;
    probabilities are the same either way, with all digits in FILE and six on stdout.

    Of several PATHs, of a folder, and with --append, a column file comes first, with the path of
    the file; model, which tells answers of one model and question from others, comes last. A
    folder is read file by file, whatever lies in it, a few at a time; one that is a data set (with
    a training and a test part, or as its authors publish it) is read as that. Ctrl-C, or an error,
    leaves the rows of the files that are done in FILE: --append goes on behind them.

    With --coverage the column set has the classes, joined by semicolons, that hold the true one as
    often as that; it may have none.

    With --unknown the column unknown has the part of the training series that looked no stranger
    when they were left out: 0.99 is stranger than 99 of 100. Where ten series or more are unlike
    the training all together a line says so, --unknown or not; with it --json is an object of
    predictions and drift.

    With --similar K the columns similar_1, similar_1_label and similar_1_distance, to K, have the
    training series that each is most like, nearest first, of those that fit --exemplars has kept;
    1 is the usual distance from one of them to the nearest other.

    With --early a causal model (fit --causal) is read step by step, any other at 20 prefixes of
    each series; n_read and part_read are the steps, and the part of the series, that it took.

    With --windows each window of a long recording gets a row of its own, where otherwise they vote:
    start and stop are in seconds, or in steps where no rate is known.
    """
    from msssm_ts.cli.predict.output import Output
    from msssm_ts.cli.predict.paths import predict_all

    if safe_csv and json and out is None:
        raise InputError("--safe-csv and --json: JSON needs no such thing; give one of them")
    how = asked_answering(coverage, per_class, reject, threshold, positive)
    asked = Asked(windows, early, unknown, similar, how)
    asked.check()
    output = Output(out, append=append, force=force, safe_csv=safe_csv, json=json)
    output.check()
    done = predict_all(
        model,
        data,
        asked,
        output,
        reading,
        on_error=on_error.value,
        device=device,
        quiet=quiet,
    )
    if done.rows is not None:
        drift = None if done.drift is None else done.drift.to_dict()
        show_json({"predictions": done.rows, "drift": drift} if unknown else done.rows)
    if done.n_failed:
        say(f"{counted(done.n_failed, 'file')} skipped that cannot be read", quiet=quiet)
        raise typer.Exit(FAILED)
