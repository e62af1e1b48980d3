"""The picture of a data set: some series of each class."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.analysis.literal import literal_names
from msssm_ts.cli.shown.pictures import save
from msssm_ts.text import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from msssm_ts.datasets import LabelledSeries

# Okabe and Ito's colours, told apart by the colour-blind; yellow is too pale for lines.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
_MOST_CLASSES, _MOST_CHANNELS = 24, 3
# Longer series are drawn one a class: overlaid they would be a blot.
_LONG = 2000


def members(data: LabelledSeries) -> dict[str, NDArray[np.int64]]:
    """Return which series each class has, most series first; all of them where no labels are."""
    if data.labels is None or data.classes is None:
        return {"no labels": np.arange(data.n_series)}
    if data.multilabel:
        found = {str(c): np.flatnonzero(data.labels[:, i]) for i, c in enumerate(data.classes)}
    else:
        found = {str(c): np.flatnonzero(data.labels == c) for c in data.classes}
    return found


@literal_names()
def draw_preview(data: LabelledSeries, title: str, file: Path, per_class: int = 3) -> None:
    """Draw some series of each class.

    Parameters
    ----------
    data : LabelledSeries
        The series; those that are drawn are decoded.
    title : str
        Above the picture.
    file : Path
        PNG to write.
    per_class : int
        Series in a panel; one if they are long.
    """
    from matplotlib.figure import Figure

    classes = {c: i for c, i in members(data).items() if len(i)}
    shown = dict(list(classes.items())[:_MOST_CLASSES])
    n_channels = min(data.n_channels, _MOST_CHANNELS)
    if n_channels == 1:
        across = 1 if len(shown) <= 3 else 2 if len(shown) <= 12 else 3
        down = -(-len(shown) // across)
    else:
        across, down = n_channels, len(shown)
    figure = Figure(
        figsize=(max(7.0, 3.6 * across), 1.0 + 1.5 * down), dpi=120, layout="constrained"
    )
    # Classes compare on one scale, channels each on their own.
    axes = figure.subplots(
        down, across, squeeze=False, sharex=True, sharey=True if n_channels == 1 else "col"
    )
    per_class = 1 if data.lengths.max() > _LONG else per_class
    for number, (name, index) in enumerate(shown.items()):
        for channel in range(n_channels):
            place = divmod(number, across) if n_channels == 1 else (number, channel)
            axis = axes[place]
            _draw(axis, data, index, channel, per_class)
            heading = f"{name} ({len(index)})"
            if n_channels > 1:
                heading = f"{heading} · {_channel_name(data, channel)}"
            axis.set_title(visible(heading), fontsize=9, loc="left")
    for axis in axes.flat[len(shown) * (1 if n_channels == 1 else n_channels) :]:
        axis.set_axis_off()
    _name_axes(axes, data, len(shown), n_channels)
    left_out = []
    if len(shown) < len(classes):
        left_out.append(f"{len(shown)} of {len(classes)} classes")
    if n_channels < data.n_channels:
        left_out.append(f"{n_channels} of {data.n_channels} channels")
    figure.suptitle(visible(title) + (f" ({', '.join(left_out)})" if left_out else ""), fontsize=11)
    save(figure, file)


def _draw(
    axis: Axes, data: LabelledSeries, index: NDArray[np.int64], channel: int, per_class: int
) -> None:
    """Draw series of a class, taken evenly from its first to its last."""
    places = np.unique(np.linspace(0, len(index) - 1, per_class).astype(int))
    rate = data.sampling_rate or 1.0
    for i, place in enumerate(places):
        values = np.asarray(data.values[int(index[place])])[channel]
        axis.plot(
            np.arange(len(values)) / rate,
            values,
            color=_COLOURS[i % len(_COLOURS)],
            linewidth=0.9 if len(values) <= _LONG else 0.4,
            marker="." if len(values) < 3 else None,
        )
    axis.grid(alpha=0.3)
    axis.tick_params(labelsize=8)
    axis.margins(x=0.01)


def _name_axes(axes: NDArray[Any], data: LabelledSeries, n_classes: int, n_channels: int) -> None:
    """Units below the lowest panel of each column and beside the left ones."""
    down, across = axes.shape
    used = n_classes if n_channels == 1 else n_classes * n_channels
    for column in range(across):
        lowest = max(row for row in range(down) if row * across + column < used)
        axes[lowest, column].set_xlabel("time (s)" if data.sampling_rate else "step", fontsize=9)
        axes[lowest, column].tick_params(labelbottom=True)
    for row in range(down):
        single = n_channels == 1 and data.channel_names is not None
        name = _channel_name(data, 0) if single else "value"
        axes[row, 0].set_ylabel(visible(f"{name} ({data.unit})" if data.unit else name), fontsize=9)


def _channel_name(data: LabelledSeries, channel: int) -> str:
    if data.channel_names is not None:
        return data.channel_names[channel]
    return f"channel {channel + 1}"
