"""The picture of one series."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.analysis.results.style import BLUE, NARROW, short
from msssm_ts.series.outline import outline

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_CHANNELS = 4
# Points a line may have; a longer series is drawn by the extremes of as many stretches.
_MOST_POINTS = 1000


def series_figure(
    series: NDArray[np.floating[Any]],
    sampling_rate: float | None,
    channel_names: tuple[str, ...] | None,
    unit: str,
) -> Figure:
    """Draw a series' first channels, one below the other.

    Parameters
    ----------
    series : array of shape (n_channels, length)
        NaN leaves a gap.
    sampling_rate : float or None
        In hertz; without it the axis counts steps.
    channel_names : tuple of str or None
        One a channel.
    unit : str
        Of the values; may be empty.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    shown = series[:MOST_CHANNELS]
    figure = Figure(figsize=(NARROW, 0.6 + 0.85 * max(1.7, len(shown))), layout="constrained")
    axes = figure.subplots(len(shown), 1, sharex=True, squeeze=False)[:, 0]
    for channel, (axis, values) in enumerate(zip(axes, shown, strict=True)):
        places, line = outline(values, _MOST_POINTS)
        axis.plot(
            places / (sampling_rate or 1.0),
            line,
            color=BLUE,
            linewidth=1.0 if len(values) <= _MOST_POINTS else 0.5,
            marker="." if len(values) < 3 else None,
        )
        axis.margins(x=0.01)
        axis.locator_params(axis="y", nbins=4 if len(shown) < 3 else 3)
        name = "value" if len(series) == 1 else f"channel {channel + 1}"
        if channel_names is not None:
            name = short(channel_names[channel])
        label = f"{name} ({short(unit)})" if unit else name
        if np.isnan(values).all():
            label += ": no values"
        # Above its panel a long name has room.
        if len(shown) == 1:
            axis.set_ylabel(label)
        else:
            axis.set_title(label, loc="left", fontsize=8.5, pad=2)
    axes[-1].set_xlabel("time (s)" if sampling_rate else "step")
    if not sampling_rate:
        axes[-1].xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure
