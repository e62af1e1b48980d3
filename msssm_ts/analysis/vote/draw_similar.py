"""A picture of a series over the training series that it is most like."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msssm_ts.analysis.literal import literal_names
from msssm_ts.fitted.exemplars import Exemplars
from msssm_ts.series import Series
from msssm_ts.series.excerpts import excerpts_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_HEIGHT = 1.3


@literal_names()
def draw_similar(
    series: Series, exemplars: Exemplars, places: Sequence[int], titles: Sequence[str]
) -> Figure:
    """Draw a series over exemplars, as excerpts, each over its own steps.

    Parameters
    ----------
    series : array of shape (n_channels, length)
        As it came.
    exemplars : Exemplars
        Of the model.
    places : sequence of int
        Those to be drawn, nearest first.
    titles : sequence of str
        What stands above the series, and above each of them.
    """
    from matplotlib.figure import Figure

    n = 1 + len(places)
    figure = Figure(figsize=(9.0, 0.6 + _HEIGHT * n), dpi=110, layout="constrained")
    axes = figure.subplots(n, 1, squeeze=False)[:, 0]
    shown = [excerpts_of([series]).of(0), *(exemplars.excerpts.of(place) for place in places)]
    for axis, name, (steps, values) in zip(axes, titles, shown, strict=True):
        for channel in values:
            axis.plot(steps, channel, linewidth=0.9)
        axis.set_title(name, fontsize=9, loc="left")
        axis.margins(x=0)
    axes[-1].set_xlabel("step")
    return figure
