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
    from msssm_ts.artifact import read_header
    from msssm_ts.datasets import load

    # A header costs nothing: a wrong model is refused before a large file is read.
    read_header(model)
    series = load(data, replace(reading, split="test"), needs_labels=needs_labels)
    say(f"{data}: {series.summary()}", quiet=quiet)
    from msssm_ts.estimator import MSSSMClassifier

    classifier = MSSSMClassifier.load(model, device=device)
    needed, given = classifier.preparation_.channels, series.channel_names
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
    wanted = classifier.preparation_.sampling_rate
    if wanted and series.sampling_rate and series.sampling_rate != wanted:
        say(
            f"resampling from {series.sampling_rate:g} Hz to the model's {wanted:g} Hz", quiet=quiet
        )
    return classifier, series


def predict_proba(classifier: MSSSMClassifier, series: LabelledSeries) -> NDArray[np.floating[Any]]:
    """Class probabilities (n_series, n_classes); the estimator's complaints as InputError."""
    try:
        return classifier.predict_proba(
            series.as_estimator_input(),
            sampling_rate=series.sampling_rate,
            channel_names=series.channel_names,
        )
    except ValueError as error:
        raise InputError(f"{series.source}: {error}") from error
