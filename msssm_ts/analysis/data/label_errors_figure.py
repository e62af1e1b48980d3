"""The picture of series whose label looks wrong, beside the nearest of either class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.analysis.results.style import BLUE, VERMILLION, figure_style, short
from msssm_ts.series.outline import outline

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_POINTS, _COLUMNS = 600, 3


@dataclass(frozen=True)
class Doubt:
    """A series to draw.

    Parameters
    ----------
    name : str
        Of it.
    given, suggested : str
        Its label, and the other class.
    p_given, p_suggested : float
        Their probabilities.
    values : array of shape (n_channels, length)
        Of it; NaN leaves a gap.
    near_given, near_suggested : array of shape (n_channels, length), optional
        The nearest series of either class.
    """

    name: str
    given: str
    suggested: str
    p_given: float
    p_suggested: float
    values: NDArray[np.floating[Any]]
    near_given: NDArray[np.floating[Any]] | None
    near_suggested: NDArray[np.floating[Any]] | None


def label_errors_figure(
    doubts: Sequence[Doubt], channel: str, sampling_rate: float | None
) -> Figure:
    """Draw series, the first channel of each, over the nearest ones of both classes.

    Parameters
    ----------
    doubts : sequence of Doubt
        A dozen or fewer.
    channel : str
        What the channel is called; empty where there is one.
    sampling_rate : float, optional
        In hertz; without it the axis counts steps.
    """
    from matplotlib.figure import Figure

    n_rows = -(-len(doubts) // _COLUMNS)
    with figure_style():
        figure = Figure(figsize=(11, 0.9 + 2.0 * n_rows), dpi=120, layout="constrained")
        grid = figure.subplots(n_rows, _COLUMNS, squeeze=False)
        for axis in grid.ravel()[len(doubts) :]:
            axis.set_axis_off()
        for axis, doubt in zip(grid.ravel(), doubts, strict=False):
            lines = (
                (doubt.near_given, BLUE, "-"),
                (doubt.near_suggested, VERMILLION, "--"),
                (doubt.values, "black", "-"),
            )
            for values, colour, dash in lines:
                if values is not None:
                    places, line = outline(values[0], _MOST_POINTS)
                    axis.plot(
                        places / (sampling_rate or 1.0),
                        line,
                        color=colour,
                        linestyle=dash,
                        linewidth=1.1,
                        marker="." if len(line) < 3 else None,
                    )
            given, suggested = short(doubt.given, 14), short(doubt.suggested, 14)
            axis.set_title(
                f"{short(doubt.name, 16)}: {given} ({doubt.p_given:.2f}), "
                f"rather {suggested} ({doubt.p_suggested:.2f})?",
                loc="left",
                fontsize=8.5,
            )
            axis.margins(x=0.01)
        for axis in grid[-1]:
            axis.set_xlabel("time (s)" if sampling_rate else "step")
        of = f", channel {short(channel)}" if channel else ""
        title = (
            f"labels in doubt{of}: black the series, blue the nearest of its label, "
            "dashed the nearest of the suggested class"
        )
        figure.suptitle(title, x=0.01, ha="left", fontsize=10.5)
    return figure
