"""``msssm-ts tune``: better settings, by cross-validation."""

from __future__ import annotations

import json as json_text
import shlex
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from msssm_ts.cli.errors import INTERRUPTED, guarded
from msssm_ts.cli.evaluate.scores import SCORE_NAMES
from msssm_ts.cli.fit.model_options import chooses_timeless, model_arguments
from msssm_ts.cli.fit.preparing import prepares_series
from msssm_ts.cli.fit.resuming import SEARCH, Call, resumable, resume_command
from msssm_ts.cli.given import options
from msssm_ts.cli.given.config import config_text, configurable, known_to
from msssm_ts.cli.given.inputs import given
from msssm_ts.cli.given.reading import reads_data
from msssm_ts.cli.given.time import seconds_of
from msssm_ts.cli.shown.console import say, show_json
from msssm_ts.cli.tune.spaces import SPACES
from msssm_ts.optional import check_installed
from msssm_ts.text import counted

if TYPE_CHECKING:
    from msssm_ts.cli.tune.search import Search
    from msssm_ts.datasets import ReadOptions
    from msssm_ts.fitting import Checkpoint

BEST, TRIALS = "best.toml", "trials.csv"
# Where neither trials nor time are said.
_N_TRIALS = 20
_Space = StrEnum("_Space", {name: name for name in SPACES})  # type: ignore[misc]
_Score = StrEnum("_Score", {name: name for name in SCORE_NAMES})  # type: ignore[misc]
_PRESET, _ACCURACY = _Space("preset"), _Score("accuracy")


@guarded
@configurable
@resumable
@reads_data
@prepares_series
@chooses_timeless
def tune(
    data: options.DataOrNone = None,
    call: Any = None,
    space: Annotated[
        _Space,
        typer.Option(
            "--space",
            help="What is searched: who votes, the network's settings, what is done to series "
            "first, or all three.",
        ),
    ] = _PRESET,
    trials: Annotated[
        int | None,
        typer.Option(
            "--trials",
            min=1,
            max=10_000,
            help="Settings to try, those asked for among them; else 20, or as many as there is "
            "time for.",
            show_default=False,
        ),
    ] = None,
    within: Annotated[
        str | None,
        typer.Option(
            "--time-budget",
            metavar="TIME",
            help="Time that the search may take: 90s, 10m, 2h, or seconds.",
            show_default=False,
        ),
    ] = None,
    score: Annotated[
        _Score, typer.Option("--score", help="What is to be best, as the mean over folds.")
    ] = _ACCURACY,
    folds: Annotated[
        int,
        typer.Option("--folds", min=2, max=1000, help="Parts, each tested by a model of the rest."),
    ] = 5,
    modelling: Any = None,
    reading: Any = None,
    preparing: Any = None,
    ungrouped: Annotated[
        bool, typer.Option("--ungrouped", help="Take those parts without regard to groups.")
    ] = False,
    safe_csv: options.SafeCsv = False,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="RUN", help="Folder for the results.")
    ] = Path("tune"),
    force: Annotated[
        bool, typer.Option("--force", help="Replace a search in that folder.")
    ] = False,
    quiet: options.Quiet = False,
    json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Search for better settings than those that are asked for, by cross-validation on DATA.

    Trial 0 has the settings asked for, the others what a named space has beside them; all are
    scored by the same folds, whole groups where there are any (--group), and given up where the
    first folds are clearly worse than the best trial's. The folder gets best.toml (for fit
    --config), trials.csv and search.json; what is finished is kept: Ctrl-C loses the running
    fold, and --resume goes on, with more --trials or --time-budget if they are said. Needs
    Optuna (extra tune).
    """
    check_installed("tune", "tune")
    seconds, data = seconds_of(within), given(data)
    # Not before: they bring torch along.
    from msssm_ts.cli.fit import run_folder

    asked = call.options | _base(call, quiet)
    with run_folder.opened(out, force, call, 0.0, SEARCH) as checkpoint:
        if call.is_resumed:
            # With what more was said.
            checkpoint.keep_call({**(checkpoint.call or {}), "options": dict(call.options)})
        search = _prepared(data, reading, asked, call, out, checkpoint, quiet)
        search.n_trials = _N_TRIALS if trials is None and seconds is None else trials
        search.seconds = seconds
        interrupted = False
        try:
            search.go(quiet)
        except KeyboardInterrupt:
            interrupted = True
            search.stopped = "interrupted"
        found = None
        if search.best is not None:
            found = _write(search, asked, call, safe_csv, quiet, finished=not interrupted)
    again = resume_command(out, call.command)
    if interrupted or found is None:
        n = sum(trial.state != "cut short" for trial in search.trials)
        best = "" if found is None else f"; the best so far is in {out / BEST}"
        done = counted(n, "trial is", "trials are")
        say(f"msssm-ts: interrupted; {done} finished{best}; go on with it: {again}")
        raise typer.Exit(INTERRUPTED)
    for line in found["notes"]:
        say(line, quiet=quiet)
    following = shlex.join(["msssm-ts", "fit", data, "--config", str(out / BEST)])
    if json:
        show_json({"run": str(out), **found, "next": following})
        return
    from msssm_ts.cli.tune.scores import show_results

    show_results(found)
    more = f"; more of it: {again} {search.more}" if search.more else ""
    say(f"\n{search.stopped}{more}", quiet=quiet)
    say(f"\nNext: {following}", quiet=quiet)


def _base(call: Call, quiet: bool) -> dict[str, Any]:
    """Return the options that the space takes where nothing is said of who votes."""
    space = str(call.options["space"])
    base = dict(SPACES[space].base)
    if not base or any(call.options[name] is not None for name in ("preset", "members")):
        return {}
    words = " ".join(f"--{key} {value}" for key, value in base.items())
    say(f"--space {space}: {words}, for nothing else is said of who votes", quiet=quiet)
    return {call.keys[key].parameter: value for key, value in base.items()}


def _prepared(
    data: str,
    reading: ReadOptions,
    asked: dict[str, Any],
    call: Call,
    out: Path,
    checkpoint: Checkpoint,
    quiet: bool,
) -> Search:
    """Read the data, divide it, and say what is searched."""
    from msssm_ts.cli.crossval.run import Asked, prepared
    from msssm_ts.cli.fit.preparing import preparing_options
    from msssm_ts.cli.tune.choices import candidates
    from msssm_ts.cli.tune.search import Search

    modelling, preparing = model_arguments(asked), preparing_options(asked)
    about = Asked(data, reading, preparing, modelling, asked["folds"], 1, asked["ungrouped"])
    run = prepared(about, out, checkpoint, quiet)
    fixed = {name: run.settings[name] for name in ("decide", "max_memory")}
    found, lines = candidates(asked["space"], asked, call.keys, run.series, fixed)
    for line in lines:
        say(line, quiet=quiet)
    for key, (own, *others) in found.values.items():
        values = ", ".join(map(str, others))
        say(f"{key}: {'unset' if own is None else own}, or {values}", quiet=quiet)
    return Search(run, found, asked["score"], None, None)


def _write(
    search: Search,
    asked: dict[str, Any],
    call: Call,
    safe_csv: bool,
    quiet: bool,
    finished: bool,
) -> dict[str, Any]:
    """Write the folder; what it counts as finished by comes last."""
    from msssm_ts.cli.shown.csv_text import CsvText
    from msssm_ts.cli.shown.files import write_text
    from msssm_ts.cli.tune.scores import csv_rows, results_of

    found, out = results_of(search, str(call.options["space"])), search.run.out
    table = CsvText(safe=safe_csv)
    write_text(out / TRIALS, table.table(csv_rows(found)))
    table.say_risky(quiet)
    assert search.best is not None
    best = search.candidates.with_choices(search.best.choices)
    text = config_text("fit", known_to("fit", call.keys), {**asked, **best})
    trial, score = found["trials"][found["best"]], SCORE_NAMES[search.score]
    about = f"# Trial {trial['trial']}: {score} {trial['score']:.4f} ± {trial['se']:.4f}\n"
    write_text(out / BEST, about + text)
    if finished:
        write_text(out / SEARCH, json_text.dumps(found, indent=2) + "\n")
    return found
