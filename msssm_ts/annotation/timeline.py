"""The picture of a recording: a minute of it beat by beat, and all of it minute by minute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.analysis.results.style import COLOURS, figure_style, short
from msssm_ts.annotation.annotated import AnnotatedBeats
from msssm_ts.annotation.recording import Recording
from msssm_ts.annotation.rhythm import Episode, Minutes, by_minute, episodes_of, most_telling_minute
from msssm_ts.text import counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Seconds of a row of the rhythm strip, and rows of a minute.
_ROW, _MOST_ROWS = 20.0, 3
# Of the values that a row shows; beyond are artefacts.
_SHOWN = (0.05, 99.95)
# Minutes from which on the axis counts hours.
_LONG = 180


def timeline_figure(lead: Recording, beats: AnnotatedBeats) -> Figure:
    """Draw the most telling minute with its labels; rate, episodes and counts of every minute.

    Parameters
    ----------
    lead : Recording
        The channel to draw.
    beats : AnnotatedBeats
        What was found.
    """
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    minutes, there = by_minute(beats), [c for c in beats.classes if (beats.labels == c).any()]
    colours, start = _colours(beats, there), most_telling_minute(beats)
    n_rows = max(min(int(np.ceil((beats.duration - start) / _ROW)), _MOST_ROWS), 1)
    with figure_style():
        layout = ConstrainedLayoutEngine(hspace=0.0, h_pad=0.03)
        heights = [1.25] * n_rows + [1.5] + [0.62] * len(there)
        figure = Figure(figsize=(11, 1.1 + sum(heights)), dpi=120, layout=layout)
        axes = figure.subplots(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
        _draw_strip(axes[:n_rows], lead, beats, start, colours)
        hours = len(minutes.rates) > _LONG
        edges = np.arange(len(minutes.rates) + 1) / (60 if hours else 1)
        edges[-1] = beats.duration / (3600 if hours else 60)
        _draw_rates(axes[n_rows], edges, minutes, episodes_of(beats), start, colours)
        for axis, name in zip(axes[n_rows + 1 :], there, strict=True):
            counts = minutes.counts[:, beats.classes.index(name)]
            _draw_counts(axis, edges, counts, short(name, 12), colours[name])
        for axis in axes[n_rows:]:
            axis.set_xlim(0, edges[-1])
            axis.tick_params(labelbottom=axis is axes[-1])
        axes[-1].set_xlabel("hours" if hours else "minutes")
        figure.suptitle(_title(beats), x=0.01, ha="left", fontsize=11)
    return figure


def _title(beats: AnnotatedBeats) -> str:
    none = [c for c in beats.classes if not (beats.labels == c).any()]
    said = f"{short(beats.name)}: {counted(len(beats), 'beat')} in {clock(beats.duration)}"
    return said + (f"; none is {', '.join(map(short, none))}" if none else "")


def _colours(beats: AnnotatedBeats, there: list[str]) -> dict[str, str]:
    """Return grey for the usual class, a colour for each of the others."""
    usual = max(there, key=lambda c: int((beats.labels == c).sum()), default="")
    others = [c for c in beats.classes if c != usual]
    named = {c: COLOURS[i % len(COLOURS)] for i, c in enumerate(others)}
    return named | {usual: "0.45", "": "0.7"}


def _draw_strip(
    axes: NDArray[Any],
    lead: Recording,
    beats: AnnotatedBeats,
    start: float,
    colours: dict[str, str],
) -> None:
    first = round(start * lead.rate)
    stop = min(first + round(_ROW * len(axes) * lead.rate), lead.n_steps)
    signal = lead.read(first, stop)[0] if stop > first else np.full(1, np.nan)
    low, high = _limits(signal)
    unit = f" ({short(lead.units[0])})" if lead.units[0] else ""
    times = (first + np.arange(len(signal))) / lead.rate
    for i, axis in enumerate(axes):
        begins = start + i * _ROW
        own = (begins <= times) & (times <= begins + _ROW)
        axis.plot(times[own] - begins, np.clip(signal[own], low, high), "k-", linewidth=0.7)
        axis.set_xlim(0, _ROW)
        axis.set_ylim(low, high + 0.28 * (high - low))
        axis.set_ylabel(clock(begins), rotation=0, ha="right", va="center")
        axis.tick_params(labelbottom=False, length=0)
        axis.locator_params(axis="y", nbins=3)
        axis.set_xticks(np.arange(0, _ROW + 1))
        near = np.flatnonzero((begins <= beats.seconds) & (beats.seconds < begins + _ROW))
        for place in near.tolist():
            label = str(beats.labels[place])
            axis.text(
                beats.seconds[place] - begins,
                high + 0.05 * (high - low),
                short(label, 5) if label else "?",
                color=colours[label],
                fontweight="normal" if colours[label].startswith("0") else "bold",
                fontsize=8,
                ha="center",
            )
    said = f"{short(lead.channels[0])}{unit}, the minute that tells most; a line is a second"
    axes[0].set_title(said, loc="left", fontsize=9)


def _limits(signal: NDArray[np.floating[Any]]) -> tuple[float, float]:
    known = signal[~np.isnan(signal)]
    low, high = np.percentile(known, _SHOWN) if len(known) else (0.0, 1.0)
    room = 0.05 * (high - low) or 0.5
    return float(low - room), float(high + room)


def _draw_rates(
    axis: Axes,
    edges: NDArray[np.float64],
    minutes: Minutes,
    episodes: list[Episode],
    start: float,
    colours: dict[str, str],
) -> None:
    scale = 3600 if len(minutes.rates) > _LONG else 60
    axis.stairs(minutes.rates, edges, color="k", linewidth=1.0, baseline=None)
    axis.axvspan(
        start / scale,
        (start + 60) / scale,
        facecolor="0.85",
        edgecolor="0.7",
        linewidth=1.5,
        zorder=0,
        label="the minute above",
    )
    axis.set_ylabel("beats\na minute", rotation=0, ha="right", va="center")
    shown = {
        "ventricular run": (colours.get("V", COLOURS[1]), 0.10),
        "ventricular bigeminy": (COLOURS[5], 0.06),
        "supraventricular run": (colours.get("S", COLOURS[0]), 0.02),
    }
    low, high = axis.get_ylim()
    axis.set_ylim(low - 0.2 * (high - low), high)
    for kind, (colour, height) in shown.items():
        own = [e for e in episodes if e.kind == kind]
        if own:
            # As lines rather than areas: a run of seconds is seen in a day, too.
            spans = [(e.start / scale, (e.stop - e.start) / scale) for e in own]
            low, high = axis.get_ylim()
            place = low + height * (high - low)
            axis.broken_barh(
                spans,
                (place, 0.04 * (high - low)),
                color=colour,
                linewidth=1.2,
                label=f"{kind}: {len(own)}",
            )
    axis.legend(loc="upper left", ncols=4, bbox_to_anchor=(0, 1.28), borderaxespad=0)


def _draw_counts(
    axis: Axes, edges: NDArray[np.float64], counts: NDArray[np.int64], name: str, colour: str
) -> None:
    axis.stairs(counts, edges, fill=True, color=colour)
    axis.set_ylim(0, max(int(counts.max()), 1) * 1.08)
    axis.set_yticks([0, max(int(counts.max()), 1)])
    axis.set_ylabel(f"{name}\n{int(counts.sum())}", rotation=0, ha="right", va="center")


def clock(seconds: float) -> str:
    """Return a time as people read it.

    Examples
    --------
    >>> clock(3661.5), clock(86400)
    ('1:01:01', '24:00:00')
    """
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
