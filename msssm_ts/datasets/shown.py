"""A data set in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from msssm_ts import html
from msssm_ts.series.outline import outline

if TYPE_CHECKING:
    from msssm_ts.datasets.container import LabelledSeries

# Classes with a series drawn, and points of a line.
_MOST_CLASSES, _POINTS = 8, 120


def dataset_html(data: LabelledSeries) -> str:
    """Return what was understood, and a series of each class; no more series are decoded.

    Parameters
    ----------
    data : LabelledSeries
        To be shown.
    """
    if not data.n_series:
        return html.titled("LabelledSeries", html.pairs([("series", 0)]))
    low, high = int(data.lengths.min()), int(data.lengths.max())
    names = data.channel_names
    rate = data.sampling_rate
    facts: list[tuple[str, object]] = [
        ("source", data.source or "not known"),
        ("series", data.n_series),
        ("channels", data.n_channels if names is None else f"{data.n_channels}: {_some(names)}"),
        ("steps", low if low == high else f"{low} to {high}"),
        ("sampling rate", f"{rate:g} Hz" if rate else "not known"),
    ]
    if data.units is not None:
        facts.append(("units", ", ".join(dict.fromkeys(data.units))))
    if data.groups is not None:
        facts.append((f"groups ({data.group_name})", len(np.unique(data.groups))))
    if data.features is not None:
        facts.append(("beside the series", _some(data.features.names)))
    if (said := data.account.line()) is not None and said:
        facts.append(("read as", said))
    return html.titled("LabelledSeries", html.pairs(facts), _classes(data))


def _classes(data: LabelledSeries) -> str:
    """Return a row a class: how many, and the first channel of its first series."""
    name = "channel 1" if data.channel_names is None else data.channel_names[0]
    cell = 'style="text-align:left;padding:.1em .8em .1em 0;vertical-align:middle"'
    rows = []
    labels = data.labels
    if labels is None:
        found = [("no labels", data.n_series, 0)]
    else:
        columns = labels.T > 0 if data.multilabel else [labels == c for c in np.unique(labels)]
        assert data.classes is not None
        found = [
            (str(label), int(own.sum()), int(np.argmax(own)))
            for label, own in zip(data.classes.tolist(), columns, strict=True)
        ]
    for label, count, first in found[:_MOST_CLASSES]:
        picture = ""
        if count:
            series = np.asarray(data.values[first])
            picture = html.sparkline(*outline(series[0], _POINTS), f"{name} of a series: {label}")
        rows.append(
            f'<tr style="background:none"><td {cell}>{html.text(label)}</td>'
            f"<td {cell}>{count}</td><td {cell}>{picture}</td></tr>"
        )
    more = len(found) - _MOST_CLASSES
    left = f"<div>and {more} more classes</div>" if more > 0 else ""
    kind = "label" if data.multilabel else "class"
    head = "".join(f"<th {cell}>{html.text(c)}</th>" for c in (kind, "series", f"{name}, first"))
    return (
        f'<table style="{html.TABLE}"><tr style="background:none">'
        f"{head}</tr>{''.join(rows)}</table>{left}"
    )


def _some(names: tuple[str, ...], most: int = 12) -> str:
    more = f" … ({len(names)})" if len(names) > most else ""
    return ", ".join(names[:most]) + more
