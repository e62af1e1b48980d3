"""Series that are read, an encoder that learns from them, and what is written of it."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from msssm_ts.analysis.results.training_curve import loss_figure
from msssm_ts.cli.fit.preparing import notes, preparation_for
from msssm_ts.cli.fit.resuming import ENCODER
from msssm_ts.cli.fit.training import say_where
from msssm_ts.cli.given.config import CONFIG
from msssm_ts.cli.given.unlabelled import like
from msssm_ts.cli.shown.console import say
from msssm_ts.cli.shown.files import write_text
from msssm_ts.cli.shown.pictures import save
from msssm_ts.datasets import LabelledSeries, ReadOptions, load
from msssm_ts.datasets.split import validation_mask
from msssm_ts.display import TrainingDisplay
from msssm_ts.encoder import MSSSMEncoder
from msssm_ts.errors import InputError
from msssm_ts.fitted.encoder import FittedEncoder
from msssm_ts.fitted.encoder_file import save_encoder
from msssm_ts.series.lazy import joined
from msssm_ts.series.stamps import uneven_step

if TYPE_CHECKING:
    from msssm_ts.fitting import Checkpoint


def learned(
    data: str,
    unlabelled: tuple[str, ...],
    without: str | None,
    reading: ReadOptions,
    preparing: Any,
    modelling: dict[str, Any],
    checkpoint: Checkpoint,
    quiet: bool,
) -> FittedEncoder:
    """Read series, and train an encoder on them.

    Raises
    ------
    InputError
        If they cannot be read, or not be learned from.
    """
    tell = partial(say, quiet=quiet)
    series = _read(data, without, reading, tell)
    more = like(series, unlabelled, reading, tell)
    preparation = preparation_for(preparing, series)
    for line in notes(preparation, series, modelling["missing"]):
        tell(line)
    if series.times is not None and uneven_step(series.times):
        tell("time stamps are left out, though they are uneven: an encoder takes no notice")
    X = series.as_estimator_input() if more is None else joined([series.values, more])
    say_where(modelling["device"], quiet)
    with TrainingDisplay(quiet, interval=10.0) as display:
        encoder = MSSSMEncoder(**modelling, preparation=preparation, callbacks=[display])
        try:
            encoder.fit(
                X,
                channel_names=series.channel_names,
                sampling_rate=series.sampling_rate,
                origin=series.origin(reading),
                checkpoint=checkpoint,
            )
        except ValueError as error:
            raise InputError(f"{series.source}: {error}") from error
    return encoder.encoder_


def _read(data: str, without: str | None, reading: ReadOptions, tell: Any) -> LabelledSeries:
    """Read the training part, without labels, and without what is to be left out."""
    column, equals, _ = (without or "").partition("=")
    if equals and reading.fold is None:
        reading = replace(reading, fold=column)
    series = load(data, reading, needs_labels=False)
    if without is not None:
        mask = validation_mask(series, without, "--without")
        if series.groups is not None:
            mask = np.isin(series.groups, series.groups[mask])
            if mask.all():
                raise InputError(
                    f"{series.source}: --without {without} leaves out every {series.group_name}"
                )
        series = series.take(np.flatnonzero(~mask))
        tell(f"left out: {int(mask.sum())} series (--without {without})")
    labels = "" if series.labels is None else "; labels are not looked at"
    tell(f"{data}: {series.summary()}{labels}")
    return series


def write(folder: Path, encoder: FittedEncoder, config: str) -> None:
    """Write an encoder, its losses as a table and a picture, and the options that ask for it."""
    save_encoder(encoder, folder / ENCODER)
    write_text(folder / CONFIG, config)
    history = encoder.record.history
    kept = {name: history[name] for name in ("epoch", "train_loss", "learning_rate", "seconds")}
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(("epoch", "loss", "learning_rate", "seconds"))
    writer.writerows(zip(*kept.values(), strict=True))
    write_text(folder / "history.csv", text.getvalue())
    save(loss_figure(history, encoder.record.objective), folder / "loss_curve.png")


def summary(encoder: FittedEncoder) -> dict[str, Any]:
    """Return what there is to say of an encoder."""
    record, losses = encoder.record, encoder.record.history["train_loss"]
    return {
        "objective": record.objective,
        "series": record.training_data["n_series"],
        "epochs": len(losses),
        "steps": record.n_steps,
        "loss": f"{losses[0]:.4f} to {losses[-1]:.4f}" if losses else "none",
        "features": encoder.n_features,
        "seconds": round(record.seconds, 1),
    }
