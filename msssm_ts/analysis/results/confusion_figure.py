"""The picture of a confusion matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from msssm_ts.analysis.results.confusion import confusion_matrix, row_shares
from msssm_ts.analysis.results.predictions import Predictions
from msssm_ts.analysis.results.style import BLUE, VERMILLION, short
from msssm_ts.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Of more classes the counts would not be read.
_MOST_COUNTED, _MOST_NAMED = 25, 60


def confusion_figure(predictions: Predictions) -> Figure:
    """Draw counts by true and predicted class, coloured by the share of the row.

    Parameters
    ----------
    predictions : Predictions
        Of one class a series.

    Raises
    ------
    InputError
        If a series can have several labels.
    """
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure

    if predictions.multilabel:
        raise InputError("a series can have several labels: there is no confusion matrix")
    counts = confusion_matrix(predictions)
    shares, n = row_shares(counts), len(counts)
    right = np.eye(n, dtype=bool)
    size = 2.2 + (0.42 if n <= _MOST_COUNTED else 0.12) * n
    figure = Figure(figsize=(max(3.6, size), max(3.2, size - 0.4)), layout="constrained")
    axis = figure.subplots()
    for part, colour in ((right, BLUE), (~right, VERMILLION)):
        colours = LinearSegmentedColormap.from_list("share", ["white", colour])
        axis.imshow(np.where(part, shares, np.nan), cmap=colours, vmin=0, vmax=1.3)
    if n <= _MOST_COUNTED:
        for i, j in np.ndindex(n, n):
            if counts[i, j]:
                axis.text(j, i, str(counts[i, j]), ha="center", va="center", fontsize=8.5)
    names = [short(name, 20) for name in predictions.names] if n <= _MOST_NAMED else []
    long = n > 3 and max(map(len, names), default=0) > 3
    axis.set_xticks(np.arange(len(names)), names, rotation=90 if long else 0)
    axis.set_yticks(np.arange(len(names)), names)
    axis.grid(visible=False)
    axis.set(xlabel="predicted", ylabel="true")
    return figure
