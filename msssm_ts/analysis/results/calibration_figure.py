"""The picture of a calibration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from msssm_ts.analysis.results.calibration import Calibration
from msssm_ts.analysis.results.style import BLUE, WIDTH

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def calibration_figure(found: Calibration, stated: str, observed: str, counted: str) -> Figure:
    """Draw observed frequency over stated probability, and how often each was stated.

    Parameters
    ----------
    found : Calibration
        To draw.
    stated, observed, counted : str
        Names of the axes.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(WIDTH, 4.8), layout="constrained")
    curve, bars = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    curve.plot([0, 1], [0, 1], color="0.3", linewidth=1.2, linestyle=":", label="ideal")
    filled = found.counts > 0
    curve.plot(
        found.stated[filled], found.observed[filled], color=BLUE, marker="o", label="this model"
    )
    curve.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), ylabel=observed)
    curve.legend(loc="upper left")
    bars.bar(
        found.edges[:-1],
        found.counts,
        np.diff(found.edges),
        align="edge",
        color=BLUE,
        edgecolor="white",
    )
    bars.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    bars.set(xlabel=stated, ylabel=counted)
    bars.grid(axis="x", visible=False)
    return figure
