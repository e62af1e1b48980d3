"""Pictures of which steps the tokens of a workspace read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from msssm_ts.analysis.literal import literal_names
from msssm_ts.analysis.network.behind import Along
from msssm_ts.analysis.network.view import View

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Tokens that are drawn; what is left out is said.
MOST_TOKENS = 24


@literal_names()
def draw_tokens(view: View, shares: Along, title: str) -> Figure:
    """Draw a series, first channel, over a row for each token: the darker, the more it reads there.

    Parameters
    ----------
    view : View
        The series.
    shares : array of shape (l, W)
        Of its steps.
    title : str
        What stands above.
    """
    from matplotlib.figure import Figure

    rate = view.rate or 1.0
    drawn = shares[:, :MOST_TOKENS].T
    edges = (view.first + np.arange(shares.shape[0] + 1)) / rate
    below = 0.6 + 0.16 * len(drawn)
    figure = Figure(figsize=(10.0, 2.6 + below), dpi=120, layout="constrained")
    top, rows = figure.subplots(2, 1, sharex=True, height_ratios=[2.2, below])
    top.plot(edges[:-1], view.values[0, : shares.shape[0]], color="black", linewidth=0.9)
    top.set_ylabel(view.channel_names[0] if view.channel_names else "value")
    top.set_title(title, fontsize=10)
    # Each row by its own largest: a step among thousands is still seen.
    strength = drawn / drawn.max(1, keepdims=True).clip(min=np.finfo(np.float32).tiny)
    rows.pcolormesh(edges, np.arange(len(drawn) + 1) + 0.5, strength, cmap="Blues", vmin=0, vmax=1)
    rows.set_ylabel("token")
    rows.set_yticks(np.arange(1, len(drawn) + 1, -(-len(drawn) // 12)))
    rows.invert_yaxis()
    rows.set_xlabel("s" if view.rate else "step")
    rows.set_xlim(edges[0], edges[-1])
    return figure
