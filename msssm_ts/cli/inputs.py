"""Model and data, loaded and found to fit together."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

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
) -> tuple[MSSSMClassifier, LabelledSeries]:
    """Load both; refuse data whose channels are not the model's.

    Raises
    ------
    InputError
        If either cannot be used, or they do not fit together.
    """
    from msssm_ts.artifact import read_header
    from msssm_ts.datasets import load

    # A header costs nothing: a wrong model is refused before a large file is read.
    n_channels = read_header(model)["network"]["n_channels"]
    series = load(data, replace(reading, split="test"), needs_labels=needs_labels)
    from msssm_ts.estimator import MSSSMClassifier

    classifier = MSSSMClassifier.load(model, device=device)
    known, given = classifier.channel_names_, series.channel_names
    if known is not None and given is not None:
        for name in known:
            if name not in given:
                raise InputError(f"{data}: channel {name!r}, which the model needs, is missing")
    if series.n_channels != n_channels:
        raise InputError(
            f"{data}: {series.n_channels} channels, but the model was trained on {n_channels}"
        )
    return classifier, series


def predict_proba(classifier: MSSSMClassifier, series: LabelledSeries) -> NDArray[np.floating[Any]]:
    """Class probabilities (n_series, n_classes); the estimator's complaints as InputError."""
    try:
        return classifier.predict_proba(series.as_estimator_input())
    except ValueError as error:
        raise InputError(f"{series.source}: {error}") from error
