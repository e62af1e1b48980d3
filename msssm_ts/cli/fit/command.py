"""``msssm-ts fit``: train a model."""

from __future__ import annotations

import shlex
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from msssm_ts.cli.errors import FAILED, INTERRUPTED, guarded
from msssm_ts.cli.fit.model_options import chooses_model
from msssm_ts.cli.fit.preparing import notes, preparation_for, prepares_series
from msssm_ts.cli.fit.resuming import resumable, resume_command
from msssm_ts.cli.fit.training import counting_rare_beats, fit_to, say_where
from msssm_ts.cli.given import options
from msssm_ts.cli.given.config import configurable
from msssm_ts.cli.given.inputs import given
from msssm_ts.cli.given.parts import find_test_part
from msssm_ts.cli.given.reading import reads_data
from msssm_ts.cli.given.unlabelled import like
from msssm_ts.cli.several import sharing
from msssm_ts.cli.shown.console import say, show_json, show_pairs
from msssm_ts.cli.shown.members_table import show_members
from msssm_ts.errors import ProcessLostError, TrainingError, WritingError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from msssm_ts.datasets import LabelledSeries, ReadOptions
    from msssm_ts.estimator import MSSSMClassifier
    from msssm_ts.fitting import Checkpoint
    from msssm_ts.tracking import Tracker


def _help_to_fit(
    data: str,
    reading: ReadOptions,
    preparing: Any,
    modelling: dict[str, Any],
    validation: str | None,
    ungrouped: bool,
    out: Path,
    **_: Any,
) -> None:
    """Read the same data as the first of several processes, and train its networks with it."""
    from msssm_ts.fitting.several import ShareDone
    from msssm_ts.tracking import Tracker

    nothing = Tracker((), out, partial(say, quiet=True))
    with suppress(ShareDone):
        stopped = _fitted(
            data, reading, preparing, modelling, validation, ungrouped, None, nothing, quiet=True
        )[-1]
        if stopped is not None:
            raise stopped.error or KeyboardInterrupt


@guarded
@configurable
@resumable
@reads_data
@prepares_series
@chooses_model
@sharing(_help_to_fit)
def fit(
    data: options.DataOrNone = None,
    call: Any = None,
    unlabelled: options.Unlabelled = None,
    modelling: Any = None,
    reading: Any = None,
    preparing: Any = None,
    validation: options.Validation = None,
    ungrouped: Annotated[
        bool, typer.Option("--ungrouped", help="Take that part without regard to groups.")
    ] = False,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="RUN", help="Folder for the results.")
    ] = Path("run"),
    force: Annotated[bool, typer.Option("--force", help="Replace a model in that folder.")] = False,
    checkpoint_every: options.CheckpointEvery = 60.0,
    log: Annotated[
        list[str] | None,
        typer.Option(
            "--log",
            metavar="NAME",
            help="Also write the fit down in tensorboard, mlflow or wandb; may be repeated.",
        ),
    ] = None,
    quiet: options.Quiet = False,
    json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Train a classifier on DATA and write it to a run folder.

    The folder gets model.safetensors, metrics.json, config.toml (for --config), and, where a
    network is trained, its history.csv and training_curve.png. With --log the options, curves of
    the network and scores of all members go to a log of experiments, too. Ctrl-C stops early and
    keeps what there is so far; what was cut short, by whatever, goes on with --resume.
    """
    data = given(data)
    for name in unlabelled or ():
        given(name)
    # Not before: they bring torch along.
    from msssm_ts.cli.fit import run_folder
    from msssm_ts.tracking import Tracker
    from msssm_ts.training.keeping import SafePoints

    tracker = Tracker(log or (), out, partial(say, quiet=quiet))
    with run_folder.opened(out, force, call, checkpoint_every) as checkpoint, tracker:
        series, model, stopped = _fitted(
            *(data, reading, preparing, modelling, validation, ungrouped, checkpoint, tracker),
            quiet,
            tuple(unlabelled or ()),
        )
        groups = None if ungrouped else series.groups
        left_out = None if groups is None else series.group_name
        about = (series.summary(), data, left_out, call.config)
        if stopped is None:
            try:
                kept = vars(model).get("sums_")
                metrics = run_folder.write(out, model.model_, *about, sums=kept)
            except KeyboardInterrupt:
                # All that it is made of is finished.
                checkpoint.flush()
                raise
            except WritingError as error:
                checkpoint.flush()
                remedy = f"make room, then: {resume_command(out)}"
                raise WritingError(error.file, error, remedy) from error
            checkpoint.remove()
            tracker.end("finished", model.model_)
        else:
            # A second signal is not held up; the first must not take what it was meant to save.
            with SafePoints():
                said = run_folder.keep_part(out, model, *about, checkpoint)
                if stopped.error is None:
                    said += f"; go on with it: {resume_command(out)}"
                else:
                    # It would come to the same end.
                    checkpoint.remove()
                part = model.model_ if model.__sklearn_is_fitted__() else None
                tracker.end("interrupted" if stopped.error is None else "failed", part)
    if stopped is not None:
        if debug and stopped.error is not None:
            raise stopped.error
        say(f"msssm-ts: {stopped.reason}; {said}")
        raise typer.Exit(stopped.code)
    for line in metrics["notes"]:
        say(line, quiet=quiet)
    if json:
        show_json({"run": str(out), **metrics, "next": _next(out, data, series, reading)})
        return
    show_pairs(_summary(out, metrics))
    show_members(metrics["members"])
    if not quiet:
        # Whether there is a test part may take a look at every file.
        say(f"\nNext: {_next(out, data, series, reading)}")


@dataclass(frozen=True)
class _Stopped:
    """Why a fit did not come to its end, and the exit code for that."""

    reason: str
    code: int
    error: TrainingError | None = None


def _fitted(
    data: str,
    reading: ReadOptions,
    preparing: Any,
    modelling: dict[str, Any],
    validation: str | None,
    ungrouped: bool,
    checkpoint: Checkpoint | None,
    tracker: Tracker,
    quiet: bool,
    unlabelled: tuple[str, ...] = (),
) -> tuple[LabelledSeries, MSSSMClassifier, _Stopped | None]:
    """Read the data and fit a model to them."""
    from msssm_ts.datasets import load
    from msssm_ts.display import TrainingDisplay

    series = load(data, reading, validation=validation)
    say(f"{data}: {series.summary()}", quiet=quiet)
    more = like(series, unlabelled, reading, partial(say, quiet=quiet))
    preparation = preparation_for(preparing, series)
    for line in notes(preparation, series, modelling["missing"], ungrouped=ungrouped):
        say(line, quiet=quiet)

    modelling = counting_rare_beats(modelling, series, quiet)

    from msssm_ts.estimator import MSSSMClassifier
    from msssm_ts.fitting.record import json_parameters

    asked = {**modelling, "preparation": preparation, "max_memory": reading.max_memory}
    tracker.begin({"data": data, **json_parameters(asked)})
    with TrainingDisplay(quiet, interval=10.0) as display:
        model = MSSSMClassifier(**asked, callbacks=[display, tracker])
        groups = None if ungrouped else series.groups
        stopped = _train(model, series, groups, series.origin(reading), checkpoint, quiet, more)
    return series, model, stopped


def _train(
    model: MSSSMClassifier,
    series: LabelledSeries,
    groups: NDArray[Any] | None,
    origin: dict[str, Any],
    checkpoint: Checkpoint | None,
    quiet: bool,
    unlabelled: Any,
) -> _Stopped | None:
    """Fit; return what cut it short."""
    say_where(model.device, quiet)
    try:
        fit_to(model, series, groups, origin, checkpoint, unlabelled)
    except KeyboardInterrupt:
        return _Stopped("interrupted", INTERRUPTED)
    except ProcessLostError as error:
        # It may well go on another time.
        return _Stopped(str(error), FAILED)
    except TrainingError as error:
        return _Stopped(str(error), FAILED, error)
    return None


def _summary(out: Path, metrics: dict[str, Any]) -> dict[str, object]:
    from msssm_ts.analysis.results.model_card import counted_beside
    from msssm_ts.fitted.told import decision_lines, estimate_line

    shown: dict[str, object] = {
        "model": out / "model.safetensors",
    }
    if metrics["epochs"]:
        shown["epochs"] = f"{metrics['epochs']} (kept: {metrics['best_epoch']})"
    expected = estimate_line(metrics["estimate"], metrics["left_out"])
    if expected is not None:
        shown["expected accuracy"] = expected
    shown |= decision_lines(metrics["decision"])
    if "beside" in metrics:
        shown |= counted_beside(metrics["beside"])
    for part, name in (("train", "network, training"), ("val", "network, validation")):
        if metrics[f"{part}_accuracy"] is not None:
            shown[name] = f"{metrics[f'{part}_accuracy']:.4f}"
    shown["parameters"] = metrics["n_parameters"]
    shown["seconds"] = f"{metrics['seconds']:.1f}"
    return shown


def _next(out: Path, data: str, series: LabelledSeries, reading: ReadOptions) -> str:
    """Return the command to go on with: on the test part, or on data that are still to be named."""
    test = find_test_part(data, series, reading)
    command, on = ("predict", "NEW_DATA") if test is None else ("evaluate", shlex.quote(test))
    words = shlex.join(reading.as_command_line())
    return f"msssm-ts {command} {shlex.quote(str(out))} {on} {words}".rstrip()
