"""Rows of the table: how networks are trained, on which series, and when training stops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from msssm_ts.parameter_checks import (
    Anything,
    ClassWeight,
    Number,
    OneOf,
    Whole,
    check_class_weight,
    check_preparation,
    one_of,
)
from msssm_ts.parameter_rows import TRAINED, row

if TYPE_CHECKING:
    from msssm_ts.preparation import Preparation
    from msssm_ts.series.checks import Missing


@dataclass(eq=False, repr=False)
class LearningParameters:
    """Steps, variations of series, weights, what is missing, what is set aside."""

    max_epochs: int | None = row(
        None,
        Whole(optional=True, most=10_000),
        "Passes over the training data; chosen by the amount of data by default.",
        concerns=TRAINED,
        option="--max-epochs",
        brief="Passes over the data; else by the amount of data.",
    )
    batch_size: int | None = row(
        None,
        Whole(optional=True),
        "Series per step; chosen by the amount of data by default.",
        concerns=TRAINED,
        option="--batch-size",
        brief="Series per step; else by the amount of data.",
    )
    learning_rate: float = row(
        2e-3,
        Number(positive=True),
        "Peak learning rate of AdamW.",
        concerns=TRAINED,
        option="--learning-rate",
        brief="Peak learning rate.",
    )
    weight_decay: float = row(
        0.05,
        Number(),
        "AdamW's, not applied to the state-space parameters, biases, norms and filters.",
        concerns=TRAINED,
        option="--weight-decay",
        brief="Weight decay of the matrices.",
    )
    label_smoothing: float = row(
        0.1,
        Number(below=1),
        "Probability mass that training spreads over the other classes.",
        concerns=TRAINED,
        option="--label-smoothing",
        brief="Probability mass that training spreads over the other classes.",
    )
    mixup: float | Literal["auto"] = row(
        "auto",
        Number(auto=True),
        """Mix pairs of training series, their shares drawn from Beta(mixup, mixup). "auto": 0.3
        for sound (spectra, or behind a filter bank), else 0.""",
        concerns=TRAINED,
        option="--mixup",
        brief="Mix pairs of training series, by Beta(mixup, mixup); auto: 0.3 for sound, else 0.",
    )
    shift: float | Literal["auto"] = row(
        "auto",
        Number(auto=True, below=1),
        """Move training series in time at random, by up to this part of their length. "auto": 0.1
        for sound, else 0.""",
        concerns=TRAINED,
        option="--shift",
        brief="Move training series by up to this part of their length; auto: 0.1 for sound, "
        "else 0.",
    )
    masks: float | Literal["auto"] = row(
        "auto",
        Number(auto=True, below=1),
        """Hide two stretches of every training series at random, each up to this part of its
        length, and of spectra two groups of neighbouring bands. "auto": 0.1 for sound, else 0.""",
        concerns=TRAINED,
        option="--masks",
        brief="Hide stretches of training series, and bands of spectra, each up to this part; "
        "auto: 0.1 for sound, else 0.",
    )
    warp: float | Literal["auto"] = row(
        "auto",
        Number(auto=True, below=1),
        """Stretch or squeeze training series in time at random, by up to this part, and spectra in
        frequency. "auto": 0.12 for sound, else 0.""",
        concerns=TRAINED,
        option="--warp",
        brief="Stretch training series in time, and spectra in frequency, by up to this part; "
        "auto: 0.12 for sound, else 0.",
    )
    class_weight: ClassWeight = row(
        None,
        Anything('dict, "balanced" or None', check_class_weight),
        """Weight of each class in the loss, or inversely to its frequency. With several labels at
        once, the weight of each label's presence, by column number.""",
        option="--class-weight",
        brief="Weight classes alike, however frequent (balanced).",
    )
    missing: Missing = row(
        "error",
        one_of("error", "mask", "interpolate"),
        """NaN in X: refused; or masked, a missing step putting nothing into the scans and not
        counting in pooling; or interpolated along each channel.""",
        option="--missing",
        brief="Missing values: masked, interpolated, or refused (error).",
    )
    preparation: Preparation | None = row(
        None,
        Anything("Preparation", check_preparation),
        """What is done to every series first, then and at prediction: channels, resampling,
        filters, spectra, windows. See :class:`msssm_ts.preparation.Preparation`.""",
    )
    early_stopping: bool | Literal["auto"] = row(
        "auto",
        OneOf(lambda: (True, False, "auto"), 'bool or "auto"'),
        """Set a stratified part of the training data aside, keep the weights that do best on it
        and stop when they no longer improve. "auto": from 300 series on; where others vote, too,
        and there are groups, only if the part has five of them or more: fewer patients or
        speakers cannot tell what a network is worth.""",
        option="--early-stopping",
        brief="Set a part of the series aside, keep the weights that do best on it, and stop when "
        "they no longer improve; auto: from 300 series on.",
    )
    validation_fraction: float = row(
        0.15,
        Number(below=1),
        "That part.",
        option="--validation-fraction",
        brief="Part of the series that is set aside for that.",
    )
    n_iter_no_change: int | Literal["auto"] = row(
        "auto",
        Whole(auto=True),
        """Epochs without improvement before stopping. "auto": 20, on sound half of all epochs, if
        these are more.""",
        concerns=TRAINED,
        option="--patience",
        brief="Epochs without improvement before stopping; auto: 20, on sound half of all epochs, "
        "if these are more.",
    )
    warm_start: bool = row(
        False,
        one_of(True, False),
        "Let ``fit`` go on from the networks' weights of the last one.",
        concerns=TRAINED,
    )
