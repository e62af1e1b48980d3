"""What ``msssm-ts annotate`` shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msssm_ts.cli.shown.console import show, show_pairs
from msssm_ts.cli.shown.tables import show_table
from msssm_ts.text import counted

# Episodes of a recording that are shown one by one.
_MOST = 20


def show_report(report: Mapping[str, Any]) -> None:
    """Write what was found to stdout: of one recording all, of several a row each."""
    rows: Sequence[Mapping[str, Any]] = report["records"]
    of_pieces = "pieces" in rows[0]
    if len(rows) == 1:
        (_show_pieces if of_pieces else _show_one)(rows[0])
        return
    (_show_several_of_pieces if of_pieces else _show_several)(rows)
    folders = sorted({row["written"]["annotations"].rpartition("/")[0] or "." for row in rows})
    show()
    show(f"{counted(len(rows), 'record')} annotated, files in {', '.join(folders)}")


def _show_pieces(row: Mapping[str, Any]) -> None:
    clock = _clock_of([row])
    labels = [f"{name} {clock(seconds)}" for name, seconds in row["labels"].items()]
    if row["not_labelled"]:
        labels.append(f"without a label {clock(row['not_labelled'])}")
    pairs: dict[str, object] = {
        "record": f"{row['record']}, {clock(row['seconds'])}",
        "pieces": f"{row['pieces']} of {row['piece_seconds']:g} s",
        "labels": ", ".join(labels),
    }
    show_pairs(pairs | dict(row["written"]))
    spans = [{**s, "seconds": s["stop"] - s["start"]} for s in row["spans"] if s["label"]]
    shown = sorted(spans, key=lambda s: -s["seconds"])[:_MOST]
    shown.sort(key=lambda s: s["start"])
    title = "labels"
    if len(shown) < len(spans):
        title += f", the {_MOST} longest of {len(spans)} spans; --json has all"
    cells = [(s["label"], clock(s["start"]), clock(s["stop"])) for s in shown]
    show_table(["label", "start", "stop"], cells, right=["start", "stop"], title=title)


def _show_several_of_pieces(rows: Sequence[Mapping[str, Any]]) -> None:
    clock = _clock_of(rows)
    head = ["record", "length", "pieces", *rows[0]["labels"], "no label", "changes"]
    cells = [
        [
            row["record"],
            clock(row["seconds"]),
            row["pieces"],
            *map(clock, row["labels"].values()),
            clock(row["not_labelled"]),
            len(row["spans"]) - 1,
        ]
        for row in rows
    ]
    show_table(head, cells, right=head[1:])


def _show_one(row: Mapping[str, Any]) -> None:
    rate, pause = row["beats_per_minute"], row["longest_pause"]
    source = f"found by {row['beats_from']} in {row['lead']}"
    if row["lead"] is None:
        source = f"those in {row['beats_from']}"
    counts = [f"{name} {n}" for name, n in row["labels"].items()]
    if row["not_labelled"]:
        counts.append(f"without a label {row['not_labelled']}")
    pairs: dict[str, object] = {
        "record": f"{row['record']}, {_clock(row['seconds'])}",
        "beats": f"{row['beats']}, {source}",
        "labels": ", ".join(counts),
        "beats a minute": _rates(rate),
        "longest pause": "-"
        if pause is None
        else f"{pause['seconds']:.2f} s, from {_clock(pause['start'])}",
        "episodes": _counted(row["episodes"]) or "none",
    }
    show_pairs(pairs | dict(row["written"]))
    episodes = row["episodes"]
    if not episodes:
        return
    shown = sorted(episodes, key=lambda e: -e["beats"])[:_MOST]
    shown.sort(key=lambda e: e["start"])
    head = ["episode", "start", "stop", "beats", "a minute"]
    title = "episodes"
    if len(shown) < len(episodes):
        title += f", the {_MOST} longest of {len(episodes)}; --json has all"
    cells = [
        (
            e["kind"],
            _clock(e["start"]),
            _clock(e["stop"]),
            e["beats"],
            f"{e['beats_per_minute']:.0f}",
        )
        for e in shown
    ]
    show_table(head, cells, right=head[1:], title=title)


def _show_several(rows: Sequence[Mapping[str, Any]]) -> None:
    classes = list(rows[0]["labels"])
    rates = ["a minute", "slowest", "fastest"]
    kinds = sorted({e["kind"] for row in rows for e in row["episodes"]})
    head = ["record", "length", "beats", *classes, "no label", *rates, "pause s", *kinds]
    cells = []
    for row in rows:
        rate, pause = row["beats_per_minute"], row["longest_pause"]
        counts = Counter(e["kind"] for e in row["episodes"])
        cells.append(
            [
                row["record"],
                _clock(row["seconds"]),
                row["beats"],
                *row["labels"].values(),
                row["not_labelled"],
                *(_number(rate[k]) for k in ("mean", "slowest_minute", "fastest_minute")),
                "-" if pause is None else f"{pause['seconds']:.2f}",
                *(counts[kind] for kind in kinds),
            ]
        )
    show_table(head, cells, right=head[1:])


def _rates(rate: Mapping[str, float | None]) -> str:
    return (
        f"{_number(rate['mean'])} (minute by minute {_number(rate['slowest_minute'])} to "
        f"{_number(rate['fastest_minute'])})"
    )


def _counted(episodes: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(
        f"{kind} {n}" for kind, n in sorted(Counter(e["kind"] for e in episodes).items())
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


def _clock(seconds: float) -> str:
    from msssm_ts.annotation.timeline import clock

    return clock(seconds)


def _clock_of(rows: Sequence[Mapping[str, Any]]) -> Callable[[float], str]:
    """Return a clock that shows hundredths where pieces are no whole seconds."""
    if all(float(row["piece_seconds"]).is_integer() for row in rows):
        return _clock

    def hundredths(seconds: float) -> str:
        whole, part = divmod(round(100 * seconds), 100)
        return f"{_clock(whole)}.{part:02}"

    return hundredths
