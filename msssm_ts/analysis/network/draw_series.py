"""Pictures of what a network makes of one series."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.analysis.literal import literal_names
from msssm_ts.analysis.network.bands import stream_names
from msssm_ts.analysis.network.draw_weights import DIRECTIONS
from msssm_ts.analysis.network.trace import CoreTrace
from msssm_ts.analysis.network.units import Units
from msssm_ts.analysis.network.view import View
from msssm_ts.text import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Both are safe for the colour-blind: orange and purple, red and blue.
_SALIENCY, _MIXER, _STEP, _VALUES = "PuOr_r", "RdBu_r", "viridis", "cividis"
# More channels than that are drawn as an image.
_MOST_CHANNELS = 6


def edges(view: View, n_steps: int, stride: int) -> NDArray[np.float64]:
    """Return the times at which steps begin and end, (n_steps + 1,), in seconds or steps."""
    steps = view.first + stride * np.arange(n_steps + 1, dtype=np.float64)
    times: NDArray[np.float64] = (steps - 0.5) * Units(view.rate).duration(1)
    return times


def _centres(times: NDArray[np.float64]) -> NDArray[np.float64]:
    centres: NDArray[np.float64] = (times[1:] + times[:-1]) / 2
    return centres


def _panels(heights: Sequence[float], columns: int = 1, **options: Any) -> tuple[Figure, Any]:
    from matplotlib.figure import Figure

    figure = Figure(
        figsize=(9.0 if columns == 1 else 10.0, 1.1 + sum(heights)), dpi=110, layout="constrained"
    )
    axes = figure.subplots(
        len(heights), columns, sharex=True, squeeze=False, height_ratios=heights, **options
    )
    return figure, axes


@literal_names()
def draw_series(
    view: View, saliency: NDArray[Any], traces: Sequence[CoreTrace], stride: int, title: str
) -> Figure:
    """Draw a series over its saliency; below it E_t and Δ_t of a layer's cores where there are any.

    Parameters
    ----------
    view : View
        The series.
    saliency : array of shape (l, n_channels)
        Positive where a value speaks for the predicted class.
    traces : sequence of CoreTrace
        Of one layer; none where no network answers, and the saliency is of the probability.
    stride : int
        Steps of the series per step of the network.
    title : str
        Above the picture.

    Returns
    -------
    matplotlib.figure.Figure
    """
    as_image = len(view.values) > _MOST_CHANNELS
    heights = [1.6, 1.6] if as_image else [1.6 if len(view.values) == 1 else 0.9] * len(view.values)
    n_series = len(heights)
    n_streams = traces[0].bands.shape[0] if traces else 1
    names = stream_names(n_streams - 2 if n_streams > 1 else 0)
    below: list[tuple[str, str, NDArray[Any]]] = []
    for of in traces:
        if of.mixer is not None:
            below.append(("E", of.direction, of.mixer.T.numpy()))
    for of in traces:
        if of.step is not None:
            below.append(("Δ", of.direction, of.step.median(2).values.T.numpy()))
    heights += [0.35 + 0.16 * len(names)] * len(below)
    figure, grid = _panels(heights)
    axes = grid[:, 0]
    unit = "logit" if traces else "probability"
    _draw_salient(figure, axes[:n_series], view, saliency, as_image, unit)
    for kind in ("E", "Δ"):
        chosen = [(a, b) for a, b in zip(axes[n_series:], below, strict=True) if b[0] == kind]
        if chosen:
            _draw_streams(figure, chosen, edges(view, len(traces[0].bands[0]), stride), names)
    axes[-1].set_xlabel(Units(view.rate).axis)
    figure.align_ylabels(axes)
    title = visible(title)
    figure.suptitle(f"{title}; layer {traces[0].layer}" if traces else title, fontsize=11)
    return figure


def _draw_salient(
    figure: Figure,
    axes: Sequence[Axes],
    view: View,
    saliency: NDArray[Any],
    as_image: bool,
    unit: str,
) -> None:
    from matplotlib.patheffects import withStroke
    from matplotlib.ticker import MaxNLocator

    times = edges(view, saliency.shape[0], 1)
    largest = float(np.quantile(np.abs(saliency), 0.995)) or 1.0
    colours: dict[str, Any] = {"cmap": _SALIENCY, "vmin": -largest, "vmax": largest}
    label = f"saliency ({unit})\n+ for {visible(view.prediction)}"
    if as_image:
        rows = np.arange(len(view.values) + 1) + 0.5
        values = axes[0].pcolormesh(times, rows, view.values, cmap=_VALUES, rasterized=True)
        mesh = axes[1].pcolormesh(times, rows, saliency.T, rasterized=True, **colours)
        figure.colorbar(values, ax=axes[0], label="value", aspect=10, pad=0.01)
        figure.colorbar(mesh, ax=axes[1], label=label, aspect=10, pad=0.01)
        for axis in axes:
            axis.set_ylabel("channel")
            axis.yaxis.set_major_locator(MaxNLocator(integer=True))
        return
    for channel, axis in enumerate(axes):
        known = view.values[channel][np.isfinite(view.values[channel])]
        low, high = (known.min(), known.max()) if len(known) else (0.0, 1.0)
        margin = 0.08 * (high - low) or 0.5
        span = [low - margin, high + margin]
        mesh = axis.pcolormesh(times, span, saliency[:, [channel]].T, rasterized=True, **colours)
        (line,) = axis.plot(_centres(times), view.values[channel], color="black", linewidth=1.0)
        line.set_path_effects([withStroke(linewidth=2.5, foreground="white")])
        axis.set_ylim(*span)
        single = len(axes) == 1 and view.channel_names[0] == "channel 1"
        axis.set_ylabel("value" if single else visible(view.channel_names[channel]), fontsize=9)
    figure.colorbar(mesh, ax=list(axes), label=label, aspect=10 * len(axes), pad=0.01)


def _draw_streams(
    figure: Figure,
    chosen: Sequence[tuple[Axes, tuple[str, str, NDArray[Any]]]],
    times: NDArray[np.float64],
    names: Sequence[str],
) -> None:
    """Draw one quantity of all streams, an image for each direction."""
    from matplotlib.colors import LogNorm, Normalize
    from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

    values = [value for _, (_, _, value) in chosen]
    low, high = min(v.min() for v in values), max(v.max() for v in values)
    largest = max(-low, high)
    is_mixer = chosen[0][1][0] == "E"
    norm = Normalize(-largest, largest) if is_mixer else LogNorm(low, high)
    rows = np.arange(len(names) + 1) - 0.5
    for axis, (kind, direction, value) in chosen:
        cmap = _MIXER if is_mixer else _STEP
        mesh = axis.pcolormesh(times, rows, value, cmap=cmap, norm=norm, rasterized=True)
        axis.set_yticks(np.arange(len(names)), names, fontsize=8)
        axis.invert_yaxis()
        axis.set_ylabel(f"{kind}\n{direction}", fontsize=9)
    bar = figure.colorbar(
        mesh,
        ax=[axis for axis, _ in chosen],
        label="mixer weight E" if is_mixer else "step Δ (median)",
        aspect=8 * len(chosen),
        pad=0.01,
    )
    if not is_mixer:
        bar.ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5, 7)))
        bar.ax.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        bar.ax.yaxis.set_minor_locator(NullLocator())


@literal_names()
def draw_bands(view: View, traces: Sequence[CoreTrace], stride: int, title: str) -> Figure:
    """Draw the bands of a layer's decompositions, fine to coarse, a column for each direction.

    In colour the channel with the most energy in the layer's input, in grey the range in which
    eight of ten channels lie.

    Parameters
    ----------
    view, traces, stride, title : as for :func:`draw_series`
        The series, and the cores of one layer.

    Returns
    -------
    matplotlib.figure.Figure
    """
    n_streams = traces[0].bands.shape[0]
    names = stream_names(n_streams - 2 if n_streams > 1 else 0)
    figure, axes = _panels([0.85] * n_streams, len(traces), sharey="row")
    for column, of in enumerate(traces):
        bands = of.bands.numpy()
        channel = int(np.square(bands[0]).sum(0).argmax())
        times = _centres(edges(view, bands.shape[1], stride))
        for s, name in enumerate(names):
            axis = axes[s, column]
            low, high = np.quantile(bands[s], (0.1, 0.9), axis=1)
            axis.fill_between(times, low, high, color="0.8", linewidth=0)
            axis.plot(times, bands[s][:, channel], color=DIRECTIONS[of.direction], linewidth=1.0)
            axis.grid(alpha=0.3)
            axis.set_ylabel(name if column == 0 else "")
        axes[0, column].set_title(
            f"layer {of.layer}, {of.direction}: channel {channel + 1}, and 10–90 % of all",
            fontsize=9,
        )
        axes[-1, column].set_xlabel(Units(view.rate).axis)
    figure.align_ylabels(axes)
    figure.suptitle(visible(title), fontsize=11)
    return figure


@literal_names()
def draw_mixing(
    view: View, steps: Sequence[int], curves: dict[str, NDArray[Any]], stride: int
) -> Figure:
    """Draw the mean mixing distance at some steps of the series, a line for each network.

    Parameters
    ----------
    view : View
        The series.
    steps : sequence of int
        Steps m of the layers.
    curves : dict of str to array of shape (len(steps),)
        Mean over the layers, in steps of the series.
    stride : int
        Steps of the series per step of the network.

    Returns
    -------
    matplotlib.figure.Figure
    """
    from matplotlib.figure import Figure

    units = Units(view.rate)
    figure = Figure(figsize=(7.0, 3.8), dpi=120, layout="constrained")
    axis = figure.subplots()
    times = [units.duration(view.first + stride * m) for m in steps]
    styles = zip(
        ("#0072B2", "#56B4E9", "#D55E00", "#000000"), "os^D", ("-", ":", "--", "-."), strict=True
    )
    drawn = [
        axis.plot(times, units.duration(1) * curve, color=colour, marker=marker, ls=line)[0]
        for curve, (colour, marker, line) in zip(curves.values(), styles, strict=False)
    ]
    axis.set_ylim(0, 1.25 * units.duration(max(float(c.max()) for c in curves.values())))
    axis.set_xlabel(f"output step m: {units.axis}")
    axis.set_ylabel(f"mean mixing distance ({units.time})")
    axis.grid(alpha=0.3)
    axis.legend(drawn, [visible(name) for name in curves], fontsize=9)
    return figure
