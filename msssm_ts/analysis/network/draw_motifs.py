"""Pictures of motifs: along a series, and what series look like around them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from msssm_ts.analysis.literal import literal_names
from msssm_ts.analysis.network.motifs import Motifs
from msssm_ts.analysis.network.units import Units
from msssm_ts.analysis.network.view import View

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Motifs and classes that are drawn; what is left out is said.
MOST_DRAWN, MOST_CLASSES = 12, 8
_HEIGHT = 1.6


@literal_names()
def draw_strip(view: View, codes: NDArray[np.int64], title: str, what: str) -> Figure:
    """Draw a series, first channel, over a strip that has a colour and a number for each code.

    Parameters
    ----------
    view : View
        The series.
    codes : integer array of shape (l,)
        Of its steps, such as motifs; −1: of none.
    title : str
        What stands above.
    what : str
        What the codes are of.
    """
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    rate = view.rate or 1.0
    times = (view.first + np.arange(len(codes) + 1)) / rate
    figure = Figure(figsize=(10.0, 3.6), dpi=120, layout="constrained")
    top, strip = figure.subplots(2, 1, sharex=True, height_ratios=[4, 1])
    top.plot(times[:-1], view.values[0, : len(codes)], color="black", linewidth=0.9)
    top.set_ylabel(view.channel_names[0] if view.channel_names else "value")
    top.set_title(title, fontsize=10)
    colours = colormaps["tab20"]
    edges = np.flatnonzero(np.diff(codes)) + 1
    for first, last in zip([0, *edges], [*edges, len(codes)], strict=True):
        code = int(codes[first])
        if code < 0:
            continue
        strip.axvspan(times[first], times[last], color=colours(code % 20), linewidth=0)
        if last - first >= len(codes) / 40:
            middle = (times[first] + times[last]) / 2
            strip.text(middle, 0.5, str(code + 1), ha="center", va="center", fontsize=8)
    strip.set_ylim(0, 1)
    strip.set_yticks([])
    strip.set_ylabel(what)
    strip.set_xlabel("s" if view.rate else "step")
    strip.set_xlim(times[0], times[-1])
    return figure


@literal_names()
def draw_motif_shapes(motifs: Motifs, rate: float | None) -> Figure:
    """Draw the mean of the series around each motif, a line for every class.

    Parameters
    ----------
    motifs : Motifs
        Over several series.
    rate : float or None
        Of them, in hertz.
    """
    from matplotlib.figure import Figure

    drawn = motifs.telling[:MOST_DRAWN]
    columns = min(4, len(drawn))
    rows = -(-len(drawn) // columns)
    size = (2.6 * columns + 0.4, _HEIGHT * rows + 1.1)
    figure = Figure(figsize=size, dpi=120, layout="constrained")
    axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    axes = axes.ravel()
    half = motifs.shapes.shape[-1] // 2
    times = np.arange(-half, half + 1) / (rate or 1.0)
    styles = ("-", "--", ":", "-.")
    for axis, code in zip(axes, drawn, strict=False):
        for i, name in enumerate(motifs.classes[:MOST_CLASSES]):
            axis.plot(
                times, motifs.shapes[i, code], label=name, linewidth=1.3, color=f"C{i}",
                linestyle=styles[i % len(styles)],
            )  # fmt: skip
        axis.axvline(0, color="grey", linewidth=0.5)
        axis.set_title(f"motif {code + 1}", fontsize=9)
    for axis in axes[len(drawn) :]:
        axis.set_axis_off()
    figure.supxlabel(Units(rate).time + " from the motif's step", fontsize=9)
    handles, names = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=4, fontsize=8)
    return figure
