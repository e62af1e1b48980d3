"""The folder that a training run leaves behind."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msssm_ts.analysis.results.training_curve import training_figure
from msssm_ts.cli.files import make_folder, write_text
from msssm_ts.cli.pictures import PICTURES, save
from msssm_ts.errors import InputError

if TYPE_CHECKING:
    from msssm_ts.fitted import FittedModel

# What commands put beside a model by default, and what would be another model's beside a new one.
_MADE_OF_A_MODEL = (
    *("training_curve.png", "model.onnx", "model.pt2"),
    *(f"inspect/{name}" for name in PICTURES),
)


def prepare(folder: Path, force: bool) -> None:
    """Make the folder, before anything long begins.

    Raises
    ------
    InputError
        If it cannot be made or written, or holds a model and force is not set.
    """
    if (folder / "model.safetensors").exists() and not force:
        raise InputError(
            f"{folder}: holds a model already; give another folder with --out, or --force to "
            "replace it"
        )
    make_folder(folder)


def write(
    folder: Path,
    model: FittedModel,
    data_summary: str,
    source: str,
    left_out: str | None = None,
) -> dict[str, Any]:
    """Write model, metrics, history and training curve; return the metrics.

    ``left_out`` names what was left out at a time for the left-out accuracy: a group's name.

    The model comes first: whatever fails later, it is there.
    """
    from msssm_ts.fitted import save_model

    save_model(model, folder / "model.safetensors")
    record = model.record
    history, best = record.history, record.best_iter
    metrics = {
        "data": {"source": source, "summary": data_summary},
        "settings": record.parameters,
        "epochs": record.n_iter,
        "best_epoch": best,
        **{
            name: history[name][best - 1] if 0 < best <= len(history[name]) else None
            for name in ("train_loss", "train_accuracy", "val_loss", "val_accuracy")
        },
        "left_out_accuracy": model.vote.left_out_accuracy,
        "left_out": "series" if left_out is None else left_out,
        "seconds": round(record.seconds, 2),
        "device": record.device,
        "seed": record.seed,
        "n_parameters": record.n_parameters,
        "members": model.vote.summary(),
        "notes": list(record.notes),
    }
    write_text(folder / "metrics.json", json.dumps(metrics, indent=2) + "\n")
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(history)
    writer.writerows(zip(*history.values(), strict=True))
    write_text(folder / "history.csv", text.getvalue())
    for stale in _MADE_OF_A_MODEL:
        # Of the model that was replaced.
        (folder / stale).unlink(missing_ok=True)
    if history["epoch"]:
        save(training_figure(history, best), folder / "training_curve.png")
    return metrics
