"""The picture of a learning curve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msssm_ts.analysis.results.style import BLUE

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def learning_figure(
    points: Sequence[Mapping[str, Any]], size: tuple[float, float] = (7, 4)
) -> Figure:
    """Draw accuracy by how many series have trained: each fold, and the mean of all.

    Parameters
    ----------
    points : sequence of mappings
        ``series``, ``accuracy``, its standard error ``se``, and ``per_fold``; the fewest first.
    size : tuple of two floats
        Width and height in inches.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import NullLocator

    figure = Figure(figsize=size, dpi=120, layout="constrained")
    axis = figure.subplots()
    series = [point["series"] for point in points]
    for i, fold in enumerate(zip(*(point["per_fold"] for point in points), strict=True)):
        label = None if i else "one fold"
        axis.plot(series, fold, color="0.75", linewidth=0.8, marker=".", label=label)
    axis.errorbar(
        series,
        [point["accuracy"] for point in points],
        [point["se"] for point in points],
        color=BLUE,
        marker="o",
        capsize=4,
        label="mean ± standard error",
    )
    axis.set_xscale("log", base=2)
    axis.set_xticks(series, [f"{n:g}" for n in series])
    axis.xaxis.set_minor_locator(NullLocator())
    axis.set_xlabel("training series")
    axis.set_ylabel("accuracy on series left out")
    axis.grid(alpha=0.3)
    axis.legend(loc="lower right")
    return figure
