"""The picture of importance: bars of channels, the course over time, and both together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.analysis.importance.measure import Effects, Importance
from msssm_ts.analysis.literal import literal_names
from msssm_ts.analysis.results.style import BLUE, VERMILLION, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_BARS = 40


def time_axis(edges: NDArray[np.float64], seconds: float | None) -> tuple[NDArray[Any], str]:
    """Return where segments begin and end, and what the axis is called.

    Parameters
    ----------
    edges : array of shape (n_segments + 1,)
        As parts of a series' length.
    seconds : float, optional
        Length of every series; None where they differ, or the sampling rate is not known.

    Examples
    --------
    >>> time_axis(np.array([0.0, 0.5, 1.0]), 3.0)
    (array([0. , 1.5, 3. ]), 'time (s)')
    """
    if seconds is None:
        return 100 * edges, "time (% of a series)"
    return seconds * edges, "time (s)"


@literal_names()
def importance_figure(
    found: Importance, units: tuple[str, ...] | None = None, seconds: float | None = None
) -> Figure:
    """Draw importance with its standard errors.

    Parameters
    ----------
    found : Importance
        To draw.
    units : tuple of str, optional
        Of the channels' values.
    seconds : float, optional
        Length of every series, where they are alike and the sampling rate is known.
    """
    from matplotlib.figure import Figure

    n_channels = len(found.channel_names)
    shown = min(n_channels, _MOST_BARS)
    rows = [1.9] if n_channels == 1 else [0.6 + 0.24 * shown, 1.9]
    if found.both is not None:
        rows.append(0.6 + 0.24 * n_channels)
    figure = Figure(figsize=(7.0, 0.9 + sum(rows)), dpi=120, layout="constrained")
    axes = list(figure.subplots(len(rows), 1, squeeze=False, height_ratios=rows)[:, 0])
    what = "the probability of the true class falls by (percentage points)"
    if found.accuracy is None:
        what = "the probabilities move by (percentage points)"
    names = [_named(found.channel_names[c], units[c] if units else "") for c in range(n_channels)]
    if n_channels > 1:
        order = np.argsort(-found.channels.probability, kind="stable")[:shown]
        order = np.sort(order) if shown == n_channels else order
        _bars(axes[0], found.channels, [names[c] for c in order], order)
        more = f" (the first {shown} of {n_channels})" if shown < n_channels else ""
        axes[0].set_title(f"channel hidden: {what}{more}", fontsize=9, loc="left")
    times, axis_name = time_axis(found.edges, seconds)
    below = axes[0 if n_channels == 1 else 1]
    _course(below, times, found.segments)
    below.set_title(f"time hidden: {what}", fontsize=9, loc="left")
    below.set_xlabel(axis_name, fontsize=9)
    if found.both is not None:
        _both(figure, axes[-1], times, found.both, names)
        axes[-1].set_title(f"time of one channel hidden: {what}", fontsize=9, loc="left")
        axes[-1].set_xlabel(axis_name, fontsize=9)
    said = f"{found.n_series} series, whiskers: one standard error"
    if found.accuracy is not None:
        said += f"; accuracy with nothing hidden {found.accuracy:.3f}"
    figure.suptitle(said, fontsize=9, color="0.35")
    for axis in axes:
        axis.tick_params(labelsize=8)
    return figure


def _named(name: str, unit: str) -> str:
    return f"{short(name)} ({short(unit, 12)})" if unit else short(name)


def _bars(axis: Axes, effects: Effects, names: list[str], order: NDArray[np.int64]) -> None:
    mean, error = 100 * effects.probability[order], 100 * effects.probability_error[order]
    places = np.arange(len(names))
    axis.barh(places, mean, color=BLUE, height=0.7)
    if np.isfinite(error).all():
        axis.errorbar(mean, places, xerr=error, fmt="none", ecolor="black", elinewidth=1, capsize=2)
    axis.set_yticks(places, names)
    axis.invert_yaxis()
    axis.axvline(0, color="0.3", linewidth=0.8)
    axis.grid(axis="x", alpha=0.3)
    axis.set_axisbelow(True)


def _course(axis: Axes, times: NDArray[Any], effects: Effects) -> None:
    mean, error = 100 * effects.probability, 100 * effects.probability_error
    axis.bar(times[:-1], mean, np.diff(times), align="edge", color=BLUE, edgecolor="white")
    if np.isfinite(error).all():
        centres = (times[1:] + times[:-1]) / 2
        axis.errorbar(centres, mean, yerr=error, fmt="none", ecolor="black", elinewidth=1)
    axis.axhline(0, color="0.3", linewidth=0.8)
    axis.set_xlim(times[0], times[-1])
    axis.grid(axis="y", alpha=0.3)
    axis.set_axisbelow(True)


def _both(
    figure: Figure, axis: Axes, times: NDArray[Any], effects: Effects, names: list[str]
) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    values = 100 * effects.probability
    largest = float(np.abs(values).max()) or 1.0
    colours = LinearSegmentedColormap.from_list("falls", [VERMILLION, "white", BLUE])
    rows = np.arange(len(names) + 1) - 0.5
    mesh = axis.pcolormesh(times, rows, values, cmap=colours, vmin=-largest, vmax=largest)
    axis.set_yticks(np.arange(len(names)), names)
    axis.invert_yaxis()
    figure.colorbar(mesh, ax=axis, aspect=8, pad=0.01).ax.tick_params(labelsize=8)
