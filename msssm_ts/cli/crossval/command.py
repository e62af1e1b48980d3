"""``msssm-ts crossval``: how good a model of these settings is on series that it has not seen."""

from __future__ import annotations

import json as json_text
import shlex
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from msssm_ts.cli.errors import INTERRUPTED, guarded
from msssm_ts.cli.fit.model_options import chooses_model
from msssm_ts.cli.fit.preparing import prepares_series
from msssm_ts.cli.fit.resuming import SCORES, resumable, resume_command
from msssm_ts.cli.given import options
from msssm_ts.cli.given.config import CONFIG, configurable
from msssm_ts.cli.given.inputs import given
from msssm_ts.cli.given.reading import reads_data
from msssm_ts.cli.shown.console import say, show_json

if TYPE_CHECKING:
    from msssm_ts.cli.crossval.folds import Answers
    from msssm_ts.cli.crossval.run import Run
    from msssm_ts.cli.fit.resuming import Call

PREDICTIONS, CURVE = "predictions.csv", "learning_curve.png"


@guarded
@configurable
@resumable
@reads_data
@prepares_series
@chooses_model
def crossval(
    data: options.DataOrNone = None,
    call: Any = None,
    unlabelled: options.Unlabelled = None,
    folds: Annotated[
        int,
        typer.Option("--folds", min=2, max=1000, help="Parts, each tested by a model of the rest."),
    ] = 5,
    repeats: Annotated[
        int, typer.Option("--repeats", min=1, max=1000, help="Times, each with other parts.")
    ] = 1,
    modelling: Any = None,
    reading: Any = None,
    preparing: Any = None,
    validation: options.Validation = None,
    ungrouped: Annotated[
        bool, typer.Option("--ungrouped", help="Take those parts without regard to groups.")
    ] = False,
    bootstrap: Annotated[
        int,
        typer.Option(
            metavar="N",
            min=2,
            max=1_000_000,
            help="Resamples of the series, or of whole groups, for the intervals of 95 %.",
        ),
    ] = 1000,
    models: Annotated[
        bool, typer.Option("--models", help="Write the model of each fold, too.")
    ] = False,
    label_errors: Annotated[
        bool,
        typer.Option(
            "--label-errors", help="Rank series by how wrong their label looks, and draw the first."
        ),
    ] = False,
    learning_curve: Annotated[
        bool,
        typer.Option(
            "--learning-curve",
            help="Test models of an eighth, a quarter and a half of the other parts, too: whether "
            "more series would help.",
        ),
    ] = False,
    safe_csv: options.SafeCsv = False,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="RUN", help="Folder for the results.")
    ] = Path("crossval"),
    force: Annotated[
        bool, typer.Option("--force", help="Replace a cross-validation in that folder.")
    ] = False,
    quiet: options.Quiet = False,
    json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Test a model of these settings on each part of DATA in turn, fitted to the other parts.

    The parts have classes as DATA has them, and whole groups where there are any (--group). The
    folder gets predictions.csv, each series answered by a model that has not seen it, scores.json
    and config.toml; no model. What is finished of it is kept: Ctrl-C loses the running fold, and
    --resume goes on. With --label-errors there are label_errors.csv, a row a series, the most
    doubtful label first, and label_errors.png, the first dozen; with --learning-curve
    learning_curve.png.
    """
    data = given(data)
    for name in unlabelled or ():
        given(name)
    # Not before: they bring torch along.
    from msssm_ts.cli.crossval.curve import show_curve
    from msssm_ts.cli.crossval.labels import PICTURE, TABLE, check_one_label, show_label_errors
    from msssm_ts.cli.crossval.run import Asked, prepared
    from msssm_ts.cli.crossval.scores import show_scores
    from msssm_ts.cli.fit import run_folder
    from msssm_ts.datasets.load import has_test_part

    with run_folder.opened(out, force, call, 0.0, SCORES) as checkpoint:
        chosen = (data, reading, preparing, modelling, folds, repeats, ungrouped)
        asked = Asked(*chosen, models, learning_curve, tuple(unlabelled or ()), validation)
        run = prepared(asked, out, checkpoint, quiet)
        if label_errors:
            check_one_label(run.targets)
        is_finished = False
        # Ctrl-C is told of when the folder has been let go.
        with suppress(KeyboardInterrupt):
            answers = run.answers(quiet)
            found = run.results(answers, bootstrap)
            _write(run, answers, found, call, safe_csv, quiet, label_errors)
            is_finished = True
            checkpoint.remove()
    if not is_finished:
        done = f"{run.n_kept} of {len(run.fits)} {'fits' if run.parts else 'folds'}"
        again = resume_command(out, call.command)
        say(f"msssm-ts: interrupted; {done} are finished; go on with it: {again}")
        raise typer.Exit(INTERRUPTED)
    for line in found["notes"]:
        say(line, quiet=quiet)
    if json:
        show_json({"run": str(out), **found})
        return
    show_scores(found)
    if "learning_curve" in found:
        show_curve(found["learning_curve"], out / CURVE)
    if label_errors:
        show_label_errors(found["label_errors"])
        say(f"\nall of them: {out / TABLE}; drawn: {out / PICTURE}", quiet=quiet)
    if not quiet and has_test_part(run.series, data, reading):
        say(f"\n{data} has a test part, too, which is not among these series")
    words = [data, "--config", str(out / CONFIG)]
    say(f"\nNext: msssm-ts fit {shlex.join(words)}", quiet=quiet)


def _write(
    run: Run,
    answers: list[Answers],
    found: dict[str, Any],
    call: Call,
    safe_csv: bool,
    quiet: bool,
    label_errors: bool,
) -> None:
    """Write the folder; the scores, by which it counts as finished, come last."""
    from msssm_ts.analysis.results.learning_curve import learning_figure
    from msssm_ts.cli.crossval.labels import PICTURE, TABLE, written_label_errors
    from msssm_ts.cli.crossval.run import MODELS
    from msssm_ts.cli.shown.csv_text import CsvText
    from msssm_ts.cli.shown.files import write_text
    from msssm_ts.cli.shown.pictures import save

    table = CsvText(safe=safe_csv)
    whole = answers[: len(run.folds)]
    write_text(run.out / PREDICTIONS, table.table(_rows(run, whole)))
    table.say_risky(quiet)
    for name in (TABLE, PICTURE):
        # Of the cross-validation that was replaced.
        (run.out / name).unlink(missing_ok=True)
    if label_errors:
        found["label_errors"] = written_label_errors(run, whole, safe_csv)
    write_text(run.out / CONFIG, call.config)
    if run.parts:
        save(learning_figure(found["learning_curve"]["points"]), run.out / CURVE)
    else:
        # Of the cross-validation that was replaced.
        (run.out / CURVE).unlink(missing_ok=True)
    stages = {fold.stage for fold in run.folds if run.asked.models}
    for file in (run.out / MODELS).glob("repeat*-fold*.safetensors"):
        if file.stem not in stages:
            # Of the cross-validation that was replaced.
            file.unlink()
    write_text(run.out / SCORES, json_text.dumps(found, indent=2) + "\n")


def _rows(run: Run, answers: list[Answers]) -> list[dict[str, Any]]:
    """Return a row an answer: what was asked, what is true, what was said."""
    import numpy as np

    from msssm_ts.cli.answering.predictions import answer_rows

    rows, together = run.joined(answers)
    number = np.zeros((run.asked.repeats, run.series.n_series), int)
    for fold in run.folds:
        number[fold.repeat - 1, fold.test] = fold.number
    series, names = run.series, run.names
    ids = range(1, series.n_series + 1) if series.ids is None else series.ids.tolist()
    groups = None if series.groups is None else series.groups.tolist()
    truth = run.targets[rows].labels
    if run.targets.multilabel:
        true, said = (
            [";".join(map(str, names[row > 0])) for row in matrix]
            for matrix in (truth, together.predicted)
        )
    else:
        true, said = truth.tolist(), names[together.predicted.argmax(1)].tolist()
    repeats = np.repeat(np.arange(run.asked.repeats), series.n_series)
    return [
        {
            "id": ids[row],
            **({} if groups is None else {"group": groups[row]}),
            "fold": int(number[repeat, row]),
            "repeat": int(repeat) + 1,
            "label": label,
            **answer,
        }
        for row, repeat, label, answer in zip(
            rows, repeats, true, answer_rows(names, said, together.proba), strict=True
        )
    ]
