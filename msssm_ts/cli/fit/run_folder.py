"""The folder that a training run leaves behind."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msssm_ts.analysis.results.training_curve import training_figure
from msssm_ts.atomic import remove_left_over
from msssm_ts.cli.fit.resuming import CHECKPOINT, MODEL, RESULTS, Call, resume_command
from msssm_ts.cli.given.config import CONFIG
from msssm_ts.cli.shown.console import say
from msssm_ts.cli.shown.files import make_folder, no_empty_folder, write_text
from msssm_ts.cli.shown.pictures import PICTURES, save
from msssm_ts.errors import InputError, WritingError

if TYPE_CHECKING:
    from msssm_ts.estimator import MSSSMClassifier
    from msssm_ts.fitted import FittedModel
    from msssm_ts.fitting import Checkpoint
    from msssm_ts.updating import Sums


# What commands put beside a model by default, and what would be another model's beside a new one.
_MADE_OF_A_MODEL = (
    *("training_curve.png", "model.onnx", "model.pt2"),
    *(f"inspect/{name}" for name in PICTURES),
)


@contextmanager
def opened(
    folder: Path, force: bool, call: Call, every: float, result: str = MODEL
) -> Iterator[Checkpoint]:
    """Make the folder for as long as a fit writes to it; where nothing came of it, none stays.

    See :func:`prepare`.
    """
    with (
        no_empty_folder(folder),
        prepare(folder, force, call, every, result) as checkpoint,
    ):
        try:
            yield checkpoint
        except KeyboardInterrupt as error:
            again = resume_command(folder, call.command)
            raise KeyboardInterrupt(f"go on with it: {again}") from error


def prepare(folder: Path, force: bool, call: Call, every: float, result: str = MODEL) -> Checkpoint:
    """Make the folder and keep others out of it, before anything long begins.

    ``result`` is the file that there will be when all is done, of
    :data:`msssm_ts.cli.fit.resuming.RESULTS`.

    Returns
    -------
    Checkpoint
        Where the fit is kept while it goes on.

    Raises
    ------
    InputError
        If it cannot be made or written, another fit writes to it, it holds such a result or a fit
        that was cut short and force is not set, or it holds a result of another kind.
    WritingError
        If the disk is full already.
    """
    from msssm_ts.fitting.checkpoint import Checkpoint

    for file, what in RESULTS.items():
        if file != result and (folder / file).exists():
            raise InputError(f"{folder}: holds {what}; give another folder with --out")
    has_result = (folder / result).exists()
    if has_result and not force and not call.is_resumed:
        raise InputError(
            f"{folder}: holds {RESULTS[result]} already; give another folder with --out, or "
            "--force to replace it"
        )
    make_folder(folder)
    checkpoint = Checkpoint(folder / CHECKPOINT, every, call.is_resumed, warn=say)
    checkpoint.claim()
    remove_left_over(folder)
    if checkpoint.has_work and not force and not call.is_resumed:
        begun = resume_command(folder, (checkpoint.call or {}).get("command", "fit"))
        checkpoint.release()
        raise InputError(
            f"{folder}: holds a fit that was cut short; go on with it: {begun}, "
            "give another folder with --out, or --force to begin anew"
        )
    if not call.is_resumed:
        asked = {"command": call.command, "options": dict(call.options), "folder": call.folder}
        try:
            checkpoint.keep_call({**asked, "replaces": has_result})
        except WritingError:
            checkpoint.release()
            raise
    return checkpoint


def keep_part(
    folder: Path,
    model: MSSSMClassifier,
    data_summary: str,
    source: str,
    left_out: str | None,
    config: str,
    checkpoint: Checkpoint,
) -> str:
    """Keep what a fit that was cut short has come to; return where that is.

    A model that was there before stays: part of another is no replacement for it.
    """
    if not model.__sklearn_is_fitted__():
        return "nothing is finished yet"
    if (checkpoint.call or {}).get("replaces"):
        return f"the model in {folder} is the one that was there before"
    fitted = model.model_
    write(folder, fitted, data_summary, source, left_out, config)
    kinds = [member.kind for member in fitted.vote.members]
    parts = [f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds)]
    epoch = f" (best epoch {max(model.best_iter_, 1)})" if model.networks_ else ""
    return f"what there is so far, {', '.join(parts)}{epoch}, is in {folder / MODEL}"


def write(
    folder: Path,
    model: FittedModel,
    data_summary: str,
    source: str,
    left_out: str | None = None,
    config: str = "",
    sums: Sums | None = None,
) -> dict[str, Any]:
    """Write model, metrics, history and training curve; return the metrics.

    ``left_out`` names what was left out at a time for the estimate: a group's name; ``config`` is
    the file of options that asks for the same; ``sums`` are an updatable model's.

    The model comes first: whatever fails later, it is there.
    """
    from msssm_ts.fitted import save_model
    from msssm_ts.fitted.told import named_decision, rows_of
    from msssm_ts.updating import remove_sums, save_updatable

    if sums is None:
        save_model(model, folder / MODEL)
        remove_sums(folder / MODEL)
    else:
        save_updatable(model, sums, folder / MODEL)
    record = model.record
    history, best = record.history, record.best_iter
    decision = None if model.labels.decision is None else model.labels.decision.to_dict()
    metrics = {
        "data": {"source": source, "summary": data_summary},
        "settings": record.parameters,
        "epochs": record.n_iter,
        "best_epoch": best,
        **{
            name: history[name][best - 1] if 0 < best <= len(history[name]) else None
            for name in ("train_loss", "train_accuracy", "val_loss", "val_accuracy")
        },
        "estimate": record.estimate,
        "left_out": "series" if left_out is None else left_out,
        "decision": named_decision(decision, model.labels.classes.tolist()),
        "seconds": round(record.seconds, 2),
        "device": record.device,
        "seed": record.seed,
        "n_parameters": record.n_parameters,
        "members": rows_of(model),
        **({} if record.plan is None else {"plan": record.plan}),
        **({} if model.beside is None else {"beside": model.beside.summary()}),
        "notes": list(record.notes),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    write_text(folder / "metrics.json", json.dumps(metrics, indent=2) + "\n")
    write_text(folder / CONFIG, config)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(history)
    writer.writerows(zip(*history.values(), strict=True))
    write_text(folder / "history.csv", text.getvalue())
    remove_stale(folder)
    if history["epoch"]:
        save(training_figure(history, best), folder / "training_curve.png")
    return metrics


def remove_stale(folder: Path) -> list[str]:
    """Remove what was made of a model that was replaced; return what that was."""
    there = [name for name in _MADE_OF_A_MODEL if (folder / name).exists()]
    for name in there:
        (folder / name).unlink(missing_ok=True)
    return there


def recorded(run: str) -> dict[str, Any] | None:
    """Return what a run folder's ``metrics.json`` holds; None where it has none, or is no folder.

    What stands beside a model file that is named itself may be of another one.
    """
    folder = Path(run)
    return json_object(folder / "metrics.json") if folder.is_dir() else None


def json_object(file: Path) -> dict[str, Any] | None:
    """Return what a file holds, None where there is none.

    Raises
    ------
    InputError
        If that is no JSON object.
    """
    if not file.is_file():
        return None
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{file}: no JSON ({error}); delete it, or mend it") from error
    if not isinstance(found, dict):
        raise InputError(f"{file}: no JSON object; delete it, or mend it")
    return found
