"""The picture of who votes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from msssm_ts.analysis.results.style import BLUE, VERMILLION, WIDTH, short

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def members_figure(
    rows: Sequence[Mapping[str, Any]], estimate: Mapping[str, Any] | None = None
) -> Figure:
    """Draw each member's share of the vote, and how right it is of training series left out.

    Parameters
    ----------
    rows : sequence of mapping
        From :func:`msssm_ts.fitted.told.rows_of`.
    estimate : mapping, optional
        What to expect of the vote, from :class:`msssm_ts.fitted.FitRecord`.
    """
    from matplotlib.figure import Figure

    n = len(rows)
    figure = Figure(figsize=(WIDTH + 1.4, 1.4 + 0.3 * n), layout="constrained")
    shares, right = figure.subplots(1, 2, sharey=True)
    places = np.arange(n)
    shares.barh(places, [100 * row["weight"] for row in rows], color=BLUE, height=0.7)
    shares.set_yticks(places, [f"{i} {short(row['kind'], 20)}" for i, row in enumerate(rows, 1)])
    shares.invert_yaxis()
    shares.set_xlabel("share of the vote (%)")
    known = [np.nan if row["accuracy"] is None else row["accuracy"] for row in rows]
    right.plot(known, places, "o", color=BLUE, label="member")
    if estimate is not None:
        right.axvspan(estimate["low"], estimate["high"], color=VERMILLION, alpha=0.15, linewidth=0)
        right.axvline(estimate["accuracy"], color=VERMILLION, label="vote, 95 %")
        right.legend(loc="best")
    right.set_xlabel("accuracy, series left out")
    return figure
