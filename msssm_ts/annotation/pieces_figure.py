"""The picture of a recording's labelled pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from msssm_ts.analysis.results.style import COLOURS, figure_style, short
from msssm_ts.annotation.pieces import AnnotatedPieces
from msssm_ts.annotation.timeline import clock

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Minutes from which on the axis counts hours, and below which seconds.
_LONG, _SHORT = 180, 5


def pieces_figure(pieces: AnnotatedPieces) -> Figure:
    """Draw the probability of every class over the recording, and where it is the label."""
    from matplotlib.figure import Figure

    minutes = pieces.duration / 60
    scale, unit = (60, "minutes") if _SHORT <= minutes <= _LONG else (1, "seconds")
    if minutes > _LONG:
        scale, unit = 3600, "hours"
    starts, stops = (p / pieces.rate / scale for p in (pieces.starts, pieces.starts + pieces.size))
    # A gap between two pieces is a step without a value.
    gap = np.flatnonzero(starts[1:] > stops[:-1] + 1e-9) + 1
    edges = np.append(np.insert(starts, gap, stops[gap - 1]), stops[-1:])
    proba = np.insert(pieces.proba, gap, np.nan, axis=0)
    with figure_style():
        n = len(pieces.classes)
        figure = Figure(figsize=(11, 1.0 + 0.7 * n), dpi=120, layout="constrained")
        axes = figure.subplots(n, 1, sharex=True, squeeze=False)[:, 0]
        for i, (axis, name) in enumerate(zip(axes, pieces.classes, strict=True)):
            colour = COLOURS[i % len(COLOURS)]
            own = np.flatnonzero(pieces.labels == name)
            for place in own.tolist():
                axis.axvspan(starts[place], stops[place], color=colour, alpha=0.25, linewidth=0)
            axis.stairs(proba[:, i], edges, color=colour, baseline=None)
            axis.set_ylim(0, 1.03)
            axis.set_yticks([0, 1])
            said = f"{short(name, 16)}\n{clock(len(own) * pieces.size / pieces.rate)}"
            axis.set_ylabel(said, rotation=0, ha="right", va="center")
        axes[-1].set_xlim(0, pieces.duration / scale)
        axes[-1].set_xlabel(unit)
        title = f"{short(pieces.name)}: probability of each class, shaded where it is the label"
        figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    return figure
