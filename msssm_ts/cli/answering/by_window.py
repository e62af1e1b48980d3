"""What ``msssm-ts predict --windows`` writes: a row for each window of each series."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msssm_ts.errors import InputError

if TYPE_CHECKING:
    from msssm_ts.datasets import LabelledSeries
    from msssm_ts.estimator import MSSSMClassifier


def check_windows(classifier: MSSSMClassifier) -> None:
    """Refuse a model that was not trained on windows.

    Raises
    ------
    InputError
        If it was not.
    """
    if classifier.model_.preparation.window is None:
        raise InputError(
            "--windows: the model was trained on whole series; fit with --crop SECONDS"
        )


def window_rows(
    classifier: MSSSMClassifier, series: LabelledSeries, digits: int | None = 6
) -> list[dict[str, Any]]:
    """Return id, start, stop, prediction and probabilities of every window.

    Raises
    ------
    InputError
        If the estimator complains.
    """
    from msssm_ts.cli.answering.predictions import prediction_rows

    model = classifier.model_
    try:
        checked = model.checked(series.as_estimator_input(), series.channel_names)
        known = (series.sampling_rate, series.channel_names, series.times, series.features)
        prepared = model.prepared(checked, *known)
        proba = model.proba(model.standardized(prepared))
    except ValueError as error:
        raise InputError(f"{series.source}: {error}") from error
    rate = prepared.sampling_rate or 1
    ids = range(1, series.n_series + 1) if series.ids is None else series.ids.tolist()
    assert prepared.starts is not None
    places = zip(
        prepared.owner.tolist(), prepared.starts.tolist(), prepared.lengths.tolist(), strict=True
    )
    return [
        {"id": ids[i], "start": start / rate, "stop": (start + length) / rate, **row}
        for (i, start, length), row in zip(
            places, prediction_rows(classifier, proba, digits), strict=True
        )
    ]
