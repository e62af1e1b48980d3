"""Model and data, loaded and found to fit together."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from msssm_ts.cli.console import say
from msssm_ts.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from msssm_ts.datasets import LabelledSeries, ReadOptions
    from msssm_ts.estimator import MSSSMClassifier


def load_model_and_series(
    model: str,
    data: str,
    reading: ReadOptions,
    *,
    device: str,
    needs_labels: bool,
    quiet: bool,
) -> tuple[MSSSMClassifier, LabelledSeries]:
    """Load both and say what was understood; refuse data whose channels are not the model's.

    Raises
    ------
    InputError
        If either cannot be used, or they do not fit together.
    """
    from msssm_ts.fitted.artifact import read_header

    # A header costs nothing: a wrong model is refused before a large file is read.
    read_header(model)
    series = load_series(data, reading, needs_labels=needs_labels, quiet=quiet)
    return load_classifier(model, data, series, device=device, quiet=quiet), series


def load_series(
    data: str, reading: ReadOptions, *, needs_labels: bool, quiet: bool
) -> LabelledSeries:
    """Load the test part of the data and say what was understood.

    Raises
    ------
    InputError
        If it cannot be used.
    """
    from msssm_ts.datasets import load

    series = load(data, replace(reading, split="test"), needs_labels=needs_labels)
    say(f"{data}: {series.summary()}", quiet=quiet)
    return series


def load_classifier(
    model: str, data: str, series: LabelledSeries, *, device: str, quiet: bool
) -> MSSSMClassifier:
    """Load a model; refuse data whose channels are not the model's.

    Raises
    ------
    InputError
        If the model cannot be used, or not with these series.
    """
    from msssm_ts.estimator import MSSSMClassifier

    classifier = MSSSMClassifier.load(model, device=device)
    prepared = classifier.model_.preparation
    needed, given = prepared.channels, series.channel_names
    if needed is not None and given is not None:
        for name in needed:
            if name not in given:
                raise InputError(
                    f"{data}: channel {name!r}, which the model needs, is missing; there are "
                    f"{', '.join(given)}"
                )
    elif series.n_channels != classifier.n_channels_in_:
        raise InputError(
            f"{data}: {series.n_channels} channels, but the model was trained on "
            f"{classifier.n_channels_in_}"
        )
    wanted = prepared.sampling_rate
    if wanted and series.sampling_rate and series.sampling_rate != wanted:
        say(
            f"resampling from {series.sampling_rate:g} Hz to the model's {wanted:g} Hz", quiet=quiet
        )
    return classifier


def predict_proba(classifier: MSSSMClassifier, series: LabelledSeries) -> NDArray[np.floating[Any]]:
    """Class probabilities (n_series, n_classes); the estimator's complaints as InputError."""
    try:
        return classifier.predict_proba(
            series.as_estimator_input(),
            sampling_rate=series.sampling_rate,
            channel_names=series.channel_names,
            times=series.times,
        )
    except ValueError as error:
        raise InputError(f"{series.source}: {error}") from error


def score(
    classifier: MSSSMClassifier, data: str, series: LabelledSeries
) -> tuple[NDArray[np.floating[Any]], dict[str, Any]]:
    """Return class probabilities, and the scores that they get.

    Raises
    ------
    InputError
        If the series' labels are not of the model's kind, or it has never seen them.
    """
    from msssm_ts.analysis.results.evaluation import evaluate_multilabel, evaluate_predictions

    assert series.labels is not None
    if classifier.multilabel_ != series.multilabel:
        kinds = ("one label", "several labels")
        raise InputError(
            f"{data}: {kinds[series.multilabel]} a series, but the model was trained on "
            f"{kinds[classifier.multilabel_]}"
        )
    proba = predict_proba(classifier, series)
    names = classifier.label_names
    if classifier.multilabel_:
        return proba, evaluate_multilabel(series.labels, proba, names, classifier.thresholds_)
    return proba, evaluate_predictions(series.labels, proba, names)
