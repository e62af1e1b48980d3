"""The picture of prediction sets: how often they hold the true class, and how large they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from msssm_ts.analysis.results.predictions import Predictions
from msssm_ts.analysis.results.style import BLUE, WIDTH
from msssm_ts.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from msssm_ts.fitted import Coverage

_ASKED = np.linspace(0.5, 0.99, 50)


def coverage_figure(
    told: Coverage | None, predictions: Predictions, per_class: bool = False
) -> Figure:
    """Draw the coverage that sets reach on labelled series, and their size, over what is asked.

    Parameters
    ----------
    told : Coverage or None
        The model's, ``model_.labels.coverage``.
    predictions : Predictions
        Of series that it was not trained on.
    per_class : bool
        Whether each class is to be covered as often.

    Raises
    ------
    InputError
        If the model has no such sets.
    """
    from matplotlib.figure import Figure

    if told is None:
        raise InputError("the model has no sets with a coverage: too little was left out to tell")
    proba, truth = predictions.proba, predictions.truth
    sets = [told.sets(proba, float(asked), per_class) for asked in _ASKED]
    figure = Figure(figsize=(WIDTH, 4.8), layout="constrained")
    reached, size = figure.subplots(2, 1, sharex=True, height_ratios=[3, 2])
    reached.plot(_ASKED, _ASKED, color="0.3", linewidth=1.2, linestyle=":", label="asked")
    held = [(own & truth).any(1).mean() for own in sets]
    reached.plot(_ASKED, held, color=BLUE, label="reached")
    reached.set(ylabel="sets with the true class", ylim=(None, 1.01))
    reached.legend(loc="lower right")
    size.plot(_ASKED, [own.sum(1).mean() for own in sets], color=BLUE)
    size.set(xlabel="coverage asked for", ylabel="classes in a set", ylim=(0, None))
    return figure
