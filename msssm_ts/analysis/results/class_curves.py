"""ROC and precision-recall curves, one a class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from msssm_ts.analysis.results.predictions import Predictions
from msssm_ts.analysis.results.style import COLOURS, DASHES, WIDTH, short

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Of more classes, only the hardest are named.
_MOST_NAMED, _HARDEST = 7, 3


def roc_figure(predictions: Predictions, point: tuple[int, float] | None = None) -> Figure:
    """Draw each class against the rest: true over false positive rate.

    Parameters
    ----------
    predictions : Predictions
        Of labelled series.
    point : (int, float), optional
        The class, by its column, that was answered from a probability on, and that probability:
        where that is on the class's curve is marked.
    """
    from sklearn.metrics import roc_auc_score, roc_curve

    curves = {}
    for i in _varied(predictions):
        truth, proba = predictions.truth[:, i], predictions.proba[:, i]
        false, true, _ = roc_curve(truth, proba)
        curves[i] = (false, true, float(roc_auc_score(truth, proba)))
    figure, axis = _curves(predictions, curves, "AUROC")
    if point is not None and point[0] in curves:
        truth, claimed = predictions.truth[:, point[0]], predictions.predicted[:, point[0]]
        place = float(claimed[~truth].mean()), float(claimed[truth].mean())
        axis.plot(*place, "o", color="black", markersize=6)
        axis.annotate(
            f"{short(predictions.names[point[0]])} from {point[1]:.3g} on",
            place,
            xytext=(8, -12),
            textcoords="offset points",
        )
    axis.plot([0, 1], [0, 1], color="0.6", linewidth=0.8, linestyle=":", zorder=0)
    axis.set_xlabel("false positive rate")
    axis.set_ylabel("true positive rate (recall)")
    return figure


def precision_recall_figure(predictions: Predictions) -> Figure:
    """Draw each class against the rest: precision over recall."""
    from sklearn.metrics import average_precision_score, precision_recall_curve

    curves = {}
    for i in _varied(predictions):
        truth, proba = predictions.truth[:, i], predictions.proba[:, i]
        precision, recall, _ = precision_recall_curve(truth, proba, drop_intermediate=True)
        curves[i] = (recall, precision, float(average_precision_score(truth, proba)))
    figure, axis = _curves(predictions, curves, "average precision", drawstyle="steps-post")
    axis.set_xlabel("recall")
    axis.set_ylabel("precision")
    return figure


def _varied(predictions: Predictions) -> list[int]:
    """Classes that some series have and some have not: the others have no curve."""
    share = predictions.truth.mean(0)
    return [int(i) for i in np.flatnonzero((share > 0) & (share < 1))]


def _curves(
    predictions: Predictions, curves: dict[int, tuple[Any, Any, float]], area: str, **how: Any
) -> tuple[Figure, Any]:
    """Draw curves, named with their areas below."""
    from matplotlib.figure import Figure

    named = list(curves)
    if len(named) > _MOST_NAMED:
        named = sorted(named, key=lambda i: curves[i][2])[:_HARDEST]
    others = [i for i in curves if i not in named]
    figure = Figure(figsize=(WIDTH, 4.8 + 0.2 * len(named)), layout="constrained")
    axis = figure.subplots()
    grey = [axis.plot(*curves[i][:2], color="0.7", linewidth=0.7, **how)[0] for i in others]
    handles = [
        axis.plot(*curves[i][:2], color=COLOURS[k], linestyle=DASHES[k], **how)[0]
        for k, i in enumerate(named)
    ]
    labels = [f"{curves[i][2]:.3f} · {short(predictions.names[i])}" for i in named]
    if others:
        low, high = (f"{extreme(curves[i][2] for i in others):.3f}" for extreme in (min, max))
        handles.append(grey[0])
        labels.append(f"{low if low == high else f'{low} to {high}'} · the other {len(others)}")
    axis.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
    if labels:
        figure.legend(
            handles,
            labels,
            loc="outside lower center",
            title=f"{area} · {'label' if predictions.multilabel else 'class'}",
            title_fontsize=8.5,
            handlelength=3.2,
            alignment="left",
        )
    return figure, axis
