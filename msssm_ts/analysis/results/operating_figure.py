"""The picture of thresholds: sensitivity and specificity of one class over its probability."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from msssm_ts.analysis.results.predictions import Predictions
from msssm_ts.analysis.results.style import BLUE, VERMILLION, WIDTH, short
from msssm_ts.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def operating_figure(
    predictions: Predictions, positive: int = 1, threshold: float | None = None
) -> Figure:
    """Draw both rates over the probability from which on the class is answered.

    Parameters
    ----------
    predictions : Predictions
        Of labelled series.
    positive : int
        The class, by its column.
    threshold : float, optional
        To be marked.

    Raises
    ------
    InputError
        If there is no such class, or all series, or none, are of it.
    """
    from matplotlib.figure import Figure

    if not 0 <= positive < len(predictions.names):
        raise InputError(f"class {positive} of {len(predictions.names)}: count from 0")
    truth, proba = predictions.truth[:, positive], predictions.proba[:, positive]
    name = short(predictions.names[positive])
    if truth.all() or not truth.any():
        raise InputError(f"{'all' if truth.all() else 'no'} series are of class {name}")
    # Rates change where a series' probability is.
    places = np.unique(np.concatenate([[0.0], proba, np.nextafter(proba, 2), [1.0]]))
    found = proba[:, None] >= places
    figure = Figure(figsize=(WIDTH, 3.4), layout="constrained")
    axis = figure.subplots()
    axis.plot(places, found[truth].mean(0), color=BLUE, label="sensitivity")
    axis.plot(places, 1 - found[~truth].mean(0), color=VERMILLION, linestyle="--",
              label="specificity")  # fmt: skip
    if threshold is not None:
        label = f"from {threshold:.3g} on"
        axis.axvline(threshold, color="0.3", linestyle=":", linewidth=1.2, label=label)
    axis.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), ylabel="rate")
    axis.set_xlabel(f"threshold: {name} is answered from this probability on")
    axis.legend(loc="best")
    return figure
