"""A picture of the bands that a vote listens to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from msssm_ts.analysis.network.units import Units
from msssm_ts.analysis.vote.influence import POOLS, VIEWS, BandInfluence

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe and Ito's colours, told apart by the colour-blind, and hatches for grey print.
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#999999")
_HATCHES = ("", "//", "..", "\\\\", "xx", "")


def draw_influences(bands: Sequence[BandInfluence], rate: float | None) -> Figure:
    """Draw each band's share of the squared weights, pool by pool.

    Parameters
    ----------
    bands : sequence of BandInfluence
        All of a model.
    rate : float or None
        Of the series, in hertz.

    Returns
    -------
    matplotlib.figure.Figure
    """
    from matplotlib.figure import Figure

    units = Units(rate)
    n_scales = max(band.scale for band in bands)
    figure = Figure(figsize=(9.0, 1.8 + 0.4 * n_scales), dpi=120, layout="constrained")
    axes = figure.subplots(1, len(VIEWS), sharey=True, sharex=True)
    for axis, view in zip(axes, VIEWS, strict=True):
        own = [band for band in bands if band.view == view]
        left = np.zeros(len(own))
        for pool, colour, hatch in zip(POOLS, _COLOURS, _HATCHES, strict=True):
            part = 100 * np.array([band.pools[pool] for band in own])
            axis.barh(
                np.arange(len(own)), part, left=left, color=colour, hatch=hatch, label=pool,
                edgecolor="white", linewidth=0.4,
            )  # fmt: skip
            left += part
        names = [f"{band.scale}: {units.duration(band.sees):.3g} {units.time}" for band in own]
        axis.set_yticks(np.arange(len(own)), names)
        axis.set_title("the series" if view == "series" else "its first difference", fontsize=10)
        axis.set_xlabel("share of the squared weights (%)")
        axis.grid(axis="x", alpha=0.3)
        axis.set_axisbelow(True)
    axes[0].invert_yaxis()
    axes[0].set_ylabel("level: steps seen" if rate is None else "level: time seen")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=6)
    return figure
