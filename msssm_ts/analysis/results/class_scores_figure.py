"""The picture of each class's scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from msssm_ts.analysis.results.intervals import bootstrap
from msssm_ts.analysis.results.predictions import Predictions
from msssm_ts.analysis.results.style import BLUE, GREEN, VERMILLION, WIDTH, short

if TYPE_CHECKING:
    from typing import Any

    from matplotlib.figure import Figure
    from numpy.typing import NDArray

_SCORES = {"precision": (BLUE, "o"), "recall": (VERMILLION, "s"), "f1": (GREEN, "D")}


def class_scores_figure(
    predictions: Predictions,
    groups: NDArray[Any] | None = None,
    n_resamples: int = 200,
    seed: int = 0,
) -> Figure:
    """Draw precision, recall and F1 of every class, with bootstrap intervals of 95 %.

    Parameters
    ----------
    predictions : Predictions
        Of labelled series.
    groups : array of shape (n_series,), optional
        What each belongs to: whole groups are resampled.
    n_resamples, seed : int
        Of the bootstrap.
    """
    from matplotlib.figure import Figure

    scored = bootstrap(predictions, groups, n_resamples=n_resamples, seed=seed).per_class
    support, n = predictions.truth.sum(0), len(predictions.names)
    figure = Figure(figsize=(WIDTH + 1.2, 1.3 + 0.36 * n), layout="constrained")
    axis = figure.subplots()
    for k, (score, (colour, marker)) in enumerate(_SCORES.items()):
        places = np.arange(n) + 0.22 * (k - 1)
        found = scored[score]
        values = np.array([np.nan if e.value is None else e.value for e in found])
        for place, estimate in zip(places, found, strict=True):
            if estimate.low is not None and estimate.high is not None:
                axis.plot([estimate.low, estimate.high], [place] * 2, color=colour, linewidth=1)
        axis.plot(values, places, marker, color=colour, markersize=4.5,
                  label="F1" if score == "f1" else score)  # fmt: skip
    names = zip(predictions.names, support.tolist(), strict=True)
    axis.set_yticks(np.arange(n), [f"{short(name, 20)} ({count})" for name, count in names])
    axis.invert_yaxis()
    axis.set(xlim=(-0.02, 1.02), xlabel="score (in brackets: series of the class)")
    figure.legend(loc="outside upper center", ncols=3)
    return figure
