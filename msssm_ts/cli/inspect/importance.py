"""What ``msssm-ts inspect MODEL DATA --importance`` shows: channels and times over all series."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msssm_ts.cli.shown.console import say, show
from msssm_ts.cli.shown.files import write_text
from msssm_ts.cli.shown.pictures import save
from msssm_ts.cli.shown.steps import Steps
from msssm_ts.cli.shown.tables import show_table
from msssm_ts.errors import InputError

if TYPE_CHECKING:
    from msssm_ts.analysis.importance.measure import Effects, Importance
    from msssm_ts.datasets import LabelledSeries
    from msssm_ts.estimator import MSSSMClassifier

TABLE, PICTURE = "importance.csv", "importance.png"
# Places of one channel that are named.
_MOST_PLACES = 5


def importance_facts(
    classifier: MSSSMClassifier,
    data: LabelledSeries,
    n_segments: int,
    n_repeats: int,
    max_series: int,
    seed: int,
    safe_csv: bool,
    folder: Path,
    quiet: bool,
) -> dict[str, Any]:
    """Measure, write the table and the picture, and return what JSON shows."""
    from msssm_ts.analysis.importance.figure import importance_figure
    from msssm_ts.analysis.importance.measure import MOST_CHANNELS_TOGETHER, importance
    from msssm_ts.cli.shown.csv_text import CsvText

    data = _chosen(classifier, data, max_series, seed, quiet)
    shortest = int(data.lengths.min())
    if shortest < n_segments:
        say(f"{n_segments} segments: {shortest}, the shortest series has no more steps",
            quiet=quiet)  # fmt: skip
    if data.n_channels > MOST_CHANNELS_TOGETHER:
        say(
            f"{data.n_channels} channels are hidden one by one, times in all of them: times of one "
            f"channel are looked at up to {MOST_CHANNELS_TOGETHER} channels",
            quiet=quiet,
        )
    with Steps(quiet) as steps:
        try:
            found = importance(
                classifier.model_,
                data.values,
                data.labels,
                sampling_rate=data.sampling_rate,
                channel_names=data.channel_names,
                times=data.times,
                features=data.features,
                groups=data.groups,
                n_segments=n_segments,
                n_repeats=n_repeats,
                seed=seed,
                tell=steps.step("importance"),
            )
        except ValueError as error:
            raise InputError(f"{data.source}: {error}") from error
    rate = data.sampling_rate or classifier.model_.source.sampling_rate
    alike = data.lengths.min() == data.lengths.max()
    seconds = float(data.lengths.max()) / rate if rate and alike else None
    units = data.units
    rows = _rows(found, units, seconds)
    text = CsvText(safe=safe_csv)
    write_text(folder / TABLE, text.table(rows))
    text.say_risky(quiet)
    save(importance_figure(found, units, seconds), folder / PICTURE)
    return {
        "n_series": found.n_series,
        "n_units": found.n_units,
        "units": "series" if data.groups is None else data.group_name,
        "labelled": found.accuracy is not None,
        "accuracy": found.accuracy,
        "time": "s" if seconds else "% of a series",
        "n_segments": len(found.edges) - 1,
        "n_repeats": found.n_repeats,
        "seed": found.seed,
        "importance": rows,
        "table": str(folder / TABLE),
        "pictures": [str(folder / PICTURE)],
    }


def _chosen(
    classifier: MSSSMClassifier, data: LabelledSeries, most: int, seed: int, quiet: bool
) -> LabelledSeries:
    """Return the series that are asked about: of many some, and none with unknown labels."""
    import numpy as np

    from msssm_ts.cli.given.matching import known_labels, training_series

    if data.labels is not None:
        data, said = known_labels(data, classifier)
        for line in said:
            say(line, quiet=quiet)
    else:
        say("no labels: importance is how far the probabilities move", quiet=quiet)
    if data.n_series > most:
        say(f"{most} of {data.n_series} series are drawn (--max-series)", quiet=quiet)
        chosen = np.random.default_rng(seed).permutation(data.n_series)[:most]
        data = data.take(np.sort(chosen))
    for line in training_series(data, classifier.model_):
        say(line, quiet=quiet)
    return data


def _rows(
    found: Importance, units: tuple[str, ...] | None, seconds: float | None
) -> list[dict[str, Any]]:
    """Return a row for everything that was hidden."""
    from msssm_ts.analysis.importance.figure import time_axis

    times, _ = time_axis(found.edges, seconds)
    spans = [(round(float(a), 6), round(float(b), 6)) for a, b in pairwise(times)]
    whole = spans[0][0], spans[-1][1]
    named = list(zip(found.channel_names, units or ("",) * len(found.channel_names), strict=True))
    rows = [_row("channel", *of, *whole, found.channels, c) for c, of in enumerate(named)]
    rows += [_row("time", "all", "", *span, found.segments, k) for k, span in enumerate(spans)]
    if found.both is not None:
        rows += [
            _row("both", *of, *span, found.both, (c, k))
            for c, of in enumerate(named)
            for k, span in enumerate(spans)
        ]
    return rows


def _row(
    hidden: str, channel: str, unit: str, begin: float, end: float, effects: Effects, at: Any
) -> dict[str, Any]:
    def of(values: Any) -> float | None:
        value = None if values is None else float(values[at])
        return None if value is None or value != value else round(value, 6)

    return {
        "hidden": hidden,
        "channel": channel,
        "unit": unit,
        "from": begin,
        "to": end,
        "accuracy_drop": of(effects.accuracy),
        "accuracy_drop_se": of(effects.accuracy_error),
        "probability_drop": of(effects.probability),
        "probability_drop_se": of(effects.probability_error),
    }


def show_importance(facts: dict[str, Any]) -> None:
    """Write tables to stdout."""
    labelled, unit = facts["labelled"], facts["time"]
    head = ["accuracy falls by", "p(true) falls by"] if labelled else ["p moves by"]
    rows = facts["importance"]
    channels = [row for row in rows if row["hidden"] == "channel"]
    if len(channels) > 1:
        table = [[_channel(row), *_cells(row, labelled)] for row in channels]
        show_table(["channel hidden", *head], table, right=head)
        show()
    times = [row for row in rows if row["hidden"] == "time"]
    table = [[_span(row), *_cells(row, labelled)] for row in times]
    show_table([f"time hidden ({unit})", *head], table, right=head)
    both = sorted(
        (row for row in rows if row["hidden"] == "both"), key=lambda row: -row["probability_drop"]
    )
    if both:
        table = [[_channel(r), _span(r), *_cells(r, labelled)] for r in both[:_MOST_PLACES]]
        title = f"the {len(table)} of {len(both)} places that matter most"
        show_table(["channel", f"time ({unit})", *head], table, right=head, title=title)
    base = f", accuracy {facts['accuracy']:.4f} with nothing hidden" if labelled else ""
    of = "" if facts["units"] == "series" else f" of {facts['n_units']} groups ({facts['units']})"
    show(f"\n{facts['n_series']} series{of}{base}; ± one standard error")


def _channel(row: dict[str, Any]) -> str:
    return f"{row['channel']} ({row['unit']})" if row["unit"] else str(row["channel"])


def _span(row: dict[str, Any]) -> str:
    return f"{row['from']:.4g} to {row['to']:.4g}"


def _cells(row: dict[str, Any], labelled: bool) -> list[str]:
    names = ["accuracy_drop", "probability_drop"] if labelled else ["probability_drop"]
    cells = []
    for name in names:
        error = row[f"{name}_se"]
        cells.append(f"{row[name]:.4f}" + ("" if error is None else f" ± {error:.4f}"))
    return cells
