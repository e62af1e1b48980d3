"""What of a series speaks for a model's answer, whoever votes in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from msssm_ts.analysis.network.view import View
from msssm_ts.analysis.vote.occlusion import occlusion
from msssm_ts.fitted import FittedModel
from msssm_ts.series import Prepared, Series
from msssm_ts.series.side_features import SideFeatures


def series_saliency(
    model: FittedModel, view: View, features: SideFeatures | None = None, row: int = 0
) -> NDArray[np.float64]:
    """Return how much the answer's probability falls when steps of a series are hidden.

    Parameters
    ----------
    model : FittedModel
        The model.
    view : View
        The series as it sees it.
    features : SideFeatures, optional
        What is known beside the series, where the model was fitted with that.
    row : int
        The series' row of them.

    Returns
    -------
    array of shape (length, n_channels)
        See :func:`msssm_ts.analysis.vote.occlusion.occlusion`.

    Examples
    --------
    >>> from msssm_ts import MSSSMClassifier
    >>> from msssm_ts.analysis.network.view import view_series
    >>> model = MSSSMClassifier("fast", random_state=0).fit(np.eye(8), np.arange(8) % 2).model_
    >>> series_saliency(model, view_series(model, np.ones((1, 8)))).shape
    (8, 1)
    """

    def probability(series: Sequence[Series]) -> NDArray[np.float64]:
        stamps = None if view.times is None else [view.times] * len(series)
        values = model.standardized(replace(Prepared.of(series), times=stamps))
        if features is not None:
            values = values.with_features(features.take(np.full(len(series), row)))
        return model.proba(values)[:, view.output]

    return occlusion(probability, view.values)
