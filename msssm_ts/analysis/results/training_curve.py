"""The picture of a training run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msssm_ts.analysis.results.style import BLUE, VERMILLION

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def training_figure(
    history: dict[str, list[Any]], best_epoch: int, size: tuple[float, float] = (7, 5)
) -> Figure:
    """Draw losses above, accuracies below, the epoch that was kept marked.

    Parameters
    ----------
    history : dict of str to list
        As in ``MSSSMClassifier.history_``.
    best_epoch : int
        From 1.
    size : tuple of two floats
        Width and height in inches.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=size, dpi=120, layout="constrained")
    axes = figure.subplots(2, 1, sharex=True)
    validated = any(v is not None for v in history["val_loss"])
    for axis, name in zip(axes, ("loss", "accuracy"), strict=True):
        marker = "o" if len(history["epoch"]) < 3 else None
        axis.plot(
            history["epoch"],
            history[f"train_{name}"],
            color=BLUE,
            label="training",
            marker=marker,
        )
        if validated:
            axis.plot(
                history["epoch"],
                history[f"val_{name}"],
                color=VERMILLION,
                label="validation",
                linestyle="--",
                marker=marker,
            )
        if best_epoch:
            label = f"kept: epoch {best_epoch}"
            axis.axvline(best_epoch, color="0.4", linestyle=":", linewidth=1.2, label=label)
        axis.grid(alpha=0.3)
    losses = [v for name in ("train_loss", "val_loss") for v in history[name] if v is not None]
    if max(losses) > 10 * min(losses):
        axes[0].set_yscale("log", subs=[1, 2, 5])
        axes[0].yaxis.set_major_formatter("{x:g}")
        axes[0].yaxis.set_minor_formatter("{x:g}")
    axes[0].set_ylabel("cross-entropy (nats)")
    axes[0].legend(loc="best")
    axes[1].set_ylabel("accuracy")
    axes[1].set_ylim(-0.02, 1.02)
    axes[1].set_xlabel("epoch")
    axes[1].xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def loss_figure(
    history: dict[str, list[Any]], objective: str, size: tuple[float, float] = (7, 3.2)
) -> Figure:
    """Draw the loss of learning without labels.

    Parameters
    ----------
    history : dict of str to list
        As in ``MSSSMEncoder.history_``.
    objective : str
        What was learned, a key of ``OBJECTIVES``.
    size : tuple of two floats
        Width and height in inches.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    from msssm_ts.pretraining.objectives import OBJECTIVES

    figure = Figure(figsize=size, dpi=120, layout="constrained")
    axis = figure.subplots()
    marker = "o" if len(history["epoch"]) < 3 else None
    axis.plot(history["epoch"], history["train_loss"], color=BLUE, marker=marker)
    axis.set_ylabel(f"loss, {objective} ({OBJECTIVES[objective].unit})")
    axis.set_xlabel("epoch")
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.set_ylim(bottom=0)
    axis.grid(alpha=0.3)
    return figure
