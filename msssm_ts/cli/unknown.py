"""How unlike the training series others are: each, for ``--unknown``, and all together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from msssm_ts.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from msssm_ts.datasets import LabelledSeries
    from msssm_ts.estimator import MSSSMClassifier
    from msssm_ts.fitted.drift import Drift

Unknown = Annotated[
    bool,
    typer.Option(
        "--unknown",
        help="Add how unlike the training each series is: the part of training series left out "
        "that are no stranger.",
    ),
]
# Series that tell of a whole file, where not each is asked about.
_ENOUGH = 200


def unknown_of(
    classifier: MSSSMClassifier, series: LabelledSeries, proba: NDArray[np.floating[Any]]
) -> NDArray[np.float64]:
    """Return how unlike the training series each is, (n_series,).

    Parameters
    ----------
    classifier : MSSSMClassifier
        Fitted.
    series : LabelledSeries
        To ask about.
    proba : array of shape (n_series, n_classes)
        What was answered of them.

    Raises
    ------
    InputError
        If the model does not know.
    """
    model = classifier.model_
    try:
        checked = model.checked(series.as_estimator_input(), series.channel_names)
        known = (series.sampling_rate, series.channel_names, series.times, series.features)
        return model.series_unknown(checked, *known, proba=proba)
    except ValueError as error:
        raise (
            error if isinstance(error, InputError) else InputError(f"{series.source}: {error}")
        ) from error


def drift_among(
    classifier: MSSSMClassifier,
    series: LabelledSeries,
    proba: NDArray[np.floating[Any]],
    unknown: NDArray[np.float64] | None,
) -> Drift | None:
    """Return whether the series are unlike the training; None where that cannot be told.

    Parameters
    ----------
    classifier, series, proba
        See :func:`unknown_of`.
    unknown : array of shape (n_series,), optional
        What it has found; else some of the series are asked about, spread from first to last.
    """
    import numpy as np

    from msssm_ts.fitted.drift import FEWEST, drift_of

    own = classifier.model_.familiarity
    if own is None or series.n_series < FEWEST:
        return None
    if unknown is None:
        n = series.n_series
        some = np.linspace(0, n - 1, min(n, _ENOUGH)).astype(int)
        unknown = unknown_of(classifier, series.take(some), proba[some])
    return drift_of(unknown, own.held.count)
